/**
 * Memory: checked sizes, aligned blocks, and the arena that owns many small objects at once.
 */
#ifndef BW_BASE_MEMORY_H
#define BW_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What vector loads and cache lines want; every block of bw_aligned_alloc starts on it. */
#define BW_ALIGNMENT 64

/** Product and sum of sizes; false, with *result untouched, when they do not fit a size_t. */
bool bw_size_multiply(size_t *result, size_t a, size_t b);
bool bw_size_add(size_t *result, size_t a, size_t b);

/** `size` rounded up to a multiple of `step` (a power of two); `size` must be far from SIZE_MAX. */
size_t bw_round_up(size_t size, size_t step);

/** a / b, rounded up; neither is negative, and their sum fits an int. */
static inline int bw_divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/** A 64-byte aligned block, its content undefined; NULL when there is no memory. */
void *bw_aligned_alloc(size_t bytes);

/** As above, zeroed, for large blocks: 2 MiB aligned and offered to the kernel as huge pages. */
void *bw_large_alloc(size_t bytes);

/** Frees either kind; NULL is fine. */
void bw_aligned_free(void *block);

/**
 * An arena: objects allocated one by one, freed all at once.
 *
 *     chunk → [ header | object | object | … free … ] → older chunk → NULL
 *
 * Zero-initialise it. Objects are zeroed and aligned for any type.
 */
typedef struct bw_arena {
    struct bw_arena_chunk *chunks;
} bw_arena;

void *bw_arena_alloc(bw_arena *arena, size_t bytes);

/** `count` objects of `size` bytes; NULL also when the product overflows. */
void *bw_arena_array(bw_arena *arena, size_t count, size_t size);

/** A copy of the first `length` bytes of `text`, ended by NUL. */
char *bw_arena_text(bw_arena *arena, const char *text, size_t length);

/** A formatted text. */
char *bw_arena_format(bw_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void bw_arena_free(bw_arena *arena);

/**
 * Grows a malloc'ed array so that it holds at least `wanted` elements of `size` bytes. Capacity
 * doubles. False, with nothing changed, when there is no memory.
 */
bool bw_array_reserve(void **items, size_t *capacity, size_t wanted, size_t size);

#endif
