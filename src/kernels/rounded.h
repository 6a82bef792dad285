/**
 * Arithmetic on bytes that are rounded twice, to the bit: what kernels that `round` compute.
 *
 * A convolution of bytes with windows of 3 × 3 is computed in tiles by Winograd's filtering (Lavin
 * and Gray 2015), each of the points in a tile's height by each of those in its width being a
 * position with one product a channel.
 *
 * At stride 1 a tile has 4 × 4 outputs, and the points are 0, 1, −1, i, −i and ∞, of which i and −i
 * take three products (Meng and Brothers 2019, "Efficient Winograd Convolution via Integer
 * Arithmetic"): 49 products for 144. These points keep numbers small. A row of a tile's inputs is
 * transformed to
 *
 *     d0 − d4    d1 + d2 + d3 + d4    −d1 + d2 − d3 + d4    −d1 − d2 + d3 + d4    d4 − d2
 *     d1 − d3    d5 − d1
 *
 * and then each column likewise, which takes two to four bits more than a byte has; a filter to
 *
 *     g0    g0 + g1 + g2    g0 − g1 + g2    g1    g0 + g1 − g2    g0 − g1 − g2    g2
 *
 * At stride 2 a tile has 3 × 3 outputs. The first and the last of a filter's three numbers meet the
 * inputs of even index alone, which is a filter of two at stride 1, for the points 0, 1, −1 and ∞;
 * the one between meets the others, which need no transform: 49 products for 81. A row becomes
 *
 *     d0 − d4    d2 + d4    d4 − d2    d6 − d2    d1    d3    d5
 *
 * and a filter
 *
 *     g0    g0 + g2    g0 − g2    g2    g1    g1    g1
 *
 * Both are rounded to bytes: the inputs by a shift a position, the filters by a multiplier an
 * output channel and position. Where no factor of an input's transform is negative, it is a sum,
 * and its shift is such that any fits; elsewhere the factors sum to zero, 128 is added so that the
 * byte needs no sign, and the shift is one bit less than the largest need, which are rare and
 * saturate. What is added, and the zero point, is taken off the sums again. Sums over the input's
 * channels are exact in 32 bits. They are scaled in single precision and transformed back by
 * columns, then by rows, in the order of bw_rounded_output_line, and rounded to integers, halves to
 * even: these are the sums of kernels/quantize.h, nearly, and all that follows is as it says.
 * Numbers beyond a picture are its zero point, however far a tile reaches.
 *
 * Where two outputs are left at a picture's end, or one, their tile has so many. Two need the
 * points 0, 1, −1 and, at stride 1, ∞ alone; one its three inputs as they are, whose factors are
 * those of three of the points. Filters are the same for all tiles.
 */
#ifndef BW_KERNELS_ROUNDED_H
#define BW_KERNELS_ROUNDED_H

#include <math.h>

#include "kernels/quantize.h"

enum {
    BW_ROUNDED_OUTPUTS = 4, /* the most of a tile's row, */
    BW_ROUNDED_INPUTS = 7,  /* and of its inputs */
    BW_ROUNDED_TAPS = 3,
    BW_ROUNDED_POINTS = 7,
    BW_ROUNDED_POSITIONS = BW_ROUNDED_POINTS * BW_ROUNDED_POINTS,
    BW_ROUNDED_BITS = 15,    /* of a multiplier's fraction */
    BW_ROUNDED_MIDDLE = 128, /* of a byte's numbers */
};

/** The size of a tile, in outputs. */
typedef struct bw_rounded_tile {
    int stride, rows, columns;
} bw_rounded_tile;

/** What a row or column of tiles has. */
typedef struct bw_rounded_side {
    bool uses[BW_ROUNDED_POINTS];
    int growth[BW_ROUNDED_POINTS];   /* bits that its transform adds at each point, */
    int divisors[BW_ROUNDED_POINTS]; /* what that multiplies, */
    bool sums[BW_ROUNDED_POINTS];    /* and whether it is a sum: no factor is negative */
} bw_rounded_side;

/** At each stride, for tiles of so many outputs. */
static const bw_rounded_side bw_rounded_sides[][BW_ROUNDED_OUTPUTS + 1] = {
    [1] = {[4] = {.uses = {true, true, true, true, true, true, true},
                  .growth = {1, 2, 2, 2, 1, 1, 1},
                  .divisors = {1, 4, 4, 2, 2, 2, 1},
                  .sums = {false, true}},
           [2] = {.uses = {true, true, true, false, false, false, true},
                  .growth = {1, 1, 1, 0, 0, 0, 1},
                  .divisors = {1, 2, 2, 1, 1, 1, 1},
                  .sums = {false, true}},
           [1] = {.uses = {true, false, false, true, false, false, true},
                  .divisors = {1, 1, 1, 1, 1, 1, 1},
                  .sums = {true, false, false, true, false, false, true}}},
    [2] = {[3] = {.uses = {true, true, true, true, true, true, true},
                  .growth = {1, 1, 1, 1, 0, 0, 0},
                  .divisors = {1, 2, 2, 1, 1, 1, 1},
                  .sums = {false, true, false, false, true, true, true}},
           [2] = {.uses = {true, true, true, false, true, true, false},
                  .growth = {1, 1, 1, 0, 0, 0, 0},
                  .divisors = {1, 2, 2, 1, 1, 1, 1},
                  .sums = {false, true, false, false, true, true, false}},
           [1] = {.uses = {true, false, false, true, false, false, true},
                  .divisors = {1, 1, 1, 1, 1, 1, 1},
                  .sums = {true, false, false, true, false, false, true}}},
};

/** Outputs in a row of a whole tile. */
static inline int bw_rounded_outputs(int stride)
{
    return stride == 2 ? 3 : 4;
}

static inline bw_rounded_tile bw_rounded_whole(int stride)
{
    return (bw_rounded_tile){stride, bw_rounded_outputs(stride), bw_rounded_outputs(stride)};
}

/** The outputs in a row of a tile where so many are left. */
static inline int bw_rounded_last_outputs(int stride, int left)
{
    return left < 3 ? left : bw_rounded_outputs(stride);
}

/** The inputs in a row of a tile of so many outputs. */
static inline int bw_rounded_inputs(int stride, int outputs)
{
    return (outputs - 1) * stride + BW_ROUNDED_TAPS;
}

static inline const bw_rounded_side *bw_rounded_rows(bw_rounded_tile tile)
{
    return &bw_rounded_sides[tile.stride][tile.rows];
}

static inline const bw_rounded_side *bw_rounded_columns(bw_rounded_tile tile)
{
    return &bw_rounded_sides[tile.stride][tile.columns];
}

/** A row or column of the inputs of a tile to the points that it uses. */
static inline void bw_rounded_input_line(int stride, int outputs, const int32_t *d,
                                         int32_t t[BW_ROUNDED_POINTS])
{
    if (outputs == 4) {
        t[0] = d[0] - d[4];
        t[1] = d[1] + d[2] + d[3] + d[4];
        t[2] = d[2] + d[4] - d[1] - d[3];
        t[3] = d[3] + d[4] - d[1] - d[2];
        t[4] = d[4] - d[2];
        t[5] = d[1] - d[3];
        t[6] = d[5] - d[1];
    } else if (outputs == 3) {
        t[0] = d[0] - d[4];
        t[1] = d[2] + d[4];
        t[2] = d[4] - d[2];
        t[3] = d[6] - d[2];
        t[4] = d[1];
        t[5] = d[3];
        t[6] = d[5];
    } else if (outputs == 2 && stride == 2) {
        t[0] = d[0] - d[4];
        t[1] = d[2] + d[4];
        t[2] = d[4] - d[2];
        t[4] = d[1];
        t[5] = d[3];
    } else if (outputs == 2) {
        t[0] = d[0] - d[2];
        t[1] = d[1] + d[2];
        t[2] = d[2] - d[1];
        t[6] = d[3] - d[1];
    } else if (stride == 2) {
        t[0] = d[0];
        t[3] = d[2];
        t[6] = d[1];
    } else {
        t[0] = d[0];
        t[3] = d[1];
        t[6] = d[2];
    }
}

/** A row or column of a filter to its points. */
static inline void bw_rounded_filter_line(int stride, const int32_t g[BW_ROUNDED_TAPS],
                                          int32_t t[BW_ROUNDED_POINTS])
{
    t[0] = g[0];
    if (stride == 2) {
        t[1] = g[0] + g[2];
        t[2] = g[0] - g[2];
        t[3] = g[2];
        t[4] = t[5] = t[6] = g[1];
    } else {
        t[1] = g[0] + g[1] + g[2];
        t[2] = g[0] - g[1] + g[2];
        t[3] = g[1];
        t[4] = g[0] + g[1] - g[2];
        t[5] = g[0] - g[1] - g[2];
        t[6] = g[2];
    }
}

/** Sums x at the points that a tile uses, times their scales, to its outputs. */
static inline void bw_rounded_output_line(int stride, int outputs, const float x[BW_ROUNDED_POINTS],
                                          const float scale[BW_ROUNDED_POINTS], float *y)
{
    if (outputs == 1) {
        y[0] = fmaf(x[6], scale[6], fmaf(x[3], scale[3], x[0] * scale[0]));
        return;
    }
    float second = x[2] * scale[2];
    float sum = fmaf(x[1], scale[1], second), difference = fmaf(x[1], scale[1], -second);
    y[0] = fmaf(x[0], scale[0], sum);
    if (stride == 2) {
        y[0] = fmaf(x[4], scale[4], y[0]);
        y[1] = fmaf(x[5], scale[5], difference);
        if (outputs == 3)
            y[2] = fmaf(x[6], scale[6], fmaf(x[3], scale[3], sum));
        return;
    }
    if (outputs == 2) {
        y[1] = fmaf(x[6], scale[6], difference);
        return;
    }
    float third = x[3] * scale[3];
    float real = fmaf(x[4], scale[4], -third), imaginary = fmaf(x[5], scale[5], -third);
    y[0] += real;
    y[1] = difference + imaginary;
    y[2] = sum - real;
    y[3] = fmaf(x[6], scale[6], difference - imaginary);
}

/** Whether a tile uses a position. */
static inline bool bw_rounded_uses(bw_rounded_tile tile, int row, int column)
{
    return bw_rounded_rows(tile)->uses[row] && bw_rounded_columns(tile)->uses[column];
}

/** Whether its transformed input is a sum there. */
static inline bool bw_rounded_is_sum(bw_rounded_tile tile, int row, int column)
{
    return bw_rounded_rows(tile)->sums[row] && bw_rounded_columns(tile)->sums[column];
}

/** Bits that it loses there, at a position that the tile uses. */
static inline int bw_rounded_shift(bw_rounded_tile tile, int row, int column)
{
    int bits = bw_rounded_rows(tile)->growth[row] + bw_rounded_columns(tile)->growth[column];
    return bw_rounded_is_sum(tile, row, column) ? bits : bits - 1;
}

/** What the transforms multiply there. */
static inline int bw_rounded_divisor(bw_rounded_tile tile, int row, int column)
{
    return bw_rounded_rows(tile)->divisors[row] * bw_rounded_columns(tile)->divisors[column];
}

/** What its byte stands higher by than the number less the zero points in it. */
static inline int32_t bw_rounded_added(bool is_sum, int32_t zero_point)
{
    return is_sum ? zero_point : BW_ROUNDED_MIDDLE;
}

/** A transformed input as a byte: to the nearest, halves up. */
static inline int32_t bw_rounded_input(int32_t transformed, int shift, bool is_sum)
{
    int32_t rounded = shift > 0 ? (transformed + (1 << (shift - 1))) >> shift : transformed;
    if (!is_sum)
        rounded += BW_ROUNDED_MIDDLE;
    return rounded < 0 ? 0 : rounded > UINT8_MAX ? UINT8_MAX : rounded;
}

/** For filters whose transformed weights are of magnitude `largest` at most. */
static inline int16_t bw_rounded_multiplier(int32_t largest)
{
    int32_t one = 1 << BW_ROUNDED_BITS;
    return (int16_t)(largest > INT8_MAX ? INT8_MAX * one / largest : one - 1);
}

/** A transformed weight as a signed byte: to the nearest, halves up. */
static inline int32_t bw_rounded_filter(int32_t transformed, int16_t multiplier)
{
    return (transformed * multiplier + (1 << (BW_ROUNDED_BITS - 1))) >> BW_ROUNDED_BITS;
}

/** What turns a position's sums into the numbers that are transformed back: for whole tiles, */
static inline float bw_rounded_scale(int stride, int row, int column, int16_t multiplier)
{
    bw_rounded_tile whole = bw_rounded_whole(stride);
    double filter = (double)(1 << BW_ROUNDED_BITS) / multiplier;
    double input = (double)(1 << bw_rounded_shift(whole, row, column));
    return (float)(filter * input / bw_rounded_divisor(whole, row, column));
}

/** and what the scale of smaller tiles is of that, a power of two. */
static inline float bw_rounded_rescale(bw_rounded_tile tile, int row, int column)
{
    bw_rounded_tile whole = bw_rounded_whole(tile.stride);
    int own = (1 << bw_rounded_shift(tile, row, column)) * bw_rounded_divisor(whole, row, column);
    int of_whole =
        (1 << bw_rounded_shift(whole, row, column)) * bw_rounded_divisor(tile, row, column);
    return (float)own / (float)of_whole;
}

/** Whether an operation's windows are of the kind. */
static inline bool bw_rounded_possible(const bw_operation *operation)
{
    return operation->kernel_height == BW_ROUNDED_TAPS &&
           operation->kernel_width == BW_ROUNDED_TAPS && operation->groups == 1 &&
           (operation->stride == 1 ||
            (operation->stride == 2 && operation->family == BW_FAMILY_CONV)) &&
           bw_sum_terms(operation) <= BW_SUM_TERMS;
}

/** A filter at all positions, [row][column]. */
static inline void bw_rounded_filter_positions(int stride, const int8_t *integers,
                                               int32_t to[BW_ROUNDED_POSITIONS])
{
    int32_t half[BW_ROUNDED_TAPS][BW_ROUNDED_POINTS];
    for (int column = 0; column < BW_ROUNDED_TAPS; column++) {
        int32_t taps[BW_ROUNDED_TAPS];
        for (int row = 0; row < BW_ROUNDED_TAPS; row++)
            taps[row] = integers[row * BW_ROUNDED_TAPS + column];
        bw_rounded_filter_line(stride, taps, half[column]);
    }
    for (int row = 0; row < BW_ROUNDED_POINTS; row++) {
        int32_t taps[BW_ROUNDED_TAPS];
        for (int column = 0; column < BW_ROUNDED_TAPS; column++)
            taps[column] = half[column][row];
        bw_rounded_filter_line(stride, taps, to + row * BW_ROUNDED_POINTS);
    }
}

/** The multipliers of an output channel, one a position, from its filters. */
static inline void bw_rounded_multipliers(const bw_operation *operation, const int8_t *integers,
                                          int16_t multipliers[BW_ROUNDED_POSITIONS])
{
    int32_t largest[BW_ROUNDED_POSITIONS] = {0};
    for (int input = 0; input < operation->in.channels; input++) {
        int32_t transformed[BW_ROUNDED_POSITIONS];
        bw_rounded_filter_positions(operation->stride, integers, transformed);
        integers += BW_ROUNDED_TAPS * BW_ROUNDED_TAPS;
        for (int position = 0; position < BW_ROUNDED_POSITIONS; position++) {
            int32_t magnitude =
                transformed[position] < 0 ? -transformed[position] : transformed[position];
            if (magnitude > largest[position])
                largest[position] = magnitude;
        }
    }
    for (int position = 0; position < BW_ROUNDED_POSITIONS; position++)
        multipliers[position] = bw_rounded_multiplier(largest[position]);
}

#endif
