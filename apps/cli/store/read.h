/**
 * A run's database for those who only read it: nothing is changed, and a run in progress is
 * refused.
 */
#ifndef BW_CLI_READ_H
#define BW_CLI_READ_H

#include <sqlite3.h>

#include "base/error.h"
#include "base/memory.h"

/**
 * Opens <folder>/run.db of this or an earlier version of the schema. `*database` is the caller's,
 * for sqlite3_close; NULL after a failure.
 */
bw_status bw_run_read(sqlite3 **database, const char *folder, bw_error *error);

/** Warns on standard error where the run has not come to its end. */
void bw_run_warn_unfinished(sqlite3 *database, const char *folder);

/** Whether the run took the pixels of its pictures as they are stored, not turned upright. */
bw_status bw_run_ignores_exif(bool *ignores, sqlite3 *database, bw_error *error);

/** The names of the run's classes, a null-ended array of the arena's. */
bw_status bw_run_classes(const char *const **names, int *count, sqlite3 *database, bw_arena *arena,
                         bw_error *error);

/** What the run's settings tell of `key`, in the arena; NULL where they tell nothing. */
bw_status bw_run_setting(const char **value, sqlite3 *database, const char *key, bw_arena *arena,
                         bw_error *error);

/** Compiles a query; the caller finalises it. */
bw_status bw_run_query(sqlite3 *database, sqlite3_stmt **out, const char *sql, bw_error *error);

/** The number that a pragma gives, or -1. */
int bw_run_pragma(sqlite3 *database, const char *text);

/** Fails with what went wrong last in the database. */
bw_status bw_run_fail(sqlite3 *database, bw_error *error);

#endif
