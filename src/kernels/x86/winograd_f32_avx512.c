#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/winograd_f32_filters.h"
#include "kernels/x86/winograd_f32_vector.h"

static void multiply(const bw_winograd_product *product)
{
    bw_winograd_f32_multiply(&bw_conv_tiles_avx512, product);
}

static void transform_input_4(const bw_winograd_input *input)
{
    transform_line(input, 4, false);
}

static void transform_output_4(const bw_winograd_output *output)
{
    transform_output(output, 4, false);
}

static const bw_winograd method_4 = {
    .outputs = 4,
    .line_planes = 1,
    .parameters = 1,
    .tiles = BW_TILE_PIXELS,
    .blocks = BW_TILE_BLOCKS,
    .product_cycles = 1.0,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_f32_pack_word_4,
    .transform_input = transform_input_4,
    .multiply = multiply,
    .transform_output = transform_output_4,
};

BW_WINOGRAD_KERNEL(conv_f32_avx512_winograd4, method_4, BW_FAMILY_CONV, BW_F32, BW_F32,
                   BW_CPU_AVX512, 4.0f, bw_winograd_accepts);

static void transform_filters(const bw_winograd_filters *filters)
{
    make_lines(filters, false);
}

static const bw_winograd method_4_filters = {
    .outputs = 4,
    .line_planes = 1,
    .packed_channels = 1,
    .made_words = 1,
    .parameters = 1,
    .tiles = BW_TILE_PIXELS,
    .blocks = BW_TILE_BLOCKS,
    .product_cycles = 1.0,
    .filter_cycles = 2.5,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_f32_pack_filters,
    .transform_filters = transform_filters,
    .transform_input = transform_input_4,
    .multiply = multiply,
    .transform_output = transform_output_4,
};

BW_WINOGRAD_KERNEL(conv_f32_avx512_winograd4_filters, method_4_filters, BW_FAMILY_CONV, BW_F32,
                   BW_F32, BW_CPU_AVX512, 4.0f, bw_winograd_accepts);

static void transform_input_2(const bw_winograd_input *input)
{
    transform_line(input, 2, false);
}

static void transform_output_2(const bw_winograd_output *output)
{
    transform_output(output, 2, false);
}

static const bw_winograd method_2 = {
    .outputs = 2,
    .line_planes = 1,
    .parameters = 1,
    .tiles = BW_TILE_PIXELS,
    .blocks = BW_TILE_BLOCKS,
    .product_cycles = 1.0,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_f32_pack_word_2,
    .transform_input = transform_input_2,
    .multiply = multiply,
    .transform_output = transform_output_2,
};

BW_WINOGRAD_KERNEL(conv_f32_avx512_winograd2, method_2, BW_FAMILY_CONV, BW_F32, BW_F32,
                   BW_CPU_AVX512, 2.0f, bw_winograd_accepts);
