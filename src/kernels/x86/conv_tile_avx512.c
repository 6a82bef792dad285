#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_tile_vector.h"
#include "kernels/x86/each.h"

#define BW_TILE(pixels)                                                                            \
    static void run_##pixels##_1(const bw_conv_tile *tile)                                         \
    {                                                                                              \
        run_tile(tile, pixels, 1);                                                                 \
    }                                                                                              \
    static void run_##pixels##_2(const bw_conv_tile *tile)                                         \
    {                                                                                              \
        run_tile(tile, pixels, 2);                                                                 \
    }

#define RUN_1(pixels) run_##pixels##_1,
#define RUN_2(pixels) run_##pixels##_2,

BW_EACH_14(BW_TILE)

const bw_conv_tiles bw_conv_tiles_avx512 = {
    .pixels = BW_TILE_PIXELS,
    .blocks = BW_TILE_BLOCKS,
    .product_cycles = 1.0,
    .run = {{BW_EACH_14(RUN_1)}, {BW_EACH_14(RUN_2)}},
    .finish = finish_pixels,
};
