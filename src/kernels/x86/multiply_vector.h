/**
 * The text of the multiply kernels: included by multiply_avx2.c and multiply_avx512.c, after the
 * vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_MULTIPLY_VECTOR_H
#define BW_KERNELS_X86_MULTIPLY_VECTOR_H

#include "kernels/x86/rows.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_MULTIPLY && bw_rows_in_planes(operation) &&
           bw_rows_same_shape(&operation->in, &operation->out);
}

static double cost(const bw_operation *operation)
{
    return 3.0 * BW_LANES / BW_VECTOR_LANES * bw_rows_pixels(operation);
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_operands *operands = row->operands;
    bool spread = bw_multiply_spreads(operation);
    const float *a = bw_row_of(&operation->in, operands->in, row->image, row->plane, row->y);
    const float *b = bw_row_of(&operation->second, operands->second, row->image, row->plane,
                               spread ? 0 : row->y);
    float *to = row->out;
    ptrdiff_t count = (ptrdiff_t)operation->out.width * BW_LANES;
    for (ptrdiff_t pixel = 0; pixel < count; pixel += BW_LANES) {
        const float *factors = spread ? b : b + pixel;
        for (ptrdiff_t lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES)
            bw_vector_store(to + pixel + lane, bw_vector_mul(bw_vector_load(a + pixel + lane),
                                                             bw_vector_load(factors + lane)));
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#endif
