/**
 * Bilinear interpolation with AVX2: eight numbers of a row at once, and eight pixels, two in each
 * vector. Multiplications and additions stay apart, as the definition rounds both.
 */
#include <immintrin.h>

#include "kernels/bilinear.h"

enum { PIXELS = 8 };

static __m256 spread(const uint8_t *bytes)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)bytes)));
}

static __m256 blend(__m256 from, __m256 to, __m256 weight)
{
    return _mm256_add_ps(from, _mm256_mul_ps(_mm256_sub_ps(to, from), weight));
}

static void blend_rows(float *restrict out, const uint8_t *above, const uint8_t *below,
                       float weight, int count)
{
    const __m256 weights = _mm256_set1_ps(weight);
    int i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i, blend(spread(above + i), spread(below + i), weights));
    bw_bilinear_ref.blend_rows(out + i, above + i, below + i, weight, count - i);
}

static __m256 load_two(const float *low, const float *high)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

/* Two pixels, 0 to 255, whose left neighbours stand at two offsets. */
static __m256 blend_two(const float *row, int32_t low, int32_t high, __m256 weights)
{
    __m256 left = load_two(row + low, row + high);
    return blend(left, load_two(row + low + 3, row + high + 3), weights);
}

/* Pixels 0 and 4, 1 and 5, 2 and 6, 3 and 7: packing keeps the halves of vectors apart. */
static void blend_eight(__m256 pixels[4], const float *row, const int32_t *at, const float *weights)
{
    __m256 all = _mm256_loadu_ps(weights);
    pixels[0] = blend_two(row, at[0], at[4], _mm256_permute_ps(all, 0x00));
    pixels[1] = blend_two(row, at[1], at[5], _mm256_permute_ps(all, 0x55));
    pixels[2] = blend_two(row, at[2], at[6], _mm256_permute_ps(all, 0xAA));
    pixels[3] = blend_two(row, at[3], at[7], _mm256_permute_ps(all, 0xFF));
}

static bw_bilinear_columns rest_of(const bw_bilinear_columns *columns, int first)
{
    return (bw_bilinear_columns){columns->count - first, columns->offsets + first,
                                 columns->weights + first};
}

static void blend_floats(float *restrict out, const float *restrict row,
                         const bw_bilinear_columns *columns)
{
    const float unit = 1.0f / 255.0f;
    const __m256 scale = _mm256_setr_ps(unit, unit, unit, 0.0f, unit, unit, unit, 0.0f);
    int i = 0;
    for (; i + PIXELS <= columns->count; i += PIXELS) {
        __m256 pixels[4];
        blend_eight(pixels, row, columns->offsets + i, columns->weights + i);
        for (int pair = 0; pair < 4; pair++) {
            __m256 scaled = _mm256_mul_ps(pixels[pair], scale);
            float *to = out + (size_t)(i + pair) * BW_IMAGE_LANES;
            _mm_storeu_ps(to, _mm256_castps256_ps128(scaled));
            _mm_storeu_ps(to + 4 * BW_IMAGE_LANES, _mm256_extractf128_ps(scaled, 1));
        }
    }
    bw_bilinear_columns rest = rest_of(columns, i);
    bw_bilinear_ref.blend_floats(out + (size_t)i * BW_IMAGE_LANES, row, &rest);
}

static __m256i round_two(__m256 pixels)
{
    return _mm256_cvttps_epi32(_mm256_add_ps(pixels, _mm256_set1_ps(0.5f)));
}

static void blend_bytes(uint8_t *restrict out, const float *restrict row,
                        const bw_bilinear_columns *columns)
{
    const __m256i colours = _mm256_set1_epi32(0x00FFFFFF);
    int i = 0;
    for (; i + PIXELS <= columns->count; i += PIXELS) {
        __m256 pixels[4];
        blend_eight(pixels, row, columns->offsets + i, columns->weights + i);
        __m256i low = _mm256_packs_epi32(round_two(pixels[0]), round_two(pixels[1]));
        __m256i high = _mm256_packs_epi32(round_two(pixels[2]), round_two(pixels[3]));
        __m256i bytes = _mm256_and_si256(_mm256_packus_epi16(low, high), colours);
        _mm256_storeu_si256((__m256i *)(void *)(out + (size_t)i * BW_IMAGE_LANES), bytes);
    }
    bw_bilinear_columns rest = rest_of(columns, i);
    bw_bilinear_ref.blend_bytes(out + (size_t)i * BW_IMAGE_LANES, row, &rest);
}

const bw_bilinear bw_bilinear_avx2 = {
    .name = "avx2",
    .needs = BW_CPU_AVX2,
    .blend_rows = blend_rows,
    .blend_floats = blend_floats,
    .blend_bytes = blend_bytes,
};
