/**
 * A step computed in part: which pixels of its output depend on some of its input, and the
 * operation that computes those alone.
 *
 * Sums of integers are the same wherever they are computed, so a part of a step of bytes has the
 * bytes that the whole has there. Kernels that round (kernels/rounded.h) compute tiles: a part of
 * theirs has those bytes where it begins and ends as tiles do, and nearly those elsewhere, as parts
 * of steps of floats have their numbers.
 *
 * A region of a tensor is counted in its pixels; one that reaches below 0 or beyond the height or
 * width has a part of the border. A part's operands are those of the whole, moved to its first
 * pixel: what stands beside a region in memory takes the place of a border.
 */
#ifndef BW_BACKEND_CPU_REGIONS_H
#define BW_BACKEND_CPU_REGIONS_H

#include "backend/backend.h"

/** Whether a step can be computed in part. */
bool bw_region_possible(const bw_operation *operation);

/**
 * Whether a kernel computes parts. The references, which need no instruction set, know that nothing
 * lies beyond a picture, and look there at nothing.
 */
bool bw_region_suits(const bw_kernel *kernel);

/** The pixels of the output that depend on a region of the input. */
bw_region bw_region_affected(const bw_kernel *kernel, const bw_operation *operation,
                             const bw_region *in);

/** The region, and as much around it that no tile of a kernel is cut. */
bw_region bw_region_tiled(const bw_operation *operation, const bw_region *out);

/**
 * The pixels of the input that a region of the output depends on; of kernels by tiles that round,
 * numbers or floats, the border's too, which a tile that reaches too far reads.
 */
bw_region bw_region_read(const bw_kernel *kernel, const bw_operation *operation,
                         const bw_region *out);

/** The operation that computes a region, which is not empty, of the output. */
bw_operation bw_region_operation(const bw_operation *operation, const bw_region *out);

/** How far its operands are from those of the whole. */
typedef struct bw_region_offsets {
    size_t in, second, out; /* bytes */
} bw_region_offsets;

bw_region_offsets bw_region_offsets_of(const bw_operation *operation, const bw_region *out);

/** All pixels of a layout, and its border too. */
bw_region bw_region_all(const bw_layout *layout);
bw_region bw_region_bordered(const bw_layout *layout);

/** The smallest region that has both. */
bw_region bw_region_union(const bw_region *a, const bw_region *b);

/** What both have, which may be empty. */
bw_region bw_region_intersection(const bw_region *a, const bw_region *b);

bool bw_region_is_empty(const bw_region *region);

/**
 * The pixels of a layout, each of `scale` × `scale` of the network's input, that show what is
 * inside there or within so many pixels of padding around it.
 */
bw_region bw_region_near(const bw_region *inside, int padding, const bw_layout *layout, int scale);

bool bw_region_equals(const bw_region *a, const bw_region *b);

#endif
