#include "pipeline/done.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 1024 };

/* One path. */
typedef struct slot {
    XXH128_hash_t hash;
    uint32_t count;
    bool used;
} slot;

struct bw_done {
    slot *slots;
    size_t capacity, used; /* the capacity is a power of two */
};

/* Where the hash is, or where it would go. */
static slot *find(slot *slots, size_t capacity, XXH128_hash_t hash)
{
    size_t at = (size_t)hash.low64 & (capacity - 1);
    while (slots[at].used && !XXH128_isEqual(slots[at].hash, hash))
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static bool grow(bw_done *done)
{
    size_t capacity = done->capacity ? 2 * done->capacity : FIRST_SLOTS;
    slot *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t index = 0; index < done->capacity; index++)
        if (done->slots[index].used)
            *find(slots, capacity, done->slots[index].hash) = done->slots[index];
    free(done->slots);
    done->slots = slots;
    done->capacity = capacity;
    return true;
}

bw_status bw_done_open(bw_done **out, bw_error *error)
{
    bw_done *done = *out = calloc(1, sizeof *done);
    if (done && grow(done))
        return BW_OK;
    bw_done_close(out);
    return bw_fail_memory(error, FIRST_SLOTS * sizeof(slot), "the list of pictures done");
}

bw_status bw_done_add(bw_done *done, const void *path, size_t bytes, bw_error *error)
{
    if (4 * done->used >= 3 * done->capacity && !grow(done))
        return bw_fail_memory(error, 2 * done->capacity * sizeof(slot),
                              "the list of pictures done");
    XXH128_hash_t hash = XXH3_128bits(path, bytes);
    slot *found = find(done->slots, done->capacity, hash);
    if (!found->used)
        done->used++;
    found->hash = hash;
    found->used = true;
    found->count++;
    return BW_OK;
}

bool bw_done_take(bw_done *done, const char *path)
{
    if (!done)
        return false;
    slot *found = find(done->slots, done->capacity, XXH3_128bits(path, strlen(path)));
    if (found->count == 0)
        return false;
    found->count--;
    return true;
}

void bw_done_close(bw_done **done)
{
    if (!*done)
        return;
    free((*done)->slots);
    free(*done);
    *done = NULL;
}
