/**
 * Memory placement: blocks that live at different times share space.
 *
 * Greedy by size, as TensorFlow Lite and XNNPACK do (Pisarchyk and Lee 2020): the largest block
 * first, each at the lowest offset where it meets no block that lives at the same time.
 */
#ifndef BW_PLAN_PLACE_H
#define BW_PLAN_PLACE_H

#include "base/error.h"

typedef struct bw_block {
    int first_use, last_use; /* points in time, inclusive */
    size_t size;
    size_t offset; /* the answer */
} bw_block;

/** Sets every block's offset, a multiple of `alignment` (a power of two); `*total` is the extent.
 */
bw_status bw_place_blocks(bw_block *blocks, size_t count, size_t alignment, size_t *total,
                          bw_error *error);

#endif
