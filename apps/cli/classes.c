#include "classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

enum { LONGEST_WORD = 100 };

/* Takes the next word of a comma-separated list, without spaces around it; false at the end. */
static bool next_word(const char **list, char *word)
{
    if (!*list)
        return false;
    const char *start = *list + strspn(*list, " ");
    size_t length = strcspn(start, ",");
    *list = start[length] ? start + length + 1 : NULL;
    while (length > 0 && start[length - 1] == ' ')
        length--;
    snprintf(word, LONGEST_WORD, "%.*s", (int)(length < LONGEST_WORD ? length : LONGEST_WORD - 1),
             start);
    return true;
}

static int find_class(const bw_model_info *model, const char *word)
{
    for (int i = 0; i < model->classes; i++)
        if (strcmp(model->names[i], word) == 0)
            return i;
    char *end;
    long number = strtol(word, &end, 10);
    bool is_number = end != word && *end == '\0';
    return is_number && number >= 0 && number < model->classes ? (int)number : -1;
}

static bw_status reject_class(const bw_model_info *model, const char *word, bw_error *error)
{
    char nearest[160];
    bw_suggestion suggestion = bw_suggestion_start(word);
    for (int i = 0; i < model->classes; i++)
        bw_suggestion_try(&suggestion, model->names[i]);
    return bw_fail(error, BW_ERROR_ARGUMENT, "the model knows no class '%s' (it has %d)%s", word,
                   model->classes, bw_suggestion_text(&suggestion, "", nearest, sizeof nearest));
}

bw_status bw_classes_parse(bool **flags, const char *text, const bw_model_info *model,
                           bw_error *error)
{
    *flags = calloc((size_t)model->classes + 1, sizeof **flags);
    if (!*flags)
        return bw_fail_memory(error, (size_t)model->classes, "the choice of classes");
    char word[LONGEST_WORD];
    while (next_word(&text, word)) {
        int found = find_class(model, word);
        if (found < 0) {
            free(*flags);
            *flags = NULL;
            return reject_class(model, word, error);
        }
        (*flags)[found] = true;
    }
    return BW_OK;
}

static const char *find_format(const char *word, bw_suggestion *suggestion)
{
    bw_format_info format;
    for (int i = 0; bw_format_describe(i, &format); i++) {
        if (strcmp(format.name, word) == 0)
            return format.name;
        bw_suggestion_try(suggestion, format.name);
    }
    return NULL;
}

bw_status bw_formats_parse(const char **formats, int most, const char *text, bw_error *error)
{
    char word[LONGEST_WORD], nearest[160];
    int count = 0;
    while (next_word(&text, word)) {
        bw_suggestion suggestion = bw_suggestion_start(word);
        const char *format = find_format(word, &suggestion);
        if (!format)
            return bw_fail(error, BW_ERROR_ARGUMENT, "there is no annotation format '%s'%s", word,
                           bw_suggestion_text(&suggestion, "", nearest, sizeof nearest));
        bool repeated = false;
        for (int i = 0; i < count; i++)
            repeated |= formats[i] == format;
        if (!repeated && count < most)
            formats[count++] = format;
    }
    formats[count] = NULL;
    return BW_OK;
}

const char *bw_link_images_problem(bool link_images, const char *const *formats)
{
    bool yolo = false;
    for (int i = 0; formats[i]; i++)
        yolo |= strcmp(formats[i], "yolo") == 0;
    return link_images && !yolo ? "--link-images goes with the format yolo" : NULL;
}
