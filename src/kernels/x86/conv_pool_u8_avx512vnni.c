/**
 * The convolution of bytes and the max-pool of 2 × 2 after it in one, with AVX-512 VNNI: neither
 * the large picture between them nor three quarters of the epilogues are computed.
 */
#include "kernels/x86/conv_u8.h"

static const bw_conv_u8_method method = {
    .pixels = {BW_U8_PIXELS, BW_U8_PIXELS},
    .blocks = BW_U8_BLOCKS,
    .bundled = false,
    .step_cycles = 1.2,
    .finish_cycles = 2.0,
    .row = bw_conv_pool_row_avx512vnni,
    .row_pays = bw_conv_row_possible,
};

static bool accepts(const bw_operation *operation)
{
    bw_operation conv = bw_unpooled(operation);
    return bw_conv_pool_accepts(operation) && bw_conv_row_possible(&conv) &&
           bw_conv_u8_accepts(&conv);
}

BW_CONV_U8_FUNCTIONS(method)

BW_CONV_U8_KERNEL(conv_pool_u8_avx512vnni, BW_FAMILY_CONV_POOL, BW_U8,
                  BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, accepts);
