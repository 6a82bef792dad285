/**
 * "Did you mean …?": the nearest of the known words.
 */
#ifndef BW_CLI_SUGGEST_H
#define BW_CLI_SUGGEST_H

#include <stddef.h>

typedef struct bw_suggestion {
    const char *typed;
    const char *nearest; /* NULL while nothing is near enough */
    size_t distance;
} bw_suggestion;

bw_suggestion bw_suggestion_start(const char *typed);

/**
 * Considers a word. Near enough is an edit distance (insert, delete, replace, swap neighbours) of
 * at most a third of the typed length, but at least 1; or one word beginning the other.
 */
void bw_suggestion_try(bw_suggestion *suggestion, const char *word);

/** ": did you mean 'x'?" in the caller's buffer, or "" when nothing is near. Returns `text`. */
const char *bw_suggestion_text(const bw_suggestion *suggestion, const char *prefix, char *text,
                               size_t size);

#endif
