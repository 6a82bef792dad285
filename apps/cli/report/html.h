/**
 * Pieces of HTML: text and bytes from outside, made safe, and numbers made readable.
 */
#ifndef BW_CLI_HTML_H
#define BW_CLI_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Writes text with markup escaped, broken UTF-8 and control characters replaced. */
void bw_html_text(FILE *file, const char *text);

/** Begins a page: its head with title and style, up to the body. */
void bw_html_begin(FILE *file, const char *title);

/** Writes a data URI of bytes of a type such as "image/jpeg". */
void bw_html_data(FILE *file, const char *type, const uint8_t *bytes, size_t size);

/** Writes a whole number with a thin space between thousands. */
void bw_html_number(FILE *file, int64_t number);

/** The colour of a class, the same wherever it is shown: a CSS colour in the caller's buffer. */
const char *bw_html_class_color(char *text, size_t size, int class_id);

#endif
