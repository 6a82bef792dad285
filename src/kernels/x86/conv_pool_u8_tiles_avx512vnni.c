/**
 * The convolution of bytes and the max-pool of 2 × 2 after it with AVX-512 VNNI, in tiles: for
 * processors on which permutations, which rows of pixels take (conv_pool_u8_avx512vnni.c), occupy
 * the units that multiply.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_u8_tiles_avx512vnni.h"
#include "kernels/x86/epilogue_vector.h"

#define SQUARES(squares, blocks)                                                                   \
    static void tile_##blocks##_##squares(const bw_conv_steps *steps)                              \
    {                                                                                              \
        run_pooled_tile(steps, squares, blocks);                                                   \
    }

SQUARES(1, 1)
SQUARES(2, 1)
SQUARES(3, 1)
SQUARES(4, 1)
SQUARES(5, 1)
SQUARES(6, 1)
SQUARES(1, 2)
SQUARES(2, 2)
SQUARES(3, 2)

static const bw_conv_u8_method method = {
    .pixels = {6, 3},
    .blocks = BW_U8_BLOCKS,
    .bundled = false,
    .step_cycles = 1.1,
    .finish_cycles = 1.5,
    .run = {{tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5, tile_1_6},
            {tile_2_1, tile_2_2, tile_2_3}},
    .finish = finish_pixels,
};

static bool accepts(const bw_operation *operation)
{
    bw_operation conv = bw_unpooled(operation);
    return bw_conv_pool_accepts(operation) && bw_conv_u8_accepts(&conv);
}

BW_CONV_U8_FUNCTIONS(method)

BW_CONV_U8_KERNEL(conv_pool_u8_tiles_avx512vnni, BW_FAMILY_CONV_POOL, BW_U8,
                  BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, accepts);
