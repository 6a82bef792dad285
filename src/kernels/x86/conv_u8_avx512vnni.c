/**
 * The convolution of bytes with AVX-512 VNNI: vpdpbusd adds four products to each 32-bit sum, so
 * that a step is one instruction a pixel and panel, and lists need no bundles.
 */
#include "kernels/x86/vector_avx512.h"

#include <string.h>

#include "kernels/x86/epilogue_vector.h"

enum {
    BASES = (BW_U8_PIXELS + 2) / 3,
    AHEAD = 16 << 10, /* bytes of weights that are asked for before they are needed */
};

/** The windows of three pixels each are reached from one base, plus nothing, one or two strides. */
typedef struct bases {
    const uint8_t *of[BASES];
} bases;

BW_INLINE bases bases_of(const uint8_t *in, size_t stride, int pixels)
{
    bases made = {{in}};
    BW_UNROLL
    for (int base = 0; 3 * base < pixels; base++) {
        made.of[base] = in + 3 * (size_t)base * stride;
        __asm__("" : "+r"(made.of[base]));
    }
    return made;
}

BW_INLINE __m512i spread(const uint8_t *from)
{
    int32_t four;
    memcpy(&four, from, sizeof four);
    return _mm512_set1_epi32(four);
}

/* Asks the second cache, which the weights of deep layers come too late to otherwise. */
BW_INLINE void prefetch_weights(const int8_t *weights, int blocks)
{
    BW_UNROLL
    for (int block = 0; block < blocks; block++)
        _mm_prefetch((const char *)weights + block * BW_STEP_BYTES, _MM_HINT_T1);
}

BW_INLINE void step(__m512i sums[][BW_U8_BLOCKS], const bases *from, size_t stride,
                    const int8_t *weights, int pixels, int blocks)
{
    __m512i weight[BW_U8_BLOCKS];
    BW_UNROLL
    for (int block = 0; block < blocks; block++)
        weight[block] = _mm512_loadu_si512(weights + block * BW_STEP_BYTES);
    prefetch_weights(weights + AHEAD, blocks);
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        __m512i bytes = spread(from->of[pixel / 3] + (size_t)(pixel % 3) * stride);
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            sums[pixel][block] = _mm512_dpbusd_epi32(sums[pixel][block], bytes, weight[block]);
    }
}

BW_INLINE void run_tile(const bw_conv_steps *steps, int pixels, int blocks)
{
    __m512i sums[BW_U8_PIXELS][BW_U8_BLOCKS];
    size_t stride = steps->in_pixel;
    const int32_t *places = steps->places;
    const int8_t *weights = steps->weights;
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            sums[pixel][block] = _mm512_loadu_si512(steps->starts + block * BW_LANES);
    }
    for (int segment = 0; segment < steps->segments; segment++) {
        for (int left = steps->bundles[segment].ones; left > 0; left--) {
            bases from = bases_of(steps->in + *places++, stride, pixels);
            step(sums, &from, stride, weights, pixels, blocks);
            weights += blocks * BW_STEP_BYTES;
        }
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            _mm512_storeu_si512(steps->sums + block * BW_U8_SUMS + pixel * BW_LANES,
                                sums[pixel][block]);
    }
}

#define TILE(pixels)                                                                               \
    static void tile_1_##pixels(const bw_conv_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, pixels, 1);                                                                \
    }                                                                                              \
    static void tile_2_##pixels(const bw_conv_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, pixels, 2);                                                                \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)

const bw_conv_u8_method bw_conv_u8_avx512vnni = {
    .pixels = BW_U8_PIXELS,
    .blocks = BW_U8_BLOCKS,
    .bundled = false,
    .step_cycles = 1.1,
    .finish_cycles = 5.0,
    .run = {{tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5, tile_1_6, tile_1_7, tile_1_8,
             tile_1_9, tile_1_10, tile_1_11, tile_1_12, tile_1_13, tile_1_14},
            {tile_2_1, tile_2_2, tile_2_3, tile_2_4, tile_2_5, tile_2_6, tile_2_7, tile_2_8,
             tile_2_9, tile_2_10, tile_2_11, tile_2_12, tile_2_13, tile_2_14}},
    .finish = finish_pixels,
    .row = bw_conv_row_avx512vnni,
    .row_pays = bw_conv_row_pays,
};

BW_CONV_U8_FUNCTIONS(bw_conv_u8_avx512vnni)

BW_CONV_U8_KERNEL(conv_u8_avx512vnni, BW_FAMILY_CONV, BW_U8, BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
                  bw_conv_u8_accepts);
BW_CONV_U8_KERNEL(conv_u8_f32_avx512vnni, BW_FAMILY_CONV, BW_F32,
                  BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_conv_u8_accepts);
