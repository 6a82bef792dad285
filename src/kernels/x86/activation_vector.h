/**
 * The text of the activation kernels: included by activation_avx2.c and activation_avx512.c, after
 * the vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_ACTIVATION_VECTOR_H
#define BW_KERNELS_X86_ACTIVATION_VECTOR_H

#include "kernels/x86/rows.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_ACTIVATION && bw_rows_in_planes(operation) &&
           bw_rows_same_shape(&operation->in, &operation->out);
}

static double cost(const bw_operation *operation)
{
    return 8.0 * BW_LANES / BW_VECTOR_LANES * bw_rows_pixels(operation);
}

static inline void activate(float *to, const float *from, ptrdiff_t count, bw_activation activation,
                            float slope)
{
    bw_vector slopes = bw_vector_set(slope);
    for (ptrdiff_t index = 0; index < count; index += BW_VECTOR_LANES)
        bw_vector_store(to + index,
                        bw_vector_activate(activation, slopes, bw_vector_load(from + index)));
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const float *from =
        bw_row_of(&operation->in, row->operands->in, row->image, row->plane, row->y);
    ptrdiff_t count = (ptrdiff_t)operation->out.width * BW_LANES;
    float slope = operation->slope;
    switch (operation->activation) {
    case BW_RELU: activate(row->out, from, count, BW_RELU, slope); break;
    case BW_LEAKY: activate(row->out, from, count, BW_LEAKY, slope); break;
    case BW_LOGISTIC: activate(row->out, from, count, BW_LOGISTIC, slope); break;
    case BW_SWISH: activate(row->out, from, count, BW_SWISH, slope); break;
    case BW_MISH: activate(row->out, from, count, BW_MISH, slope); break;
    case BW_CLIPPED: activate(row->out, from, count, BW_CLIPPED, slope); break;
    case BW_HARD_LOGISTIC: activate(row->out, from, count, BW_HARD_LOGISTIC, slope); break;
    case BW_HARD_SWISH: activate(row->out, from, count, BW_HARD_SWISH, slope); break;
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: activate(row->out, from, count, BW_LINEAR, slope); break;
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#endif
