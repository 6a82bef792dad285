/**
 * The direct convolution, groups = 1, of any window and stride: what its kernels share, whatever
 * their micro-kernels.
 *
 * The work is cut as conv_units.h describes, a panel being a plane. Where the weights of one group
 * are too large for the cache, a band is computed in several rounds of input planes, its sums kept
 * in scratch between them.
 *
 * Packed weights: bias[planes × 16], then each group as conv_tile.h has it.
 */
#ifndef BW_KERNELS_X86_CONV_DIRECT_H
#define BW_KERNELS_X86_CONV_DIRECT_H

#include "kernels/x86/conv_tile.h"

bool bw_conv_direct_accepts(const bw_operation *operation);
double bw_conv_direct_cost(const bw_conv_tiles *tiles, const bw_operation *operation);
size_t bw_conv_direct_packed_bytes(const bw_operation *operation);
void bw_conv_direct_pack(const bw_conv_tiles *tiles, const bw_operation *operation,
                         const bw_filters *filters, void *packed);
size_t bw_conv_direct_scratch_bytes(const bw_conv_tiles *tiles, const bw_operation *operation);
int bw_conv_direct_units(const bw_conv_tiles *tiles, const bw_operation *operation, int images);
void bw_conv_direct_run(const bw_conv_tiles *tiles, const bw_operation *operation,
                        const bw_operands *operands, int first, int last, void *scratch);

#endif
