/**
 * The convolution of bytes with AVX-512 VNNI.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_u8_tiles_avx512vnni.h"
#include "kernels/x86/each.h"
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

#define TILE_1(pixels) tile_1_##pixels,
#define TILE_2(pixels) tile_2_##pixels,

BW_EACH_14(TILE)

const bw_conv_u8_method bw_conv_u8_avx512vnni = {
    .pixels = {BW_U8_PIXELS, BW_U8_PIXELS},
    .blocks = BW_U8_BLOCKS,
    .bundled = false,
    .step_cycles = 1.1,
    .finish_cycles = 5.0,
    .run = {{BW_EACH_14(TILE_1)}, {BW_EACH_14(TILE_2)}},
    .finish = finish_pixels,
    .row = bw_conv_row_avx512vnni,
    .row_pays = bw_conv_row_pays,
};

BW_CONV_U8_FUNCTIONS(bw_conv_u8_avx512vnni)

BW_CONV_U8_KERNEL(conv_u8_avx512vnni, BW_FAMILY_CONV, BW_U8, BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
                  bw_conv_u8_accepts);
BW_CONV_U8_KERNEL(conv_u8_f32_avx512vnni, BW_FAMILY_CONV, BW_F32,
                  BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_conv_u8_accepts);
