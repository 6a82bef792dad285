#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/conv_tile_vector.h"
#include "kernels/x86/each.h"

#define BW_TILE(pixels)                                                                            \
    static void run_##pixels(const bw_conv_tile *tile)                                             \
    {                                                                                              \
        run_tile(tile, pixels, 2);                                                                 \
    }

#define RUN(pixels) run_##pixels,

BW_EACH_6(BW_TILE)

const bw_conv_tiles bw_conv_tiles_avx2 = {
    .pixels = 6,
    .blocks = 1,
    .product_cycles = 1.05,
    .run = {{BW_EACH_6(RUN)}},
    .finish = finish_pixels,
};
