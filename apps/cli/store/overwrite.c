#include "store/overwrite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "store/store.h"

static bool exists(const char *directory, const char *name)
{
    char path[4200];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return lstat(path, &status) == 0;
}

static bool is_empty_folder(const char *directory, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    DIR *folder = opendir(path);
    if (!folder)
        return true;
    const struct dirent *entry;
    bool empty = true;
    while (empty && (entry = readdir(folder)))
        empty = entry->d_name[0] == '.';
    closedir(folder);
    return empty;
}

bw_status bw_output_check(const char *directory, bool overwrite, bw_error *error)
{
    bw_status status = bw_make_folders(directory, error);
    if (status != BW_OK)
        return status;
    if (exists(directory, "run.db"))
        return overwrite ? BW_OK
                         : bw_fail(error, BW_ERROR_ARGUMENT,
                                   "'%s' already holds a run; choose another folder, or replace "
                                   "that run with --overwrite",
                                   directory);
    if (!is_empty_folder(directory, "labels"))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "'%s/labels' holds files that no run has made (there is no run.db); choose "
                       "another folder, so that they are not overwritten",
                       directory);
    return BW_OK;
}

/* Removes <directory>/<folder>/<label><suffix> and the folders that are empty then. */
static void remove_labelled(const char *directory, const char *folder, const char *label,
                            const char *suffix)
{
    char *path;
    if (asprintf(&path, "%s/%s/%s%s", directory, folder, label, suffix) < 0)
        return;
    size_t kept = strlen(directory) + 1;
    bool removed = unlink(path) == 0;
    char *slash;
    while (removed && (slash = strrchr(path, '/')) >= path + kept) {
        *slash = '\0';
        removed = rmdir(path) == 0;
    }
    free(path);
}

/* A label as this program makes them: no part of it is empty, "." or "..". */
static bool is_safe(const char *label)
{
    for (;;) {
        size_t length = strcspn(label, "/");
        bool dots = length <= 2 && strspn(label, ".") >= length;
        if (dots)
            return false;
        if (label[length] == '\0')
            return true;
        label += length + 1;
    }
}

static bool is_run(sqlite3 *database)
{
    sqlite3_stmt *query = NULL;
    bool is =
        sqlite3_prepare_v2(database, "PRAGMA application_id", -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW &&
        sqlite3_column_int(query, 0) == BW_STORE_APPLICATION_ID;
    sqlite3_finalize(query);
    return is;
}

static bw_status remove_labels(const char *directory, sqlite3 *database, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    if (!is_run(database) || sqlite3_prepare_v2(database, "SELECT CAST(label AS BLOB) FROM items",
                                                -1, &query, NULL) != SQLITE_OK)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s/run.db' is no run of Boxwright's; choose another folder", directory);
    bw_arena arena = {0};
    while (sqlite3_step(query) == SQLITE_ROW) {
        const char *bytes = sqlite3_column_blob(query, 0);
        const char *label =
            bytes ? bw_arena_text(&arena, bytes, (size_t)sqlite3_column_bytes(query, 0)) : NULL;
        if (label && is_safe(label)) {
            remove_labelled(directory, "labels", label, ".txt");
            remove_labelled(directory, "drawn", label, ".jpg");
        }
        bw_arena_free(&arena);
    }
    sqlite3_finalize(query);
    return BW_OK;
}

bw_status bw_output_clear(const char *directory, bw_error *error)
{
    static const char *const files[] = {
        "coco_results.json", "coco_image_ids.json", "report.html",
        "run.db-wal",        "run.db-shm",          "run.db",
    };
    if (!exists(directory, "run.db"))
        return BW_OK;
    char path[4200];
    snprintf(path, sizeof path, "%s/run.db", directory);
    sqlite3 *database = NULL;
    bw_status status = BW_OK;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        status = bw_fail(error, BW_ERROR_IO, "cannot open '%s': %s", path,
                         database ? sqlite3_errmsg(database) : "out of memory");
    else
        status = remove_labels(directory, database, error);
    sqlite3_close(database);
    for (size_t i = 0; status == BW_OK && i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    return status;
}
