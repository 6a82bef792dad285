/**
 * The micro-kernels of the dense convolution: a few pixels of an output row by one or two planes of
 * output channels, all their sums in registers.
 *
 * One step takes one input channel of every pixel's window, spreads it over a vector and multiplies
 * it by the weights of a plane's 16 output channels. The steps of a tile are, outermost first: the
 * input's planes, the rows and columns of the window, the channels of the plane; the weights lie in
 * that order, [plane][row][column][channel][block][16], so that they are one stream.
 */
#ifndef BW_KERNELS_X86_CONV_TILE_H
#define BW_KERNELS_X86_CONV_TILE_H

#include "kernels/kernels.h"

enum {
    BW_TILE_PIXELS = 14, /* the most that any micro-kernel takes */
    BW_TILE_BLOCKS = 2,
};

/** One call of a micro-kernel. Strides in floats; the pixels of sums and outputs are 16 apart. */
typedef struct bw_conv_tile {
    const float *in; /* the window of the first pixel: first plane, row and column */
    size_t in_plane, in_row, in_column;
    size_t in_pixel;   /* from the window of one output pixel to the next */
    ptrdiff_t ahead;   /* from the window of the first pixel to that of the tile that follows */
    int ahead_columns; /* how many columns of that window to ask the cache for; 0: prefetch nothing
                        */
    int planes, kernel_height, kernel_width;
    int channels, last_channels; /* steps of a plane, and of the last plane */
    const float *weights;
    const float *weights_ahead; /* what a later call reads, to be asked for meanwhile, if any: */
    int lines_ahead;            /* so many lines of the cache for each plane of the input */

    const float *start; /* what the sums start with: the bias, or sums of earlier planes */
    size_t start_pixel, start_block;

    bw_activation activation; /* linear, relu or leaky: the others are not for registers */
    float slope;
    const float *second; /* added after the activation; NULL for none */
    size_t second_block;
    float *out;
    size_t out_block;
} bw_conv_tile;

typedef void bw_conv_tile_function(const bw_conv_tile *tile);

/** The micro-kernels of an instruction set. */
typedef struct bw_conv_tiles {
    int pixels, blocks;    /* the most that one takes */
    double product_cycles; /* estimated, of one step of one pixel and block */
    bw_conv_tile_function *run[BW_TILE_BLOCKS][BW_TILE_PIXELS]; /* [blocks - 1][pixels - 1] */

    /** out = activation(sums) + second over `pixels` pixels of one plane; NULL for no second. */
    void (*finish)(bw_activation activation, float slope, const float *sums, const float *second,
                   float *out, int pixels);
} bw_conv_tiles;

extern const bw_conv_tiles bw_conv_tiles_avx512, bw_conv_tiles_avx2;

#endif
