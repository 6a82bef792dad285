/**
 * Winograd's products of integers with vectors of 512 bits. Included with ACCUMULATE, the intrinsic
 * that multiplies words and adds up, and after the vectors of floats.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_PRODUCTS_AVX512_H
#define BW_KERNELS_X86_WINOGRAD_PRODUCTS_AVX512_H

#include <string.h>

#include "kernels/x86/each.h"
#include "kernels/x86/unroll.h"

typedef __m512i integers;

enum { VECTOR_BYTES = 64, PARTS = 1 };

BW_INLINE integers zero(void)
{
    return _mm512_setzero_si512();
}

BW_INLINE integers load(const void *from)
{
    return _mm512_loadu_si512(from);
}

BW_INLINE void store(void *to, integers x)
{
    _mm512_storeu_si512(to, x);
}

BW_INLINE integers spread(const uint8_t *from)
{
    int32_t word;
    memcpy(&word, from, sizeof word);
    return _mm512_set1_epi32(word);
}

BW_INLINE integers accumulate(integers sums, integers x, integers y)
{
    return ACCUMULATE(sums, x, y);
}

#include "kernels/x86/winograd_products_vector.h"

#define TILES(tiles)                                                                               \
    static void multiply_1_##tiles(const bw_winograd_product *product,                             \
                                   const bw_winograd_part *part)                                   \
    {                                                                                              \
        multiply_tiles(product, part, tiles, 1);                                                   \
    }                                                                                              \
    static void multiply_2_##tiles(const bw_winograd_product *product,                             \
                                   const bw_winograd_part *part)                                   \
    {                                                                                              \
        multiply_tiles(product, part, tiles, 2);                                                   \
    }

#define RUN_1(tiles) multiply_1_##tiles,
#define RUN_2(tiles) multiply_2_##tiles,

BW_EACH_14(TILES)

static void multiply(const bw_winograd_product *product)
{
    static multiply_part *const run[BW_WINOGRAD_BLOCKS][BW_WINOGRAD_TILES] = {{BW_EACH_14(RUN_1)},
                                                                              {BW_EACH_14(RUN_2)}};
    multiply_parts(product, run[product->blocks - 1], BW_WINOGRAD_TILES);
}

#endif
