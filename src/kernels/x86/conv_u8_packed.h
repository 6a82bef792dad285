/**
 * The packed weights of the convolution of conv_u8.h, and how its work is cut, on which they
 * depend.
 *
 * A group of panels has the parameters of its output channels (epilogue.h), for as many as a whole
 * group has, the weights [step][block][BW_STEP_BYTES], the places [step], and the bundles
 * [segment]. Groups follow each other, each in whole lines of 64 bytes.
 */
#ifndef BW_KERNELS_X86_CONV_U8_PACKED_H
#define BW_KERNELS_X86_CONV_U8_PACKED_H

#include "kernels/x86/conv_u8.h"

typedef struct bw_conv_u8_packing {
    bw_units units;
    int steps, segments;                          /* room of a group's list */
    size_t weights, places, bundles, group_bytes; /* where they begin in a group; its size */
} bw_conv_u8_packing;

bw_conv_u8_packing bw_conv_u8_packing_of(const bw_conv_u8_method *method,
                                         const bw_operation *operation);

static inline const bw_bundles *bw_conv_u8_bundles(const bw_conv_u8_packing *packing,
                                                   const uint8_t *group)
{
    return (const bw_bundles *)(const void *)(group + packing->bundles);
}

static inline const int32_t *bw_conv_u8_places(const bw_conv_u8_packing *packing,
                                               const uint8_t *group)
{
    return (const int32_t *)(const void *)(group + packing->places);
}

#endif
