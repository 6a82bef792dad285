/**
 * Text from outside, such as file names, which may be any bytes, made fit for formats that are
 * UTF-8 and for terminals.
 */
#ifndef BW_BASE_UTF8_H
#define BW_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Length in bytes (1 to 4) of the valid UTF-8 character that `text`, of `length` bytes, starts
 * with; 0 where it starts with none. Overlong forms and surrogates are not valid.
 */
size_t bw_utf8_length(const char *text, size_t length);

bool bw_utf8_valid(const char *text, size_t length);

/**
 * A copy of `text` in which every invalid byte is U+FFFD. With `visible`, control characters are
 * U+FFFD too, so that a name can neither start a line of its own nor command a terminal. The
 * caller frees it; NULL when there is no memory.
 */
char *bw_utf8_clean(const char *text, bool visible);

#endif
