#include "merge/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stages.h"
#include "store/read.h"

/* ---- The beginning -------------------------------------------------------------------------- */

static bool is_one_of(const char *key, const char *const *keys)
{
    while (*keys && strcmp(*keys, key) != 0)
        keys++;
    return *keys;
}

/* Takes over the settings of the first run that hold for all of them. */
static bw_status copy_settings(bw_store *store, const bw_merge_run *first, bw_error *error)
{
    static const char *const others[] = {"state", "shard", "command", NULL};
    sqlite3_stmt *query = NULL;
    bw_status status =
        bw_run_query(first->database, &query, "SELECT key, value FROM settings", error);
    while (status == BW_OK && sqlite3_step(query) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(query, 0);
        const char *value = (const char *)sqlite3_column_text(query, 1);
        if (key && value && !is_one_of(key, others))
            status = bw_store_set(store, key, value, error);
    }
    sqlite3_finalize(query);
    return status;
}

/* Appends the run's value to a list of different ones, parted by "; ". */
static bw_status add_value(char *list, size_t size, const bw_merge_run *run, const char *key,
                           bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(run->database, &query,
                                    "SELECT value FROM settings WHERE key = ?1 AND"
                                    " instr('; ' || ?2 || '; ', '; ' || value || '; ') = 0",
                                    error);
    if (status == BW_OK) {
        sqlite3_bind_text(query, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(query, 2, list, -1, SQLITE_TRANSIENT);
        if (sqlite3_step(query) == SQLITE_ROW) {
            const char *value = (const char *)sqlite3_column_text(query, 0);
            size_t used = strlen(list);
            if (value && used + strlen(value) + 3 < size)
                snprintf(list + used, size - used, "%s%s", used > 0 ? "; " : "", value);
        }
    }
    sqlite3_finalize(query);
    return status;
}

/* What may be another in each run and decides no results. */
static bw_status join_means(bw_store *store, const bw_merge_runs *runs, bw_error *error)
{
    static const char *const keys[] = {"version", "cpu",      "features", "threads",
                                       "streams", "decoders", "batch",    NULL};
    bw_status status = BW_OK;
    for (int k = 0; status == BW_OK && keys[k]; k++) {
        char list[400] = "";
        for (size_t i = 0; status == BW_OK && i < runs->count; i++)
            status = add_value(list, sizeof list, &runs->all[i], keys[k], error);
        if (status == BW_OK)
            status = bw_store_set(store, keys[k], list, error);
    }
    return status;
}

/* When the first of the runs began; the form of such times sorts as they do. */
static bw_status record_start(bw_store *store, const bw_merge_runs *runs, bw_error *error)
{
    char earliest[60] = "";
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < runs->count; i++) {
        char started[60] = "";
        status = add_value(started, sizeof started, &runs->all[i], "started", error);
        if (earliest[0] == '\0' || strcmp(started, earliest) < 0)
            memcpy(earliest, started, sizeof earliest);
    }
    return status == BW_OK ? bw_store_set(store, "started", earliest, error) : status;
}

bw_status bw_merge_record_begin(bw_store *store, const bw_merge_runs *runs, const char *command,
                                uint64_t sum, bw_error *error)
{
    bw_arena arena = {0};
    char state[40];
    snprintf(state, sizeof state, BW_MERGING " %016llx", (unsigned long long)sum);
    const char *const *names;
    int classes;
    bw_status status = copy_settings(store, &runs->all[0], error);
    if (status == BW_OK)
        status = join_means(store, runs, error);
    if (status == BW_OK)
        status = record_start(store, runs, error);
    if (status == BW_OK)
        status = bw_store_set(store, "shard", "all", error);
    if (status == BW_OK)
        status = bw_store_set(store, "command", command, error);
    if (status == BW_OK)
        status = bw_store_set(store, "state", state, error);
    if (status == BW_OK)
        status = bw_run_classes(&names, &classes, runs->all[0].database, &arena, error);
    if (status == BW_OK)
        status = bw_store_add_classes(store, names, classes, error);
    bw_arena_free(&arena);
    return status == BW_OK ? bw_store_commit(store, error) : status;
}

/* ---- The end -------------------------------------------------------------------------------- */

static bw_status add_time(double *sum, const bw_merge_runs *runs, const char *key, bw_error *error)
{
    bw_status status = BW_OK;
    *sum = 0;
    for (size_t i = 0; status == BW_OK && i < runs->count; i++) {
        char text[60] = "";
        status = add_value(text, sizeof text, &runs->all[i], key, error);
        *sum += strtod(text, NULL);
    }
    return status;
}

static bw_status record_times(bw_store *store, const bw_merge_runs *runs, bw_error *error)
{
    bw_stage_times times = {.decoders = 1};
    const struct {
        const char *key;
        uint64_t *time;
    } all[] = {
        {"time_wall", &times.wall},
        {"time_decode", &times.decode},
        {"time_wait", &times.wait},
        {"time_prepare", &times.engine.prepare},
        {"time_network", &times.engine.network},
        {"time_detect", &times.engine.detect},
        {"time_write", &times.sink},
    };
    double sum = 0;
    char text[40];
    bw_status status = add_time(&sum, runs, "time_pictures", error);
    snprintf(text, sizeof text, "%.6f", sum);
    if (status == BW_OK)
        status = bw_store_set(store, "time_pictures", text, error);
    for (size_t i = 0; status == BW_OK && i < sizeof all / sizeof *all; i++) {
        status = add_time(&sum, runs, all[i].key, error);
        *all[i].time = (uint64_t)(sum * 1e9);
        snprintf(text, sizeof text, "%.6f", sum);
        if (status == BW_OK)
            status = bw_store_set(store, all[i].key, text, error);
    }
    return status == BW_OK ? bw_store_set(store, "limited_by", bw_stages_limit(&times), error)
                           : status;
}

bw_status bw_merge_record_end(bw_store *store, const bw_merge_runs *runs, int64_t pictures,
                              bw_error *error)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)pictures);
    bw_status status = record_times(store, runs, error);
    if (status == BW_OK)
        status = bw_store_set(store, "pictures", text, error);
    return status == BW_OK
               ? bw_store_set(store, "state", runs->incomplete ? "interrupted" : "complete", error)
               : status;
}
