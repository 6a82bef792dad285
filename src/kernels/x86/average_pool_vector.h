/**
 * The text of the average pool kernels: included by average_pool_avx2.c and average_pool_avx512.c,
 * after the vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_AVERAGE_POOL_VECTOR_H
#define BW_KERNELS_X86_AVERAGE_POOL_VECTOR_H

#include "kernels/x86/rows.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_AVERAGE_POOL && bw_rows_in_planes(operation) &&
           operation->out.height == 1 && operation->out.width == 1 &&
           operation->in.channels == operation->out.channels;
}

static double cost(const bw_operation *operation)
{
    double vectors = (double)BW_LANES / BW_VECTOR_LANES;
    return vectors * bw_rows_pixels(operation) * operation->in.height * operation->in.width;
}

/* The sum of one vector of every pixel of a plane, a row at a time to keep the rounding small. */
static inline bw_vector plane_sum(const bw_layout *in, const float *plane)
{
    bw_vector sum = bw_vector_zero();
    for (int y = 0; y < in->height; y++) {
        const float *from = plane + (size_t)y * in->row_stride;
        bw_vector even = bw_vector_zero(), odd = bw_vector_zero();
        int x = 0;
        for (; x + 2 <= in->width; x += 2) {
            even = bw_vector_add(even, bw_vector_load(from + (ptrdiff_t)x * BW_LANES));
            odd = bw_vector_add(odd, bw_vector_load(from + (ptrdiff_t)(x + 1) * BW_LANES));
        }
        if (x < in->width)
            even = bw_vector_add(even, bw_vector_load(from + (ptrdiff_t)x * BW_LANES));
        sum = bw_vector_add(sum, bw_vector_add(even, odd));
    }
    return sum;
}

static void run_row(const bw_row *row)
{
    const bw_layout *in = &row->operation->in;
    const float *plane = bw_row_of(in, row->operands->in, row->image, row->plane, 0);
    bw_vector count = bw_vector_set((float)in->height * (float)in->width);
    float *to = row->out;
    for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES)
        bw_vector_store(to + lane, bw_vector_div(plane_sum(in, plane + lane), count));
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#endif
