/**
 * What a run was asked for, as its database records it: the settings that decide its results, which
 * a run that goes on must share, and those that are for the record.
 *
 * A plan's settings decide results but for what they tell of batches: a run may go on with another
 * batch, and shares made with different ones may be joined.
 */
#ifndef BW_CLI_RUN_SETTINGS_H
#define BW_CLI_RUN_SETTINGS_H

#include "annotate.h"

/** What the run has found out about its means. */
typedef struct bw_run_means {
    const char *model_path;
    const bw_plan_info *plan;
    const bw_engine_info *engine;
    int threads, decoders;
} bw_run_means;

/** Records all of them, and the classes, in a new database. */
bw_status bw_run_settings_record(bw_store *store, const bw_annotate_options *options,
                                 const bw_run_means *means, bw_error *error);

/**
 * Records what a run that goes on has: those that may be others each time, and those that decide
 * results, which are as they were (see bw_run_settings_compare), also where an older program had
 * not recorded them all.
 */
bw_status bw_run_settings_continue(bw_store *store, const bw_annotate_options *options,
                                   const bw_run_means *means, bw_error *error);

/**
 * What a setting was that decides results in runs that do not tell it, since the program that made
 * them did not have it yet: what such programs did. NULL where every run tells it.
 */
const char *bw_run_settings_absent(const char *key);

/**
 * Fails with BW_ERROR_ARGUMENT and the differences where the run of the database was made with
 * settings that decide results and are others now.
 */
bw_status bw_run_settings_compare(bw_store *store, const bw_annotate_options *options,
                                  const bw_run_means *means, bw_error *error);

/** Two runs whose results are to be joined, and what to call them. */
typedef struct bw_run_pair {
    sqlite3 *databases[2];
    const char *names[2];
} bw_run_pair;

/**
 * Fails with BW_ERROR_ARGUMENT and the differences where the settings that decide results, but for
 * the share, are others in the second run than in the first.
 */
bw_status bw_run_settings_agree(const bw_run_pair *pair, bw_error *error);

#endif
