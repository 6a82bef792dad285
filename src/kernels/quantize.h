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
 * and x is stored as a float, or by bw_to_u8. The activation is that of kernels/activate.h. Where
 * the output is bytes and the activation keeps proportions (linear, ReLU, leaky), x is in units of
 * the output's scale from the start and finish is 1; otherwise x is the number itself and finish
 * turns it into those units. The other families that compute with bytes, rather than move or
 * compare them:
 *
 *     ADD           x = fma(byte − zero point, second, (byte − zero point) × first), as above
 *     ACTIVATION    x = (byte − zero point) × first, then as above
 *     MULTIPLY      x = ((byte − zero point) × (byte − zero point), exact) × factor
 *     AVERAGE_POOL  x = (sum of byte − zero point, exact) × mean
 */
#ifndef BW_KERNELS_QUANTIZE_H
#define BW_KERNELS_QUANTIZE_H

#include "kernels/kernels.h"

enum { BW_SUM_TERMS = 65536 }; /* the most that 32 bits hold of 255 × 127 */

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
    return bytes && !bw_activation_is_proportional(operation->activation)
               ? (float)(1.0 / (double)operation->out.format.scale)
               : 1.0f;
}

/** MULTIPLY's factor, from products of bytes to units of the output's scale. */
static inline float bw_multiply_factor(const bw_operation *operation)
{
    return (float)((double)operation->in.format.scale * (double)operation->second.format.scale /
                   (double)operation->out.format.scale);
}

/** AVERAGE_POOL's factor, from the sum over all pixels to units of the output's scale. */
static inline float bw_mean(const bw_operation *operation)
{
    double pixels = (double)operation->in.height * operation->in.width;
    return (float)((double)operation->in.format.scale /
                   ((double)operation->out.format.scale * pixels));
}

/** Whether AVERAGE_POOL's sum fits 32 bits. */
static inline bool bw_mean_fits(const bw_operation *operation)
{
    return (int64_t)operation->in.height * operation->in.width <= INT32_MAX / 255;
}

/** Products that one sum of a CONV, CONV_POOL or DEPTHWISE has. */
static inline int64_t bw_sum_terms(const bw_operation *operation)
{
    int64_t window = (int64_t)operation->kernel_height * operation->kernel_width;
    return operation->family == BW_FAMILY_DEPTHWISE
               ? window
               : window * (operation->in.channels / operation->groups);
}

/** What a sum of integer × byte starts with, so that bytes need not lose their zero point first. */
static inline int32_t bw_start(const bw_operation *operation, const bw_filters *filters,
                               int channel)
{
    int64_t terms = bw_sum_terms(operation);
    int32_t sum = 0;
    for (int64_t term = 0; term < terms; term++)
        sum += filters->integers[channel * terms + term];
    return -operation->in.format.zero_point * sum;
}

/** The bits that hold `most`, 1 at least. */
static inline int32_t bw_count_bits(int64_t most)
{
    int32_t bits = 1;
    while (most >> bits != 0)
        bits++;
    return bits;
}

/** bw_operation's sum_bits, for any bytes. */
static inline int32_t bw_sum_bits(const bw_operation *operation, const int8_t *integers)
{
    int64_t terms = bw_sum_terms(operation), most = 0;
    for (int channel = 0; channel < operation->out.channels; channel++) {
        int64_t positive = 0, negative = 0;
        for (int64_t term = 0; term < terms; term++) {
            int integer = *integers++;
            positive += integer > 0 ? integer : 0;
            negative -= integer < 0 ? integer : 0;
        }
        most = positive > most ? positive : most;
        most = negative > most ? negative : most;
    }
    return bw_count_bits(most * UINT8_MAX);
}

#endif
