/**
 * Winograd's filtering in floats with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/winograd_f32.h"

enum { TILES = 6, BLOCKS = 1 };

#define PRODUCT_CYCLES 1.05

static void multiply(const bw_winograd_product *product)
{
    bw_winograd_f32_multiply(&bw_conv_tiles_avx2, product);
}

#include "kernels/x86/winograd_f32_kernels.h"

FLOATS_KERNEL(conv_f32_avx2_winograd4, lines_4, BW_F32, BW_CPU_AVX2, 4.0f);
FLOATS_KERNEL(conv_f32_avx2_winograd4_filters, filters_4, BW_F32, BW_CPU_AVX2, 4.0f);
FLOATS_KERNEL(conv_f32_avx2_winograd2, lines_2, BW_F32, BW_CPU_AVX2, 2.0f);
FLOATS_KERNEL(conv_bf16_avx2_winograd4, halves_4, BW_BF16, BW_CPU_AVX2, 4.0f);
