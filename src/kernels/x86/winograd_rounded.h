/**
 * Winograd's filtering on bytes that are rounded twice (kernels/rounded.h): what its kernels share.
 *
 * A line of the transformed input has 64 channels of one tile, as bytes, and one of filters four
 * channels, a quad, for each of 16 output channels, as signed bytes: so vpdpbusd multiplies them.
 *
 * A packed quad has the channels of two outputs, 8 bytes, out of each four, and then those of the
 * others: so two vectors of 16-bit numbers, each of one half, are packed to a line.
 *
 * A plane's parameters are lines: multipliers and offsets of the epilogue, a scale a position, two
 * lines of filters' multipliers a position in the order of those halves (16 bits, four times each),
 * what a position's sums start with, to take off what is added to the bytes of a whole tile,
 * and, for other tiles, the sum of a position's filters.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_ROUNDED_H
#define BW_KERNELS_X86_WINOGRAD_ROUNDED_H

#include "kernels/rounded.h"
#include "kernels/x86/winograd.h"

enum {
    BW_WINOGRAD_ROUNDED_SCALES = 2, /* the first of those lines, */
    BW_WINOGRAD_ROUNDED_FILTERS = BW_WINOGRAD_ROUNDED_SCALES + BW_ROUNDED_POSITIONS,
    BW_WINOGRAD_ROUNDED_STARTS = BW_WINOGRAD_ROUNDED_FILTERS + 2 * BW_ROUNDED_POSITIONS,
    BW_WINOGRAD_ROUNDED_SUMS = BW_WINOGRAD_ROUNDED_STARTS + BW_ROUNDED_POSITIONS,
    BW_WINOGRAD_ROUNDED_PARAMETERS = BW_WINOGRAD_ROUNDED_SUMS + BW_ROUNDED_POSITIONS,
};

bool bw_winograd_rounded_accepts(const bw_operation *operation);
bool bw_winograd_rounded_accepts_halving(const bw_operation *operation);
bool bw_winograd_rounded_accepts_pool(const bw_operation *operation);
bool bw_winograd_rounded_uses(int stride, int outputs, int point);
void bw_winograd_rounded_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                         int plane, uint8_t *to);
void bw_winograd_rounded_pack_quad(const bw_operation *operation, const bw_filters *filters,
                                   int plane, int quad, bw_winograd_packed *packed);

#endif
