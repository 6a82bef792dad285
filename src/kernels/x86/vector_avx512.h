/**
 * Vectors of 16 floats for kernels of AVX-512: one vector is one pixel of a plane.
 *
 * The names are those of vector_avx2.h, so that one text can be compiled for either.
 */
#ifndef BW_KERNELS_X86_VECTOR_AVX512_H
#define BW_KERNELS_X86_VECTOR_AVX512_H

#include <immintrin.h>

#include "base/activation.h"
#include "base/number.h"

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

/** Numbers of bytes less their zero point. */
static inline bw_vector bw_vector_from_bytes(const uint8_t *from, int32_t zero_point)
{
    __m512i whole = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(whole, _mm512_set1_epi32(zero_point)));
}

static inline bw_vector bw_vector_from_integers(const int32_t *from)
{
    return _mm512_cvtepi32_ps(_mm512_loadu_si512(from));
}

/** bw_to_u8 of each number. */
static inline void bw_vector_to_bytes(uint8_t *to, bw_vector x, int32_t zero_point)
{
    __m512i whole = _mm512_cvtps_epi32(bw_vector_min(x, bw_vector_set(32767.0f)));
    __m256i halves =
        _mm256_adds_epi16(_mm512_cvtsepi32_epi16(whole), _mm256_set1_epi16((short)zero_point));
    halves = _mm256_max_epi16(halves, _mm256_setzero_si256());
    _mm_storeu_si128((__m128i *)(void *)to, _mm256_cvtusepi16_epi8(halves));
}

/** The same for four vectors, whose bytes follow each other. */
static inline void bw_vectors_to_bytes(uint8_t *to, const bw_vector x[4], int32_t zero_point)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i zero = _mm512_set1_epi16((short)zero_point), whole[4];
    for (int index = 0; index < 4; index++)
        whole[index] = _mm512_cvtps_epi32(bw_vector_min(x[index], bw_vector_set(32767.0f)));
    __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), zero);
    __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), zero);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)));
}

/** Numbers of bfloat16. */
static inline bw_vector bw_vector_from_halves(const uint16_t *from)
{
    __m256i halves = _mm256_loadu_si256((const __m256i *)(const void *)from);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/** bw_to_bf16 of each number. */
static inline void bw_vector_to_halves(uint16_t *to, bw_vector x)
{
    __m512i bits = _mm512_castps_si512(x), upper = _mm512_srli_epi32(bits, 16);
    __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
    __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    __mmask16 missing = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    __m512i whole =
        _mm512_mask_or_epi32(_mm512_srli_epi32(sum, 16), missing, upper, _mm512_set1_epi32(0x40));
    _mm256_storeu_si256((__m256i *)(void *)to, _mm512_cvtepi32_epi16(whole));
}

/** Of each lane that holds two numbers of bfloat16, the one in its lower half. */
static inline bw_vector bw_vector_low_halves(bw_vector pairs)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(pairs), 16));
}

/** The one in its upper half. */
static inline bw_vector bw_vector_high_halves(bw_vector pairs)
{
    return _mm512_castsi512_ps(
        _mm512_and_si512(_mm512_castps_si512(pairs), _mm512_set1_epi32((int32_t)0xffff0000)));
}

#include "kernels/x86/vector_activation.h"

#endif
