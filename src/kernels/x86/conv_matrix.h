/**
 * The dense convolution by the tiles of a matrix unit: what its kernels share, whatever the type
 * of their numbers. See tiles.h for the instructions.
 *
 * One row of a window, in one plane of the input, is a run of neighbouring bytes: kernel width ×
 * lanes numbers. A step takes up to 64 bytes of such a run for up to 16 output pixels at once, with
 * one tile load: pixels are a constant number of bytes apart, and borders hold what stands for
 * zero, so there is nothing else to do for padding. A run longer than 64 bytes has several steps,
 * the last of which ends with the run; what it has in common with the one before has weights of
 * zero there, and so have the lanes past the last channel. With planes of 64 bytes a pixel
 * each step is one position of the window.
 *
 * A block is up to 2 tiles of pixels × 2 panels of 16 output channels, whose sums stay in tiles for
 * all steps. Steps are in the order kernel row, plane, kernel column.
 *
 * Pixels are taken in lines of either of two kinds. Lines that are rows of the output are cut into
 * tiles of equal size; the last one begins earlier where they do not fit and overlaps the one
 * before, and no pixel is finished twice. At stride 1 a line may also be a whole band of rows: its
 * tiles run on over the border from one row to the next, and sums of what is no pixel are dropped.
 * That is chosen where it needs less time, see `divide`.
 *
 * A finished block leaves its sums in memory; while the next one's products are being formed, a few
 * of its pixels a step go through the epilogue.
 *
 * Packed weights: the places of the steps, then for each group of panels multipliers, offsets and
 * starts [panel][16], and the tiles of weights [step][panel]. The places follow from the
 * operation, so packed weights from outside are sound where they hold the same places.
 */
#ifndef BW_KERNELS_X86_CONV_MATRIX_H
#define BW_KERNELS_X86_CONV_MATRIX_H

#include "kernels/x86/epilogue.h"

enum {
    BW_MATRIX_TILES = 2,  /* of pixels in a block */
    BW_MATRIX_PANELS = 2, /* of output channels in a block */
    BW_MATRIX_ROWS = 16,  /* pixels of a tile */
    BW_MATRIX_BYTES = 64, /* of one row of a tile */
    BW_MATRIX_SUMS = BW_MATRIX_ROWS * BW_LANES,
    BW_MATRIX_RUNS = BW_MATRIX_TILES * BW_MATRIX_ROWS,
};

/** Neighbouring pixels whose sums are complete. */
typedef struct bw_pixel_run {
    const int32_t *sums;   /* of the first pixel's first panel; floats where numbers are BW_BF16 */
    const uint8_t *second; /* NULL where there is no residual */
    uint8_t *out;
    int pixels;
} bw_pixel_run;

/** What is left to do of a block when its products are summed. Distances are in bytes. */
typedef struct bw_finishing {
    bw_epilogue epilogue; /* with the factors and starts of all panels */
    bw_type out;
    int panels;
    ptrdiff_t second_pixel, out_pixel; /* from one pixel to the next */
    ptrdiff_t second_panel, out_panel; /* from one panel to the next */
    int count, next;                   /* runs, and the first that is not finished */
    int pixels;                        /* not finished, in all runs */
    bw_pixel_run runs[BW_MATRIX_RUNS];
} bw_finishing;

/** Finishes up to `pixels` pixels and takes them off the runs. */
typedef void bw_finish_function(bw_finishing *work, int pixels);

/** One call of a micro-kernel. */
typedef struct bw_matrix_block {
    const uint8_t *in[BW_MATRIX_TILES]; /* the window of the first pixel of each tile */
    size_t in_pixel;                    /* bytes from one pixel's window to the next one's */
    int steps, bytes;                   /* of a step and pixel */
    const int32_t *places;              /* of each step: bytes from the start of a window */
    const uint8_t *weights;
    const int32_t *starts; /* what sums start with: [panel][BW_LANES] */
    int32_t *sums;         /* [tile][panel][BW_MATRIX_SUMS] */
    int finish_pixels;     /* how many of the block before are finished in each step */
} bw_matrix_block;

/** Sums a block; meanwhile finishes all of `before`. */
typedef void bw_multiply_function(const bw_matrix_block *block, bw_finishing *before);

/** The micro-kernels for one type of numbers. */
typedef struct bw_matrix_method {
    bw_type type;
    double product_cycles; /* estimated, of one product of tiles; see bw_conv_matrix_cost */
    void (*configure)(int pixels, int bytes); /* gives the tiles their shapes */
    void (*release)(void);
    bw_multiply_function *multiply[BW_MATRIX_TILES][BW_MATRIX_PANELS];
    bw_finish_function *finish;
} bw_matrix_method;

bool bw_conv_matrix_accepts(const bw_operation *operation);
double bw_conv_matrix_cost(const bw_matrix_method *method, const bw_operation *operation);
size_t bw_conv_matrix_packed_bytes(const bw_operation *operation);
void bw_conv_matrix_pack(const bw_operation *operation, const bw_filters *filters, void *packed);
bool bw_conv_matrix_sound(const bw_operation *operation, const void *packed);
int bw_conv_matrix_units(const bw_operation *operation, int images);
void bw_conv_matrix_run(const bw_matrix_method *method, const bw_operation *operation,
                        const bw_operands *operands, int first, int last);

#endif
