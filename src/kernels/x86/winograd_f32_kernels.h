/**
 * The methods of Winograd's filtering in floats, for either instruction set: packed as lines or as
 * filters, of floats or of bfloat16. Included by winograd_f32_<isa>.c, after its vectors and after
 * these:
 *
 *     TILES, BLOCKS     that a micro-kernel takes at once
 *     PRODUCT_CYCLES    estimated, of one word of one tile and block
 *     multiply          the product by the instruction set's micro-kernels
 */
#ifndef BW_KERNELS_X86_WINOGRAD_F32_KERNELS_H
#define BW_KERNELS_X86_WINOGRAD_F32_KERNELS_H

#include "kernels/x86/winograd_f32_filters.h"
#include "kernels/x86/winograd_f32_vector.h"

static void transform_input_2(const bw_winograd_input *input)
{
    transform_line(input, 2, false);
}

static void transform_output_2(const bw_winograd_output *output)
{
    transform_output(output, 2, false);
}

static void transform_input_4(const bw_winograd_input *input)
{
    transform_line(input, 4, false);
}

static void transform_output_4(const bw_winograd_output *output)
{
    transform_output(output, 4, false);
}

static void transform_filters(const bw_winograd_filters *filters)
{
    make_lines(filters, false);
}

static void transform_input_halves(const bw_winograd_input *input)
{
    transform_line(input, 4, true);
}

static void transform_output_halves(const bw_winograd_output *output)
{
    transform_output(output, 4, true);
}

static void transform_filters_halves(const bw_winograd_filters *filters)
{
    make_lines(filters, true);
}

/* What all methods have in common. */
#define IN_FLOATS                                                                                  \
    .stride = 1, .line_planes = 1, .parameters = 1, .tiles = TILES, .blocks = BLOCKS,              \
    .product_cycles = PRODUCT_CYCLES, .finish_cycles = 10.0,                                       \
    .pack_parameters = bw_winograd_f32_pack_parameters, .multiply = multiply

static const bw_winograd lines_2 = {
    IN_FLOATS,
    .outputs = 2,
    .points = 4,
    .pack_word = bw_winograd_f32_pack_word_2,
    .transform_input = transform_input_2,
    .transform_output = transform_output_2,
};

static const bw_winograd lines_4 = {
    IN_FLOATS,
    .outputs = 4,
    .points = BW_WINOGRAD_INPUTS,
    .pack_word = bw_winograd_f32_pack_word_4,
    .transform_input = transform_input_4,
    .transform_output = transform_output_4,
};

static const bw_winograd filters_4 = {
    IN_FLOATS,
    .outputs = 4,
    .points = BW_WINOGRAD_INPUTS,
    .filter_points = BW_WINOGRAD_INPUTS,
    .packed_channels = 1,
    .made_words = 1,
    .filter_cycles = 2.5,
    .most_tiles = 56,
    .pack_word = bw_winograd_f32_pack_filters,
    .transform_filters = transform_filters,
    .transform_input = transform_input_4,
    .transform_output = transform_output_4,
};

static const bw_winograd halves_4 = {
    IN_FLOATS,
    .outputs = 4,
    .points = BW_WINOGRAD_INPUTS,
    .filter_points = BW_WINOGRAD_INPUTS,
    .packed_channels = BW_WINOGRAD_PAIR,
    .made_words = BW_WINOGRAD_MADE,
    .filter_cycles = 2.5,
    .most_tiles = 56,
    .pack_word = bw_winograd_f32_pack_pair,
    .transform_filters = transform_filters_halves,
    .transform_input = transform_input_halves,
    .transform_output = transform_output_halves,
};

#define FLOATS_KERNEL(words, method, type, features, error)                                        \
    BW_WINOGRAD_KERNEL(words, method, BW_FAMILY_CONV, type, type, features, error,                 \
                       bw_winograd_accepts)

#endif
