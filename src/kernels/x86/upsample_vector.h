/**
 * The text of the upsample kernels: included by upsample_avx2.c and upsample_avx512.c, after the
 * vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_UPSAMPLE_VECTOR_H
#define BW_KERNELS_X86_UPSAMPLE_VECTOR_H

#include "kernels/x86/rows.h"

static bool accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_UPSAMPLE && bw_rows_in_planes(operation) &&
           operation->stride >= 1 && out->height == in->height * operation->stride &&
           out->width == in->width * operation->stride && in->channels == out->channels;
}

static double cost(const bw_operation *operation)
{
    return 1.5 * BW_LANES / BW_VECTOR_LANES * bw_rows_pixels(operation);
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int factor = operation->stride;
    const float *from = bw_row_of(in, row->operands->in, row->image, row->plane, row->y / factor);
    float *to = row->out;
    for (int x = 0; x < in->width; x++, from += BW_LANES) {
        for (int copy = 0; copy < factor; copy++, to += BW_LANES) {
            for (int lane = 0; lane < BW_LANES; lane += BW_VECTOR_LANES)
                bw_vector_store(to + lane, bw_vector_load(from + lane));
        }
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#endif
