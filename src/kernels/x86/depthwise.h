/**
 * What the depthwise kernels of floats and of bfloat16 share: their packed weights, floats in
 * either case.
 *
 *     [panel of BW_LANES channels][1 + kernel height × kernel width][BW_LANES]: the bias, then the
 *     window row by row
 *
 * Lanes past the last channel are zero.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_H
#define BW_KERNELS_X86_DEPTHWISE_H

#include "kernels/x86/rows.h"

/** Whether the windows stay within the border, so that no pixel is a special case, and all tensors
 * have planes of one panel, or of the two that matrix tiles take. */
bool bw_depthwise_accepts(const bw_operation *operation);

size_t bw_depthwise_packed_bytes(const bw_operation *operation);
void bw_depthwise_pack(const bw_operation *operation, const bw_filters *filters, void *packed);

/** Floats from one panel to the next. */
static inline size_t bw_depthwise_panel(const bw_operation *operation)
{
    size_t taps = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    return (1 + taps) * BW_LANES;
}

/** The packed weights of one panel. */
static inline const float *bw_depthwise_weights(const bw_operation *operation, const void *packed,
                                                int panel)
{
    return (const float *)packed + (size_t)panel * bw_depthwise_panel(operation);
}

#endif
