/**
 * The convolution of bfloat16 with AVX512-BF16: vdpbf16ps multiplies two input channels of a pixel
 * into the sums of 16 output channels. Denormal numbers count as zero, and sums are rounded to the
 * nearest, a pair of products at a time.
 */
#include <string.h>

#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_bf16_finish.h"
#include "kernels/x86/conv_bf16_kernels.h"
#include "kernels/x86/each.h"

enum { PIXELS = 14 };

BW_INLINE __m512bh pairs_of(__m512i bits)
{
    return (__m512bh)bits;
}

BW_INLINE __m512bh spread(const uint8_t *from)
{
    int32_t pair;
    memcpy(&pair, from, sizeof pair);
    return pairs_of(_mm512_set1_epi32(pair));
}

BW_INLINE void run_tile(const bw_bf16_steps *steps, int pixels, int blocks)
{
    __m512 sums[PIXELS][BW_BF16_BLOCKS];
    __m512bh weight[BW_BF16_BLOCKS];
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            sums[pixel][block] = _mm512_loadu_ps(steps->bias + block * BW_LANES);
    }
    const uint8_t *weights = steps->weights;
    for (int step = 0; step < steps->count; step++) {
        const uint8_t *in = steps->in + steps->places[step];
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            weight[block] = pairs_of(_mm512_loadu_si512(weights + block * BW_STEP_BYTES));
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            __m512bh x = spread(in + (size_t)pixel * steps->in_pixel);
            BW_UNROLL
            for (int block = 0; block < blocks; block++)
                sums[pixel][block] = _mm512_dpbf16_ps(sums[pixel][block], x, weight[block]);
        }
        weights += blocks * BW_STEP_BYTES;
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            _mm512_storeu_ps(steps->sums + (block * BW_BF16_PIXELS + pixel) * BW_LANES,
                             sums[pixel][block]);
    }
}

#define TILE(pixels)                                                                               \
    static void tile_##pixels##_1(const bw_bf16_steps *steps)                                      \
    {                                                                                              \
        run_tile(steps, pixels, 1);                                                                \
    }                                                                                              \
    static void tile_##pixels##_2(const bw_bf16_steps *steps)                                      \
    {                                                                                              \
        run_tile(steps, pixels, 2);                                                                \
    }

#define TILE_1(pixels) tile_##pixels##_1,
#define TILE_2(pixels) tile_##pixels##_2,

BW_EACH_14(TILE)

static const bw_bf16_method pairs = {
    .pixels = PIXELS,
    .blocks = BW_BF16_BLOCKS,
    .step_cycles = 1.0,
    .run = {{BW_EACH_14(TILE_1)}, {BW_EACH_14(TILE_2)}},
    .finish = finish_pixels,
};

BW_BF16_FUNCTIONS(pairs)

BW_BF16_KERNEL(conv_bf16_avx512bf16, BW_BF16, BW_BF16, BW_CPU_AVX512 | BW_CPU_AVX512_BF16, pairs);
BW_BF16_KERNEL(conv_bf16_f32_avx512bf16, BW_BF16, BW_F32, BW_CPU_AVX512 | BW_CPU_AVX512_BF16,
               pairs);
