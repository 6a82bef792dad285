/**
 * Winograd's filtering of bytes with AVX2: vpmaddwd multiplies a word of two channels.
 */
#include "kernels/x86/vector_avx2.h"

#include <string.h>

typedef __m256i integers;

enum { VECTOR_BYTES = 32, PARTS = 2 };

#include "kernels/x86/each.h"
#include "kernels/x86/unroll.h"
#include "kernels/x86/winograd.h"
#include "kernels/x86/winograd_u8_quads.h"

BW_INLINE integers zero(void)
{
    return _mm256_setzero_si256();
}

BW_INLINE integers load(const void *from)
{
    return _mm256_loadu_si256(from);
}

BW_INLINE void store(void *to, integers x)
{
    _mm256_storeu_si256(to, x);
}

BW_INLINE integers load_pixel(const bw_winograd_input *input, int part, size_t at)
{
    __m128i pixel = _mm_loadu_si128((const __m128i *)(const void *)(input->in[part] + at));
    return _mm256_cvtepu8_epi16(_mm_shuffle_epi8(pixel, quad_order()));
}

BW_INLINE integers add_16(integers x, integers y)
{
    return _mm256_add_epi16(x, y);
}

BW_INLINE integers sub_16(integers x, integers y)
{
    return _mm256_sub_epi16(x, y);
}

BW_INLINE integers shift_16(integers x, uint8_t n)
{
    return _mm256_slli_epi16(x, n);
}

BW_INLINE integers shift_down_16(integers x, uint8_t n)
{
    return _mm256_srai_epi16(x, n);
}

BW_INLINE integers add_32(integers x, integers y)
{
    return _mm256_add_epi32(x, y);
}

BW_INLINE integers sub_32(integers x, integers y)
{
    return _mm256_sub_epi32(x, y);
}

BW_INLINE integers shift_32(integers x, uint8_t n)
{
    return _mm256_slli_epi32(x, n);
}

BW_INLINE integers shift_down_32(integers x, uint8_t n)
{
    return _mm256_srai_epi32(x, n);
}

BW_INLINE integers max_32(integers x, integers y)
{
    return _mm256_max_epi32(x, y);
}

BW_INLINE integers multiply_32(integers x, int y)
{
    return _mm256_mullo_epi32(x, _mm256_set1_epi32(y));
}

BW_INLINE integers spread(const uint8_t *from)
{
    int32_t word;
    memcpy(&word, from, sizeof word);
    return _mm256_set1_epi32(word);
}

BW_INLINE integers accumulate(integers sums, integers x, integers y)
{
    return _mm256_add_epi32(sums, _mm256_madd_epi16(x, y));
}

#include "kernels/x86/winograd_u8_vector.h"

enum { TILES = 6 };

#define MULTIPLY(tiles)                                                                            \
    static void multiply_##tiles(const bw_winograd_product *product, const bw_winograd_part *part) \
    {                                                                                              \
        multiply_tiles(product, part, tiles, 1);                                                   \
    }

#define RUN(tiles) multiply_##tiles,

BW_EACH_6(MULTIPLY)

static void multiply(const bw_winograd_product *product)
{
    static multiply_part *const run[TILES] = {BW_EACH_6(RUN)};
    multiply_parts(product, run, TILES);
}

static const bw_winograd method = {
    .stride = 1,
    .outputs = BW_WINOGRAD_U8_OUTPUTS,
    .points = BW_WINOGRAD_INPUTS,
    .filter_points = BW_WINOGRAD_INPUTS,
    .line_planes = 2,
    .packed_channels = BW_WINOGRAD_QUAD,
    .made_words = BW_WINOGRAD_MADE,
    .parameters = BW_WINOGRAD_U8_PARAMETERS,
    .tiles = TILES,
    .blocks = 1,
    .most_tiles = 56,
    .product_cycles = 2.2,
    .filter_cycles = 3.0,
    .finish_cycles = 10.0,
    .pack_parameters = bw_winograd_u8_pack_parameters,
    .pack_word = bw_winograd_u8_pack_quad,
    .transform_filters = transform_filters,
    .transform_input = transform_input,
    .multiply = multiply,
    .transform_output = transform_output,
};

BW_WINOGRAD_KERNEL(conv_u8_avx2_winograd4, method, BW_FAMILY_CONV, BW_U8, BW_U8, BW_CPU_AVX2, 0.0f,
                   bw_winograd_u8_accepts);
BW_WINOGRAD_KERNEL(conv_u8_f32_avx2_winograd4, method, BW_FAMILY_CONV, BW_U8, BW_F32, BW_CPU_AVX2,
                   0.0f, bw_winograd_u8_accepts);
BW_WINOGRAD_KERNEL(conv_pool_u8_avx2_winograd4, method, BW_FAMILY_CONV_POOL, BW_U8, BW_U8,
                   BW_CPU_AVX2, 0.0f, bw_winograd_u8_accepts_pool);
