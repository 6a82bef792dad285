#include "merge/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "merge/shares.h"
#include "run_settings.h"
#include "store/read.h"
#include "terminal.h"

/* ---- Opening -------------------------------------------------------------------------------- */

/* A run takes four files, and the soft limit may be for far fewer than the system grants. */
static void allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bw_status check_version(const bw_merge_run *run, bw_error *error)
{
    int version = bw_run_pragma(run->database, "PRAGMA user_version");
    if (version == BW_STORE_SCHEMA_VERSION)
        return BW_OK;
    return bw_fail(
        error, BW_ERROR_UNSUPPORTED,
        "'%.200s' was written by an earlier Boxwright (its schema is %d, this one's %d); "
        "annotate it again, with --overwrite",
        run->folder, version, BW_STORE_SCHEMA_VERSION);
}

static bw_status count_items(bw_merge_run *run, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(run->database, &query,
                                    "SELECT count(*), ifnull(max(number), 0) FROM items", error);
    if (status == BW_OK && sqlite3_step(query) != SQLITE_ROW)
        status = bw_run_fail(run->database, error);
    if (status == BW_OK) {
        run->items = sqlite3_column_int64(query, 0);
        run->last = sqlite3_column_int64(query, 1);
    }
    sqlite3_finalize(query);
    return status;
}

static bw_status read_share(bw_merge_run *run, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(run->database, &query,
                                    "SELECT value FROM settings WHERE key = 'shard'", error);
    const char *text = NULL;
    if (status == BW_OK && sqlite3_step(query) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(query, 0);
    if (text && strcmp(text, "all") != 0) {
        const bw_option named = {.name = "shard"};
        status = bw_read_share(&named, &run->share, text, error);
        if (status != BW_OK)
            status = bw_fail_prefix(error, status, "%.200s", run->folder);
    }
    sqlite3_finalize(query);
    return status;
}

/* Memory for a few pages is enough where a table is read from its beginning to its end. */
static bw_status open_run(bw_merge_run *run, bw_error *error)
{
    bw_status status = bw_run_read(&run->database, run->folder, error);
    if (status == BW_OK)
        status = bw_lock_share(&run->lock, run->folder, error);
    if (status == BW_OK &&
        sqlite3_exec(run->database, "PRAGMA cache_size=-128; BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        status = bw_run_fail(run->database, error);
    if (status == BW_OK)
        status = check_version(run, error);
    if (status == BW_OK)
        status = read_share(run, error);
    return status == BW_OK ? count_items(run, error) : status;
}

/* ---- Do they belong together? ---------------------------------------------------------------- */

/* One text of a run's settings that is wanted in a message; "" where there is none. */
static char *setting(const bw_merge_run *run, bw_arena *arena, const char *key)
{
    sqlite3_stmt *query = NULL;
    char *value = NULL;
    if (bw_run_query(run->database, &query, "SELECT value FROM settings WHERE key = ?", NULL) ==
        BW_OK) {
        sqlite3_bind_text(query, 1, key, -1, SQLITE_STATIC);
        if (sqlite3_step(query) == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(query, 0);
            value = text ? bw_arena_text(arena, text, strlen(text)) : NULL;
        }
    }
    sqlite3_finalize(query);
    return value ? value : bw_arena_text(arena, "", 0);
}

/* Refuses, or with `partial` warns. */
static bw_status object(bw_merge_runs *runs, bool partial, bw_error *problem)
{
    if (!partial || problem->status != BW_ERROR_ARGUMENT)
        return problem->status;
    runs->incomplete = true;
    bw_print_warnings(problem->message);
    return BW_OK;
}

static bw_status check_finished(bw_merge_runs *runs, const bw_merge_run *run, bool partial,
                                bw_error *error)
{
    bw_arena arena = {0};
    const char *state = setting(run, &arena, "state"), *command = setting(run, &arena, "command");
    bw_status status = BW_OK;
    if (!state || !command)
        status = bw_fail_memory(error, 1, "a setting");
    else if (strcmp(state, "complete") != 0) {
        bw_fail(error, BW_ERROR_ARGUMENT, "the run in '%.120s' is not finished (%.20s); %.280s%s",
                run->folder, state[0] ? state : "not begun",
                command[0] ? command : "boxwright annotate with its options", " resumes it");
        status = object(runs, partial, error);
    }
    bw_arena_free(&arena);
    return status;
}

/* Relative paths mean the same pictures in the same working directory only. */
static bw_status check_folder(const bw_merge_run *first, const bw_merge_run *run, bw_error *error)
{
    bw_arena arena = {0};
    const char *here = setting(first, &arena, "folder"), *there = setting(run, &arena, "folder");
    bw_status status = BW_OK;
    sqlite3_stmt *query = NULL;
    if (!here || !there)
        status = bw_fail_memory(error, 1, "a setting");
    else if (strcmp(here, there) != 0)
        status = bw_run_query(run->database, &query,
                              "SELECT 1 FROM items WHERE substr(CAST(path AS BLOB), 1, 1) <> x'2F'"
                              " AND path NOT GLOB '*://*' LIMIT 1",
                              error);
    if (query && sqlite3_step(query) == SQLITE_ROW)
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "the pictures of '%.80s' have paths relative to '%.100s', those of "
                         "'%.80s' to '%.100s'; annotate them from one folder, or name them by "
                         "absolute paths",
                         first->folder, here, run->folder, there);
    sqlite3_finalize(query);
    bw_arena_free(&arena);
    return status;
}

static bw_status check_shares(bw_merge_runs *runs, bool partial, bw_error *error)
{
    bw_share *shares = calloc(runs->count, sizeof *shares);
    if (!shares)
        return bw_fail_memory(error, runs->count * sizeof *shares, "the shares");
    for (size_t i = 0; i < runs->count; i++)
        shares[i] = runs->all[i].share;
    bw_status status = bw_shares_check(shares, runs->count, error);
    free(shares);
    return status == BW_OK ? BW_OK : object(runs, partial, error);
}

static bw_status check_runs(bw_merge_runs *runs, bool partial, bw_error *error)
{
    bw_status status = BW_OK;
    const bw_merge_run *first = &runs->all[0];
    for (size_t i = 1; status == BW_OK && i < runs->count; i++) {
        const bw_merge_run *run = &runs->all[i];
        bw_run_pair pair = {{first->database, run->database}, {first->folder, run->folder}};
        status = bw_run_settings_agree(&pair, error);
        if (status == BW_OK)
            status = check_folder(first, run, error);
    }
    for (size_t i = 0; status == BW_OK && i < runs->count; i++)
        status = check_finished(runs, &runs->all[i], partial, error);
    return status == BW_OK ? check_shares(runs, partial, error) : status;
}

/* ---- Groups --------------------------------------------------------------------------------- */

static void number_groups(bw_merge_runs *runs)
{
    int of_shares = -1;
    for (size_t i = 0; i < runs->count; i++) {
        bw_merge_run *run = &runs->all[i];
        bool joins = run->share.count > 0 && of_shares >= 0;
        run->group = joins ? of_shares : runs->groups++;
        if (run->share.count > 0)
            of_shares = run->group;
        runs->items += run->items;
    }
}

static void place_groups(bw_merge_runs *runs)
{
    int64_t offset = 0;
    for (int group = 0; group < runs->groups; group++) {
        int64_t last = offset;
        for (size_t i = 0; i < runs->count; i++) {
            bw_merge_run *run = &runs->all[i];
            if (run->group != group)
                continue;
            run->offset = offset;
            if (offset + run->last > last)
                last = offset + run->last;
        }
        offset = last;
    }
}

bw_status bw_merge_runs_open(bw_merge_runs *runs, char **folders, int count, bool partial,
                             bw_error *error)
{
    *runs = (bw_merge_runs){.all = calloc((size_t)count, sizeof *runs->all)};
    if (!runs->all)
        return bw_fail_memory(error, (size_t)count * sizeof *runs->all, "the runs");
    allow_files();
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < count; i++) {
        bw_merge_run *run = &runs->all[runs->count++];
        *run = (bw_merge_run){.folder = folders[i], .lock = {.file = -1}};
        status = open_run(run, error);
    }
    if (status == BW_OK)
        status = check_runs(runs, partial, error);
    number_groups(runs);
    place_groups(runs);
    return status;
}

void bw_merge_runs_close(bw_merge_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        sqlite3_close(runs->all[i].database);
        bw_lock_release(&runs->all[i].lock);
    }
    free(runs->all);
    *runs = (bw_merge_runs){0};
}
