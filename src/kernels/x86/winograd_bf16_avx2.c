#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/winograd_bf16_vector.h"

static void multiply(const bw_winograd_product *product)
{
    bw_winograd_f32_multiply(&bw_conv_tiles_avx2, product);
}

static const bw_winograd method = {
    .outputs = BW_WINOGRAD_OUTPUTS,
    .line_planes = 1,
    .packed_channels = BW_WINOGRAD_PAIR,
    .made_words = BW_WINOGRAD_MADE,
    .parameters = 1,
    .tiles = 6,
    .blocks = 1,
    .product_cycles = 1.05,
    .filter_cycles = 2.5,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_bf16_pack_pair,
    .transform_filters = transform_filters,
    .transform_input = transform_input_4,
    .multiply = multiply,
    .transform_output = transform_output_4,
};

BW_WINOGRAD_KERNEL(conv_bf16_avx2_winograd4, method, BW_FAMILY_CONV, BW_BF16, BW_BF16, BW_CPU_AVX2,
                   4.0f, bw_winograd_accepts);
