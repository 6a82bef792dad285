/**
 * Winograd's filtering of bfloat16: F(4) in floats, at the points of winograd_f32.h. A quarter of
 * the products pays even where an instruction multiplies bfloat16 twice as fast as floats.
 *
 * Input and filters are widened where they are transformed, so that memory holds bfloat16 only, and
 * outputs are rounded once. A plane's parameters are a line of biases; a packed line of filters is
 * a pair: [output channel][input channel].
 */
#ifndef BW_KERNELS_X86_WINOGRAD_BF16_H
#define BW_KERNELS_X86_WINOGRAD_BF16_H

#include "kernels/x86/winograd.h"

void bw_winograd_bf16_pack_pair(const bw_operation *operation, const bw_filters *filters, int plane,
                                int pair, bw_winograd_packed *packed);

#endif
