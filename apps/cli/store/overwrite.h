/**
 * Output folders: what makes one fit for a run, and how an old run makes room.
 */
#ifndef BW_CLI_OVERWRITE_H
#define BW_CLI_OVERWRITE_H

#include "base/error.h"

/** Whether the folder holds a run. */
bool bw_output_has_run(const char *directory);

/** The state of a run whose files are being removed to make room for another. */
#define BW_STATE_REPLACED "replaced"

/**
 * Checks that a run, which holds the folder's lock, may write there: it holds no labels that no run
 * has made. Changes nothing.
 */
bw_status bw_output_check(const char *directory, bw_error *error);

/**
 * Removes the files that an earlier run wrote there: its labels and drawn pictures as its
 * database lists them, its results, report and database. Folders go when they become empty.
 */
bw_status bw_output_clear(const char *directory, bw_error *error);

#endif
