/**
 * Winograd's filtering F(4 × 4, 3 × 3) on bytes, to the bit: what its kernels share.
 *
 * Interpolation points are 0, ±1, ±2, ∞. The transform of the input has whole constants: 16 bits
 * hold what it makes of bytes, ±25500. The rows of the filter's transform are (1, p, p²) without
 * the divisors 4, -6, -6, 24, 24, 1 that belong to them, so that integers stay integers of at most
 * 49 × 127; these divisors are left to the transform of the sums, which multiplies by 24 / divisor
 * and so yields 24 × 24 = 9 × 64 times the true sum (or less, where all factors of a row are even).
 *
 * All that is done modulo 2³². Division by 9 is multiplication by its inverse, and what remains is
 * shifted right: the result is exact as long as the true sum is less than 2³¹ / 64, whatever the
 * numbers between are. A layer whose sums may be larger is refused.
 *
 * A plane's parameters are three lines: multipliers, offsets and what the sums start with.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_U8_H
#define BW_KERNELS_X86_WINOGRAD_U8_H

#include "kernels/x86/winograd.h"

enum {
    BW_WINOGRAD_U8_SUM_BITS = 25, /* of a sum's magnitude */
    BW_WINOGRAD_U8_OUTPUTS = 4,
    BW_WINOGRAD_U8_PARAMETERS = 3,
};

bool bw_winograd_u8_accepts(const bw_operation *operation);
bool bw_winograd_u8_accepts_pool(const bw_operation *operation);
void bw_winograd_u8_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                    int plane, uint8_t *to);
void bw_winograd_u8_pack_quad(const bw_operation *operation, const bw_filters *filters, int plane,
                              int quad, bw_winograd_packed *packed);

#endif
