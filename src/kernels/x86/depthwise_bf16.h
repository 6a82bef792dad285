/**
 * The packed weights of the depthwise kernels on bfloat16, which plans for other processors need,
 * too:
 *
 *     [panel of BW_LANES channels][1 + kernel height × kernel width][BW_LANES]: the bias first
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_BF16_H
#define BW_KERNELS_X86_DEPTHWISE_BF16_H

#include "kernels/kernels.h"

/** Numbers of a window. */
static inline size_t bw_depthwise_bf16_taps(const bw_operation *operation)
{
    return (size_t)operation->kernel_height * (size_t)operation->kernel_width;
}

/** As the fields of bw_kernel; all lanes of all planes have a place. */
size_t bw_depthwise_bf16_packed_bytes(const bw_operation *operation);
void bw_depthwise_bf16_pack(const bw_operation *operation, const bw_filters *filters, void *packed);

#endif
