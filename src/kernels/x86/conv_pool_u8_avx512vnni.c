/**
 * The convolution of bytes and the max-pool of 2 × 2 after it in one, with AVX-512 VNNI: neither
 * the large picture between them nor three quarters of the epilogues are computed.
 */
#include "kernels/x86/conv_u8.h"

static bool always(const bw_operation *operation)
{
    (void)operation;
    return true;
}

static const bw_conv_u8_method method = {
    .pixels = BW_U8_PIXELS,
    .blocks = BW_U8_BLOCKS,
    .bundled = false,
    .step_cycles = 1.2,
    .finish_cycles = 2.0,
    .row = bw_conv_pool_row_avx512vnni,
    .row_pays = always,
};

/* The order of two sums must be that of their results. */
static bool keeps_order(const bw_operation *operation)
{
    return operation->activation != BW_LEAKY || operation->slope >= 0.0f;
}

static bool accepts(const bw_operation *operation)
{
    bw_operation conv = bw_unpooled(operation);
    return operation->family == BW_FAMILY_CONV_POOL && !operation->has_second &&
           keeps_order(operation) && bw_conv_row_possible(&conv) && bw_conv_u8_accepts(&conv);
}

static double cost(const bw_operation *operation)
{
    return bw_conv_u8_cost(&method, operation);
}

static size_t packed_bytes(const bw_operation *operation)
{
    return bw_conv_u8_packed_bytes(&method, operation);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    bw_conv_u8_pack(&method, operation, filters, packed);
}

static bool packed_sound(const bw_operation *operation, const void *packed)
{
    return bw_conv_u8_sound(&method, operation, packed);
}

static int units(const bw_operation *operation, int images)
{
    return bw_conv_u8_units(&method, operation, images);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_conv_u8_run(&method, operation, operands, first, last);
}

const bw_kernel bw_kernel_conv_pool_u8_avx512vnni = {
    .name = "conv_pool_u8_avx512vnni",
    .family = BW_FAMILY_CONV_POOL,
    .in = BW_U8,
    .out = BW_U8,
    .needs = BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
    .accepts = accepts,
    .cost = cost,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .packed_sound = packed_sound,
    .units = units,
    .run = run,
};
