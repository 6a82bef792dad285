#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/winograd_vector.h"

static const bw_winograd method_4 = {
    .tiles = &bw_conv_tiles_avx512,
    .outputs = 4,
    .filter = bw_winograd_filter_4,
    .transform_input = transform_input_4,
    .transform_output = transform_output_4,
};

static double cost_4(const bw_operation *operation)
{
    return bw_winograd_cost(&method_4, operation);
}

static size_t packed_bytes_4(const bw_operation *operation)
{
    return bw_winograd_packed_bytes(&method_4, operation);
}

static void pack_4(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    bw_winograd_pack(&method_4, operation, filters, packed);
}

static size_t scratch_bytes_4(const bw_operation *operation)
{
    return bw_winograd_scratch_bytes(&method_4, operation);
}

static int units_4(const bw_operation *operation, int images)
{
    return bw_winograd_units(&method_4, operation, images);
}

static void run_4(const bw_operation *operation, const bw_operands *operands, int first, int last,
                  void *scratch)
{
    bw_winograd_run(&method_4, operation, operands, first, last, scratch);
}

const bw_kernel bw_kernel_conv_f32_avx512_winograd4 = {
    .name = "conv_f32_avx512_winograd4",
    .family = BW_FAMILY_CONV,
    .needs = BW_CPU_AVX512,
    .accepts = bw_winograd_accepts,
    .cost = cost_4,
    .packed_bytes = packed_bytes_4,
    .pack = pack_4,
    .scratch_bytes = scratch_bytes_4,
    .tolerance = 4.0f,
    .units = units_4,
    .run = run_4,
};

static const bw_winograd method_2 = {
    .tiles = &bw_conv_tiles_avx512,
    .outputs = 2,
    .filter = bw_winograd_filter_2,
    .transform_input = transform_input_2,
    .transform_output = transform_output_2,
};

static double cost_2(const bw_operation *operation)
{
    return bw_winograd_cost(&method_2, operation);
}

static size_t packed_bytes_2(const bw_operation *operation)
{
    return bw_winograd_packed_bytes(&method_2, operation);
}

static void pack_2(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    bw_winograd_pack(&method_2, operation, filters, packed);
}

static size_t scratch_bytes_2(const bw_operation *operation)
{
    return bw_winograd_scratch_bytes(&method_2, operation);
}

static int units_2(const bw_operation *operation, int images)
{
    return bw_winograd_units(&method_2, operation, images);
}

static void run_2(const bw_operation *operation, const bw_operands *operands, int first, int last,
                  void *scratch)
{
    bw_winograd_run(&method_2, operation, operands, first, last, scratch);
}

const bw_kernel bw_kernel_conv_f32_avx512_winograd2 = {
    .name = "conv_f32_avx512_winograd2",
    .family = BW_FAMILY_CONV,
    .needs = BW_CPU_AVX512,
    .accepts = bw_winograd_accepts,
    .cost = cost_2,
    .packed_bytes = packed_bytes_2,
    .pack = pack_2,
    .scratch_bytes = scratch_bytes_2,
    .tolerance = 2.0f,
    .units = units_2,
    .run = run_2,
};
