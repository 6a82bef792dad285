/**
 * How much each picture of a run is worth a person's look, by its boxes alone: how doubtful they
 * are, and how rare their classes. docs/select.md explains the measures and where they come from.
 */
#ifndef BW_CLI_SELECT_MEASURE_H
#define BW_CLI_SELECT_MEASURE_H

#include "store/read.h"

typedef struct bw_candidate {
    int64_t item;
    float uncertainty; /* the sum of the entropies of its boxes' scores, bits */
    float rarity; /* of its rarest class, bits; 0 where every picture has it or none is found */
    int32_t rare_class;    /* -1 where nothing was found */
    float doubt, rareness; /* the shares of all pictures that have less of either */
    float worth;           /* the mean of the two */
} bw_candidate;

/** Zero-initialise it; free `all`. Takes 32 bytes a picture. */
typedef struct bw_candidates {
    bw_candidate *all; /* of rising number */
    size_t count, capacity;
} bw_candidates;

/** Measures the usable pictures of a run. */
bw_status bw_select_measure(bw_candidates *candidates, sqlite3 *database, bw_error *error);

/** Leaves the `most` that are worth most, the best first; equals in the order of the run. */
void bw_select_best(bw_candidates *candidates, size_t most);

#endif
