/**
 * Pixels of the tensors that dense convolutions read, as the whole network has them: what a pruned
 * one is fitted to, again and again. They are taken once.
 */
#ifndef BW_PRUNE_SAMPLES_H
#define BW_PRUNE_SAMPLES_H

#include "prune/pictures.h"
#include "prune/state.h"

typedef struct bw_samples {
    const bw_small_pictures *pictures;
    size_t used;     /* pictures */
    int pixels;      /* the most that are taken of a tensor */
    float **numbers; /* of each reading: [picture][pixel][channel] */
    size_t count;    /* of readings */
} bw_samples;

/** Runs `viewer`, whose outputs are the readings, on as many pictures as room and budget allow. */
bw_status bw_samples_open(bw_samples *samples, const bw_pruning_facts *facts,
                          const bw_small_pictures *pictures, bw_viewer *viewer, bw_error *error);

/** The pixels of a picture of those used. */
const float *bw_samples_of(const bw_samples *samples, const bw_pruning_facts *facts, size_t reading,
                           size_t picture);

void bw_samples_close(bw_samples *samples);

#endif
