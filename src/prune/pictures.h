/**
 * The calibration pictures that pruning works on, and what a network finds in them.
 */
#ifndef BW_PRUNE_PICTURES_H
#define BW_PRUNE_PICTURES_H

#include "prune/viewer.h"

enum { BW_MOST_SMALL_PICTURES = 128 };

/** Some of the pictures that were seen, spread evenly over all of them. */
typedef struct bw_small_pictures {
    bw_small_picture items[BW_MOST_SMALL_PICTURES];
    size_t count, seen, stride; /* every stride-th is kept */
} bw_small_pictures;

/** Keeps the picture that the viewer's input holds, if it is the turn of one. */
bw_status bw_small_pictures_add(bw_small_pictures *pictures, const bw_viewer *viewer,
                                bw_error *error);

/**
 * Loads pictures `first` and following of `wanted`, which are spread evenly over those kept, into
 * the viewer: as many as a batch has. Returns how many.
 */
int bw_small_pictures_load(const bw_small_pictures *pictures, bw_viewer *viewer, size_t first,
                           size_t wanted);

void bw_small_pictures_free(bw_small_pictures *pictures);

/** What a network's detection heads receive on some of the pictures: what others are held to. */
typedef struct bw_expected {
    const bw_graph *graph;
    const bw_small_pictures *pictures;
    size_t used;    /* pictures */
    float *heads;   /* [picture][all numbers of all heads] */
    size_t numbers; /* of a picture */
    double size;    /* of what they find (scores.h), squared */
} bw_expected;

/** Runs the graph on `used` of the pictures. */
bw_status bw_expected_open(bw_expected *expected, const bw_graph *graph,
                           const bw_small_pictures *pictures, size_t used, bw_pool *pool,
                           bw_error *error);

/** The error of what another graph finds with the same heads, relative to what is expected. */
bw_status bw_expected_compare(double *difference, const bw_expected *expected,
                              const bw_graph *graph, bw_pool *pool, bw_error *error);

void bw_expected_close(bw_expected *expected);

#endif
