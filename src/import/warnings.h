/**
 * Warnings and other news of an import: text gathered line by line, bounded whatever the file
 * holds.
 */
#ifndef BW_IMPORT_WARNINGS_H
#define BW_IMPORT_WARNINGS_H

#include "base/error.h"

/** Zero-initialise. After BW_WARNING_LIMIT lines the rest is only counted. */
typedef struct bw_warnings {
    char *text;
    size_t length, capacity;
    size_t count;
} bw_warnings;

enum { BW_WARNING_LIMIT = 100 };

/** Adds one line, cut after some hundred characters. */
bw_status bw_warnings_add(bw_warnings *warnings, bw_error *error, const char *format, ...)
    BW_PRINTF(3, 4);

/** Hands over the malloc'ed text, one a line; NULL when there is none. */
bw_status bw_warnings_finish(bw_warnings *warnings, char **text, bw_error *error);

void bw_warnings_free(bw_warnings *warnings);

#endif
