#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "boxwright/boxwright.h"

enum { CHUNK_BYTES = 64 * 1024, HUGE_PAGE = 2 * 1024 * 1024 };

typedef struct bw_arena_chunk {
    struct bw_arena_chunk *next;
    size_t used, capacity;
    max_align_t data[];
} bw_arena_chunk;

bool bw_size_multiply(size_t *result, size_t a, size_t b)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *result = product;
    return true;
}

bool bw_size_add(size_t *result, size_t a, size_t b)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *result = sum;
    return true;
}

size_t bw_round_up(size_t size, size_t step)
{
    return (size + step - 1) & ~(step - 1);
}

void *bw_aligned_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    return aligned_alloc(BW_ALIGNMENT, bw_round_up(bytes ? bytes : 1, BW_ALIGNMENT));
}

void *bw_large_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : BW_ALIGNMENT;
    size_t rounded = bw_round_up(bytes ? bytes : 1, alignment);
    void *block = aligned_alloc(alignment, rounded);
    if (!block)
        return NULL;
    if (alignment == HUGE_PAGE)
        (void)madvise(block, rounded, MADV_HUGEPAGE);
    return memset(block, 0, rounded);
}

void bw_aligned_free(void *block)
{
    free(block);
}

void bw_free(void *memory)
{
    free(memory);
}

static bw_arena_chunk *new_chunk(bw_arena *arena, size_t bytes)
{
    size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    bw_arena_chunk *chunk = calloc(1, sizeof *chunk + capacity);
    if (!chunk)
        return NULL;
    chunk->capacity = capacity;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

void *bw_arena_alloc(bw_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = bw_round_up(bytes ? bytes : 1, _Alignof(max_align_t));
    bw_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->capacity - chunk->used < bytes)
        chunk = new_chunk(arena, bytes);
    if (!chunk)
        return NULL;
    void *object = (char *)chunk->data + chunk->used;
    chunk->used += bytes;
    return object;
}

void *bw_arena_array(bw_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return bw_size_multiply(&bytes, count, size) ? bw_arena_alloc(arena, bytes) : NULL;
}

char *bw_arena_text(bw_arena *arena, const char *text, size_t length)
{
    char *copy = bw_arena_alloc(arena, length + 1);
    return copy ? memcpy(copy, text, length) : NULL;
}

char *bw_arena_format(bw_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : bw_arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void bw_arena_free(bw_arena *arena)
{
    while (arena->chunks) {
        bw_arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk);
    }
}

bool bw_array_reserve(void **items, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return true;
    size_t doubled = *capacity > SIZE_MAX / 4 ? SIZE_MAX / 2 : *capacity * 2, bytes;
    size_t target = wanted > doubled ? wanted : doubled;
    if (!bw_size_multiply(&bytes, target, size))
        return false;
    void *grown = realloc(*items, bytes);
    if (!grown)
        return false;
    *items = grown;
    *capacity = target;
    return true;
}
