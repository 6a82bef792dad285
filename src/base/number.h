/**
 * How numbers are stored: 32-bit floats, bfloat16, or bytes with a scale and a zero point.
 *
 * A byte b stands for scale × (b − zero_point), the affine quantisation of Jacob et al. 2018
 * ("Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference"). bfloat16 is the upper half of a float, rounded to nearest, ties to even.
 */
#ifndef BW_BASE_NUMBER_H
#define BW_BASE_NUMBER_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum bw_type {
    BW_F32,
    BW_BF16, /* held in uint16_t */
    BW_U8,   /* with a scale and a zero point */
    BW_TYPE_COUNT
} bw_type;

/** The format of a tensor's numbers; scale and zero point are 0 but for BW_U8. */
typedef struct bw_format {
    bw_type type;
    float scale;
    int32_t zero_point; /* 0 to 255 */
} bw_format;

/** Bytes of one number. */
static inline size_t bw_type_size(bw_type type)
{
    return type == BW_F32 ? 4 : type == BW_BF16 ? 2 : 1;
}

/** "fp32", "bf16" or "int8". */
const char *bw_type_name(bw_type type);

static inline bool bw_format_equal(bw_format a, bw_format b)
{
    return a.type == b.type && a.scale == b.scale && a.zero_point == b.zero_point;
}

static inline uint16_t bw_to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x != x)
        return (uint16_t)(bits >> 16 | 0x40); /* a quiet NaN, whatever the lower half held */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float bw_from_bf16(uint16_t x)
{
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/**
 * The byte for `steps`, a number in units of the scale: rounded to nearest, ties to even, then
 * moved by the zero point and saturated. Every kernel follows this to the bit.
 */
static inline uint8_t bw_to_u8(float steps, int32_t zero_point)
{
    float low = steps < 32767.0f ? steps : 32767.0f; /* also for what is not a number */
    int32_t whole = low > -32768.0f ? (int32_t)nearbyintf(low) : -32768;
    whole += zero_point;
    return (uint8_t)(whole < 0 ? 0 : whole > 255 ? 255 : whole);
}

static inline float bw_from_u8(uint8_t x, bw_format format)
{
    return format.scale * (float)((int32_t)x - format.zero_point);
}

#endif
