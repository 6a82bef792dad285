#include "plan/place.h"

#include <stdlib.h>

#include "base/memory.h"

static int by_size(const void *left, const void *right)
{
    const bw_block *a = *(bw_block *const *)left, *b = *(bw_block *const *)right;
    if (a->size != b->size)
        return a->size < b->size ? 1 : -1;
    return a < b ? -1 : a > b; /* a stable order: the table's */
}

static bool meet_in_time(const bw_block *a, const bw_block *b)
{
    return a->first_use <= b->last_use && b->first_use <= a->last_use;
}

/* The lowest offset at or after `offset` where `block` could start; `placed` is in no order. */
static size_t push_past(const bw_block *block, bw_block *const *placed, size_t count, size_t offset,
                        size_t alignment)
{
    for (size_t index = 0; index < count;) {
        const bw_block *other = placed[index++];
        bool overlaps = meet_in_time(block, other) && offset < other->offset + other->size &&
                        other->offset < offset + block->size;
        if (overlaps) {
            offset = bw_round_up(other->offset + other->size, alignment);
            index = 0;
        }
    }
    return offset;
}

bw_status bw_place_blocks(bw_block *blocks, size_t count, size_t alignment, size_t *total,
                          bw_error *error)
{
    *total = 0;
    bw_block **order = malloc((count ? count : 1) * sizeof(bw_block *));
    if (!order)
        return bw_fail_memory(error, count * sizeof *order, "memory placement");
    for (size_t index = 0; index < count; index++)
        order[index] = &blocks[index];
    qsort(order, count, sizeof *order, by_size);
    for (size_t index = 0; index < count; index++) {
        order[index]->offset = push_past(order[index], order, index, 0, alignment);
        size_t end = order[index]->offset + order[index]->size;
        *total = end > *total ? end : *total;
    }
    free(order);
    return BW_OK;
}
