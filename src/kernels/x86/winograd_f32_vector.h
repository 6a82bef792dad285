/**
 * The text of Winograd's transforms in floats, of tensors of floats or of bfloat16 (`halves`), for
 * either instruction set; see winograd_f32.h. Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_F32_VECTOR_H
#define BW_KERNELS_X86_WINOGRAD_F32_VECTOR_H

#include "kernels/x86/numbers_vector.h"
#include "kernels/x86/unroll.h"
#include "kernels/x86/winograd_f32.h"

/* A row or column of an input tile to its positions: 0, +3/4, -3/4, +3/2, -3/2, infinity. */
BW_INLINE void input_line_4(const bw_vector *d, bw_vector *t)
{
    const bw_vector a = bw_vector_set(0.75f), b = bw_vector_set(1.5f);
    const bw_vector a2 = bw_vector_set(0.5625f), b2 = bw_vector_set(2.25f);
    const bw_vector product = bw_vector_set(1.265625f), sum = bw_vector_set(2.8125f);
    bw_vector even_a = bw_vector_fnma(b2, d[2], d[4]), odd_a = bw_vector_fnma(b2, d[1], d[3]);
    bw_vector even_b = bw_vector_fnma(a2, d[2], d[4]), odd_b = bw_vector_fnma(a2, d[1], d[3]);
    t[0] = bw_vector_fma(product, d[0], bw_vector_fnma(sum, d[2], d[4]));
    t[1] = bw_vector_fma(a, odd_a, even_a);
    t[2] = bw_vector_fnma(a, odd_a, even_a);
    t[3] = bw_vector_fma(b, odd_b, even_b);
    t[4] = bw_vector_fnma(b, odd_b, even_b);
    t[5] = bw_vector_fma(product, d[1], bw_vector_fnma(sum, d[3], d[5]));
}

BW_INLINE void output_line_4(const bw_vector *m, bw_vector *y)
{
    const bw_vector a = bw_vector_set(0.75f), b = bw_vector_set(1.5f);
    const bw_vector a2 = bw_vector_set(0.5625f), b2 = bw_vector_set(2.25f);
    const bw_vector a3 = bw_vector_set(0.421875f), b3 = bw_vector_set(3.375f);
    bw_vector sum_a = bw_vector_add(m[1], m[2]), difference_a = bw_vector_sub(m[1], m[2]);
    bw_vector sum_b = bw_vector_add(m[3], m[4]), difference_b = bw_vector_sub(m[3], m[4]);
    y[0] = bw_vector_add(m[0], bw_vector_add(sum_a, sum_b));
    y[1] = bw_vector_fma(a, difference_a, bw_vector_mul(b, difference_b));
    y[2] = bw_vector_fma(a2, sum_a, bw_vector_mul(b2, sum_b));
    y[3] = bw_vector_fma(a3, difference_a, bw_vector_fma(b3, difference_b, m[5]));
}

/* Positions 0, +1, -1, infinity. */
BW_INLINE void input_line_2(const bw_vector *d, bw_vector *t)
{
    t[0] = bw_vector_sub(d[0], d[2]);
    t[1] = bw_vector_add(d[2], d[1]);
    t[2] = bw_vector_sub(d[2], d[1]);
    t[3] = bw_vector_sub(d[3], d[1]);
}

BW_INLINE void output_line_2(const bw_vector *m, bw_vector *y)
{
    y[0] = bw_vector_add(m[0], bw_vector_add(m[1], m[2]));
    y[1] = bw_vector_add(m[3], bw_vector_sub(m[1], m[2]));
}

BW_INLINE void input_line(const bw_vector *d, bw_vector *t, int outputs)
{
    if (outputs == 4)
        input_line_4(d, t);
    else
        input_line_2(d, t);
}

BW_INLINE void output_line(const bw_vector *m, bw_vector *y, int outputs)
{
    if (outputs == 4)
        output_line_4(m, y);
    else
        output_line_2(m, y);
}

/* Asks for the rows of the tile to the right, which is mostly the next one. */
BW_INLINE void prefetch_row(const uint8_t *row, int outputs, bool halves)
{
    BW_UNROLL
    for (int column = 0; column < outputs; column++)
        _mm_prefetch((const char *)(row + bytes_of((outputs + column) * BW_LANES, halves)),
                     _MM_HINT_T0);
}

/* `row` is in bytes, `position` in floats. */
BW_INLINE void transform_input(const uint8_t *in, size_t row, float *out, size_t position,
                               int outputs, bool halves)
{
    const int inputs = outputs + 2;
    bw_vector half[BW_WINOGRAD_INPUTS][BW_WINOGRAD_INPUTS];
    BW_UNROLL
    for (int y = 0; y < inputs; y++)
        prefetch_row(in + (size_t)y * row + bytes_of(2 * BW_LANES, halves), outputs, halves);
    BW_UNROLL
    for (int x = 0; x < inputs; x++) {
        bw_vector line[BW_WINOGRAD_INPUTS], column[BW_WINOGRAD_INPUTS];
        BW_UNROLL
        for (int y = 0; y < inputs; y++)
            line[y] = load_numbers(in + (size_t)y * row + bytes_of(x * BW_LANES, halves), halves);
        input_line(line, column, outputs);
        BW_UNROLL
        for (int y = 0; y < inputs; y++)
            half[y][x] = column[y];
    }
    BW_UNROLL
    for (int y = 0; y < inputs; y++) {
        bw_vector line[BW_WINOGRAD_INPUTS];
        input_line(half[y], line, outputs);
        BW_UNROLL
        for (int x = 0; x < inputs; x++)
            bw_vector_store(out + (size_t)(y * inputs + x) * position, line[x]);
    }
}

/** One tile of an output. */
typedef struct output_tile {
    const float *sums, *bias;
    size_t position; /* of the sums, in floats */
    bw_activation activation;
    float slope;
    const uint8_t *second; /* NULL for none */
    uint8_t *out;
    size_t second_row, out_row; /* bytes */
    int rows, columns;          /* that are wanted */
} output_tile;

/* The epilogue of one row of a tile, of which the first `columns` are wanted. */
BW_INLINE void finish_row(const output_tile *output, bw_activation activation,
                          const bw_vector *line, int row, int part, int columns, int outputs,
                          bool halves)
{
    bw_vector bias = bw_vector_load(output->bias + part), slope = bw_vector_set(output->slope);
    bw_vector result[BW_WINOGRAD_OUTPUTS];
    BW_UNROLL
    for (int column = 0; column < outputs; column++)
        result[column] = bw_vector_activate(activation, slope, bw_vector_add(line[column], bias));
    if (output->second) {
        const uint8_t *second =
            output->second + (size_t)row * output->second_row + bytes_of(part, halves);
        prefetch_row(second, outputs, halves);
        BW_UNROLL
        for (int column = 0; column < outputs; column++) {
            if (column < columns)
                result[column] = bw_vector_add(
                    result[column],
                    load_numbers(second + bytes_of(column * BW_LANES, halves), halves));
        }
    }
    uint8_t *out = output->out + (size_t)row * output->out_row + bytes_of(part, halves);
    prefetch_row(out, outputs, halves);
    BW_UNROLL
    for (int column = 0; column < outputs; column++) {
        if (column < columns)
            store_numbers(out + bytes_of(column * BW_LANES, halves), result[column], halves);
    }
}

BW_INLINE void finish_tile(const output_tile *output, bw_activation activation,
                           bw_vector half[][BW_WINOGRAD_INPUTS], int part, int outputs, bool halves)
{
    for (int row = 0; row < output->rows; row++) {
        bw_vector line[BW_WINOGRAD_OUTPUTS];
        output_line(half[row], line, outputs);
        if (output->columns == outputs)
            finish_row(output, activation, line, row, part, outputs, outputs, halves);
        else
            finish_row(output, activation, line, row, part, output->columns, outputs, halves);
    }
}

BW_INLINE void finish_part(const output_tile *output, int part, int outputs, bool halves)
{
    const int inputs = outputs + 2;
    bw_vector half[BW_WINOGRAD_OUTPUTS][BW_WINOGRAD_INPUTS];
    BW_UNROLL
    for (int x = 0; x < inputs; x++) {
        bw_vector line[BW_WINOGRAD_INPUTS], column[BW_WINOGRAD_OUTPUTS];
        BW_UNROLL
        for (int y = 0; y < inputs; y++)
            line[y] =
                bw_vector_load(output->sums + (size_t)(y * inputs + x) * output->position + part);
        output_line(line, column, outputs);
        BW_UNROLL
        for (int y = 0; y < outputs; y++)
            half[y][x] = column[y];
    }
    switch (output->activation) {
    case BW_RELU: finish_tile(output, BW_RELU, half, part, outputs, halves); break;
    case BW_LEAKY: finish_tile(output, BW_LEAKY, half, part, outputs, halves); break;
    case BW_LOGISTIC: finish_tile(output, BW_LOGISTIC, half, part, outputs, halves); break;
    case BW_SWISH: finish_tile(output, BW_SWISH, half, part, outputs, halves); break;
    case BW_MISH: finish_tile(output, BW_MISH, half, part, outputs, halves); break;
    case BW_CLIPPED: finish_tile(output, BW_CLIPPED, half, part, outputs, halves); break;
    case BW_HARD_LOGISTIC:
        finish_tile(output, BW_HARD_LOGISTIC, half, part, outputs, halves);
        break;
    case BW_HARD_SWISH: finish_tile(output, BW_HARD_SWISH, half, part, outputs, halves); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: finish_tile(output, BW_LINEAR, half, part, outputs, halves); break;
    }
}

BW_INLINE void transform_line(const bw_winograd_input *input, int outputs, bool halves)
{
    float *out = (float *)(void *)input->out;
    for (int part = 0; part < BW_LANES; part += BW_VECTOR_LANES)
        transform_input(input->in[0] + bytes_of(part, halves), input->row, out + part,
                        input->position / sizeof(float), outputs, halves);
}

BW_INLINE void transform_output(const bw_winograd_output *output, int outputs, bool halves)
{
    const ptrdiff_t step = bytes_of(outputs * BW_LANES, halves);
    output_tile tile = {
        .sums = (const float *)(const void *)output->sums,
        .position = output->position / sizeof(float),
        .bias = (const float *)(const void *)output->parameters,
        .activation = output->operation->activation,
        .slope = output->operation->slope,
        .second = output->second,
        .second_row = output->second_row,
        .out = output->out,
        .out_row = output->out_row,
        .rows = output->rows,
    };
    for (int index = 0; index < output->tiles; index++) {
        int columns = output->columns - index * outputs;
        tile.columns = columns < outputs ? columns : outputs;
        for (int part = 0; part < BW_LANES; part += BW_VECTOR_LANES)
            finish_part(&tile, part, outputs, halves);
        tile.sums += BW_LANES;
        tile.out += step;
        if (tile.second)
            tile.second += step;
    }
}

#endif
