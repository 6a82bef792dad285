/**
 * Convolution of 3 × 3 windows by Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms
 * for Convolutional Neural Networks", 2015), at stride 1 where nothing else is said: what its
 * kernels share, whatever they count in.
 *
 * F(m × m, 3 × 3) computes a tile of m × m outputs from n × n inputs, n = m + 2, with n² products
 * a channel where the definition has 9 m². Input tiles and filters are each transformed to n²
 * positions; at every position a product of matrices sums over the input's channels (a tile takes
 * the place of a pixel); the sums are transformed back and go through the epilogue.
 *
 * A method of more points than n has more positions, whose transforms are smaller numbers. At
 * stride 2 a tile has 2 m + 1 inputs, and kernels/rounded.h tells its points.
 *
 * Everything between the two transforms is lines of 64 bytes: 16 words of 4 bytes. A line of the
 * transformed input holds the channels of one tile, one a word as floats, two as 16-bit integers or
 * four as bytes; a line of weights holds the same word for each of the 16 output channels of a
 * plane; a line of sums holds these channels' sums.
 *
 * A unit computes a chunk of output planes for a block of tiles. The tiles of all images are one
 * list. Chunks are innermost, and consecutive units of one block share its transformed input.
 *
 * Transformed filters are larger than filters: four times as floats, eight times as 16-bit integers
 * or as floats that were bfloat16, five times as bytes. A method packs them either as lines, or as
 * they are, for each unit to transform those of one group, one row of positions at a time: what
 * that writes stays in the caches, and less is read from memory. Packed as they are, a line holds
 * four channels of bytes, a quad, which makes two words or one, a pair of bfloat16, which makes
 * two, or a channel of floats.
 *
 * A picture whose height or width is one more than a multiple of m, 13 × 13 above all, would waste
 * most of its last tiles. Where packed filters are also those of a direct convolution, its
 * micro-kernels compute that row and column instead; sums of integers are the same either way.
 * A method may also have smaller tiles there, which use some of the points. Blocks then have the
 * tiles of whole images, if those are few, grouped by what positions they use.
 *
 * A CONV_POOL's outputs are those of the CONV before the pool, of which each tile keeps the maxima
 * of 2 × 2 sums.
 *
 * Packed weights: the parameters [plane][line], then lines [group][position][word][block], or
 * filters [group][channels of a line][tap][block]. Scratch: transformed input [position][line of
 * channels][tile], sums [position][block][tile], and for filters the lines [position of a
 * row whose filters are made][word][block] and the places of the direct convolution's steps.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_H
#define BW_KERNELS_X86_WINOGRAD_H

#include "kernels/kernels.h"

enum {
    BW_WINOGRAD_OUTPUTS = 4, /* the largest m, */
    BW_WINOGRAD_INPUTS = 6,  /* n, */
    BW_WINOGRAD_POSITIONS = BW_WINOGRAD_INPUTS * BW_WINOGRAD_INPUTS,
    BW_WINOGRAD_TILES = 14, /* tiles that a micro-kernel multiplies at once, */
    BW_WINOGRAD_BLOCKS = 2, /* and planes of the output */
    BW_WINOGRAD_PLANES = 4, /* the most planes of the input that a line takes */
    BW_WINOGRAD_LINE = 64,  /* bytes */
    BW_WINOGRAD_WORDS = BW_WINOGRAD_LINE / 4,
    BW_WINOGRAD_TAPS = 9,
    BW_WINOGRAD_RUN = 8,  /* tiles that are finished at once */
    BW_WINOGRAD_QUAD = 4, /* channels of the input in a packed line of bytes, */
    BW_WINOGRAD_PAIR = 2, /* and of bfloat16; */
    BW_WINOGRAD_MADE = 2, /* words of 16-bit integers, or of floats, that either makes */
};

/** The pixels of a tile, n × n or fewer, of the planes that make a line; strides in bytes. */
typedef struct bw_winograd_input {
    int rows, columns;                     /* of the tile's outputs */
    const uint8_t *in[BW_WINOGRAD_PLANES]; /* the first pixel of each; NULL where there is none */
    size_t row;
    uint8_t *out;    /* at the first position */
    size_t position; /* from one position to the next */
} bw_winograd_input;

/** The product of matrices at one position: a block's tiles by some planes of the output. */
typedef struct bw_winograd_product {
    const uint8_t *in; /* the first tile's first line; tiles follow each other */
    uint8_t *sums;     /* likewise */
    size_t stride;     /* bytes from line to line of the input, and from block to block of sums */
    int lines, last_words; /* of the input; words of the last line that hold channels */
    int tiles, blocks;
    const uint8_t *starts;  /* a line a block that all its sums start with; NULL: with zero */
    size_t start_stride;    /* bytes from one to the next */
    const uint8_t *weights; /* [word][block] */
    const uint8_t *later;   /* what a later call reads, to be asked for meanwhile: */
    int lines_later;        /* so many lines of the cache */
} bw_winograd_product;

/** Tiles that a micro-kernel takes at once, out of `count` such parts of a product. */
typedef struct bw_winograd_part {
    int first, tiles;
    const uint8_t *later;
    int lines_later; /* for each line of the input */
} bw_winograd_part;

/** Part number `index`; parts are as equal as can be. */
static inline bw_winograd_part bw_winograd_part_of(const bw_winograd_product *product, int index,
                                                   int count)
{
    int first = index * product->tiles / count, end = (index + 1) * product->tiles / count;
    int calls = count * product->lines, each = (product->lines_later + calls - 1) / calls;
    return (bw_winograd_part){
        first, end - first,
        product->later + (size_t)(index * each * product->lines) * BW_WINOGRAD_LINE, each};
}

/** Tiles beside each other, of one plane of the output; strides in bytes. Pooled, pixels are maxima
 * of 2 × 2 outputs. */
typedef struct bw_winograd_output {
    const uint8_t *sums; /* of the first tile at the first position */
    size_t position;     /* from one position to the next */
    int tiles;
    int tile_rows, tile_columns; /* outputs of each tile */
    const bw_operation *operation;
    const uint8_t *parameters; /* of the plane */
    const uint8_t *second;     /* NULL for none */
    size_t second_row;
    uint8_t *out;
    size_t out_row;
    int rows, columns; /* of all the tiles' pixels that lie within the layout */
    bool pooled;
} bw_winograd_output;

/** Sums of bytes, or their maxima, of some tiles beside each other. */
typedef int32_t bw_winograd_sums[BW_WINOGRAD_OUTPUTS][BW_WINOGRAD_RUN * BW_WINOGRAD_OUTPUTS]
                                [BW_LANES];

/** From some channels to the 16 channels of a plane: lines of a word, or filters of a quad or pair.
 */
typedef union bw_winograd_packed {
    float lines[BW_WINOGRAD_POSITIONS][BW_WINOGRAD_WORDS];
    int8_t filters[BW_WINOGRAD_TAPS][BW_WINOGRAD_LINE];
    uint16_t halves[BW_WINOGRAD_TAPS][BW_WINOGRAD_LINE / sizeof(uint16_t)];
} bw_winograd_packed;

/** Filters of a group, to be transformed to one row of positions. */
typedef struct bw_winograd_filters {
    const uint8_t *packed;     /* [channels of a line][tap][block] */
    const uint8_t *parameters; /* of the group's first plane */
    int count;                 /* of such channels together: quads, pairs or single ones */
    int blocks, row;
    uint8_t *lines;  /* [word][block] at the row's first position */
    size_t position; /* bytes from one position to the next */
} bw_winograd_filters;

/** A size of tile and a type of number on an instruction set. */
typedef struct bw_winograd {
    int stride;            /* 1 or 2 */
    int outputs, points;   /* m, and the points in a row of positions: n or more, */
    int filter_points;     /* whose filters are made, any more having those of the last; or 0 */
    int line_planes;       /* of the input in a line */
    int packed_channels;   /* of the input in a packed line of filters; 0: packed as lines, */
    int made_words;        /* and the words that it makes */
    int parameters;        /* lines a plane of the output, */
    int starts;            /* and the first of those that sums start with, one a position; or 0 */
    int tiles, blocks;     /* that a micro-kernel takes at once; `multiply` takes any tiles */
    int most_tiles;        /* of a block; 0: as many as the caches hold */
    double product_cycles; /* estimated, of one word of one tile and block, */
    double filter_cycles;  /* of a transformed line of filters, */
    double finish_cycles;  /* and of a tile's sums of a plane at a position */

    /** Writes a plane's parameters. */
    void (*pack_parameters)(const bw_operation *operation, const bw_filters *filters, int plane,
                            uint8_t *to);

    /** Writes a word's lines, or filters of a quad or pair where each unit transforms them. */
    void (*pack_word)(const bw_operation *operation, const bw_filters *filters, int plane, int word,
                      bw_winograd_packed *packed);

    void (*transform_filters)(const bw_winograd_filters *filters); /* NULL: packed as lines */
    void (*transform_input)(const bw_winograd_input *input);
    void (*multiply)(const bw_winograd_product *product);
    void (*transform_output)(const bw_winograd_output *output);

    /** Computes a single row and column that tiles leave over; NULL: tiles have them. */
    const struct bw_conv_u8_method *rest;

    /** Of a tile of so many outputs in a direction, whether it uses a point, and where fewer
     * outputs than m are left, how many the tile has; NULL: all tiles are alike, and reach beyond
     * the picture. */
    bool (*uses)(int stride, int outputs, int point);
    int (*last_outputs)(int stride, int left);
} bw_winograd;

/** Whether the window, of stride 1, and the layouts are of the kind, */
bool bw_winograd_accepts(const bw_operation *operation);

/** and at another stride. */
bool bw_winograd_accepts_stride(const bw_operation *operation, int stride);

double bw_winograd_cost(const bw_winograd *method, const bw_operation *operation);
size_t bw_winograd_packed_bytes(const bw_winograd *method, const bw_operation *operation);
void bw_winograd_pack(const bw_winograd *method, const bw_operation *operation,
                      const bw_filters *filters, void *packed);
size_t bw_winograd_scratch_bytes(const bw_winograd *method, const bw_operation *operation);
int bw_winograd_units(const bw_winograd *method, const bw_operation *operation, int images);
void bw_winograd_run(const bw_winograd *method, const bw_operation *operation,
                     const bw_operands *operands, int first, int last, void *scratch);

/** A kernel's functions, each for `method`, and the kernel itself with them. */
#define BW_WINOGRAD_KERNEL(words, method, of_family, from, to, cpu, error, accept)                 \
    BW_WINOGRAD_KERNEL_OF(words, method, of_family, from, to, cpu, error, false, accept)

/** A kernel that rounds. */
#define BW_WINOGRAD_ROUNDED_KERNEL(words, method, of_family, from, to, cpu, accept)                \
    BW_WINOGRAD_KERNEL_OF(words, method, of_family, from, to, cpu, 0.0f, true, accept)

#define BW_WINOGRAD_KERNEL_OF(words, method, of_family, from, to, cpu, error, rounding, accept)    \
    static double words##_cost(const bw_operation *operation)                                      \
    {                                                                                              \
        return bw_winograd_cost(&method, operation);                                               \
    }                                                                                              \
    static size_t words##_packed_bytes(const bw_operation *operation)                              \
    {                                                                                              \
        return bw_winograd_packed_bytes(&method, operation);                                       \
    }                                                                                              \
    static void words##_pack(const bw_operation *operation, const bw_filters *filters,             \
                             void *packed)                                                         \
    {                                                                                              \
        bw_winograd_pack(&method, operation, filters, packed);                                     \
    }                                                                                              \
    static size_t words##_scratch_bytes(const bw_operation *operation)                             \
    {                                                                                              \
        return bw_winograd_scratch_bytes(&method, operation);                                      \
    }                                                                                              \
    static int words##_units(const bw_operation *operation, int images)                            \
    {                                                                                              \
        return bw_winograd_units(&method, operation, images);                                      \
    }                                                                                              \
    static void words##_run(const bw_operation *operation, const bw_operands *operands, int first, \
                            int last, void *scratch)                                               \
    {                                                                                              \
        bw_winograd_run(&method, operation, operands, first, last, scratch);                       \
    }                                                                                              \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = of_family,                                                                       \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = cpu,                                                                              \
        .rounds = rounding,                                                                        \
        .accepts = accept,                                                                         \
        .cost = words##_cost,                                                                      \
        .packed_bytes = words##_packed_bytes,                                                      \
        .pack = words##_pack,                                                                      \
        .scratch_bytes = words##_scratch_bytes,                                                    \
        .tolerance = error,                                                                        \
        .units = words##_units,                                                                    \
        .run = words##_run,                                                                        \
    }

#endif
