/**
 * What the detection heads receive, and how much two networks differ in that. Cells count by how
 * sure the network is that something is there: background is most of a picture and none of its
 * boxes.
 */
#ifndef BW_CALIBRATE_HEADS_H
#define BW_CALIBRATE_HEADS_H

#include "graph/graph.h"

/** How many numbers a head of this shape has. */
size_t bw_head_numbers(bw_shape shape);

/** Copies one pixel's numbers of a tensor. */
void bw_read_pixel(float *to, const bw_head_view *view, int channels, int y, int x);

/** Copies a head's numbers, [row][column][channel]. */
void bw_read_head(float *to, const bw_head_view *view, int channels);

/** The weighted squares of a head's numbers, or of their difference from `other`, if not NULL. */
double bw_head_squares(const bw_head *head, const float *expected, const float *other,
                       size_t count);

#endif
