/**
 * JSON files whose bulk is one long array or a few: walked element by element, so that only one
 * element at a time is held as a tree.
 */
#ifndef BW_ANNOT_JSON_WALK_H
#define BW_ANNOT_JSON_WALK_H

#include <jansson.h>

#include "base/error.h"

/** Takes one element; `index` counts from 0. A failure ends the walk. */
typedef bw_status bw_json_visitor(void *context, const json_t *element, size_t index,
                                  bw_error *error);

/** An array to visit: a member of the file's object, or with `key` NULL the file itself. */
typedef struct bw_json_section {
    const char *key;
    bw_json_visitor *visit;
} bw_json_section;

/**
 * Reads the file at `path` and visits the elements of the sections, which are ended by one without
 * `visit`. Other members of an object are passed over. Messages name the file and the element, or
 * the line where the text is no JSON.
 */
bw_status bw_json_walk(const char *path, const bw_json_section *sections, void *context,
                       bw_error *error);

/** Whether the first thing in a text that is no blank is `sign`. */
bool bw_json_begins(const uint8_t *text, size_t size, char sign);

/** Readers of an object's member; false where it is missing or of another kind. */
bool bw_json_get_integer(const json_t *object, const char *key, int64_t *value);
bool bw_json_get_number(const json_t *object, const char *key, double *value);

/** Reads an array of exactly `count` numbers. */
bool bw_json_get_numbers(const json_t *object, const char *key, double *values, size_t count);

#endif
