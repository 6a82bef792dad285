/**
 * What a picture is like, as a vector of three parts, each of unit length or zero: the classes
 * found in it, where in it they are, and its colours in a coarse grid.
 */
#ifndef BW_CLI_SELECT_DESCRIBE_H
#define BW_CLI_SELECT_DESCRIBE_H

#include "select/measure.h"

enum {
    BW_DESCRIBED_CLASSES = 64,        /* square roots of the numbers of boxes, by class modulo 64 */
    BW_DESCRIBED_PLACES = 4 * 4,      /* square roots of the areas of boxes, by their centres */
    BW_DESCRIBED_COLOURS = 8 * 8 * 3, /* mean red, green and blue, from middle grey */
    BW_DESCRIPTION = BW_DESCRIBED_CLASSES + BW_DESCRIBED_PLACES + BW_DESCRIBED_COLOURS
};

/**
 * Describes the candidates: a vector each, in a block for the caller to free. The pictures are read
 * again for their colours, by `threads` threads; the part of one that cannot be read is zero.
 */
bw_status bw_select_describe(float **descriptions, const bw_candidates *candidates,
                             sqlite3 *database, int threads, bw_error *error);

/** How far two pictures are apart: 0 to 1.2, from alike to different in everything. */
float bw_select_distance(const float *a, const float *b);

#endif
