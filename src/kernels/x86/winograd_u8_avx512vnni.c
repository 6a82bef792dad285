/**
 * Winograd's filtering of bytes with AVX-512 VNNI: vpdpwssd multiplies a word of two channels.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/winograd.h"
#include "kernels/x86/winograd_u8_quads.h"

#define ACCUMULATE _mm512_dpwssd_epi32
#include "kernels/x86/winograd_products_avx512.h"

/* Where the second plane is not there, the first stands for it: nothing depends on it. */
BW_INLINE integers load_pixel(const bw_winograd_input *input, int part, size_t at)
{
    const uint8_t *second = input->in[1] ? input->in[1] : input->in[part];
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(input->in[part] + at));
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(second + at));
    __m256i turn = _mm256_broadcastsi128_si256(quad_order());
    return _mm512_cvtepu8_epi16(_mm256_shuffle_epi8(_mm256_set_m128i(high, low), turn));
}

BW_INLINE integers add_16(integers x, integers y)
{
    return _mm512_add_epi16(x, y);
}

BW_INLINE integers sub_16(integers x, integers y)
{
    return _mm512_sub_epi16(x, y);
}

BW_INLINE integers shift_16(integers x, uint8_t n)
{
    return _mm512_slli_epi16(x, n);
}

BW_INLINE integers shift_down_16(integers x, uint8_t n)
{
    return _mm512_srai_epi16(x, n);
}

BW_INLINE integers add_32(integers x, integers y)
{
    return _mm512_add_epi32(x, y);
}

BW_INLINE integers sub_32(integers x, integers y)
{
    return _mm512_sub_epi32(x, y);
}

BW_INLINE integers shift_32(integers x, uint8_t n)
{
    return _mm512_slli_epi32(x, n);
}

BW_INLINE integers shift_down_32(integers x, uint8_t n)
{
    return _mm512_srai_epi32(x, n);
}

BW_INLINE integers max_32(integers x, integers y)
{
    return _mm512_max_epi32(x, y);
}

BW_INLINE integers multiply_32(integers x, int y)
{
    return _mm512_mullo_epi32(x, _mm512_set1_epi32(y));
}

#include "kernels/x86/winograd_u8_vector.h"

static const bw_winograd method = {
    .stride = 1,
    .outputs = BW_WINOGRAD_U8_OUTPUTS,
    .points = BW_WINOGRAD_INPUTS,
    .filter_points = BW_WINOGRAD_INPUTS,
    .line_planes = 2,
    .packed_channels = BW_WINOGRAD_QUAD,
    .made_words = BW_WINOGRAD_MADE,
    .parameters = BW_WINOGRAD_U8_PARAMETERS,
    .tiles = BW_WINOGRAD_TILES,
    .blocks = BW_WINOGRAD_BLOCKS,
    .most_tiles = 56,
    .product_cycles = 1.1,
    .filter_cycles = 7.0,
    .finish_cycles = 10.0,
    .pack_parameters = bw_winograd_u8_pack_parameters,
    .pack_word = bw_winograd_u8_pack_quad,
    .transform_filters = transform_filters,
    .transform_input = transform_input,
    .multiply = multiply,
    .transform_output = transform_output,
    .rest = &bw_conv_u8_avx512vnni,
};

BW_WINOGRAD_KERNEL(conv_u8_avx512vnni_winograd4, method, BW_FAMILY_CONV, BW_U8, BW_U8,
                   BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, 0.0f, bw_winograd_u8_accepts);
BW_WINOGRAD_KERNEL(conv_u8_f32_avx512vnni_winograd4, method, BW_FAMILY_CONV, BW_U8, BW_F32,
                   BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, 0.0f, bw_winograd_u8_accepts);
BW_WINOGRAD_KERNEL(conv_pool_u8_avx512vnni_winograd4, method, BW_FAMILY_CONV_POOL, BW_U8, BW_U8,
                   BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, 0.0f, bw_winograd_u8_accepts_pool);
