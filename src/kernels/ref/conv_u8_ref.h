/**
 * What the references of convolutions of bytes share: packed weights are multipliers[out.channels],
 * offsets[out.channels], then the integers in the order they come in.
 */
#ifndef BW_KERNELS_REF_CONV_U8_REF_H
#define BW_KERNELS_REF_CONV_U8_REF_H

#include "kernels/ref/ref.h"

double bw_conv_u8_ref_cost(const bw_operation *operation);
size_t bw_conv_u8_ref_packed_bytes(const bw_operation *operation);
void bw_conv_u8_ref_pack(const bw_operation *operation, const bw_filters *filters, void *packed);

#endif
