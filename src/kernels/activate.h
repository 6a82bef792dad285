/**
 * The activations that kernels on bytes compute, to the bit: x86/vector_activation.h in scalar
 * code, the same operations in the same order. Numbers are finite.
 */
#ifndef BW_KERNELS_ACTIVATE_H
#define BW_KERNELS_ACTIVATE_H

#include <math.h>

#include "base/activation.h"
#include "base/number.h"

/** 2^n for whole n in [-126, 127]. */
static inline float bw_exact_power(int32_t n)
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/** e^x; 2^n is applied in two steps, as it need not be a normal number. */
static inline float bw_exact_exp(float x)
{
    x = x > 89.0f ? 89.0f : x < -104.0f ? -104.0f : x;
    float n = nearbyintf(x * 1.44269504f);
    float r = fmaf(-n, 0x1.62e43p-1f, x);
    r = fmaf(-n, -1.904654300e-9f, r);
    float p = 1.392621347e-3f;
    p = fmaf(p, r, 8.363202972e-3f);
    p = fmaf(p, r, 4.166655444e-2f);
    p = fmaf(p, r, 1.666657685e-1f);
    p = fmaf(p, r, 0.5f);
    float small = fmaf(r * r, p, r);
    int32_t whole = (int32_t)n, half = whole >> 1;
    return (small + 1.0f) * bw_exact_power(half) * bw_exact_power(whole - half);
}

static inline float bw_exact_logistic(float x)
{
    return 1.0f / (1.0f + bw_exact_exp(0.0f - x));
}

static inline float bw_exact_mish(float x)
{
    float e = bw_exact_exp(x), n = e * (e + 2.0f);
    return x > 20.0f ? x : x * (n / (n + 2.0f));
}

static inline float bw_exact_activate(bw_activation activation, float slope, float x)
{
    switch (activation) {
    case BW_RELU: return x > 0.0f ? x : 0.0f;
    case BW_LEAKY: return x < 0.0f ? x * slope : x;
    case BW_LOGISTIC: return bw_exact_logistic(x);
    case BW_SWISH: return x * bw_exact_logistic(x);
    case BW_MISH: return bw_exact_mish(x);
    case BW_CLIPPED:
    case BW_HARD_LOGISTIC:
    case BW_HARD_SWISH: return bw_activate(activation, slope, x);
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: break;
    }
    return x;
}

#endif
