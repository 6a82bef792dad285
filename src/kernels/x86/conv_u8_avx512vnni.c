/**
 * The convolution of bytes with AVX-512 VNNI.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_u8_tiles_avx512vnni.h"
#include "kernels/x86/epilogue_vector.h"

#define TILE(pixels)                                                                               \
    static void tile_1_##pixels(const bw_conv_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, pixels, 1);                                                                \
    }                                                                                              \
    static void tile_2_##pixels(const bw_conv_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, pixels, 2);                                                                \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)

const bw_conv_u8_method bw_conv_u8_avx512vnni = {
    .pixels = {BW_U8_PIXELS, BW_U8_PIXELS},
    .blocks = BW_U8_BLOCKS,
    .bundled = false,
    .step_cycles = 1.1,
    .finish_cycles = 5.0,
    .run = {{tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5, tile_1_6, tile_1_7, tile_1_8,
             tile_1_9, tile_1_10, tile_1_11, tile_1_12, tile_1_13, tile_1_14},
            {tile_2_1, tile_2_2, tile_2_3, tile_2_4, tile_2_5, tile_2_6, tile_2_7, tile_2_8,
             tile_2_9, tile_2_10, tile_2_11, tile_2_12, tile_2_13, tile_2_14}},
    .finish = finish_pixels,
    .row = bw_conv_row_avx512vnni,
    .row_pays = bw_conv_row_pays,
};

BW_CONV_U8_FUNCTIONS(bw_conv_u8_avx512vnni)

BW_CONV_U8_KERNEL(conv_u8_avx512vnni, BW_FAMILY_CONV, BW_U8, BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
                  bw_conv_u8_accepts);
BW_CONV_U8_KERNEL(conv_u8_f32_avx512vnni, BW_FAMILY_CONV, BW_F32,
                  BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_conv_u8_accepts);
