#include "store/read.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/store.h"
#include "terminal.h"

bw_status bw_run_fail(sqlite3 *database, bw_error *error)
{
    return bw_fail(error, BW_ERROR_IO, "the run's database cannot be read: %s",
                   sqlite3_errmsg(database));
}

bw_status bw_run_query(sqlite3 *database, sqlite3_stmt **out, const char *sql, bw_error *error)
{
    return sqlite3_prepare_v2(database, sql, -1, out, NULL) == SQLITE_OK
               ? BW_OK
               : bw_run_fail(database, error);
}

int bw_run_pragma(sqlite3 *database, const char *text)
{
    sqlite3_stmt *query = NULL;
    int number = -1;
    if (bw_run_query(database, &query, text, NULL) == BW_OK && sqlite3_step(query) == SQLITE_ROW)
        number = sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    return number;
}

static bw_status check_run(sqlite3 *database, const char *path, bw_error *error)
{
    bool is_run = bw_run_pragma(database, "PRAGMA application_id") == BW_STORE_APPLICATION_ID;
    if (!is_run && sqlite3_errcode(database) == SQLITE_BUSY)
        return bw_fail(error, BW_ERROR_IO, "'%.300s' is in use by a run; wait until it has ended",
                       path);
    if (!is_run)
        return bw_fail(error, BW_ERROR_FORMAT, "'%.300s' is no database of a run", path);
    int version = bw_run_pragma(database, "PRAGMA user_version");
    if (version > BW_STORE_SCHEMA_VERSION)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "'%.300s' was written by a later Boxwright (its schema is %d, the latest "
                       "known here %d); read it with that",
                       path, version, BW_STORE_SCHEMA_VERSION);
    return BW_OK;
}

bw_status bw_run_read(sqlite3 **database, const char *folder, bw_error *error)
{
    bw_arena arena = {0};
    struct stat found;
    const char *path = bw_arena_format(&arena, "%s/run.db", folder);
    bw_status status = BW_OK;
    *database = NULL;
    if (!path)
        status = bw_fail_memory(error, strlen(folder), "a file name");
    else if (stat(path, &found) != 0)
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "'%.300s' is no folder of a run: it has no run.db", folder);
    else if (sqlite3_open_v2(path, database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
             SQLITE_OK)
        status = bw_fail(error, BW_ERROR_IO, "cannot open '%.300s': %s", path,
                         *database ? sqlite3_errmsg(*database) : "out of memory");
    else
        status = check_run(*database, path, error);
    if (status != BW_OK) {
        sqlite3_close(*database);
        *database = NULL;
    }
    bw_arena_free(&arena);
    return status;
}

bw_status bw_run_ignores_exif(bool *ignores, sqlite3 *database, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(
        database, &query, "SELECT 1 FROM settings WHERE key = 'exif' AND value = 'ignore'", error);
    *ignores = status == BW_OK && sqlite3_step(query) == SQLITE_ROW;
    sqlite3_finalize(query);
    return status;
}

bw_status bw_run_setting(const char **value, sqlite3 *database, const char *key, bw_arena *arena,
                         bw_error *error)
{
    sqlite3_stmt *query = NULL;
    *value = NULL;
    bw_status status =
        bw_run_query(database, &query, "SELECT value FROM settings WHERE key=?", error);
    if (status == BW_OK) {
        sqlite3_bind_text(query, 1, key, -1, SQLITE_STATIC);
        if (sqlite3_step(query) == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(query, 0);
            *value = text ? bw_arena_text(arena, text, strlen(text)) : NULL;
            if (!*value)
                status = bw_fail_memory(error, strlen(key), "a setting");
        }
    }
    sqlite3_finalize(query);
    return status;
}

static bw_status count_classes(int *count, sqlite3 *database, bw_error *error)
{
    enum { MOST = 20000 };
    *count = bw_run_pragma(database, "SELECT min(count(*), 20001) FROM classes");
    if (*count < 0)
        return bw_run_fail(database, error);
    return *count <= MOST
               ? BW_OK
               : bw_fail(error, BW_ERROR_LIMIT, "the run has more than %d classes", MOST);
}

bw_status bw_run_classes(const char *const **names, int *count, sqlite3 *database, bw_arena *arena,
                         bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = count_classes(count, database, error);
    if (status != BW_OK)
        return status;
    const char **list = bw_arena_array(arena, (size_t)*count + 1, sizeof *list);
    if (!list)
        return bw_fail_memory(error, (size_t)*count * sizeof *list, "classes");
    status =
        bw_run_query(database, &query, "SELECT CAST(name AS BLOB) FROM classes ORDER BY id", error);
    for (int i = 0; status == BW_OK && i < *count && sqlite3_step(query) == SQLITE_ROW; i++) {
        const char *name = sqlite3_column_blob(query, 0);
        list[i] = bw_arena_text(arena, name ? name : "", (size_t)sqlite3_column_bytes(query, 0));
        if (!list[i])
            status = bw_fail_memory(error, (size_t)*count, "classes");
    }
    sqlite3_finalize(query);
    *names = list;
    return status;
}

void bw_run_warn_unfinished(sqlite3 *database, const char *folder)
{
    bw_arena arena = {0};
    bw_error error;
    const char *state = NULL;
    char text[400];
    if (bw_run_setting(&state, database, "state", &arena, &error) == BW_OK && state &&
        strcmp(state, "complete") != 0) {
        snprintf(text, sizeof text,
                 "the run in '%.200s' has not come to its end; the command that began it goes on",
                 folder);
        bw_print_warnings(text);
    }
    bw_arena_free(&arena);
}
