/**
 * Winograd's filtering at work: how it is cut, and its parts. See winograd.h.
 */
#ifndef BW_KERNELS_X86_WINOGRAD_WORK_H
#define BW_KERNELS_X86_WINOGRAD_WORK_H

#include "kernels/x86/winograd.h"

enum { BW_WINOGRAD_GROUPS = 4 };

/** Tiles of one size: a rectangle of an image's. */
typedef struct bw_winograd_group {
    int row, rows, column, columns;
} bw_winograd_group;

/** How the work is cut. */
typedef struct bw_winograd_division {
    int inputs, points, positions;
    int pool; /* outputs in a pixel's height and width */
    int tile_rows, tile_columns, image_tiles;
    int whole_rows, whole_columns; /* of tiles that have all outputs */
    bool grouped;                  /* whether blocks have the tiles of whole images by their size */
    bw_winograd_group groups[BW_WINOGRAD_GROUPS]; /* in a block's order */
    int words, lines, out_planes;                 /* words and lines of the input's channels */
    int group_planes, chunk_planes, chunks;
    int block_tiles;          /* the most of any block */
    int sum_planes;           /* whose sums are held together: a group or a chunk */
    size_t in_position;       /* bytes from position to position of the transformed input */
    size_t sum_position;      /* and of the sums */
    int packed_words, parts;  /* words of as many positions, or filters of as many taps */
    int word_step, part_step; /* lines from one to the next */
    int height, width;        /* of the part that tiles compute */
    int rest;                 /* pixels of an image that they leave over */
    size_t group_weights;     /* bytes of a full group */
    size_t line_position;     /* from position to position of its lines */
} bw_winograd_division;

/** Where a pixel lies. */
typedef struct bw_winograd_place {
    int image, y, x;
} bw_winograd_place;

/** A tile, and the tiles from it on that are beside each other in picture and block alike. */
typedef struct bw_winograd_tile {
    bw_winograd_place at; /* its first output */
    int rows, columns;    /* of outputs */
    int run;
} bw_winograd_tile;

/** A block of tiles at work. */
typedef struct bw_winograd_work {
    const bw_winograd *method;
    const bw_operation *operation;
    const bw_operands *operands;
    const bw_winograd_division *d;
    int first, tiles;       /* of the list of all images' tiles */
    bw_winograd_tile *runs; /* of the block's tiles, in its order */
    int run_count;
    uint8_t *transformed, *sums, *lines;
    int32_t *places; /* of the steps that compute the rest */
} bw_winograd_work;

/** Some of a block's tiles. */
typedef struct bw_winograd_range {
    int first, count;
} bw_winograd_range;

/** Lists the runs of the block's tiles; there is room for a run a tile. */
void bw_winograd_list_runs(bw_winograd_work *w);

/** The block's tiles that use a position. */
bw_winograd_range bw_winograd_tiles_at(const bw_winograd_work *w, int row, int column);

/** The tiles of an image at each position that they use, all together. */
double bw_winograd_count_products(const bw_winograd_division *d, const bw_winograd *method);

/** Fills in the tiles of a division whose height and width are known. */
void bw_winograd_divide_tiles(bw_winograd_division *d, const bw_winograd *method);

/** The byte, counted from a tensor's first pixel, at which a pixel of a plane stands. */
static inline ptrdiff_t bw_winograd_pixel_at(const bw_layout *layout, bw_winograd_place at,
                                             int plane)
{
    ptrdiff_t element = at.image * (ptrdiff_t)layout->image_stride +
                        plane * (ptrdiff_t)layout->plane_stride +
                        at.y * (ptrdiff_t)layout->row_stride + (ptrdiff_t)at.x * layout->lanes;
    return element * (ptrdiff_t)bw_type_size(layout->format.type);
}

/** The planes of the group that begins with `plane`. */
static inline int bw_winograd_count_blocks(const bw_winograd_division *d, int plane)
{
    int left = d->out_planes - plane;
    return left < d->group_planes ? left : d->group_planes;
}

/** Bytes of the parameters of `planes` planes. */
static inline size_t bw_winograd_parameter_bytes(const bw_winograd *method, int planes)
{
    return (size_t)(planes * method->parameters) * BW_WINOGRAD_LINE;
}

static inline const uint8_t *bw_winograd_parameters(const bw_winograd_work *w, int plane)
{
    return (const uint8_t *)w->operands->weights + bw_winograd_parameter_bytes(w->method, plane);
}

/** What is packed for the group that begins with `plane`. */
static inline const uint8_t *bw_winograd_group_weights(const bw_winograd_work *w, int plane)
{
    const bw_winograd_division *d = w->d;
    return bw_winograd_parameters(w, d->out_planes) +
           (size_t)(plane / d->group_planes) * d->group_weights;
}

/** The products of matrices of the planes from `start` to `end`, a chunk or a group. */
void bw_winograd_multiply(const bw_winograd_work *work, int start, int end);

/** Lists the places of the steps that compute the rest, as conv_u8.h has them. */
void bw_winograd_list_places(const bw_winograd_division *d, const bw_layout *in, int32_t *places);

/**
 * Computes, by the definition, what tiles leave over of the images whose first tile is of this
 * block, for the group that begins with `plane`.
 */
void bw_winograd_run_rest(const bw_winograd_work *work, int plane);

#endif
