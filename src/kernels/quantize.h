/**
 * Arithmetic on bytes, to the bit: what every kernel that reads BW_U8 computes.
 *
 * A convolution's sum of integer × (byte − zero point) is exact in 32 bits. Then, each operation
 * in single precision and rounded once,
 *
 *     x = fma(sum, multiplier, offset)          multiplier and offset of the output channel
 *     x = activation(x)
 *     x = fma(byte − zero point, second, x)     where there is a residual
 *     x = x × finish                            where finish is not 1
 *
 * and x is stored as a float, or by bw_to_u8. Where the output is bytes and the activation keeps
 * proportions (linear, ReLU, leaky), x is in units of the output's scale from the start and finish
 * is 1; otherwise x is the number itself and finish turns it into those units.
 */
#ifndef BW_KERNELS_QUANTIZE_H
#define BW_KERNELS_QUANTIZE_H

#include "kernels/kernels.h"

enum { BW_SUM_TERMS = 65536 }; /* the most that 32 bits hold of 255 × 127 */

static inline bool bw_activation_is_proportional(bw_activation activation)
{
    return activation == BW_LINEAR || activation == BW_RELU || activation == BW_LEAKY;
}

/** What x is counted in. */
static inline double bw_unit(const bw_operation *operation)
{
    bool bytes = operation->out.format.type == BW_U8;
    return bytes && bw_activation_is_proportional(operation->activation)
               ? (double)operation->out.format.scale
               : 1.0;
}

static inline float bw_multiplier(const bw_operation *operation, const bw_filters *filters,
                                  int channel)
{
    double step = (double)operation->in.format.scale * (double)filters->scales[channel];
    return (float)(step / bw_unit(operation));
}

static inline float bw_offset(const bw_operation *operation, const bw_filters *filters, int channel)
{
    return (float)((double)bw_filters_bias(filters, channel) / bw_unit(operation));
}

/** The factor of an operand's bytes where they are added to x. */
static inline float bw_addend(const bw_operation *operation, bw_format format)
{
    return (float)((double)format.scale / bw_unit(operation));
}

static inline float bw_finish(const bw_operation *operation)
{
    bool bytes = operation->out.format.type == BW_U8;
    return bytes && bw_unit(operation) == 1.0 ? (float)(1.0 / (double)operation->out.format.scale)
                                              : 1.0f;
}

#endif
