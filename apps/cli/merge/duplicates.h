/**
 * Pictures that several runs have, found before anything is written.
 *
 * Pictures are the same where their paths are. A picture that one run has twice, as its list named
 * it twice, is no duplicate. What is known of each picture (its path's hash, its run, a hash of its
 * result) is kept in a temporary database of SQLite's, in a file, so memory stays bounded.
 */
#ifndef BW_CLI_MERGE_DUPLICATES_H
#define BW_CLI_MERGE_DUPLICATES_H

#include "merge/runs.h"

/** Whose result of a picture stays. */
typedef enum bw_merge_prefer {
    BW_PREFER_NONE, /* different results are an error */
    BW_PREFER_FIRST,
    BW_PREFER_LAST,
} bw_merge_prefer;

typedef struct bw_duplicates bw_duplicates;

typedef struct bw_duplicate_counts {
    int64_t same, different; /* pictures left out as another run has them, by their results */
} bw_duplicate_counts;

/**
 * Reads all runs. Fails with BW_ERROR_ARGUMENT where results differ and none is preferred; and
 * where, without `renumber`, two runs of shares give different pictures the same number, as their
 * lists were not the same.
 */
bw_status bw_duplicates_find(bw_duplicates **out, const bw_merge_runs *runs, bw_merge_prefer prefer,
                             bool renumber, bw_error *error);

/** Whether it is this run's result of the picture that stays. */
bw_status bw_duplicates_keeps(bw_duplicates *duplicates, bool *keeps, size_t run, const char *path,
                              bw_error *error);

bw_duplicate_counts bw_duplicates_count(const bw_duplicates *duplicates);

/** A hash of all numbers, paths and results that were read: the same runs give the same. */
uint64_t bw_duplicates_sum(const bw_duplicates *duplicates);

void bw_duplicates_close(bw_duplicates **duplicates);

#endif
