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

/* Copies a path without the parts that lead nowhere: "./a//b/./c" is "a/b/c". Its length. */
static size_t simplify(char *out, const char *path, size_t bytes)
{
    size_t length = 0;
    for (size_t at = 0; at < bytes;) {
        const char *slash = memchr(path + at, '/', bytes - at);
        size_t size = slash ? (size_t)(slash - path) - at + 1 : bytes - at;
        bool nothing = slash && size == 1 && at > 0;
        if (!nothing && !(slash && size == 2 && path[at] == '.')) {
            memcpy(out + length, path + at, size);
            length += size;
        }
        at += size;
    }
    return length;
}

/* The same for paths that differ in spelling alone. URLs are taken as they are. */
static XXH128_hash_t hash_path(const char *path, size_t bytes)
{
    char simple[4096];
    if (bytes > sizeof simple || memmem(path, bytes, "://", 3))
        return XXH3_128bits(path, bytes);
    return XXH3_128bits(simple, simplify(simple, path, bytes));
}

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
    XXH128_hash_t hash = hash_path(path, bytes);
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
    slot *found = find(done->slots, done->capacity, hash_path(path, strlen(path)));
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
