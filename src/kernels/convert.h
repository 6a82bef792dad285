/**
 * What CONVERT needs: operands of one shape.
 */
#ifndef BW_KERNELS_CONVERT_H
#define BW_KERNELS_CONVERT_H

#include "kernels/kernels.h"

static inline bool bw_convert_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_CONVERT && in->height == out->height &&
           in->width == out->width && in->channels == out->channels;
}

/** What a number is multiplied by to be in units of the scale. */
static inline float bw_convert_factor(bw_format format)
{
    return 1.0f / format.scale;
}

#endif
