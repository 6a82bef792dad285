/**
 * The text of the micro-kernels of conv_matrix.h. Included with BW_TILE_DOT defined as the product
 * of tiles for the type of the numbers, and finish_run as what turns the sums of one panel of
 * neighbouring pixels into its numbers.
 *
 * Tiles 0 to 3 are the sums, [tile of pixels][panel]; 4 and 5 pixels; 6 and 7 weights.
 */
#ifndef BW_KERNELS_X86_CONV_MATRIX_TILES_H
#define BW_KERNELS_X86_CONV_MATRIX_TILES_H

#include "kernels/x86/conv_matrix.h"
#include "kernels/x86/tiles.h"
#include "kernels/x86/unroll.h"

static void configure_tiles(int pixels, int bytes)
{
    bw_tile_shapes shapes = {0};
    for (int sums = 0; sums < 4; sums++)
        bw_tile_shape(&shapes, sums, pixels, BW_MATRIX_BYTES);
    for (int half = 0; half < 2; half++) {
        bw_tile_shape(&shapes, 4 + half, pixels, bytes);
        bw_tile_shape(&shapes, 6 + half, bytes / 4, BW_MATRIX_BYTES);
    }
    bw_tiles_configure(&shapes);
}

/* Every row of the sums starts alike. */
BW_INLINE void start_sums(const int32_t *starts, int tiles, int panels)
{
    BW_TILES_READ(starts);
    BW_TILE_LOAD(0, starts, 0);
    if (panels > 1)
        BW_TILE_LOAD(1, starts + BW_LANES, 0);
    if (tiles > 1)
        BW_TILE_LOAD(2, starts, 0);
    if (tiles > 1 && panels > 1)
        BW_TILE_LOAD(3, starts + BW_LANES, 0);
}

BW_INLINE void add_products(const bw_matrix_block *block, int32_t place, const uint8_t *weights,
                            int tiles, int panels)
{
    BW_TILE_LOAD(6, weights, BW_MATRIX_BYTES);
    BW_TILE_LOAD(4, block->in[0] + place, block->in_pixel);
    BW_TILE_DOT(0, 4, 6);
    if (tiles > 1) {
        BW_TILE_LOAD(5, block->in[1] + place, block->in_pixel);
        BW_TILE_DOT(2, 5, 6);
    }
    if (panels > 1) {
        BW_TILE_LOAD(7, weights + (ptrdiff_t)block->bytes * BW_LANES, BW_MATRIX_BYTES);
        BW_TILE_DOT(1, 4, 7);
    }
    if (tiles > 1 && panels > 1)
        BW_TILE_DOT(3, 5, 7);
}

BW_INLINE void store_sums(int32_t *sums, int tiles, int panels)
{
    BW_TILE_STORE(0, sums, BW_MATRIX_BYTES);
    if (panels > 1)
        BW_TILE_STORE(1, sums + BW_MATRIX_SUMS, BW_MATRIX_BYTES);
    if (tiles > 1)
        BW_TILE_STORE(2, sums + 2 * BW_MATRIX_SUMS, BW_MATRIX_BYTES);
    if (tiles > 1 && panels > 1)
        BW_TILE_STORE(3, sums + 3 * BW_MATRIX_SUMS, BW_MATRIX_BYTES);
}

static void finish_runs(bw_finishing *work, int pixels)
{
    work->pixels -= pixels < work->pixels ? pixels : work->pixels;
    while (pixels > 0 && work->next < work->count) {
        bw_pixel_run *run = &work->runs[work->next];
        int count = run->pixels < pixels ? run->pixels : pixels;
        for (int panel = 0; panel < work->panels; panel++)
            finish_run(work, run, panel, count);
        run->sums += count * BW_LANES;
        run->out += count * work->out_pixel;
        run->second += run->second ? count * work->second_pixel : 0;
        run->pixels -= count;
        pixels -= count;
        work->next += run->pixels == 0;
    }
}

BW_INLINE void multiply(const bw_matrix_block *block, bw_finishing *before, int tiles, int panels)
{
    const uint8_t *weights = block->weights;
    ptrdiff_t step_bytes = (ptrdiff_t)panels * block->bytes * BW_LANES;
    int step = 0;
    start_sums(block->starts, tiles, panels);
    for (; before->pixels > 0; step++, weights += step_bytes) {
        add_products(block, block->places[step], weights, tiles, panels);
        finish_runs(before, block->finish_pixels);
    }
    for (; step < block->steps; step++, weights += step_bytes) {
        add_products(block, block->places[step], weights, tiles, panels);
        bw_tiles_stay_awake();
    }
    store_sums(block->sums, tiles, panels);
}

#define MULTIPLY(tiles, panels)                                                                    \
    static void multiply_##tiles##_##panels(const bw_matrix_block *block, bw_finishing *before)    \
    {                                                                                              \
        multiply(block, before, tiles, panels);                                                    \
    }

MULTIPLY(1, 1)
MULTIPLY(1, 2)
MULTIPLY(2, 1)
MULTIPLY(2, 2)

#define BW_MATRIX_METHOD(of, cycles)                                                               \
    static const bw_matrix_method method = {                                                       \
        .type = of,                                                                                \
        .product_cycles = cycles,                                                                  \
        .configure = configure_tiles,                                                              \
        .release = bw_tiles_release,                                                               \
        .multiply = {{multiply_1_1, multiply_1_2}, {multiply_2_1, multiply_2_2}},                  \
        .finish = finish_runs,                                                                     \
    };                                                                                             \
                                                                                                   \
    static double cost(const bw_operation *operation)                                              \
    {                                                                                              \
        return bw_conv_matrix_cost(&method, operation);                                            \
    }                                                                                              \
                                                                                                   \
    static void run(const bw_operation *operation, const bw_operands *operands, int first,         \
                    int last, void *scratch)                                                       \
    {                                                                                              \
        (void)scratch;                                                                             \
        bw_conv_matrix_run(&method, operation, operands, first, last);                             \
    }

#define BW_MATRIX_KERNEL(words, from, to, features)                                                \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = BW_FAMILY_CONV,                                                                  \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = features,                                                                         \
        .accepts = bw_conv_matrix_accepts,                                                         \
        .cost = cost,                                                                              \
        .packed_bytes = bw_conv_matrix_packed_bytes,                                               \
        .pack = bw_conv_matrix_pack,                                                               \
        .packed_sound = bw_conv_matrix_sound,                                                      \
        .units = bw_conv_matrix_units,                                                             \
        .run = run,                                                                                \
    }

#endif
