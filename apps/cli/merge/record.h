/**
 * What the merged run tells of itself: the settings of one run over all pictures.
 */
#ifndef BW_CLI_MERGE_RECORD_H
#define BW_CLI_MERGE_RECORD_H

#include "merge/runs.h"
#include "store/store.h"

/**
 * The setting `state` of a merge that is under way: this word and the sum of what is merged, so
 * that the same merge can go on.
 */
#define BW_MERGING "merging"

/**
 * Records settings and classes in a new database: those of the first run, but that nothing is said
 * of shares; machines and versions are listed where they differ; `command` is the merge's.
 */
bw_status bw_merge_record_begin(bw_store *store, const bw_merge_runs *runs, const char *command,
                                uint64_t sum, bw_error *error);

/** Records the end: the number of usable pictures, and the times, which are the runs' in sum. */
bw_status bw_merge_record_end(bw_store *store, const bw_merge_runs *runs, int64_t pictures,
                              bw_error *error);

#endif
