/**
 * What the depthwise kernels of the instruction sets share: their packed weights.
 *
 *     [plane][1 + kernel height × kernel width][BW_LANES]: the bias, then the window row by row
 *
 * Lanes past the last channel are zero.
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_H
#define BW_KERNELS_X86_DEPTHWISE_H

#include "kernels/x86/rows.h"

/** Whether the windows stay within the border: then no pixel is a special case. */
bool bw_depthwise_accepts(const bw_operation *operation);

size_t bw_depthwise_packed_bytes(const bw_operation *operation);
void bw_depthwise_pack(const bw_operation *operation, const bw_filters *filters, void *packed);

/** The packed weights of one plane. */
static inline const float *bw_depthwise_weights(const bw_operation *operation, const void *packed,
                                                int plane)
{
    size_t taps = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    return (const float *)packed + (size_t)plane * (1 + taps) * BW_LANES;
}

#endif
