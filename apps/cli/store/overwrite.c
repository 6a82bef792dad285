#include "store/overwrite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "store/read.h"
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

/* Whether a database was begun and its first transaction never ended: it has no tables. */
static bool is_blank(const char *path)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *query = NULL;
    bool blank = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                 NULL) == SQLITE_OK &&
                 sqlite3_prepare_v2(database, "SELECT count(*) FROM sqlite_schema", -1, &query,
                                    NULL) == SQLITE_OK &&
                 sqlite3_step(query) == SQLITE_ROW && sqlite3_column_int(query, 0) == 0;
    sqlite3_finalize(query);
    sqlite3_close(database);
    return blank;
}

bool bw_output_has_run(const char *directory)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/run.db", directory);
    return exists(directory, "run.db") && !is_blank(path);
}

bw_status bw_output_check(const char *directory, bw_error *error)
{
    if (!bw_output_has_run(directory) && !is_empty_folder(directory, "labels"))
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
    return bw_run_pragma(database, "PRAGMA application_id") == BW_STORE_APPLICATION_ID;
}

/* A folder of label files, and what their names end with. */
typedef struct label_folder {
    char name[40];
    const char *suffix;
} label_folder;

enum { FOLDERS = 24 };

/* The folders of the formats that are there, and the drawn pictures; returns how many. */
static int find_folders(label_folder *folders, const char *directory)
{
    int count = 0;
    bw_format_info format;
    folders[count++] = (label_folder){"drawn", ".jpg"};
    for (int i = 0; bw_format_describe(i, &format); i++)
        for (int k = 0; format.suffix && format.files[k]; k++) {
            size_t length = strlen(format.files[k]);
            if (format.files[k][length - 1] != '/' || count == FOLDERS)
                continue;
            label_folder *folder = &folders[count];
            snprintf(folder->name, sizeof folder->name, "%.*s", (int)length - 1, format.files[k]);
            folder->suffix = format.suffix;
            count += exists(directory, folder->name);
        }
    return count;
}

/* The file of CVAT's video format that a picture's sequence may have; see src/annot/cvat_video.c.
 */
static void remove_sequence(const char *directory, bw_arena *arena, const char *label,
                            long long number)
{
    const char *slash = strrchr(label, '/');
    const char *folder = slash ? bw_arena_text(arena, label, (size_t)(slash - label)) : "frames";
    const char *own = folder ? bw_arena_format(arena, "%s-%lld", folder, number) : NULL;
    if (folder)
        remove_labelled(directory, "cvat_video", folder, ".xml");
    if (own)
        remove_labelled(directory, "cvat_video", own, ".xml");
}

/* From here on the old run is none to go on with: its labels go one by one. */
static bw_status mark_replaced(const char *directory, sqlite3 *database, bw_error *error)
{
    if (sqlite3_exec(database,
                     "UPDATE settings SET value = '" BW_STATE_REPLACED "' WHERE key = 'state'",
                     NULL, NULL, NULL) == SQLITE_OK)
        return BW_OK;
    return bw_fail(error, BW_ERROR_IO, "the run in '%s' cannot be replaced: %s", directory,
                   sqlite3_errmsg(database));
}

static bw_status remove_labels(const char *directory, sqlite3 *database, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    if (sqlite3_prepare_v2(database, "SELECT CAST(label AS BLOB), number FROM items", -1, &query,
                           NULL) != SQLITE_OK)
        return bw_fail(error, BW_ERROR_FORMAT, "'%s/run.db' cannot be read: %s", directory,
                       sqlite3_errmsg(database));
    bw_arena arena = {0};
    label_folder folders[FOLDERS];
    int count = find_folders(folders, directory);
    bool sequences = exists(directory, "cvat_video");
    while (sqlite3_step(query) == SQLITE_ROW) {
        const char *bytes = sqlite3_column_blob(query, 0);
        const char *label =
            bytes ? bw_arena_text(&arena, bytes, (size_t)sqlite3_column_bytes(query, 0)) : NULL;
        if (label && is_safe(label)) {
            for (int i = 0; i < count; i++)
                remove_labelled(directory, folders[i].name, label, folders[i].suffix);
            if (sequences)
                remove_sequence(directory, &arena, label, sqlite3_column_int64(query, 1));
        }
        bw_arena_free(&arena);
    }
    sqlite3_finalize(query);
    return BW_OK;
}

/* Removes the files that a format has one of each of. */
static void remove_files(const char *directory, const char *const *names)
{
    char path[4200];
    for (; *names; names++) {
        snprintf(path, sizeof path, "%s/%s", directory, *names);
        if ((*names)[strlen(*names) - 1] != '/')
            unlink(path);
    }
}

bw_status bw_output_clear(const char *directory, bw_error *error)
{
    static const char *const files[] = {"report.html", "run.db-wal", "run.db-shm", "run.db", NULL};
    if (!bw_output_has_run(directory))
        return BW_OK;
    char path[4200];
    snprintf(path, sizeof path, "%s/run.db", directory);
    sqlite3 *database = NULL;
    bw_status status = BW_OK;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        status = bw_fail(error, BW_ERROR_IO, "cannot open '%s': %s", path,
                         database ? sqlite3_errmsg(database) : "out of memory");
    else if (!is_run(database))
        status = bw_fail(error, BW_ERROR_FORMAT,
                         "'%s/run.db' is no run of Boxwright's; choose another folder", directory);
    else
        status = mark_replaced(directory, database, error);
    if (status == BW_OK)
        status = remove_labels(directory, database, error);
    sqlite3_close(database);
    bw_format_info format;
    for (int i = 0; status == BW_OK && bw_format_describe(i, &format); i++)
        remove_files(directory, format.files);
    if (status == BW_OK)
        remove_files(directory, files);
    return status;
}
