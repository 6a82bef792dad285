/**
 * Convolution of 3 × 3 windows at stride 1 by Winograd's minimal filtering (Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks", 2015): what its kernels share.
 *
 * F(m × m, 3 × 3) computes a tile of m × m outputs from n × n inputs, n = m + 2, with n² products
 * a channel where the definition has 9 m². Input tiles and filters are each transformed to n²
 * positions; at every position a product of matrices sums over the input's channels, by the same
 * micro-kernels as the direct convolution (a tile takes the place of a pixel); the sums are
 * transformed back and go through the epilogue.
 *
 * A unit computes a chunk of output planes for a block of tiles. The tiles of all images are one
 * list. Chunks are innermost, and consecutive units of one block share its transformed input.
 *
 * Interpolation points: F(2) has 0, ±1, ∞. F(4) has 0, ±3/4, ±3/2, ∞: all constants are exact in
 * binary, and the error is less than half that of the usual 0, ±1, ±2, ∞.
 *
 * Packed weights: bias[planes × 16], then [group][position][channel][block][16].
 * Scratch: transformed input [position][plane][tile][16], then sums [position][block][tile][16].
 */
#ifndef BW_KERNELS_X86_WINOGRAD_H
#define BW_KERNELS_X86_WINOGRAD_H

#include "kernels/x86/conv_tile.h"

enum { BW_WINOGRAD_OUTPUTS = 4, BW_WINOGRAD_INPUTS = 6 }; /* the largest m and n */

/** One output tile of one plane; strides in floats. */
typedef struct bw_winograd_output {
    const float *sums; /* of the first position */
    size_t position;   /* from one position to the next */
    const float *bias;
    bw_activation activation;
    float slope;
    const float *second; /* NULL for none */
    size_t second_row;
    float *out;
    size_t out_row;
    int rows, columns; /* of the tile that lie within the output */
} bw_winograd_output;

/** A size of tile on an instruction set. */
typedef struct bw_winograd {
    const bw_conv_tiles *tiles;
    int outputs;               /* m */
    const double (*filter)[3]; /* the n × 3 matrix that transforms a column of the filter */

    /** Transforms the n × n pixels of one plane at `in`, rows `row` apart. */
    void (*transform_input)(const float *in, size_t row, float *out, size_t position);

    void (*transform_output)(const bw_winograd_output *output);
} bw_winograd;

extern const double bw_winograd_filter_2[4][3], bw_winograd_filter_4[6][3];

bool bw_winograd_accepts(const bw_operation *operation);
double bw_winograd_cost(const bw_winograd *method, const bw_operation *operation);
size_t bw_winograd_packed_bytes(const bw_winograd *method, const bw_operation *operation);
void bw_winograd_pack(const bw_winograd *method, const bw_operation *operation,
                      const bw_filters *filters, void *packed);
size_t bw_winograd_scratch_bytes(const bw_winograd *method, const bw_operation *operation);
int bw_winograd_units(const bw_winograd *method, const bw_operation *operation, int images);
void bw_winograd_run(const bw_winograd *method, const bw_operation *operation,
                     const bw_operands *operands, int first, int last, void *scratch);

#endif
