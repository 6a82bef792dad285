/**
 * Vectors of 8 floats for kernels of AVX2 and FMA: two vectors are one pixel of a plane.
 *
 * The names are those of vector_avx512.h, so that one text can be compiled for either.
 */
#ifndef BW_KERNELS_X86_VECTOR_AVX2_H
#define BW_KERNELS_X86_VECTOR_AVX2_H

#include <immintrin.h>

#include "base/activation.h"
#include "base/number.h"

typedef __m256 bw_vector;

enum { BW_VECTOR_LANES = 8 };

static inline bw_vector bw_vector_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

static inline void bw_vector_store(float *to, bw_vector x)
{
    _mm256_storeu_ps(to, x);
}

static inline bw_vector bw_vector_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline bw_vector bw_vector_zero(void)
{
    return _mm256_setzero_ps();
}

static inline bw_vector bw_vector_add(bw_vector a, bw_vector b)
{
    return _mm256_add_ps(a, b);
}

static inline bw_vector bw_vector_sub(bw_vector a, bw_vector b)
{
    return _mm256_sub_ps(a, b);
}

static inline bw_vector bw_vector_mul(bw_vector a, bw_vector b)
{
    return _mm256_mul_ps(a, b);
}

static inline bw_vector bw_vector_div(bw_vector a, bw_vector b)
{
    return _mm256_div_ps(a, b);
}

/** a × b + c, rounded once. */
static inline bw_vector bw_vector_fma(bw_vector a, bw_vector b, bw_vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/**
 * *sum += a × b, rounded once, where the sums are and in the order written: left to itself the
 * compiler moves them from register to register, and a long loop loses a fifth of its speed.
 */
static inline void bw_vector_accumulate(bw_vector *sum, bw_vector a, bw_vector b)
{
    __asm__ volatile("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
}

/** Loads x here and once: the compiler would rather load it again for every use. */
static inline void bw_vector_hold(bw_vector *x)
{
    __asm__ volatile("" : "+x"(*x));
}

/** c − a × b, rounded once. */
static inline bw_vector bw_vector_fnma(bw_vector a, bw_vector b, bw_vector c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

/** a > b ? a : b; that is b where either is not a number. */
static inline bw_vector bw_vector_max(bw_vector a, bw_vector b)
{
    return _mm256_max_ps(a, b);
}

/** a < b ? a : b; that is b where either is not a number. */
static inline bw_vector bw_vector_min(bw_vector a, bw_vector b)
{
    return _mm256_min_ps(a, b);
}

/** a > b ? yes : no, lane by lane; no where either is not a number. */
static inline bw_vector bw_vector_greater(bw_vector a, bw_vector b, bw_vector yes, bw_vector no)
{
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
}

/** x < 0 ? slope × x : x. */
static inline bw_vector bw_vector_leaky(bw_vector slope, bw_vector x)
{
    return _mm256_blendv_ps(x, _mm256_mul_ps(x, slope), x);
}

/** x × 2^n for whole n in [-151, 129]: in two steps, as 2^n alone need not be a normal number. */
static inline bw_vector bw_vector_scale(bw_vector x, bw_vector n)
{
    const __m256i bias = _mm256_set1_epi32(127);
    __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    __m256i rest = _mm256_sub_epi32(whole, half);
    __m256i first = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    __m256i second = _mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second));
}

/** The nearest whole number. */
static inline bw_vector bw_vector_round(bw_vector x)
{
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/** Numbers of bytes less their zero point. */
static inline bw_vector bw_vector_from_bytes(const uint8_t *from, int32_t zero_point)
{
    __m256i whole = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(whole, _mm256_set1_epi32(zero_point)));
}

static inline bw_vector bw_vector_from_integers(const int32_t *from)
{
    return _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

/** bw_to_u8 of each number. */
static inline void bw_vector_to_bytes(uint8_t *to, bw_vector x, int32_t zero_point)
{
    __m256i whole = _mm256_cvtps_epi32(bw_vector_min(x, bw_vector_set(32767.0f)));
    __m128i halves =
        _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    halves = _mm_adds_epi16(halves, _mm_set1_epi16((short)zero_point));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(halves, halves));
}

/** The same for four vectors, whose bytes follow each other. */
static inline void bw_vectors_to_bytes(uint8_t *to, const bw_vector x[4], int32_t zero_point)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i zero = _mm256_set1_epi16((short)zero_point), whole[4];
    for (int index = 0; index < 4; index++)
        whole[index] = _mm256_cvtps_epi32(bw_vector_min(x[index], bw_vector_set(32767.0f)));
    __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(whole[0], whole[1]), zero);
    __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(whole[2], whole[3]), zero);
    _mm256_storeu_si256((__m256i *)(void *)to,
                        _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order));
}

/** Numbers of bfloat16. */
static inline bw_vector bw_vector_from_halves(const uint16_t *from)
{
    __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)from);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/** bw_to_bf16 of each number. */
static inline void bw_vector_to_halves(uint16_t *to, bw_vector x)
{
    __m256i bits = _mm256_castps_si256(x), upper = _mm256_srli_epi32(bits, 16);
    __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
    __m256i sum = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
    __m256i missing = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    __m256i whole = _mm256_blendv_epi8(_mm256_srli_epi32(sum, 16), quiet, missing);
    __m128i halves =
        _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storeu_si128((__m128i *)(void *)to, halves);
}

/** Of each lane that holds two numbers of bfloat16, the one in its lower half. */
static inline bw_vector bw_vector_low_halves(bw_vector pairs)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(pairs), 16));
}

/** The one in its upper half. */
static inline bw_vector bw_vector_high_halves(bw_vector pairs)
{
    return _mm256_and_ps(pairs, _mm256_castsi256_ps(_mm256_set1_epi32((int32_t)0xffff0000)));
}

#include "kernels/x86/vector_activation.h"

#endif
