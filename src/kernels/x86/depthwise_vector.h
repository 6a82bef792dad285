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

enum { BLOCK = 8 };

/* One vector of a row: where its pixels come from and go to. */
typedef struct row_part {
    const bw_operation *operation;
    const float *from, *weights, *second;
    float *to;
} row_part;

static double cost(const bw_operation *operation)
{
    double vectors = (double)BW_LANES / BW_VECTOR_LANES * bw_rows_pixels(operation);
    return vectors * (2.0 + 1.1 * operation->kernel_height * operation->kernel_width);
}

/* Sums over windows of a size that is known here, so that all loops unroll. */
static inline __attribute__((always_inline)) void
sum_known(const row_part *line, int x, bw_vector *sum, int count, int kernel, int stride)
{
    size_t row_stride = line->operation->in.row_stride;
    const float *from = line->from + (ptrdiff_t)x * stride * BW_LANES;
#pragma GCC unroll 8
    for (int index = 0; index < count; index++)
        sum[index] = bw_vector_load(line->weights);
#pragma GCC unroll 3
    for (int row = 0; row < kernel; row++) {
        const float *weights = line->weights + (1 + row * kernel) * BW_LANES;
        const float *pixel = from + (size_t)row * row_stride;
#pragma GCC unroll 32
        for (int column = 0; column < (count - 1) * stride + kernel; column++) {
            bw_vector value = bw_vector_load(pixel + column * BW_LANES);
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
static inline __attribute__((always_inline)) void sum_any(const row_part *line, int x,
                                                          bw_vector *sum, int count)
{
    const bw_operation *operation = line->operation;
    ptrdiff_t stride = operation->stride;
    const float *from = line->from + x * stride * BW_LANES, *weights = line->weights;
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

static inline __attribute__((always_inline)) void store_piecewise(const row_part *line, int x,
                                                                  const bw_vector *sum, int count,
                                                                  bw_activation activation)
{
    bw_vector slope = bw_vector_set(line->operation->slope);
#pragma GCC unroll 8
    for (int index = 0; index < count; index++) {
        ptrdiff_t at = (ptrdiff_t)(x + index) * BW_LANES;
        bw_vector value = bw_vector_activate(activation, slope, sum[index]);
        if (line->second)
            value = bw_vector_add(value, bw_vector_load(line->second + at));
        bw_vector_store(line->to + at, value);
    }
}

static inline __attribute__((always_inline)) void store(const row_part *line, int x,
                                                        const bw_vector *sum, int count)
{
    bw_vector copy[BLOCK];
    switch (line->operation->activation) {
    case BW_LINEAR: store_piecewise(line, x, sum, count, BW_LINEAR); return;
    case BW_RELU: store_piecewise(line, x, sum, count, BW_RELU); return;
    case BW_LEAKY: store_piecewise(line, x, sum, count, BW_LEAKY); return;
    case BW_LOGISTIC:
    case BW_SWISH:
    case BW_MISH:
    case BW_ACTIVATION_COUNT: break;
    }
#pragma GCC unroll 8
    for (int index = 0; index < count; index++)
        copy[index] = sum[index];
    store_smooth(line, x, copy, count);
}

/* `kernel` 0 stands for any size and stride. */
static inline __attribute__((always_inline)) void run_block(const row_part *line, int x, int count,
                                                            int kernel, int stride)
{
    bw_vector sum[BLOCK];
    if (kernel)
        sum_known(line, x, sum, count, kernel, stride);
    else
        sum_any(line, x, sum, count);
    store(line, x, sum, count);
}

static inline __attribute__((always_inline)) void run_line(const row_part *line, int kernel,
                                                           int stride)
{
    int x = 0, width = line->operation->out.width;
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

static void run_line_3_1(const row_part *line)
{
    run_line(line, 3, 1);
}

static void run_line_3_2(const row_part *line)
{
    run_line(line, 3, 2);
}

static void run_line_5_1(const row_part *line)
{
    run_line(line, 5, 1);
}

static void run_line_5_2(const row_part *line)
{
    run_line(line, 5, 2);
}

static void run_line_any(const row_part *line)
{
    run_line(line, 0, 0);
}

typedef void line_function(const row_part *line);

static line_function *line_function_of(const bw_operation *operation)
{
    int kernel = operation->kernel_height, stride = operation->stride;
    if (kernel != operation->kernel_width || stride > 2)
        return run_line_any;
    if (kernel == 3)
        return stride == 1 ? run_line_3_1 : run_line_3_2;
    if (kernel == 5)
        return stride == 1 ? run_line_5_1 : run_line_5_2;
    return run_line_any;
}

static void clear_lanes(float *to, int pixels)
{
    for (int x = 0; x < pixels; x++)
        bw_vector_store(to + (ptrdiff_t)x * BW_LANES, bw_vector_zero());
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_operands *operands = row->operands;
    int top = row->y * operation->stride - operation->pad_top;
    const float *from = bw_row_of(&operation->in, operands->in, row->image, row->plane, top) -
                        (ptrdiff_t)operation->pad_left * BW_LANES;
    const float *weights = bw_depthwise_weights(operation, operands->weights, row->plane);
    const float *second = NULL;
    if (operation->has_second)
        second = bw_row_of(&operation->second, operands->second, row->image, row->plane, row->y);
    int channels = operation->out.channels - row->plane * BW_LANES;
    line_function *function = line_function_of(operation);
    for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES) {
        row_part line = {operation, from + lane, weights + lane, second ? second + lane : NULL,
                         row->out + lane};
        if (lane < channels)
            function(&line);
        else
            clear_lanes(line.to, operation->out.width);
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#endif
