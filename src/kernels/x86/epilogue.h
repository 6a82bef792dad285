/**
 * From sums of integers to numbers, as kernels/quantize.h defines it: what the kernels that read
 * bytes have in common there, and what packed weights hold for it.
 */
#ifndef BW_KERNELS_X86_EPILOGUE_H
#define BW_KERNELS_X86_EPILOGUE_H

#include "kernels/kernels.h"

/** From sums to the numbers of one panel of BW_LANES channels. */
typedef struct bw_epilogue {
    const float *multipliers, *offsets; /* BW_LANES each */
    bw_activation activation;
    float slope, second_factor, finish;
    int32_t second_zero, out_zero;
    bool bytes;                     /* else floats are written */
    size_t second_pixel, out_pixel; /* elements from one pixel to the next */
} bw_epilogue;

/** Finishes `pixels` pixels of BW_LANES sums; `second` is NULL where there is no residual. */
typedef void bw_epilogue_function(const bw_epilogue *epilogue, const int32_t *sums,
                                  const uint8_t *second, void *out, int pixels);

/** The parameters of an operation's epilogue but for the two arrays. */
bw_epilogue bw_epilogue_of(const bw_operation *operation);

/** Whether an activation takes so few instructions that a kernel may be written out for it. */
static inline bool bw_activation_is_simple(bw_activation activation)
{
    return bw_activation_is_proportional(activation) || activation == BW_CLIPPED;
}

/** What each of some output channels has of its own; packed, the arrays follow each other. */
typedef struct bw_parameters {
    const float *multipliers, *offsets;
    const int32_t *starts; /* what sums start with */
} bw_parameters;

enum { BW_PARAMETER_BYTES = 2 * sizeof(float) + sizeof(int32_t) }; /* of a channel */

/** Those of `channels` channels that are packed at an address. */
static inline bw_parameters bw_parameters_at(const void *packed, size_t channels)
{
    bw_parameters made = {.multipliers = packed};
    made.offsets = made.multipliers + channels;
    made.starts = (const int32_t *)(const void *)(made.offsets + channels);
    return made;
}

/** Packs those of `channels` channels from `first` on, as far as the operation has them. */
void bw_parameters_pack(const bw_operation *operation, const bw_filters *filters, int first,
                        int channels, void *packed);

#endif
