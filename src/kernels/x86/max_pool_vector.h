/**
 * The text of the max pool kernels: included by max_pool_avx2.c and max_pool_avx512.c, after the
 * vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_MAX_POOL_VECTOR_H
#define BW_KERNELS_X86_MAX_POOL_VECTOR_H

#include <float.h>

#include "kernels/x86/max_pool.h"

static double cost(const bw_operation *operation)
{
    double vectors = (double)BW_LANES / BW_VECTOR_LANES;
    return vectors * bw_rows_pixels(operation) * (2.0 + bw_max_pool_steps(operation));
}

static inline bw_vector larger(const float *a, const float *b)
{
    return bw_vector_max(bw_vector_load(a), bw_vector_load(b));
}

static void maximum(float *to, const float *a, const float *b, int pixels, int step)
{
    for (int index = 0; index < pixels; index++) {
        for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES)
            bw_vector_store(to + lane, larger(a + lane, b + lane));
        a += (ptrdiff_t)step * BW_LANES;
        b += (ptrdiff_t)step * BW_LANES;
        to += BW_LANES;
    }
}

/* The maximum over rows × columns of the window that starts at `window`. */
static inline void window_maximum(float *to, const float *window, size_t row_stride, bw_clip rows,
                                  bw_clip columns)
{
    for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES) {
        bw_vector largest = bw_vector_set(-FLT_MAX);
        for (int y = rows.first; y < rows.last; y++) {
            const float *at = window + (ptrdiff_t)y * (ptrdiff_t)row_stride + lane;
            for (int x = columns.first; x < columns.last; x++)
                largest = bw_vector_max(bw_vector_load(at + (ptrdiff_t)x * BW_LANES), largest);
        }
        bw_vector_store(to + lane, largest);
    }
}

static inline void square_maximum(float *to, const float *window, size_t row_stride)
{
    const float *next = window + row_stride;
    for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES) {
        bw_vector upper = larger(window + lane, window + BW_LANES + lane);
        bw_vector lower = larger(next + lane, next + BW_LANES + lane);
        bw_vector_store(to + lane, bw_vector_max(upper, lower));
    }
}

/* A row of small windows; by far the most of them are 2 × 2. */
static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int height = operation->kernel_height, width = operation->kernel_width;
    int top = row->y * operation->stride - operation->pad_top;
    bw_clip rows = bw_clip_window(top, height, in->height);
    bool square = height == 2 && width == 2 && rows.last - rows.first == 2;
    const float *from = bw_row_of(in, row->operands->in, row->image, row->plane, top);
    for (int x = 0; x < operation->out.width; x++) {
        int left = x * operation->stride - operation->pad_left;
        const float *window = from + (ptrdiff_t)left * BW_LANES;
        float *to = (float *)row->out + (ptrdiff_t)x * BW_LANES;
        if (square && left >= 0 && left + 2 <= in->width)
            square_maximum(to, window, in->row_stride);
        else
            window_maximum(to, window, in->row_stride, rows,
                           bw_clip_window(left, width, in->width));
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    bw_max_pool_run(operation, operands, first, last, scratch, run_row, maximum);
}

#endif
