/**
 * The activations of a vector; included by vector_avx512.h and vector_avx2.h, never by itself.
 *
 * They follow bw_activate also for infinities and for what is not a number.
 */
#ifndef BW_KERNELS_X86_VECTOR_ACTIVATION_H
#define BW_KERNELS_X86_VECTOR_ACTIVATION_H

/**
 * e^x within 2 units in the last place: x = n ln 2 + r, |r| ≤ ln 2 / 2, and e^r = 1 + r + r² p(r)
 * with p the interpolation of degree 4 at Chebyshev's points. Past the range 0 or infinity.
 */
static inline bw_vector bw_vector_exp(bw_vector x)
{
    x = bw_vector_min(bw_vector_set(89.0f), x);
    x = bw_vector_max(bw_vector_set(-104.0f), x);
    bw_vector n = bw_vector_round(bw_vector_mul(x, bw_vector_set(1.44269504f)));
    bw_vector r = bw_vector_fnma(n, bw_vector_set(0x1.62e43p-1f), x);
    r = bw_vector_fnma(n, bw_vector_set(-1.904654300e-9f), r);
    bw_vector p = bw_vector_set(1.392621347e-3f);
    p = bw_vector_fma(p, r, bw_vector_set(8.363202972e-3f));
    p = bw_vector_fma(p, r, bw_vector_set(4.166655444e-2f));
    p = bw_vector_fma(p, r, bw_vector_set(1.666657685e-1f));
    p = bw_vector_fma(p, r, bw_vector_set(0.5f));
    bw_vector one = bw_vector_set(1.0f), small = bw_vector_fma(bw_vector_mul(r, r), p, r);
    return bw_vector_scale(bw_vector_add(small, one), n);
}

static inline bw_vector bw_vector_logistic(bw_vector x)
{
    bw_vector one = bw_vector_set(1.0f);
    bw_vector e = bw_vector_exp(bw_vector_sub(bw_vector_zero(), x));
    return bw_vector_div(one, bw_vector_add(one, e));
}

static inline bw_vector bw_vector_mish(bw_vector x)
{
    bw_vector two = bw_vector_set(2.0f), e = bw_vector_exp(x);
    bw_vector n = bw_vector_mul(e, bw_vector_add(e, two));
    bw_vector y = bw_vector_mul(x, bw_vector_div(n, bw_vector_add(n, two)));
    return bw_vector_greater(x, bw_vector_set(20.0f), x, y);
}

static inline bw_vector bw_vector_clip(bw_vector x, bw_vector most)
{
    return bw_vector_min(bw_vector_max(x, bw_vector_zero()), most);
}

static inline bw_vector bw_vector_hard_logistic(bw_vector slope, bw_vector x)
{
    return bw_vector_clip(bw_vector_fma(slope, x, bw_vector_set(0.5f)), bw_vector_set(1.0f));
}

/** bw_activate of a vector. Cheap where `activation` is a constant; else choose outside the loop.
 */
static inline bw_vector bw_vector_activate(bw_activation activation, bw_vector slope, bw_vector x)
{
    switch (activation) {
    case BW_RELU: return bw_vector_max(x, bw_vector_zero());
    case BW_LEAKY: return bw_vector_leaky(slope, x);
    case BW_LOGISTIC: return bw_vector_logistic(x);
    case BW_SWISH: return bw_vector_mul(x, bw_vector_logistic(x));
    case BW_MISH: return bw_vector_mish(x);
    case BW_CLIPPED: return bw_vector_clip(x, slope);
    case BW_HARD_LOGISTIC: return bw_vector_hard_logistic(slope, x);
    case BW_HARD_SWISH: return bw_vector_mul(x, bw_vector_hard_logistic(slope, x));
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: break;
    }
    return x;
}

#endif
