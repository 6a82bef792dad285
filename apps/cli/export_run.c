#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path.h"
#include "export.h"
#include "store/read.h"

/*
 * The folder that a label is in, with the slash at its end: the pictures of one folder that come
 * from no video are a sequence.
 */
#define FOLDER "rtrim(CAST(label AS TEXT), replace(CAST(label AS TEXT), '/', ''))"

/* An export under way. */
typedef struct export_state {
    sqlite3 *database;
    const bw_export_options *options;
    bw_arena arena; /* of the classes' names */
    const char *const *names;
    int name_count;
    char *model;
    bool has_frames; /* the run's schema knows videos */
    sqlite3_stmt *boxes;
    bw_detection *detections; /* of the picture that is being written */
    int64_t *ids;
    size_t detection_capacity, id_capacity;
    bw_tracker *tracker;
} export_state;

/* The picture of a row; the texts live as long as the row. */
typedef struct export_row {
    bw_annotation annotation;
    const char *folder;
} export_row;

/* ---- SQLite --------------------------------------------------------------------------------- */

static bw_status execute(const export_state *state, const char *sql, bw_error *error)
{
    return sqlite3_exec(state->database, sql, NULL, NULL, NULL) == SQLITE_OK
               ? BW_OK
               : bw_run_fail(state->database, error);
}

static bool has_column(const export_state *state, const char *name)
{
    sqlite3_stmt *query = NULL;
    bool found = false;
    if (bw_run_query(state->database, &query,
                     "SELECT 1 FROM pragma_table_info('items') WHERE name=?", NULL) == BW_OK) {
        sqlite3_bind_text(query, 1, name, -1, SQLITE_STATIC);
        found = sqlite3_step(query) == SQLITE_ROW;
    }
    sqlite3_finalize(query);
    return found;
}

/* A query of all usable pictures in an order. */
static bw_status query_pictures(const export_state *state, sqlite3_stmt **out,
                                bw_format_order order, bw_error *error)
{
    static const char *const orders[] = {
        [BW_ORDER_NUMBER] = "number",
        [BW_ORDER_NAME] = "CAST(name AS BLOB), number",
        [BW_ORDER_SEQUENCE] = FOLDER ", video, shown, number",
    };
    char sql[700];
    snprintf(sql, sizeof sql,
             "SELECT number, CAST(name AS BLOB), CAST(label AS BLOB), width, height,"
             " CAST(path AS BLOB), %s, " FOLDER " FROM items WHERE boxes IS NOT NULL ORDER BY %s",
             state->has_frames ? "CASE WHEN frame IS NULL THEN NULL ELSE CAST(source AS BLOB) END"
                                 " AS video, frame AS shown, time_ns"
                               : "NULL AS video, NULL AS shown, NULL",
             orders[order]);
    return bw_run_query(state->database, out, sql, error);
}

/* A text column, also one that holds the bytes of one; "" for NULL. */
static const char *text_of(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return text ? (const char *)text : "";
}

static export_row read_row(sqlite3_stmt *row)
{
    export_row read = {.folder = text_of(row, 9)};
    bool video = sqlite3_column_type(row, 6) != SQLITE_NULL;
    bool timed = sqlite3_column_type(row, 8) != SQLITE_NULL;
    read.annotation = (bw_annotation){
        .number = sqlite3_column_int64(row, 0),
        .file_name = text_of(row, 1),
        .label = text_of(row, 2),
        .width = sqlite3_column_int(row, 3),
        .height = sqlite3_column_int(row, 4),
        .path = video ? NULL : text_of(row, 5),
        .source = video ? text_of(row, 6) : NULL,
        .frame = sqlite3_column_int64(row, 7),
        .time_ns = timed ? sqlite3_column_int64(row, 8) : -1,
    };
    return read;
}

/* ---- Boxes ---------------------------------------------------------------------------------- */

static bw_status prepare_boxes(export_state *state, bw_error *error)
{
    return bw_run_query(state->database, &state->boxes,
                        state->options->track
                            ? "SELECT class, score, left, top, right, bottom, track FROM detections"
                              " LEFT JOIN temp.tracks USING(item, rank) WHERE item=? AND score>=?"
                              " ORDER BY rank"
                            : "SELECT class, score, left, top, right, bottom, NULL FROM detections"
                              " WHERE item=? AND score>=? ORDER BY rank",
                        error);
}

static bw_status add_box(export_state *state, size_t count, bw_error *error)
{
    sqlite3_stmt *row = state->boxes;
    if (!bw_array_reserve((void **)&state->detections, &state->detection_capacity, count + 1,
                          sizeof *state->detections) ||
        !bw_array_reserve((void **)&state->ids, &state->id_capacity, count + 1, sizeof *state->ids))
        return bw_fail_memory(error, count * sizeof *state->detections, "boxes");
    state->detections[count] = (bw_detection){
        .class_id = sqlite3_column_int(row, 0),
        .score = (float)sqlite3_column_double(row, 1),
        .left = (float)sqlite3_column_double(row, 2),
        .top = (float)sqlite3_column_double(row, 3),
        .right = (float)sqlite3_column_double(row, 4),
        .bottom = (float)sqlite3_column_double(row, 5),
    };
    state->ids[count] =
        sqlite3_column_type(row, 6) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 6);
    return BW_OK;
}

/* Reads the boxes of a picture into the state's arrays. */
static bw_status read_boxes(export_state *state, bw_annotation *annotation, bw_error *error)
{
    bw_status status = BW_OK;
    size_t count = 0;
    int step;
    sqlite3_bind_int64(state->boxes, 1, annotation->number);
    sqlite3_bind_double(state->boxes, 2, state->options->confidence);
    while (status == BW_OK && (step = sqlite3_step(state->boxes)) == SQLITE_ROW)
        status = add_box(state, count++, error);
    if (status == BW_OK && step != SQLITE_DONE)
        status = bw_run_fail(state->database, error);
    sqlite3_reset(state->boxes);
    annotation->detections = state->detections;
    annotation->tracks = state->options->track ? state->ids : NULL;
    annotation->count = count;
    return status;
}

/* ---- Tracks --------------------------------------------------------------------------------- */

/* Ranks are those of the boxes that are kept: they are the first, being the best. */
static bw_status track_picture(export_state *state, sqlite3_stmt *insert, const bw_annotation *from,
                               bw_error *error)
{
    bw_status status =
        bw_tracker_update(state->tracker, from->detections, from->count, state->ids, error);
    for (size_t i = 0; status == BW_OK && i < from->count; i++) {
        sqlite3_bind_int64(insert, 1, from->number);
        sqlite3_bind_int64(insert, 2, (sqlite3_int64)i);
        sqlite3_bind_int64(insert, 3, state->ids[i]);
        if (sqlite3_step(insert) != SQLITE_DONE)
            status = bw_run_fail(state->database, error);
        sqlite3_reset(insert);
    }
    return status;
}

/* Whether the row is of the sequence that is told; that becomes the row's. */
static bool same_sequence(bw_arena *arena, const char **known, const export_row *row)
{
    const char *name = row->annotation.source ? row->annotation.source : "";
    if (*known && strcmp(*known, row->folder) == 0 &&
        strcmp(*known + strlen(*known) + 1, name) == 0)
        return true;
    bw_arena_free(arena);
    size_t folder = strlen(row->folder) + 1, size = folder + strlen(name) + 1;
    char *copy = bw_arena_alloc(arena, size);
    if (copy) {
        memcpy(copy, row->folder, folder);
        memcpy(copy + folder, name, size - folder);
    }
    *known = copy;
    return false;
}

static bw_status track_pictures(export_state *state, sqlite3_stmt *pictures, sqlite3_stmt *insert,
                                bw_error *error)
{
    bw_arena arena = {0};
    const char *sequence = NULL;
    bw_status status = BW_OK;
    while (status == BW_OK && sqlite3_step(pictures) == SQLITE_ROW) {
        export_row row = read_row(pictures);
        if (!same_sequence(&arena, &sequence, &row))
            bw_tracker_restart(state->tracker);
        status = read_boxes(state, &row.annotation, error);
        if (status == BW_OK)
            status = track_picture(state, insert, &row.annotation, error);
    }
    bw_arena_free(&arena);
    return status;
}

static bw_status count_tracks(const export_state *state, int64_t *count, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(state->database, &query,
                                    "SELECT count(DISTINCT track) FROM temp.tracks", error);
    if (status == BW_OK && sqlite3_step(query) == SQLITE_ROW)
        *count = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return status;
}

/* Fills temp.tracks, which SQLite keeps in a file of its own. */
static bw_status find_tracks(export_state *state, bw_export_counts *counts, bw_error *error)
{
    sqlite3_stmt *pictures = NULL, *insert = NULL;
    char sql[200];
    snprintf(sql, sizeof sql,
             "DELETE FROM temp.tracks WHERE track IN (SELECT track FROM temp.tracks GROUP BY track"
             " HAVING count(*)<%d)",
             state->options->tracks.min_hits);
    bw_status status = execute(state,
                               "CREATE TEMP TABLE tracks(item INTEGER, rank INTEGER, track INTEGER,"
                               " PRIMARY KEY(item, rank)) WITHOUT ROWID",
                               error);
    if (status == BW_OK)
        status = bw_tracker_open(&state->tracker, &state->options->tracks, error);
    if (status == BW_OK)
        status = prepare_boxes(state, error);
    if (status == BW_OK)
        status = query_pictures(state, &pictures, BW_ORDER_SEQUENCE, error);
    if (status == BW_OK)
        status =
            bw_run_query(state->database, &insert, "INSERT INTO temp.tracks VALUES(?,?,?)", error);
    if (status == BW_OK)
        status = track_pictures(state, pictures, insert, error);
    sqlite3_finalize(pictures);
    sqlite3_finalize(insert);
    sqlite3_finalize(state->boxes);
    state->boxes = NULL;
    bw_tracker_close(&state->tracker);
    if (status == BW_OK)
        status = execute(state, sql, error);
    return status == BW_OK ? count_tracks(state, &counts->tracks, error) : status;
}

/* ---- The formats ---------------------------------------------------------------------------- */

static bool find_format(bw_format_info *format, const char *name)
{
    for (int i = 0; bw_format_describe(i, format); i++)
        if (strcmp(format->name, name) == 0)
            return true;
    return false;
}

static bw_status write_pictures(export_state *state, bw_writer *writer, sqlite3_stmt *pictures,
                                bw_export_counts *counts, bw_error *error)
{
    bw_status status = BW_OK;
    int step = SQLITE_DONE;
    counts->pictures = counts->boxes = 0;
    while (status == BW_OK && (step = sqlite3_step(pictures)) == SQLITE_ROW) {
        export_row row = read_row(pictures);
        status = read_boxes(state, &row.annotation, error);
        if (status == BW_OK)
            status = bw_writer_add(writer, &row.annotation, error);
        counts->pictures++;
        counts->boxes += (int64_t)row.annotation.count;
    }
    return status == BW_OK && step != SQLITE_DONE ? bw_run_fail(state->database, error) : status;
}

static bw_status write_format(export_state *state, const char *name, bw_export_counts *counts,
                              bw_error *error)
{
    const bw_export_options *options = state->options;
    bw_writer_options choice = {.names = state->names,
                                .classes = state->name_count,
                                .with_confidence = options->with_confidence,
                                .link_images = options->link_images,
                                .model = state->model,
                                .image_url = options->image_url};
    bw_format_info format;
    bw_writer *writer = NULL;
    sqlite3_stmt *pictures = NULL;
    if (!find_format(&format, name))
        return bw_fail(error, BW_ERROR_ARGUMENT, "there is no annotation format '%s'", name);
    bw_status status = query_pictures(state, &pictures, format.order, error);
    if (status == BW_OK)
        status = bw_writer_open(&writer, name, options->directory, &choice, error);
    if (status == BW_OK)
        status = write_pictures(state, writer, pictures, counts, error);
    bw_error ignored;
    bw_status closed =
        bw_writer_close(&writer, status == BW_OK, status == BW_OK ? error : &ignored);
    sqlite3_finalize(pictures);
    status = status == BW_OK ? closed : status;
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "format %s", name);
}

/* ---- What a run tells of itself ------------------------------------------------------------- */

/* The model's file name without suffix, and the beginning of its fingerprint. */
static bw_status read_model(export_state *state, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status =
        bw_run_query(state->database, &query,
                     "SELECT (SELECT value FROM settings WHERE key='model'),"
                     " (SELECT substr(value, 1, 8) FROM settings WHERE key='fingerprint')",
                     error);
    if (status == BW_OK && sqlite3_step(query) == SQLITE_ROW) {
        const char *name = bw_base_name(text_of(query, 0));
        if (asprintf(&state->model, "%.*s-%s", (int)strcspn(name, "."), name, text_of(query, 1)) <
            0) {
            state->model = NULL;
            status = bw_fail_memory(error, strlen(name), "the model's name");
        }
    }
    sqlite3_finalize(query);
    return status;
}

static void close_state(export_state *state)
{
    sqlite3_finalize(state->boxes);
    sqlite3_exec(state->database, "DROP TABLE IF EXISTS temp.tracks", NULL, NULL, NULL);
    bw_tracker_close(&state->tracker);
    bw_arena_free(&state->arena);
    free(state->model);
    free(state->detections);
    free(state->ids);
}

bw_status bw_export_run(sqlite3 *database, const bw_export_options *options,
                        bw_export_counts *counts, bw_error *error)
{
    export_state state = {.database = database, .options = options};
    *counts = (bw_export_counts){0};
    state.has_frames = has_column(&state, "time_ns");
    bw_status status =
        bw_run_classes(&state.names, &state.name_count, database, &state.arena, error);
    if (status == BW_OK)
        status = read_model(&state, error);
    if (status == BW_OK && options->track)
        status = find_tracks(&state, counts, error);
    if (status == BW_OK)
        status = prepare_boxes(&state, error);
    for (int i = 0; status == BW_OK && options->formats[i]; i++)
        status = write_format(&state, options->formats[i], counts, error);
    close_state(&state);
    return status;
}
