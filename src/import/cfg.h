/**
 * Darknet's cfg files: text of [sections], each followed by its key=value lines.
 *
 *     [convolutional]     # a layer
 *     filters = 32
 *     size=3
 *
 * As in darknet, white space counts nowhere, and of a key given twice in a section the first
 * counts (with a warning). A comment runs from '#' or ';' to the end of its line.
 */
#ifndef BW_IMPORT_CFG_H
#define BW_IMPORT_CFG_H

#include "import/warnings.h"

typedef struct bw_cfg_entry {
    const char *key, *value; /* without white space */
    int line;                /* from 1 */
    bool used;               /* somebody asked for it */
} bw_cfg_entry;

typedef struct bw_cfg_section {
    const char *name; /* without brackets */
    int line;
    size_t first, count; /* of the entries */
} bw_cfg_section;

typedef struct bw_cfg {
    const char *path; /* for messages; borrowed */
    char *text;       /* what keys, values and names point into */
    bw_cfg_section *sections;
    size_t section_count, section_capacity;
    bw_cfg_entry *entries;
    size_t entry_count, entry_capacity;
} bw_cfg;

/** Keys of one section at most; it bounds the time that looking them up can take. */
enum { BW_CFG_KEY_LIMIT = 256 };

/**
 * Parses `size` bytes of text. Fails with BW_ERROR_FORMAT, file and line for what is neither a
 * section nor a key, and with BW_ERROR_LIMIT for more than `section_limit` sections.
 */
bw_status bw_cfg_parse(bw_cfg *out, const char *path, const char *text, size_t size,
                       uint64_t section_limit, bw_warnings *warnings, bw_error *error);

void bw_cfg_free(bw_cfg *cfg);

/**
 * Reads the values of one section. The first failure sticks in `status` and later calls return
 * their fallback, so a layer reads all its keys and then looks once.
 */
typedef struct bw_cfg_reader {
    bw_cfg *cfg;
    const bw_cfg_section *section;
    bw_status status;
    bw_error *error;
} bw_cfg_reader;

/** Fails, unless that has happened already, with "path:line: " before the sentence. */
bw_status bw_cfg_fail(bw_cfg_reader *reader, int line, bw_status status, const char *format, ...)
    BW_PRINTF(4, 5);

/** The line of `key`, or of the section's name where it has no such key. */
int bw_cfg_line(const bw_cfg_reader *reader, const char *key);

bool bw_cfg_has(const bw_cfg_reader *reader, const char *key);

/** The value as text. */
const char *bw_cfg_word(bw_cfg_reader *reader, const char *key, const char *fallback);

/** A whole number from `least` to `most`. */
int bw_cfg_integer(bw_cfg_reader *reader, const char *key, int fallback, int least, int most);

/** As above; fails where the key is absent. */
int bw_cfg_required(bw_cfg_reader *reader, const char *key, int least, int most);

/** A decimal number from `least` to `most`, with a point whatever the locale. */
float bw_cfg_number(bw_cfg_reader *reader, const char *key, float fallback, float least,
                    float most);

/** Numbers between commas, `capacity` at most. Return how many; 0 where the key is absent. */
int bw_cfg_integers(bw_cfg_reader *reader, const char *key, int *values, int capacity);
int bw_cfg_numbers(bw_cfg_reader *reader, const char *key, float *values, int capacity);

/** Fails with BW_ERROR_UNSUPPORTED where `key` is given and is another number than `neutral`. */
void bw_cfg_refuse(bw_cfg_reader *reader, const char *key, float neutral);

#endif
