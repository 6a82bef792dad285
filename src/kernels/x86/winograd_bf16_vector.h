/**
 * The text of Winograd's filtering of bfloat16, for either instruction set; see winograd_bf16.h.
 * Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_BF16_VECTOR_H
#define BW_KERNELS_X86_WINOGRAD_BF16_VECTOR_H

#include "kernels/x86/winograd_bf16.h"
#include "kernels/x86/winograd_f32_filters.h"
#include "kernels/x86/winograd_f32_vector.h"

static void transform_filters(const bw_winograd_filters *filters)
{
    make_lines(filters, true);
}

static void transform_input_4(const bw_winograd_input *input)
{
    transform_line(input, BW_WINOGRAD_OUTPUTS, true);
}

static void transform_output_4(const bw_winograd_output *output)
{
    transform_output(output, BW_WINOGRAD_OUTPUTS, true);
}

#endif
