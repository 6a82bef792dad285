/**
 * A set of whole numbers of at least 0: which image ids are taken. 16 to 32 bytes a number.
 */
#ifndef BW_ANNOT_ID_SET_H
#define BW_ANNOT_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zero-initialise it. */
typedef struct bw_id_set {
    int64_t *slots; /* id + 1, or 0 where free; a power of two of them */
    size_t capacity, count;
} bw_id_set;

bool bw_id_set_holds(const bw_id_set *set, int64_t id);

/** Adds an id; false when there is no memory. */
bool bw_id_set_add(bw_id_set *set, int64_t id);

void bw_id_set_free(bw_id_set *set);

#endif
