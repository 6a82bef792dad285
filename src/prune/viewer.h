/**
 * A network of floats at work on calibration pictures, of which chosen tensors can be looked at.
 */
#ifndef BW_PRUNE_VIEWER_H
#define BW_PRUNE_VIEWER_H

#include "backend/backend.h"

/** A picture as the network reads it, in bytes: the numbers of its input times 255. */
typedef struct bw_small_picture {
    uint8_t *numbers;
} bw_small_picture;

typedef struct bw_viewer {
    bw_plan *plan; /* of batches: each thread works on pictures of its own */
    bw_executor *executor;
} bw_viewer;

/** Output i of the viewer is tensor tensors[i] of the graph. Nothing is computed beyond these. */
bw_status bw_viewer_open(bw_viewer *viewer, const bw_graph *graph, const int *tensors, size_t count,
                         bw_pool *pool, bw_error *error);

/** How many pictures the viewer runs at once, and how many of `left` it is to run next. */
static inline size_t bw_viewer_batch(const bw_viewer *viewer, size_t left)
{
    size_t most = (size_t)viewer->plan->batch;
    return left < most ? left : most;
}

/** Copies what the first input holds, `*picture` being the caller's (free the numbers). */
bw_status bw_viewer_keep(bw_small_picture *picture, const bw_viewer *viewer, bw_error *error);

/**
 * Writes a picture, and the border around it, to input `image` (0 to batch - 1): the last run may
 * have left anything there.
 */
void bw_viewer_load(bw_viewer *viewer, int image, const bw_small_picture *picture);

/** Runs the network on the first `images` inputs. */
bw_status bw_viewer_run(bw_viewer *viewer, int images, bw_error *error);

/** How many channels output `output` has. */
int bw_viewer_channels(const bw_viewer *viewer, int output);

/**
 * Copies sampled pixels of an output for an image, `most` at most, [pixel][channel]; returns how
 * many. The same places for outputs of the same size, spread over the picture.
 */
int bw_viewer_sample(const bw_viewer *viewer, int output, int image, float *numbers, int most);

void bw_viewer_close(bw_viewer *viewer);

#endif
