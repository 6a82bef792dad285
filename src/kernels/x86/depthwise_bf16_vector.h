/**
 * What turns the text of the depthwise kernels into those of bfloat16: included by
 * depthwise_bf16_avx2.c and depthwise_bf16_avx512.c, after the vectors of that instruction set and
 * never by another file. Plans for other processors need them, too.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_BF16_VECTOR_H
#define BW_KERNELS_X86_DEPTHWISE_BF16_VECTOR_H

#include "kernels/x86/depthwise_vector.h"

STRIP_FUNCTIONS(one_panel, true, true, BW_LANES)
STRIP_FUNCTIONS(two_panels, true, true, 2 * BW_LANES)
STRIP_FUNCTION(one_panel_to_floats, 0, 0, true, false, BW_LANES)
STRIP_FUNCTION(two_panels_to_floats, 0, 0, true, false, 2 * BW_LANES)

/* Hardly any network has a depthwise layer before a head, so that its window is of any size. */
static const strip_functions to_floats[] = {{.any = one_panel_to_floats},
                                            {.any = two_panels_to_floats}};

static const strip_functions *functions_of(const bw_operation *operation)
{
    bool two = operation->in.lanes > BW_LANES;
    if (operation->out.format.type == BW_F32)
        return &to_floats[two];
    return two ? &two_panels : &one_panel;
}

static double cost(const bw_operation *operation)
{
    return estimate(operation, 1.5);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    by_strips strips = {functions_of(operation)};
    bw_bands_run(operation, operands, first, last, run_band, &strips);
}

#endif
