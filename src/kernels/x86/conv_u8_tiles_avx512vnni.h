/**
 * The tiles of the convolution of bytes with AVX-512 VNNI: vpdpbusd adds four products to each
 * 32-bit sum, so that a step is one instruction a pixel and panel, and lists need no bundles.
 * Pooled, a tile is of two rows, and the maxima of 2 × 2 sums leave it. Included after
 * vector_avx512.h.
 */
#ifndef BW_KERNELS_X86_CONV_U8_TILES_AVX512VNNI_H
#define BW_KERNELS_X86_CONV_U8_TILES_AVX512VNNI_H

#include <string.h>

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/unroll.h"

#include "kernels/x86/accumulate_avx512vnni.h"

enum {
    BASE_PIXELS = 3,
    BASES = (BW_U8_PIXELS + 2) / BASE_PIXELS,
    LINES = 2, /* the most */
};

/**
 * The windows of a tile's pixels: those of three neighbours are reached from one base, plus
 * nothing, one or two strides.
 */
typedef struct bases {
    const uint8_t *of[LINES][BASES];
    size_t stride;
} bases;

BW_INLINE bases bases_of(const bw_conv_steps *steps, int32_t place, int lines, int width)
{
    bases made = {.stride = steps->in_pixel};
    BW_UNROLL
    for (int line = 0; line < lines; line++) {
        const uint8_t *in = steps->in + place + (size_t)line * steps->in_row;
        BW_UNROLL
        for (int base = 0; BASE_PIXELS * base < width; base++) {
            made.of[line][base] = in + BASE_PIXELS * (size_t)base * made.stride;
            __asm__("" : "+r"(made.of[line][base]));
        }
    }
    return made;
}

BW_INLINE __m512i spread(const bases *from, int line, int pixel)
{
    int32_t four;
    memcpy(&four,
           from->of[line][pixel / BASE_PIXELS] + (size_t)(pixel % BASE_PIXELS) * from->stride,
           sizeof four);
    return _mm512_set1_epi32(four);
}

/* The sums are [line][pixel of the line][block]. */
BW_INLINE void step(__m512i sums[][BW_U8_BLOCKS], const bases *from, const int8_t *weights,
                    int lines, int width, int blocks)
{
    __m512i weight[BW_U8_BLOCKS];
    BW_UNROLL
    for (int block = 0; block < blocks; block++)
        weight[block] = _mm512_loadu_si512(weights + block * BW_STEP_BYTES);
    BW_UNROLL
    for (int line = 0; line < lines; line++) {
        BW_UNROLL
        for (int pixel = 0; pixel < width; pixel++) {
            __m512i bytes = spread(from, line, pixel);
            BW_UNROLL
            for (int block = 0; block < blocks; block++)
                accumulate(&sums[line * width + pixel][block], bytes, weight[block]);
        }
    }
}

BW_INLINE void sum_steps(__m512i sums[][BW_U8_BLOCKS], const bw_conv_steps *steps, int lines,
                         int width, int blocks)
{
    const int32_t *places = steps->places;
    const int8_t *weights = steps->weights;
    const char *later = (const char *)steps->later;
    BW_UNROLL
    for (int line = 0; line < lines; line++) {
        BW_UNROLL
        for (int pixel = 0; pixel < width; pixel++) {
            BW_UNROLL
            for (int block = 0; block < blocks; block++)
                sums[line * width + pixel][block] =
                    _mm512_loadu_si512(steps->starts + block * BW_LANES);
        }
    }
    for (int segment = 0; segment < steps->segments; segment++) {
        for (int left = steps->bundles[segment].ones; left > 0; left--) {
            bases from = bases_of(steps, *places++, lines, width);
            step(sums, &from, weights, lines, width, blocks);
            _mm_prefetch(later, _MM_HINT_T1);
            later += steps->later_step;
            weights += blocks * BW_STEP_BYTES;
        }
    }
}

/* Some pixels of a row. */
BW_INLINE void run_tile(const bw_conv_steps *steps, int pixels, int blocks)
{
    __m512i sums[BW_U8_PIXELS][BW_U8_BLOCKS];
    sum_steps(sums, steps, 1, pixels, blocks);
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            _mm512_storeu_si512(steps->sums + block * BW_U8_SUMS + pixel * BW_LANES,
                                sums[pixel][block]);
    }
}

/* The maxima of some squares of 2 × 2 pixels beside each other. */
BW_INLINE void run_pooled_tile(const bw_conv_steps *steps, int squares, int blocks)
{
    const int width = 2 * squares;
    __m512i sums[2 * BW_U8_PIXELS][BW_U8_BLOCKS];
    sum_steps(sums, steps, LINES, width, blocks);
    BW_UNROLL
    for (int square = 0; square < squares; square++) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++) {
            const int left = 2 * square, below = left + width;
            __m512i upper = _mm512_max_epi32(sums[left][block], sums[left + 1][block]);
            __m512i lower = _mm512_max_epi32(sums[below][block], sums[below + 1][block]);
            _mm512_storeu_si512(steps->sums + block * BW_U8_SUMS + square * BW_LANES,
                                _mm512_max_epi32(upper, lower));
        }
    }
}

#endif
