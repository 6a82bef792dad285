/**
 * The text that transforms filters of floats, or pairs of bfloat16 (`halves`), where they are used,
 * for either instruction set: F(4) at the points of winograd_f32.h. Included after vector_avx512.h
 * or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_F32_FILTERS_H
#define BW_KERNELS_X86_WINOGRAD_F32_FILTERS_H

#include "kernels/x86/unroll.h"
#include "kernels/x86/winograd.h"

enum { SIDE = 3 /* of a window */, VECTOR_BYTES = 4 * BW_VECTOR_LANES };

/* A row of a filter to its positions, as winograd_f32.h has them. */
BW_INLINE void filter_line(const bw_vector *g, bw_vector *t)
{
    const bw_vector a0 = bw_vector_set(-128.0f / 243), a1 = bw_vector_set(96.0f / 243);
    const bw_vector b0 = bw_vector_set(32.0f / 243), b1 = bw_vector_set(48.0f / 243);
    const bw_vector a2 = bw_vector_set(72.0f / 243);
    bw_vector far = bw_vector_mul(a2, g[2]), odd_a = bw_vector_mul(a1, g[1]);
    bw_vector even_a = bw_vector_sub(bw_vector_mul(a0, g[0]), far), odd_b = bw_vector_mul(b1, g[1]);
    bw_vector even_b = bw_vector_fma(b0, g[0], far);
    t[0] = bw_vector_mul(bw_vector_set(64.0f / 81), g[0]);
    t[1] = bw_vector_sub(even_a, odd_a);
    t[2] = bw_vector_add(even_a, odd_a);
    t[3] = bw_vector_add(even_b, odd_b);
    t[4] = bw_vector_sub(even_b, odd_b);
    t[5] = g[2];
}

/* One position of a filter's column. */
BW_INLINE bw_vector filter_column(const bw_vector *g, int row)
{
    static const float factors[BW_WINOGRAD_INPUTS][SIDE] = {
        {64.0f / 81, 0.0f, 0.0f},
        {-128.0f / 243, -96.0f / 243, -72.0f / 243},
        {-128.0f / 243, 96.0f / 243, -72.0f / 243},
        {32.0f / 243, 48.0f / 243, 72.0f / 243},
        {32.0f / 243, -48.0f / 243, 72.0f / 243},
        {0.0f, 0.0f, 1.0f},
    };
    bw_vector first = bw_vector_mul(bw_vector_set(factors[row][0]), g[0]);
    if (row == 0)
        return first;
    if (row == BW_WINOGRAD_INPUTS - 1)
        return g[2];
    return bw_vector_fma(bw_vector_set(factors[row][2]), g[2],
                         bw_vector_fma(bw_vector_set(factors[row][1]), g[1], first));
}

/* The taps of a column of filters: of a pair, or of one channel of floats. */
BW_INLINE void load_column(const uint8_t *packed, size_t tap,
                           bw_vector column[BW_WINOGRAD_MADE][SIDE], bool halves)
{
    BW_UNROLL
    for (int y = 0; y < SIDE; y++) {
        bw_vector taps =
            bw_vector_load((const float *)(const void *)(packed + (size_t)(y * SIDE) * tap));
        column[0][y] = halves ? bw_vector_low_halves(taps) : taps;
        column[1][y] = halves ? bw_vector_high_halves(taps) : taps;
    }
}

/* A part of the lines of a block, of a pair or one channel, at one row of positions. */
BW_INLINE void make_part(const bw_winograd_filters *filters, const uint8_t *packed, uint8_t *lines,
                         int row, bool halves)
{
    const int words = halves ? BW_WINOGRAD_MADE : 1;
    const size_t line = (size_t)filters->blocks * BW_WINOGRAD_LINE;
    bw_vector half[BW_WINOGRAD_MADE][SIDE];
    BW_UNROLL
    for (int x = 0; x < SIDE; x++) {
        bw_vector column[BW_WINOGRAD_MADE][SIDE];
        load_column(packed + (size_t)x * line, line, column, halves);
        BW_UNROLL
        for (int word = 0; word < words; word++)
            half[word][x] = filter_column(column[word], row);
    }
    BW_UNROLL
    for (int word = 0; word < words; word++) {
        bw_vector made[BW_WINOGRAD_INPUTS];
        filter_line(half[word], made);
        BW_UNROLL
        for (int x = 0; x < BW_WINOGRAD_INPUTS; x++) {
            uint8_t *to = lines + (size_t)word * line + (size_t)x * filters->position;
            bw_vector_store((float *)(void *)to, made[x]);
        }
    }
}

BW_INLINE void make_row(const bw_winograd_filters *filters, int row, bool halves)
{
    const int words = halves ? BW_WINOGRAD_MADE : 1;
    const size_t line = (size_t)filters->blocks * BW_WINOGRAD_LINE;
    const uint8_t *packed = filters->packed;
    uint8_t *lines = filters->lines;
    for (int index = 0; index < filters->count; index++) {
        for (size_t at = 0; at < line; at += VECTOR_BYTES)
            make_part(filters, packed + at, lines + at, row, halves);
        packed += BW_WINOGRAD_TAPS * line;
        lines += (size_t)words * line;
    }
}

BW_INLINE void make_lines(const bw_winograd_filters *filters, bool halves)
{
    switch (filters->row) {
    case 0: make_row(filters, 0, halves); break;
    case 1: make_row(filters, 1, halves); break;
    case 2: make_row(filters, 2, halves); break;
    case 3: make_row(filters, 3, halves); break;
    case 4: make_row(filters, 4, halves); break;
    default: make_row(filters, 5, halves);
    }
}

#endif
