/**
 * What a run's database holds, handed on as pictures with their boxes.
 */
#ifndef BW_CLI_REPLAY_H
#define BW_CLI_REPLAY_H

#include "store/store.h"

/** Takes the next usable picture, in rising number; all that it points at is borrowed. */
typedef bw_status bw_replay_visitor(void *context, const bw_annotation *annotation,
                                    bw_error *error);

/** Visits the usable pictures from number `first` on; memory is bounded by one picture's boxes. */
bw_status bw_store_replay(bw_store *store, int64_t first, bw_replay_visitor *visit, void *context,
                          bw_error *error);

/** What the database holds. */
typedef struct bw_store_totals {
    int64_t last;     /* the highest number of an item; 0 for none */
    int64_t pictures; /* usable ones */
    int64_t failed, boxes;
} bw_store_totals;

/** The number of the item that `count` − 1 others follow, or of the first. */
bw_status bw_store_nth_last(bw_store *store, int count, int64_t *number, bw_error *error);

bw_status bw_store_count(bw_store *store, bw_store_totals *totals, bw_error *error);

#endif
