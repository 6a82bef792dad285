/**
 * The text of the add kernels: included by add_avx2.c and add_avx512.c, after the
 * vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_ADD_VECTOR_H
#define BW_KERNELS_X86_ADD_VECTOR_H

#include "kernels/x86/rows.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ADD && bw_rows_in_planes(operation) &&
           operation->second.lanes == BW_LANES &&
           bw_rows_same_shape(&operation->in, &operation->out) &&
           bw_rows_same_shape(&operation->second, &operation->out);
}

static double cost(const bw_operation *operation)
{
    return 3.0 * BW_LANES / BW_VECTOR_LANES * bw_rows_pixels(operation);
}

static inline void add(float *to, const float *a, const float *b, ptrdiff_t count,
                       bw_activation activation, bw_vector slope)
{
    for (ptrdiff_t index = 0; index < count; index += BW_VECTOR_LANES) {
        bw_vector sum = bw_vector_add(bw_vector_load(a + index), bw_vector_load(b + index));
        bw_vector_store(to + index, bw_vector_activate(activation, slope, sum));
    }
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_operands *operands = row->operands;
    const float *a = bw_row_of(&operation->in, operands->in, row->image, row->plane, row->y);
    const float *b =
        bw_row_of(&operation->second, operands->second, row->image, row->plane, row->y);
    ptrdiff_t count = (ptrdiff_t)operation->out.width * BW_LANES;
    bw_vector slope = bw_vector_set(operation->slope);
    if (operation->activation == BW_LINEAR)
        add(row->out, a, b, count, BW_LINEAR, slope);
    else
        add(row->out, a, b, count, operation->activation, slope);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#endif
