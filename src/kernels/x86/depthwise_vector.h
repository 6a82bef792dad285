/**
 * The text of the depthwise kernels: included by depthwise_avx2.c and depthwise_avx512.c, after
 * the vectors of that instruction set and never by another file.
 *
 * Eight neighbouring pixels of a row are computed at once, their sums in registers: each pixel of
 * the input is loaded once a row of the window and multiplied into every sum that wants it. The
 * sum of a pixel is always formed in the same order, bias first, wherever in a block it lies.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_VECTOR_H
#define BW_KERNELS_X86_DEPTHWISE_VECTOR_H

#include "kernels/x86/depthwise.h"

enum {
    BLOCK = 8,
    STRIP_PIXELS = 384, /* of all rows of a window: 24 KiB of the L1 cache */
};

/* One vector of every pixel of a part of a row: where it comes from and goes to. */
typedef struct row_part {
    const bw_operation *operation;
    const float *from, *weights, *second;
    float *to;
    int width;
} row_part;

/* Some columns of a band. */
typedef struct column_strip {
    const bw_band *band;
    int x, width;
} column_strip;

/* Vectors without a channel in them are only cleared: of half a plane AVX2 moves half the bytes. */
static double cost(const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    int vectors = (out->channels + BW_VECTOR_LANES - 1) / BW_VECTOR_LANES;
    double moved = 2.0 * BW_VECTOR_LANES / BW_LANES;
    double taps = (double)operation->kernel_height * operation->kernel_width;
    return (double)out->height * out->width * vectors * (moved + 1.1 * taps);
}

/* Sums over windows of a size that is known here, so that all loops unroll. */
static inline __attribute__((always_inline)) void sum_known(row_part line, int x, bw_vector *sum,
                                                            int count, int kernel, int stride)
{
    size_t row_stride = line.operation->in.row_stride;
    const float *from = line.from + (ptrdiff_t)x * stride * BW_LANES;
#pragma GCC unroll 8
    for (int index = 0; index < count; index++)
        sum[index] = bw_vector_load(line.weights);
#pragma GCC unroll 3
    for (int row = 0; row < kernel; row++) {
        const float *weights = line.weights + (1 + row * kernel) * BW_LANES;
        const float *pixel = from + (size_t)row * row_stride;
#pragma GCC unroll 32
        for (int column = 0; column < (count - 1) * stride + kernel; column++) {
            bw_vector value = bw_vector_load(pixel + column * BW_LANES);
            __asm__("" : "+v"(value)); /* else it is loaded again for every product */
#pragma GCC unroll 8
            for (int index = 0; index < count; index++) {
                int tap = column - index * stride;
                if (tap >= 0 && tap < kernel)
                    sum[index] =
                        bw_vector_fma(value, bw_vector_load(weights + tap * BW_LANES), sum[index]);
            }
        }
    }
}

/* The same for windows of any size. */
static inline __attribute__((always_inline)) void sum_any(row_part line, int x, bw_vector *sum,
                                                          int count)
{
    const bw_operation *operation = line.operation;
    ptrdiff_t stride = operation->stride;
    const float *from = line.from + x * stride * BW_LANES, *weights = line.weights;
#pragma GCC unroll 8
    for (int index = 0; index < count; index++)
        sum[index] = bw_vector_load(weights);
    for (int row = 0; row < operation->kernel_height; row++) {
        const float *pixel = from + (size_t)row * operation->in.row_stride;
        for (int column = 0; column < operation->kernel_width; column++) {
            weights += BW_LANES;
            bw_vector weight = bw_vector_load(weights);
#pragma GCC unroll 8
            for (int index = 0; index < count; index++)
                sum[index] = bw_vector_fma(bw_vector_load(pixel + index * stride * BW_LANES),
                                           weight, sum[index]);
            pixel += BW_LANES;
        }
    }
}

/* The activations that take an exponential, apart from the loop that keeps its sums in registers.
 */
static __attribute__((noinline)) void store_smooth(const row_part *line, int x,
                                                   const bw_vector *sum, int count)
{
    bw_activation activation = line->operation->activation;
    for (int index = 0; index < count; index++) {
        ptrdiff_t at = (ptrdiff_t)(x + index) * BW_LANES;
        bw_vector value = bw_vector_activate(activation, bw_vector_zero(), sum[index]);
        if (line->second)
            value = bw_vector_add(value, bw_vector_load(line->second + at));
        bw_vector_store(line->to + at, value);
    }
}

static inline __attribute__((always_inline)) void
store_piecewise(row_part line, int x, const bw_vector *sum, int count, bw_activation activation)
{
    bw_vector slope = bw_vector_set(line.operation->slope);
#pragma GCC unroll 8
    for (int index = 0; index < count; index++) {
        ptrdiff_t at = (ptrdiff_t)(x + index) * BW_LANES;
        bw_vector value = bw_vector_activate(activation, slope, sum[index]);
        if (line.second)
            value = bw_vector_add(value, bw_vector_load(line.second + at));
        bw_vector_store(line.to + at, value);
    }
}

static inline __attribute__((always_inline)) void store(row_part line, int x, const bw_vector *sum,
                                                        int count)
{
    bw_vector copy[BLOCK];
    row_part copy_of_line = line;
    switch (line.operation->activation) {
    case BW_LINEAR: store_piecewise(line, x, sum, count, BW_LINEAR); return;
    case BW_RELU: store_piecewise(line, x, sum, count, BW_RELU); return;
    case BW_LEAKY: store_piecewise(line, x, sum, count, BW_LEAKY); return;
    case BW_CLIPPED: store_piecewise(line, x, sum, count, BW_CLIPPED); return;
    case BW_HARD_LOGISTIC: store_piecewise(line, x, sum, count, BW_HARD_LOGISTIC); return;
    case BW_HARD_SWISH: store_piecewise(line, x, sum, count, BW_HARD_SWISH); return;
    case BW_LOGISTIC:
    case BW_SWISH:
    case BW_MISH:
    case BW_ACTIVATION_COUNT: break;
    }
#pragma GCC unroll 8
    for (int index = 0; index < count; index++)
        copy[index] = sum[index];
    store_smooth(&copy_of_line, x, copy, count);
}

/* `kernel` 0 stands for any size and stride. */
static inline __attribute__((always_inline)) void run_block(row_part line, int x, int count,
                                                            int kernel, int stride)
{
    bw_vector sum[BLOCK];
    if (kernel)
        sum_known(line, x, sum, count, kernel, stride);
    else
        sum_any(line, x, sum, count);
    store(line, x, sum, count);
}

static inline __attribute__((always_inline)) void run_line(row_part line, int kernel, int stride)
{
    int x = 0, width = line.width;
    for (; x + BLOCK <= width; x += BLOCK)
        run_block(line, x, BLOCK, kernel, stride);
    if (width - x >= 4) {
        run_block(line, x, 4, kernel, stride);
        x += 4;
    }
    if (width - x >= 2) {
        run_block(line, x, 2, kernel, stride);
        x += 2;
    }
    if (x < width)
        run_block(line, x, 1, kernel, stride);
}

static row_part part_of(const column_strip *strip)
{
    const bw_band *band = strip->band;
    const bw_operation *operation = band->operation;
    const bw_operands *operands = band->operands;
    int top = band->first * operation->stride - operation->pad_top;
    ptrdiff_t left = (ptrdiff_t)strip->x * operation->stride - operation->pad_left;
    ptrdiff_t x = (ptrdiff_t)strip->x * BW_LANES;
    row_part part = {.operation = operation, .width = strip->width};
    const float *row = bw_row_of(&operation->in, operands->in, band->image, band->plane, top);
    part.from = row + left * BW_LANES;
    part.weights = bw_depthwise_weights(operation, operands->weights, band->plane);
    part.to = (float *)band->out + (size_t)band->first * operation->out.row_stride + x;
    if (operation->has_second) {
        row =
            bw_row_of(&operation->second, operands->second, band->image, band->plane, band->first);
        part.second = row + x;
    }
    return part;
}

static void clear_lanes(float *to, int pixels)
{
    for (int x = 0; x < pixels; x++)
        bw_vector_store(to + (ptrdiff_t)x * BW_LANES, bw_vector_zero());
}

static inline __attribute__((always_inline)) void run_strip(const column_strip *strip, int kernel,
                                                            int stride)
{
    const bw_operation *operation = strip->band->operation;
    row_part part = part_of(strip);
    int channels = operation->out.channels - strip->band->plane * BW_LANES;
    size_t step = (size_t)operation->stride * operation->in.row_stride;
    for (int y = strip->band->first; y < strip->band->last; y++) {
        for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES) {
            row_part line = part;
            line.from += lane;
            line.weights += lane;
            line.to += lane;
            if (line.second)
                line.second += lane;
            if (lane < channels)
                run_line(line, kernel, stride);
            else
                clear_lanes(line.to, line.width);
        }
        part.from += step;
        part.to += operation->out.row_stride;
        if (part.second)
            part.second += operation->second.row_stride;
    }
}

static void run_strip_3_1(const column_strip *strip)
{
    run_strip(strip, 3, 1);
}

static void run_strip_3_2(const column_strip *strip)
{
    run_strip(strip, 3, 2);
}

static void run_strip_5_1(const column_strip *strip)
{
    run_strip(strip, 5, 1);
}

static void run_strip_5_2(const column_strip *strip)
{
    run_strip(strip, 5, 2);
}

static void run_strip_any(const column_strip *strip)
{
    run_strip(strip, 0, 0);
}

typedef void strip_function(const column_strip *strip);

static strip_function *strip_function_of(const bw_operation *operation)
{
    int kernel = operation->kernel_height, stride = operation->stride;
    if (kernel != operation->kernel_width || stride > 2)
        return run_strip_any;
    if (kernel == 3)
        return stride == 1 ? run_strip_3_1 : run_strip_3_2;
    if (kernel == 5)
        return stride == 1 ? run_strip_5_1 : run_strip_5_2;
    return run_strip_any;
}

/* How many columns are computed at once, all rows of a band, so that the input stays in L1. */
static int strip_width(const bw_operation *operation)
{
    int window = operation->kernel_height * operation->stride;
    int pixels = window < STRIP_PIXELS ? STRIP_PIXELS / window : 1;
    int strips = (operation->out.width + pixels - 1) / pixels;
    int width = (operation->out.width + strips - 1) / strips;
    return (width + BLOCK - 1) / BLOCK * BLOCK;
}

static void run_band(const bw_band *band, void *context)
{
    (void)context;
    int total = band->operation->out.width, width = strip_width(band->operation);
    strip_function *function = strip_function_of(band->operation);
    for (int x = 0; x < total; x += width) {
        column_strip strip = {band, x, total - x < width ? total - x : width};
        function(&strip);
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_bands_run(operation, operands, first, last, run_band, NULL);
}

#endif
