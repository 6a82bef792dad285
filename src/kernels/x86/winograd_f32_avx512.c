/**
 * Winograd's filtering in floats with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/winograd_f32.h"

enum { TILES = BW_TILE_PIXELS, BLOCKS = BW_TILE_BLOCKS };

#define PRODUCT_CYCLES 1.0

static void multiply(const bw_winograd_product *product)
{
    bw_winograd_f32_multiply(&bw_conv_tiles_avx512, product);
}

#include "kernels/x86/winograd_f32_kernels.h"

FLOATS_KERNEL(conv_f32_avx512_winograd4, lines_4, BW_F32, BW_CPU_AVX512, 4.0f);
FLOATS_KERNEL(conv_f32_avx512_winograd4_filters, filters_4, BW_F32, BW_CPU_AVX512, 4.0f);
FLOATS_KERNEL(conv_f32_avx512_winograd2, lines_2, BW_F32, BW_CPU_AVX512, 2.0f);
FLOATS_KERNEL(conv_bf16_avx512_winograd4, halves_4, BW_BF16, BW_CPU_AVX512, 4.0f);
