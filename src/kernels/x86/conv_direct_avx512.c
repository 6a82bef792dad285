#include "kernels/x86/conv_direct.h"

static double cost(const bw_operation *operation)
{
    return bw_conv_direct_cost(&bw_conv_tiles_avx512, operation);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    bw_conv_direct_pack(&bw_conv_tiles_avx512, operation, filters, packed);
}

static size_t scratch_bytes(const bw_operation *operation)
{
    return bw_conv_direct_scratch_bytes(&bw_conv_tiles_avx512, operation);
}

static int units(const bw_operation *operation, int images)
{
    return bw_conv_direct_units(&bw_conv_tiles_avx512, operation, images);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    bw_conv_direct_run(&bw_conv_tiles_avx512, operation, operands, first, last, scratch);
}

const bw_kernel bw_kernel_conv_f32_avx512_direct = {
    .name = "conv_f32_avx512_direct",
    .family = BW_FAMILY_CONV,
    .needs = BW_CPU_AVX512,
    .accepts = bw_conv_direct_accepts,
    .cost = cost,
    .packed_bytes = bw_conv_direct_packed_bytes,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .units = units,
    .run = run,
};
