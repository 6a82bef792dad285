/**
 * A way to prune a network: how many classes of each family are removed, and what comes of it.
 */
#ifndef BW_PRUNE_STATE_H
#define BW_PRUNE_STATE_H

#include "prune/reconstruct.h"

/** All that is known of a network. */
typedef struct bw_pruning_facts {
    const bw_graph *graph; /* optimised, of floats */
    bw_channel_classes classes;
    bw_reading *readings;
    size_t reading_count;
    bw_order *orders; /* one a family */
    uint32_t cpu;     /* features that kernels may use */
    bw_pool *pool;
} bw_pruning_facts;

/** Fills kept[class]: of each family, the first removed[family] classes of its order go. */
void bw_keep_classes(bool *kept, const bw_pruning_facts *facts, const int *removed);

/**
 * The network without these classes, what is left having taken over. `takeovers`, if not NULL,
 * receives one a reading, to be closed by the caller; those of readings that lose nothing are
 * without shares.
 */
bw_status bw_prune_classes(bw_graph *out, const bw_pruning_facts *facts, const bool *kept,
                           bw_takeover *takeovers, bw_error *error);

/** The estimated cycles of one image, of the network without these classes. */
bw_status bw_estimate_classes(double *cycles, const bw_pruning_facts *facts, const bool *kept,
                              bw_error *error);

#endif
