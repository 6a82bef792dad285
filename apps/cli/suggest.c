#include "suggest.h"

#include <stdio.h>
#include <string.h>

#include "base/edit_distance.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bw_suggestion bw_suggestion_start(const char *typed)
{
    size_t length = strlen(typed), most = length / 3 > 1 ? length / 3 : 1;
    return (bw_suggestion){typed, NULL, most + 1};
}

void bw_suggestion_try(bw_suggestion *suggestion, const char *word)
{
    size_t length = smaller(strlen(suggestion->typed), strlen(word));
    size_t distance = bw_edit_distance(suggestion->typed, word);
    if (length >= 3 && strncmp(suggestion->typed, word, length) == 0)
        distance = smaller(distance, 1);
    if (distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->nearest = word;
    }
}

const char *bw_suggestion_text(const bw_suggestion *suggestion, const char *prefix, char *text,
                               size_t size)
{
    text[0] = '\0';
    if (suggestion->nearest)
        snprintf(text, size, ": did you mean '%s%s'?", prefix, suggestion->nearest);
    return text;
}
