/**
 * How the work of a convolution is cut into units.
 *
 * The output's panels of 16 channels are taken by groups of as many as a micro-kernel sums at once.
 * A unit computes a chunk of groups for a band of rows of one image. A chunk's weights are to fit
 * the cache, and so is the input of a band; a layer is to have units enough for all threads, but
 * none too small to be worth a turn. Chunks are outermost among the units, then images, then bands:
 * weights too large for the cache are streamed once, and all images pass while a chunk of them is
 * at hand.
 */
#ifndef BW_KERNELS_X86_CONV_UNITS_H
#define BW_KERNELS_X86_CONV_UNITS_H

#include "kernels/kernels.h"

/** What a kernel's units should be like. */
typedef struct bw_unit_limits {
    int weight_bytes, input_bytes; /* the most of a chunk, and of a band */
    int least_work, most_work;     /* of a unit */
} bw_unit_limits;

/** What is to be cut. */
typedef struct bw_unit_work {
    int panels, group_panels; /* of the output; the most of a group */
    int in_planes;            /* that are read together */
    size_t group_bytes;       /* of the weights of a group */
    double group_row;         /* the work that a row of the output is for a group */
} bw_unit_work;

typedef struct bw_units {
    int panels, groups, group_panels; /* the last group may have fewer panels */
    int chunk_groups, chunks;
    int band_rows, bands;
} bw_units;

/** Groups [first_group, last_group) and rows [first, last) of the output of one image. */
typedef struct bw_unit_part {
    int image, first_group, last_group, first, last;
} bw_unit_part;

bw_units bw_units_cut(const bw_operation *operation, const bw_unit_limits *limits,
                      const bw_unit_work *work);

/** How many units there are for so many images, and one of them. */
int bw_units_count(const bw_units *units, int images);
bw_unit_part bw_units_part(const bw_units *units, const bw_operation *operation, int images,
                           int index);

/** The panels of a group, the first of which is group × group_panels. */
static inline int bw_units_panels(const bw_units *units, int group)
{
    int left = units->panels - group * units->group_panels;
    return left < units->group_panels ? left : units->group_panels;
}

#endif
