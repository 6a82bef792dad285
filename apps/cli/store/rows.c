#include "store/rows.h"

#include <stdlib.h>
#include <string.h>

#include "store/read.h"

/* The texts of an item, which SQLite may hold as text or as bytes, and their columns. */
enum { PATH, NAME, LABEL, FORMAT, SOURCE, TEXTS };

enum { NUMBER = TEXTS, WIDTH, HEIGHT, BOXES, FRAME, TIME, BYTES, MODIFIED };

static const char items_query[] =
    "SELECT path, name, label, format, source, number, width, height, boxes, frame, time_ns, bytes,"
    " modified_ns FROM items WHERE number >= ? ORDER BY number";
static const char boxes_query[] =
    "SELECT item, class, score, left, top, right, bottom FROM detections WHERE item >= ?"
    " ORDER BY item, rank";
static const char errors_query[] =
    "SELECT item, kind, message FROM errors WHERE item >= ? ORDER BY item";

/* A table that is walked beside the items; it stands on a row that no item has taken, or none. */
typedef struct beside {
    sqlite3_stmt *query;
    bool waits;
} beside;

struct bw_rows {
    sqlite3 *database;
    sqlite3_stmt *items;
    beside boxes, errors;
    bw_detection *detections;
    size_t capacity;
    char *texts[TEXTS];
    size_t text_capacity[TEXTS];
    bw_error problem;
    bw_row row;
};

static bw_status step(bw_rows *rows, beside *table, bw_error *error)
{
    int result = sqlite3_step(table->query);
    table->waits = result == SQLITE_ROW;
    return table->waits || result == SQLITE_DONE ? BW_OK : bw_run_fail(rows->database, error);
}

static bw_status prepare(bw_rows *rows, sqlite3_stmt **out, const char *sql, int64_t first,
                         bw_error *error)
{
    bw_status status = bw_run_query(rows->database, out, sql, error);
    if (status == BW_OK)
        sqlite3_bind_int64(*out, 1, first);
    return status;
}

bw_status bw_rows_open(bw_rows **out, sqlite3 *database, int64_t first, bw_error *error)
{
    bw_rows *rows = *out = calloc(1, sizeof *rows);
    if (!rows)
        return bw_fail_memory(error, sizeof *rows, "a run's items");
    rows->database = database;
    bw_status status = prepare(rows, &rows->items, items_query, first, error);
    if (status == BW_OK)
        status = prepare(rows, &rows->boxes.query, boxes_query, first, error);
    if (status == BW_OK)
        status = prepare(rows, &rows->errors.query, errors_query, first, error);
    if (status == BW_OK)
        status = step(rows, &rows->boxes, error);
    if (status == BW_OK)
        status = step(rows, &rows->errors, error);
    if (status != BW_OK)
        bw_rows_close(out);
    return status;
}

void bw_rows_close(bw_rows **rows)
{
    if (!rows || !*rows)
        return;
    sqlite3_finalize((*rows)->items);
    sqlite3_finalize((*rows)->boxes.query);
    sqlite3_finalize((*rows)->errors.query);
    free((*rows)->detections);
    for (int i = 0; i < TEXTS; i++)
        free((*rows)->texts[i]);
    free(*rows);
    *rows = NULL;
}

/* ---- One item ------------------------------------------------------------------------------- */

/* Copies a text; NULL where the column is. */
static bw_status copy_text(bw_rows *rows, int column, const char **text, bw_error *error)
{
    *text = NULL;
    if (sqlite3_column_type(rows->items, column) == SQLITE_NULL)
        return BW_OK;
    const void *bytes = sqlite3_column_blob(rows->items, column);
    size_t size = (size_t)sqlite3_column_bytes(rows->items, column);
    if (!bw_array_reserve((void **)&rows->texts[column], &rows->text_capacity[column], size + 1, 1))
        return bw_fail_memory(error, size + 1, "a picture's name");
    if (size > 0)
        memcpy(rows->texts[column], bytes, size);
    rows->texts[column][size] = '\0';
    *text = rows->texts[column];
    return BW_OK;
}

static bw_status copy_texts(bw_rows *rows, bw_error *error)
{
    bw_record *record = &rows->row.record;
    const char **texts[TEXTS] = {[PATH] = &record->path,
                                 [NAME] = &record->name,
                                 [LABEL] = &rows->row.label,
                                 [FORMAT] = &record->format,
                                 [SOURCE] = &record->source};
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < TEXTS; i++)
        status = copy_text(rows, i, texts[i], error);
    return status;
}

static int64_t number_or(sqlite3_stmt *row, int column, int64_t otherwise)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? otherwise
                                                           : sqlite3_column_int64(row, column);
}

/* Goes to the item's first row; false where it has none. */
static bool find_row(bw_rows *rows, beside *table, int64_t item, bw_status *status, bw_error *error)
{
    while (*status == BW_OK && table->waits && sqlite3_column_int64(table->query, 0) < item)
        *status = step(rows, table, error);
    return *status == BW_OK && table->waits && sqlite3_column_int64(table->query, 0) == item;
}

static bw_detection read_box(sqlite3_stmt *row)
{
    return (bw_detection){.class_id = sqlite3_column_int(row, 1),
                          .score = (float)sqlite3_column_double(row, 2),
                          .left = (float)sqlite3_column_double(row, 3),
                          .top = (float)sqlite3_column_double(row, 4),
                          .right = (float)sqlite3_column_double(row, 5),
                          .bottom = (float)sqlite3_column_double(row, 6)};
}

static bw_status read_boxes(bw_rows *rows, bw_error *error)
{
    bw_record *record = &rows->row.record;
    bw_status status = BW_OK;
    record->count = 0;
    while (find_row(rows, &rows->boxes, record->number, &status, error)) {
        if (!bw_array_reserve((void **)&rows->detections, &rows->capacity, record->count + 1,
                              sizeof *rows->detections))
            return bw_fail_memory(error, record->count * sizeof *rows->detections,
                                  "a picture's boxes");
        rows->detections[record->count++] = read_box(rows->boxes.query);
        status = step(rows, &rows->boxes, error);
    }
    record->detections = rows->detections;
    if (status == BW_OK && record->count != (size_t)sqlite3_column_int64(rows->items, BOXES))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the run's database is damaged: picture %lld has %zu boxes, but should have "
                       "%lld",
                       (long long)record->number, record->count,
                       (long long)sqlite3_column_int64(rows->items, BOXES));
    return status;
}

/* The status that bw_status_name gives this name. */
static bw_status status_of(const char *name)
{
    for (int status = BW_ERROR_ARGUMENT; name && status >= BW_ERROR_UNSUPPORTED; status--)
        if (strcmp(name, bw_status_name((bw_status)status)) == 0)
            return (bw_status)status;
    return BW_ERROR_FORMAT;
}

static bw_status read_problem(bw_rows *rows, bw_error *error)
{
    bw_record *record = &rows->row.record;
    bw_status status = BW_OK;
    sqlite3_stmt *row = rows->errors.query;
    if (find_row(rows, &rows->errors, record->number, &status, error)) {
        const char *message = (const char *)sqlite3_column_text(row, 2);
        bw_fail(&rows->problem, status_of((const char *)sqlite3_column_text(row, 1)), "%s",
                message ? message : "");
    } else if (status == BW_OK) {
        status = bw_fail(error, BW_ERROR_FORMAT,
                         "the run's database is damaged: picture %lld has neither boxes nor a "
                         "reason why not",
                         (long long)record->number);
    }
    record->problem = &rows->problem;
    return status;
}

static bw_status read_item(bw_rows *rows, bw_error *error)
{
    sqlite3_stmt *row = rows->items;
    rows->row.record = (bw_record){.number = sqlite3_column_int64(row, NUMBER),
                                   .width = sqlite3_column_int(row, WIDTH),
                                   .height = sqlite3_column_int(row, HEIGHT),
                                   .frame = number_or(row, FRAME, -1),
                                   .time_ns = sqlite3_column_int64(row, TIME),
                                   .bytes = number_or(row, BYTES, -1),
                                   .modified_ns = sqlite3_column_int64(row, MODIFIED)};
    bw_status status = copy_texts(rows, error);
    if (status != BW_OK)
        return status;
    return sqlite3_column_type(row, BOXES) == SQLITE_NULL ? read_problem(rows, error)
                                                          : read_boxes(rows, error);
}

bw_status bw_rows_next(bw_rows *rows, const bw_row **row, bw_error *error)
{
    *row = NULL;
    int result = sqlite3_step(rows->items);
    if (result == SQLITE_DONE)
        return BW_OK;
    bw_status status =
        result == SQLITE_ROW ? read_item(rows, error) : bw_run_fail(rows->database, error);
    if (status == BW_OK)
        *row = &rows->row;
    return status;
}
