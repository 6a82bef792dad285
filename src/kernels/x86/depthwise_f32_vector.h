/**
 * What turns the text of the depthwise kernels into those of floats: included by depthwise_avx2.c
 * and depthwise_avx512.c, after the vectors of that instruction set and never by another file.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_F32_VECTOR_H
#define BW_KERNELS_X86_DEPTHWISE_F32_VECTOR_H

#include "kernels/x86/depthwise_vector.h"

STRIP_FUNCTIONS(floats, false, false, BW_LANES)

static bool accepts(const bw_operation *operation)
{
    return bw_rows_in_planes(operation) && bw_depthwise_accepts(operation);
}

static double cost(const bw_operation *operation)
{
    return estimate(operation, 1.1);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    by_strips strips = {&floats};
    bw_bands_run(operation, operands, first, last, run_band, &strips);
}

#endif
