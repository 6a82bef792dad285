#include "select/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* From which share of the others on a figure is a reason, and from which distance. */
#define NOTABLE 0.5f
#define FAR 0.55f

static const bw_candidate *candidate_of(const bw_selection *selection, size_t index)
{
    return &selection->candidates->all[selection->choices[index].candidate];
}

/* ---- The list ------------------------------------------------------------------------------- */

static bw_status write_path(const bw_selection *selection, sqlite3_stmt *query, FILE *file,
                            bw_error *error)
{
    const char *path = sqlite3_column_blob(query, 0);
    size_t length = (size_t)sqlite3_column_bytes(query, 0);
    if (!selection->null_separated && path && memchr(path, '\n', length))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "a path that was selected has a newline in it; end paths with NUL instead: "
                       "--null");
    if (length > 0)
        fwrite(path, 1, length, file);
    fputc(selection->null_separated ? '\0' : '\n', file);
    return BW_OK;
}

bw_status bw_selection_list(const bw_selection *selection, FILE *file, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(selection->database, &query,
                                    "SELECT CAST(path AS BLOB) FROM items WHERE number = ?", error);
    for (size_t index = 0; status == BW_OK && index < selection->count; index++) {
        sqlite3_reset(query);
        sqlite3_bind_int64(query, 1, candidate_of(selection, index)->item);
        status = sqlite3_step(query) == SQLITE_ROW ? write_path(selection, query, file, error)
                                                   : bw_run_fail(selection->database, error);
    }
    sqlite3_finalize(query);
    return status;
}

/* ---- Reasons -------------------------------------------------------------------------------- */

static bw_status class_name(char *text, size_t size, const bw_selection *selection, int class_id,
                            bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status =
        bw_run_query(selection->database, &query, "SELECT name FROM classes WHERE id = ?", error);
    snprintf(text, size, "class %d", class_id);
    if (status == BW_OK) {
        sqlite3_bind_int(query, 1, class_id);
        if (sqlite3_step(query) == SQLITE_ROW)
            snprintf(text, size, "%s", (const char *)sqlite3_column_text(query, 0));
    }
    sqlite3_finalize(query);
    return status;
}

bw_status bw_selection_reason(char *text, const bw_selection *selection, size_t index,
                              bw_error *error)
{
    const bw_candidate *candidate = candidate_of(selection, index);
    bool differs = index == 0 || selection->choices[index].distance > FAR;
    float highest = fmaxf(candidate->doubt, candidate->rareness);
    if (highest < NOTABLE) {
        snprintf(text, BW_REASON_SIZE, "%s", differs ? "unlike the others" : "next in worth");
        return BW_OK;
    }
    bw_status status = BW_OK;
    char name[BW_REASON_SIZE / 2] = "";
    bool rare = candidate->rareness > candidate->doubt;
    if (rare)
        status = class_name(name, sizeof name, selection, candidate->rare_class, error);
    snprintf(text, BW_REASON_SIZE, "%s%s%s", rare ? "rare class: " : "doubtful boxes", name,
             differs && index > 0 ? ", unlike the others" : "");
    return status;
}

/* ---- The table ------------------------------------------------------------------------------ */

/* Writes a field, quoted as RFC 4180 wants it. */
static void write_field(FILE *file, const char *bytes, size_t length)
{
    bool quoted = false;
    for (size_t at = 0; at < length; at++)
        quoted |= strchr(",\"\r\n", bytes[at]) != NULL;
    if (quoted)
        fputc('"', file);
    for (size_t at = 0; at < length; at++) {
        if (bytes[at] == '"')
            fputc('"', file);
        fputc(bytes[at], file);
    }
    if (quoted)
        fputc('"', file);
}

static void write_column(FILE *file, sqlite3_stmt *query, int column)
{
    const char *bytes = sqlite3_column_blob(query, column);
    if (bytes)
        write_field(file, bytes, (size_t)sqlite3_column_bytes(query, column));
}

static bw_status write_row(const bw_selection *selection, size_t index, sqlite3_stmt *query,
                           FILE *file, bw_error *error)
{
    const bw_candidate *candidate = candidate_of(selection, index);
    char reason[BW_REASON_SIZE];
    bw_status status = bw_selection_reason(reason, selection, index, error);
    fprintf(file, "%zu,", index + 1);
    write_column(file, query, 0);
    fputc(',', file);
    write_column(file, query, 1);
    fprintf(file, ",%lld,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,", (long long)sqlite3_column_int64(query, 2),
            (double)candidate->worth, (double)candidate->uncertainty, (double)candidate->doubt,
            (double)candidate->rarity, (double)candidate->rareness,
            (double)selection->choices[index].distance);
    write_field(file, reason, strlen(reason));
    fputs("\n", file);
    return status;
}

static bw_status write_table(const bw_selection *selection, FILE *file, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(selection->database, &query,
                                    "SELECT CAST(path AS BLOB), CAST(name AS BLOB), boxes"
                                    " FROM items WHERE number = ?",
                                    error);
    fputs("rank,path,name,boxes,worth,uncertainty,doubt,rarity,rareness,distance,reason\n", file);
    for (size_t index = 0; status == BW_OK && index < selection->count; index++) {
        sqlite3_reset(query);
        sqlite3_bind_int64(query, 1, candidate_of(selection, index)->item);
        status = sqlite3_step(query) == SQLITE_ROW ? write_row(selection, index, query, file, error)
                                                   : bw_run_fail(selection->database, error);
    }
    sqlite3_finalize(query);
    return status;
}

/* ---- Files ---------------------------------------------------------------------------------- */

typedef bw_status content_writer(const bw_selection *selection, FILE *file, bw_error *error);

static bw_status write_content(const bw_selection *selection, content_writer *writer,
                               const char *path, const char *temporary, bw_error *error)
{
    FILE *file = fopen(temporary, "we");
    if (!file)
        return bw_fail_errno(error, "create", temporary);
    bw_status status = writer(selection, file, error);
    bool written = !ferror(file);
    written &= fflush(file) == 0 && fsync(fileno(file)) == 0;
    written &= fclose(file) == 0;
    if (status == BW_OK && (!written || rename(temporary, path) != 0))
        status = bw_fail_errno(error, "write", path);
    if (status != BW_OK)
        unlink(temporary);
    return status;
}

static bw_status write_file(const bw_selection *selection, content_writer *writer,
                            const char *directory, const char *name, bw_error *error)
{
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/%s", directory, name);
    const char *temporary = bw_arena_format(&arena, "%s/%s.part", directory, name);
    bw_status status = path && temporary ? write_content(selection, writer, path, temporary, error)
                                         : bw_fail_memory(error, strlen(directory), "a file name");
    bw_arena_free(&arena);
    return status;
}

bw_status bw_selection_write(const bw_selection *selection, const char *directory, bw_error *error)
{
    bw_status status = bw_make_folders(directory, error);
    if (status == BW_OK)
        status = write_file(selection, bw_selection_list, directory, "selected.txt", error);
    if (status == BW_OK)
        status = write_file(selection, write_table, directory, "selected.csv", error);
    if (status == BW_OK)
        status = write_file(selection, bw_selection_page, directory, "selected.html", error);
    return status;
}
