#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/conv_tile_vector.h"

#define BW_TILE(pixels)                                                                            \
    static void run_##pixels(const bw_conv_tile *tile)                                             \
    {                                                                                              \
        run_tile(tile, pixels, 2);                                                                 \
    }

BW_TILE(1)
BW_TILE(2)
BW_TILE(3)
BW_TILE(4)
BW_TILE(5)
BW_TILE(6)

const bw_conv_tiles bw_conv_tiles_avx2 = {
    .pixels = 6,
    .blocks = 1,
    .product_cycles = 1.05,
    .run = {{run_1, run_2, run_3, run_4, run_5, run_6}},
    .finish = finish_pixels,
};
