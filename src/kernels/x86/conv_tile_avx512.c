#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_tile_vector.h"

#define BW_TILE(pixels)                                                                            \
    static void run_##pixels##_1(const bw_conv_tile *tile)                                         \
    {                                                                                              \
        run_tile(tile, pixels, 1);                                                                 \
    }                                                                                              \
    static void run_##pixels##_2(const bw_conv_tile *tile)                                         \
    {                                                                                              \
        run_tile(tile, pixels, 2);                                                                 \
    }

BW_TILE(1)
BW_TILE(2)
BW_TILE(3)
BW_TILE(4)
BW_TILE(5)
BW_TILE(6)
BW_TILE(7)
BW_TILE(8)
BW_TILE(9)
BW_TILE(10)
BW_TILE(11)
BW_TILE(12)
BW_TILE(13)
BW_TILE(14)

const bw_conv_tiles bw_conv_tiles_avx512 = {
    .pixels = BW_TILE_PIXELS,
    .blocks = BW_TILE_BLOCKS,
    .product_cycles = 1.0,
    .run = {{run_1_1, run_2_1, run_3_1, run_4_1, run_5_1, run_6_1, run_7_1, run_8_1, run_9_1,
             run_10_1, run_11_1, run_12_1, run_13_1, run_14_1},
            {run_1_2, run_2_2, run_3_2, run_4_2, run_5_2, run_6_2, run_7_2, run_8_2, run_9_2,
             run_10_2, run_11_2, run_12_2, run_13_2, run_14_2}},
    .finish = finish_pixels,
};
