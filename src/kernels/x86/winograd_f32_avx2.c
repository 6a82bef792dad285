#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/winograd_f32_filters.h"
#include "kernels/x86/winograd_f32_vector.h"

static void multiply(const bw_winograd_product *product)
{
    bw_winograd_f32_multiply(&bw_conv_tiles_avx2, product);
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
    .tiles = 6,
    .blocks = 1,
    .product_cycles = 1.05,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_f32_pack_word_4,
    .transform_input = transform_input_4,
    .multiply = multiply,
    .transform_output = transform_output_4,
};

BW_WINOGRAD_KERNEL(conv_f32_avx2_winograd4, method_4, BW_FAMILY_CONV, BW_F32, BW_F32, BW_CPU_AVX2,
                   4.0f, bw_winograd_accepts);

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
    .tiles = 6,
    .blocks = 1,
    .product_cycles = 1.05,
    .filter_cycles = 2.5,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_f32_pack_filters,
    .transform_filters = transform_filters,
    .transform_input = transform_input_4,
    .multiply = multiply,
    .transform_output = transform_output_4,
};

BW_WINOGRAD_KERNEL(conv_f32_avx2_winograd4_filters, method_4_filters, BW_FAMILY_CONV, BW_F32,
                   BW_F32, BW_CPU_AVX2, 4.0f, bw_winograd_accepts);

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
    .tiles = 6,
    .blocks = 1,
    .product_cycles = 1.05,
    .pack_parameters = bw_winograd_f32_pack_parameters,
    .pack_word = bw_winograd_f32_pack_word_2,
    .transform_input = transform_input_2,
    .multiply = multiply,
    .transform_output = transform_output_2,
};

BW_WINOGRAD_KERNEL(conv_f32_avx2_winograd2, method_2, BW_FAMILY_CONV, BW_F32, BW_F32, BW_CPU_AVX2,
                   2.0f, bw_winograd_accepts);
