/**
 * Winograd's filtering in floats: what its kernels share.
 *
 * Interpolation points: F(2) has 0, ±1, ∞. F(4) has 0, ±3/4, ±3/2, ∞: all constants are exact in
 * binary, and the error is less than half that of the usual 0, ±1, ±2, ∞.
 *
 * Tensors may be bfloat16, too. Input and filters are then widened where they are transformed, so
 * that memory holds bfloat16 only, and outputs are rounded once. A quarter of the products pays
 * even where an instruction multiplies bfloat16 twice as fast as floats.
 *
 * A plane's parameters are a line of biases; a packed line of filters of bfloat16 is a pair:
 * [output channel][input channel].
 */
#ifndef BW_KERNELS_X86_WINOGRAD_F32_H
#define BW_KERNELS_X86_WINOGRAD_F32_H

#include "kernels/x86/conv_tile.h"
#include "kernels/x86/winograd.h"

void bw_winograd_f32_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                     int plane, uint8_t *to);
void bw_winograd_f32_pack_word_2(const bw_operation *operation, const bw_filters *filters,
                                 int plane, int word, bw_winograd_packed *packed);
void bw_winograd_f32_pack_word_4(const bw_operation *operation, const bw_filters *filters,
                                 int plane, int word, bw_winograd_packed *packed);

void bw_winograd_f32_pack_filters(const bw_operation *operation, const bw_filters *filters,
                                  int plane, int input, bw_winograd_packed *packed);

void bw_winograd_f32_pack_pair(const bw_operation *operation, const bw_filters *filters, int plane,
                               int pair, bw_winograd_packed *packed);

/** The product by the micro-kernels of the direct convolution: a tile takes a pixel's place. */
void bw_winograd_f32_multiply(const bw_conv_tiles *tiles, const bw_winograd_product *product);

#endif
