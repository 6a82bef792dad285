/**
 * Winograd's filtering on bytes that are rounded twice (kernels/rounded.h): what its kernels share.
 *
 * A line of the transformed input has 64 channels of one tile, as bytes, and one of filters four
 * channels, a quad, for each of 16 output channels, as signed bytes: so vpdpbusd multiplies them.
 *
 * A plane's parameters are lines: multipliers and offsets of the epilogue, a scale a position,
 * multipliers of filters a position (16 bits, twice each, as two channels are beside each other),
 * what is added to the bytes of a tile of 4 × 4 makes in the sums of a position, and, for other
 * tiles, the sum of a position's filters.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_ROUNDED_H
#define BW_KERNELS_X86_WINOGRAD_ROUNDED_H

#include "kernels/rounded.h"
#include "kernels/x86/winograd.h"

enum {
    BW_WINOGRAD_ROUNDED_SCALES = 2, /* the first of those lines, */
    BW_WINOGRAD_ROUNDED_FILTERS = BW_WINOGRAD_ROUNDED_SCALES + BW_ROUNDED_POSITIONS,
    BW_WINOGRAD_ROUNDED_STARTS = BW_WINOGRAD_ROUNDED_FILTERS + BW_ROUNDED_POSITIONS,
    BW_WINOGRAD_ROUNDED_SUMS = BW_WINOGRAD_ROUNDED_STARTS + BW_ROUNDED_POSITIONS,
    BW_WINOGRAD_ROUNDED_PARAMETERS = BW_WINOGRAD_ROUNDED_SUMS + BW_ROUNDED_POSITIONS,
};

bool bw_winograd_rounded_accepts(const bw_operation *operation);
bool bw_winograd_rounded_uses(int outputs, int point);
bool bw_winograd_rounded_accepts_pool(const bw_operation *operation);
void bw_winograd_rounded_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                         int plane, uint8_t *to);

#endif
