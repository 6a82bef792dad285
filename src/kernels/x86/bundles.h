/**
 * Sorting the steps of a list into bundles whose 16-bit sums cannot overflow; see conv_u8.h.
 */
#ifndef BW_KERNELS_X86_BUNDLES_H
#define BW_KERNELS_X86_BUNDLES_H

#include "kernels/x86/conv_u8.h"

/**
 * Reorders up to BW_SEGMENT_STEPS steps, places and weights of one panel together, and says how
 * many bundles they make. A bundle's steps are neighbours; bundles of four come first, those of
 * `wides` last.
 */
bw_bundles bw_bundles_sort(int32_t *places, int8_t *weights, int count);

#endif
