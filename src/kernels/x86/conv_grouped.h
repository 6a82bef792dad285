/**
 * Grouped convolution by the direct one.
 *
 * The output is cut into parts: its groups, where a group's channels fill whole planes, else its
 * planes. A part is a dense convolution from the planes that hold its groups' inputs, with zeros
 * where an output does not belong to an input's group.
 *
 * Packed weights: those of each part, one after the other, and room to spread the largest part.
 */
#ifndef BW_KERNELS_X86_CONV_GROUPED_H
#define BW_KERNELS_X86_CONV_GROUPED_H

#include "kernels/x86/conv_direct.h"

bool bw_conv_grouped_accepts(const bw_operation *operation);
double bw_conv_grouped_cost(const bw_conv_tiles *tiles, const bw_operation *operation);
size_t bw_conv_grouped_packed_bytes(const bw_operation *operation);
void bw_conv_grouped_pack(const bw_conv_tiles *tiles, const bw_operation *operation,
                          const bw_filters *filters, void *packed);
size_t bw_conv_grouped_scratch_bytes(const bw_conv_tiles *tiles, const bw_operation *operation);
int bw_conv_grouped_units(const bw_conv_tiles *tiles, const bw_operation *operation, int images);
void bw_conv_grouped_run(const bw_conv_tiles *tiles, const bw_operation *operation,
                         const bw_operands *operands, int first, int last, void *scratch);

#endif
