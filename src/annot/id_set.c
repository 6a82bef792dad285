#include "annot/id_set.h"

#include <stdlib.h>

/* The slot that holds `id`, or the free one where it belongs (linear probing, Fibonacci hash). */
static size_t find_slot(const int64_t *slots, size_t capacity, int64_t id)
{
    uint64_t hash = (uint64_t)id * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(hash >> 20) & (capacity - 1);
    while (slots[at] != 0 && slots[at] != id + 1)
        at = (at + 1) & (capacity - 1);
    return at;
}

bool bw_id_set_holds(const bw_id_set *set, int64_t id)
{
    return set->capacity && set->slots[find_slot(set->slots, set->capacity, id)] != 0;
}

static bool grow(bw_id_set *set)
{
    size_t capacity = set->capacity ? 2 * set->capacity : 64;
    int64_t *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i])
            slots[find_slot(slots, capacity, set->slots[i] - 1)] = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    return true;
}

bool bw_id_set_add(bw_id_set *set, int64_t id)
{
    if (set->count >= set->capacity / 2 && !grow(set))
        return false;
    size_t at = find_slot(set->slots, set->capacity, id);
    set->count += set->slots[at] == 0;
    set->slots[at] = id + 1;
    return true;
}

void bw_id_set_free(bw_id_set *set)
{
    free(set->slots);
    *set = (bw_id_set){0};
}
