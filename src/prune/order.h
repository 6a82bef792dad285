/**
 * In which order the channels of a family are best removed.
 *
 * What a channel is worth is the error that its absence makes in what the next dense convolutions
 * compute, after the channels that are left have taken over what they can (the saliency of "Optimal
 * Brain Surgeon", Hassibi and Stork 1993, for whole channels). With Σ the covariance of what a
 * convolution reads and D the power of its result for an error in that, the channel c that costs
 * D_cc / (Σ⁻¹)_cc least goes first; then both matrices are brought to the state after that, and so
 * on: backward elimination, exact at each step, as Σ⁻¹ of fewer channels follows from that of more.
 */
#ifndef BW_PRUNE_ORDER_H
#define BW_PRUNE_ORDER_H

#include "prune/channels.h"
#include "prune/moments.h"

/** A tensor that dense convolutions read. */
typedef struct bw_reading {
    int tensor;
    bw_moments moments; /* of the network as it is */
    double *precision;  /* Σ⁻¹ */
    double *demand;     /* D, summed over the convolutions, each relative to its result's power */
} bw_reading;

/** Of one family: its classes, the one to be removed first first, and what removing them costs. */
typedef struct bw_order {
    int *classes;
    double *errors; /* [i]: relative error in the next layers without the first i classes */
    int count;
} bw_order;

/** Lists the tensors that dense convolutions read, in the graph's order, in the arena. */
bw_status bw_find_readings(bw_reading **readings, size_t *count, const bw_graph *graph,
                           bw_arena *arena, bw_error *error);

/** Fills precision and demand (malloc'ed) once the moments are finished. */
bw_status bw_reading_finish(bw_reading *reading, const bw_graph *graph, bw_pool *pool,
                            bw_error *error);

/** Orders the classes of a family; the arrays are the arena's. */
bw_status bw_order_family(bw_order *order, const bw_channel_classes *classes, int family,
                          const bw_reading *readings, size_t count, bw_arena *arena,
                          bw_error *error);

#endif
