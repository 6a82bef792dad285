/**
 * A text that grows, and the escaping of strings in the formats that are written. Running out of
 * memory is kept in `failed`, and everything after it is ignored, so that one check at the end
 * is enough.
 *
 * Strings come from outside and may be any bytes. What is no valid UTF-8 becomes U+FFFD, and so do
 * characters that a format cannot hold.
 */
#ifndef BW_ANNOT_TEXT_H
#define BW_ANNOT_TEXT_H

#include "base/error.h"

/** Zero-initialise it. */
typedef struct bw_text {
    char *bytes; /* not ended by NUL */
    size_t length, capacity;
    bool failed;
} bw_text;

void bw_text_free(bw_text *text);

/** Makes it empty and keeps its memory. */
void bw_text_clear(bw_text *text);

void bw_text_add(bw_text *text, const char *string);
void bw_text_format(bw_text *text, const char *format, ...) BW_PRINTF(2, 3);

/** A number with so many decimals, as bw_format_fixed. */
void bw_text_fixed(bw_text *text, double value, int decimals);

/** A string in quotes for JSON, which YAML reads as well. */
void bw_text_quote(bw_text *text, const char *string);

/** A string for XML: content, or a value in double quotes. */
void bw_text_xml(bw_text *text, const char *string);

/** A field of CSV (RFC 4180), quoted where it must be. */
void bw_text_csv(bw_text *text, const char *string);

/** A path for a URL: all but letters, digits and "-_.~/" percent-encoded, whatever its bytes. */
void bw_text_url(bw_text *text, const char *string);

/** BW_ERROR_MEMORY where the text has failed. */
bw_status bw_text_check(const bw_text *text, bw_error *error);

#endif
