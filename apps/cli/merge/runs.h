/**
 * The runs that are merged: opened for reading under their locks, and found to belong together.
 *
 * Runs of shares (`annotate --shard i/n`) are one group: their numbers are places in one list.
 * Every other run is a group of its own. Groups follow each other as the command names them, so the
 * numbers of a group come after all those of the groups before it.
 */
#ifndef BW_CLI_MERGE_RUNS_H
#define BW_CLI_MERGE_RUNS_H

#include <sqlite3.h>

#include "base/memory.h"
#include "pipeline/share.h"
#include "store/lock.h"

typedef struct bw_merge_run {
    const char *folder; /* borrowed */
    sqlite3 *database;
    bw_lock lock;
    bw_share share; /* a count of 0: the whole list */
    int64_t items, last;
    int64_t offset; /* what its numbers grow by */
    int group;
} bw_merge_run;

typedef struct bw_merge_runs {
    bw_merge_run *all;
    size_t count;
    int groups;
    bool incomplete; /* shares are missing or runs are not finished, which was allowed */
    int64_t items;
} bw_merge_runs;

/**
 * Opens the runs and checks that their settings agree, that each is finished, and that no share is
 * missing. With `partial` the latter two are warnings. To be closed also after a failure.
 */
bw_status bw_merge_runs_open(bw_merge_runs *runs, char **folders, int count, bool partial,
                             bw_error *error);

void bw_merge_runs_close(bw_merge_runs *runs);

#endif
