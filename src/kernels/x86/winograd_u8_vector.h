/**
 * The text of Winograd's filtering of bytes, for either instruction set; see winograd_u8.h.
 *
 * Included after the vectors of floats (vector_avx512.h or vector_avx2.h) and after these, of
 * VECTOR_BYTES, which divide a line into PARTS:
 *
 *     integers              a vector of integers of 16 or 32 bits
 *     load, store           32 bits each
 *     load_pixel            bytes of a part of a line, from its planes, as 16 bits
 *     add_16, sub_16, shift_16, shift_down_16    x, y → x + y, x − y, x × 2ⁿ, x / 2ⁿ
 *     add_32, sub_32, shift_32, multiply_32, shift_down_32, max_32
 *
 * and what winograd_products_vector.h asks for.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_U8_VECTOR_H
#define BW_KERNELS_X86_WINOGRAD_U8_VECTOR_H

#include "kernels/x86/unroll.h"
#include "kernels/x86/winograd_products_vector.h"
#include "kernels/x86/winograd_u8.h"

enum {
    OUTPUTS = BW_WINOGRAD_U8_OUTPUTS,
    INPUTS = OUTPUTS + 2,
    SIDE = 3,            /* of a window */
    INVERSE = 954437177, /* × 9 = 1 modulo 2³² */
};

/* A row or column of a filter to its positions, as winograd_u8.h has them. */
BW_INLINE void filter_line(const integers *g, integers *t)
{
    integers outer = add_16(g[0], g[2]), twice = shift_16(g[1], 1);
    integers far_outer = add_16(g[0], shift_16(g[2], 2));
    t[0] = g[0];
    t[1] = sub_16(sub_16(zero(), outer), g[1]);
    t[2] = sub_16(g[1], outer);
    t[3] = add_16(far_outer, twice);
    t[4] = sub_16(far_outer, twice);
    t[5] = g[2];
}

/* One position of a filter's column. */
BW_INLINE integers filter_column(const integers *g, int row)
{
    switch (row) {
    case 0: return g[0];
    case 1: return sub_16(sub_16(zero(), add_16(g[0], g[2])), g[1]);
    case 2: return sub_16(g[1], add_16(g[0], g[2]));
    case 3: return add_16(add_16(g[0], shift_16(g[2], 2)), shift_16(g[1], 1));
    case 4: return sub_16(add_16(g[0], shift_16(g[2], 2)), shift_16(g[1], 1));
    default: return g[2];
    }
}

/* A column of quads as two columns of words: channels 0 and 2, and 1 and 3. */
BW_INLINE void load_column(const uint8_t *packed, size_t tap,
                           integers words[BW_WINOGRAD_MADE][SIDE])
{
    BW_UNROLL
    for (int y = 0; y < SIDE; y++) {
        integers quads = load(packed + (size_t)(y * SIDE) * tap);
        words[0][y] = shift_down_16(shift_16(quads, 8), 8);
        words[1][y] = shift_down_16(quads, 8);
    }
}

/* A part of the lines of a quad and block at one row of positions. */
BW_INLINE void make_part(const bw_winograd_filters *filters, const uint8_t *packed, uint8_t *lines,
                         int row)
{
    const size_t line = (size_t)filters->blocks * BW_WINOGRAD_LINE;
    integers half[BW_WINOGRAD_MADE][SIDE];
    BW_UNROLL
    for (int x = 0; x < SIDE; x++) {
        integers words[BW_WINOGRAD_MADE][SIDE];
        load_column(packed + (size_t)x * line, line, words);
        BW_UNROLL
        for (int word = 0; word < BW_WINOGRAD_MADE; word++)
            half[word][x] = filter_column(words[word], row);
    }
    BW_UNROLL
    for (int word = 0; word < BW_WINOGRAD_MADE; word++) {
        integers made[INPUTS];
        filter_line(half[word], made);
        BW_UNROLL
        for (int x = 0; x < INPUTS; x++)
            store(lines + (size_t)word * line + (size_t)x * filters->position, made[x]);
    }
}

BW_INLINE void make_row(const bw_winograd_filters *filters, int row)
{
    const size_t line = (size_t)filters->blocks * BW_WINOGRAD_LINE;
    const uint8_t *packed = filters->packed;
    uint8_t *lines = filters->lines;
    for (int quad = 0; quad < filters->count; quad++) {
        for (size_t at = 0; at < line; at += VECTOR_BYTES)
            make_part(filters, packed + at, lines + at, row);
        packed += BW_WINOGRAD_TAPS * line;
        lines += BW_WINOGRAD_MADE * line;
    }
}

/* A copy, of which the compiler knows that no line written changes it. */
static void transform_filters(const bw_winograd_filters *filters)
{
    const bw_winograd_filters own = *filters;
    switch (own.row) {
    case 0: make_row(&own, 0); break;
    case 1: make_row(&own, 1); break;
    case 2: make_row(&own, 2); break;
    case 3: make_row(&own, 3); break;
    case 4: make_row(&own, 4); break;
    default: make_row(&own, 5);
    }
}

/* A row or column of an input tile to its positions: 0, +1, -1, +2, -2, infinity. */
BW_INLINE void input_line(const integers *d, integers *t)
{
    integers even = sub_16(d[4], shift_16(d[2], 2)), odd = sub_16(d[3], shift_16(d[1], 2));
    integers outer = sub_16(d[4], d[2]), inner = sub_16(d[3], d[1]), twice = shift_16(inner, 1);
    t[0] = add_16(shift_16(sub_16(d[0], d[2]), 2), outer);
    t[1] = add_16(even, odd);
    t[2] = sub_16(even, odd);
    t[3] = add_16(outer, twice);
    t[4] = sub_16(outer, twice);
    t[5] = sub_16(sub_16(d[5], d[3]), shift_16(inner, 2));
}

/* The plane's pixels of a part, transformed by columns: [row of positions][column]. */
BW_INLINE void transform_columns(const bw_winograd_input *input, int part,
                                 integers half[INPUTS][INPUTS])
{
    const size_t row = input->row;
    BW_UNROLL
    for (int x = 0; x < INPUTS; x++) {
        integers line[INPUTS], column[INPUTS];
        BW_UNROLL
        for (int y = 0; y < INPUTS; y++)
            line[y] = load_pixel(input, part, (size_t)y * row + (size_t)(x * BW_LANES));
        input_line(line, column);
        BW_UNROLL
        for (int y = 0; y < INPUTS; y++)
            half[y][x] = column[y];
    }
}

static void transform_input(const bw_winograd_input *input)
{
    const size_t position = input->position;
    BW_UNROLL
    for (int part = 0; part < PARTS; part++) {
        integers half[INPUTS][INPUTS];
        uint8_t *out = input->out + part * VECTOR_BYTES;
        if (!input->in[part])
            break;
        transform_columns(input, part, half);
        BW_UNROLL
        for (int y = 0; y < INPUTS; y++) {
            integers line[INPUTS];
            input_line(half[y], line);
            BW_UNROLL
            for (int x = 0; x < INPUTS; x++, out += position)
                store(out, line[x]);
        }
    }
}

/* Six positions to four outputs, 24, 12, 6 and 6 times as large as they are. */
BW_INLINE void output_line(const integers *m, integers *y)
{
    integers sum = add_32(m[1], m[2]), difference = sub_32(m[1], m[2]);
    integers far_sum = add_32(m[3], m[4]), far_difference = sub_32(m[3], m[4]);
    integers first = add_32(shift_32(m[0], 1), shift_32(m[0], 2));
    integers last = add_32(shift_32(m[5], 1), shift_32(m[5], 2));
    y[0] = add_32(add_32(first, far_sum), shift_32(sum, 2));
    y[1] = add_32(shift_32(difference, 1), far_difference);
    y[2] = add_32(sum, far_sum);
    y[3] = add_32(add_32(difference, shift_32(far_difference, 1)), last);
}

/* The true sums of a row of a tile's outputs, but for what they start with. */
BW_INLINE void restore_row(const integers *half, int y, integers *row)
{
    static const uint8_t shifts[OUTPUTS] = {3, 2, 1, 1};
    integers line[OUTPUTS];
    output_line(half, line);
    BW_UNROLL
    for (int x = 0; x < OUTPUTS; x++)
        row[x] = shift_down_32(multiply_32(line[x], INVERSE), (uint8_t)(shifts[y] + shifts[x]));
}

/* Those of a tile's part; of two rows of outputs their maxima if `pool` is 2. */
BW_INLINE void restore_tile(const bw_winograd_output *output, const uint8_t *sums,
                            bw_winograd_sums restored, int tile, int part, int pool)
{
    const int lane = part * VECTOR_BYTES / (int)sizeof(int32_t), side = OUTPUTS / pool;
    integers half[OUTPUTS][INPUTS];
    integers start = load(output->parameters + 2 * BW_WINOGRAD_LINE + part * VECTOR_BYTES);
    BW_UNROLL
    for (int x = 0; x < INPUTS; x++) {
        integers line[INPUTS], column[OUTPUTS];
        BW_UNROLL
        for (int y = 0; y < INPUTS; y++)
            line[y] =
                load(sums + (size_t)(y * INPUTS + x) * output->position + part * VECTOR_BYTES);
        output_line(line, column);
        BW_UNROLL
        for (int y = 0; y < OUTPUTS; y++)
            half[y][x] = column[y];
    }
    BW_UNROLL
    for (int y = 0; y < side; y++) {
        integers row[2][OUTPUTS];
        restore_row(half[y * pool], y * pool, row[0]);
        restore_row(half[y * pool + pool - 1], y * pool + pool - 1, row[1]);
        BW_UNROLL
        for (int x = 0; x < side; x++) {
            integers most = row[0][x];
            if (pool == 2)
                most = max_32(max_32(row[0][2 * x], row[0][2 * x + 1]),
                              max_32(row[1][2 * x], row[1][2 * x + 1]));
            store(&restored[y][tile * side + x][lane], add_32(start, most));
        }
    }
}

#include "kernels/x86/winograd_finish_vector.h"

#endif
