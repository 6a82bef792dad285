/**
 * Vectors of 16 floats for kernels of AVX-512: one vector is one pixel of a plane.
 *
 * The names are those of vector_avx2.h, so that one text can be compiled for either.
 */
#ifndef BW_KERNELS_X86_VECTOR_AVX512_H
#define BW_KERNELS_X86_VECTOR_AVX512_H

#include <immintrin.h>

#include "base/activation.h"

typedef __m512 bw_vector;

enum { BW_VECTOR_LANES = 16 };

static inline bw_vector bw_vector_load(const float *from)
{
    return _mm512_loadu_ps(from);
}

static inline void bw_vector_store(float *to, bw_vector x)
{
    _mm512_storeu_ps(to, x);
}

static inline bw_vector bw_vector_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline bw_vector bw_vector_zero(void)
{
    return _mm512_setzero_ps();
}

static inline bw_vector bw_vector_add(bw_vector a, bw_vector b)
{
    return _mm512_add_ps(a, b);
}

static inline bw_vector bw_vector_sub(bw_vector a, bw_vector b)
{
    return _mm512_sub_ps(a, b);
}

static inline bw_vector bw_vector_mul(bw_vector a, bw_vector b)
{
    return _mm512_mul_ps(a, b);
}

static inline bw_vector bw_vector_div(bw_vector a, bw_vector b)
{
    return _mm512_div_ps(a, b);
}

/** a × b + c, rounded once. */
static inline bw_vector bw_vector_fma(bw_vector a, bw_vector b, bw_vector c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/** *sum += a × b, rounded once. */
static inline void bw_vector_accumulate(bw_vector *sum, bw_vector a, bw_vector b)
{
    *sum = bw_vector_fma(a, b, *sum);
}

/** Nothing: with 32 registers the compiler keeps what it has loaded. */
static inline void bw_vector_hold(bw_vector *x)
{
    (void)x;
}

/** c − a × b, rounded once. */
static inline bw_vector bw_vector_fnma(bw_vector a, bw_vector b, bw_vector c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/** a > b ? a : b; that is b where either is not a number. */
static inline bw_vector bw_vector_max(bw_vector a, bw_vector b)
{
    return _mm512_max_ps(a, b);
}

/** a < b ? a : b; that is b where either is not a number. */
static inline bw_vector bw_vector_min(bw_vector a, bw_vector b)
{
    return _mm512_min_ps(a, b);
}

/** a > b ? yes : no, lane by lane; no where either is not a number. */
static inline bw_vector bw_vector_greater(bw_vector a, bw_vector b, bw_vector yes, bw_vector no)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), no, yes);
}

/** x < 0 ? slope × x : x. */
static inline bw_vector bw_vector_leaky(bw_vector slope, bw_vector x)
{
    __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    return _mm512_mask_mul_ps(x, negative, x, slope);
}

/** x × 2^n for whole n in [-151, 129]. */
static inline bw_vector bw_vector_scale(bw_vector x, bw_vector n)
{
    return _mm512_scalef_ps(x, n);
}

/** The nearest whole number. */
static inline bw_vector bw_vector_round(bw_vector x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

#include "kernels/x86/vector_activation.h"

#endif
