#include "store/replay.h"

#include "store/rows.h"

/* Pictures that could not be used are passed over. */
static bw_status visit_row(const bw_row *row, bw_replay_visitor *visit, void *context,
                           bw_error *error)
{
    const bw_record *record = &row->record;
    bw_annotation annotation = {.number = record->number,
                                .file_name = record->name,
                                .label = row->label,
                                .width = record->width,
                                .height = record->height,
                                .detections = record->detections,
                                .count = record->count,
                                .path = record->frame < 0 ? record->path : NULL,
                                .source = record->frame < 0 ? NULL : record->source,
                                .frame = record->frame,
                                .time_ns = record->frame < 0 ? -1 : record->time_ns};
    return record->problem ? BW_OK : visit(context, &annotation, error);
}

bw_status bw_store_replay(bw_store *store, int64_t first, bw_replay_visitor *visit, void *context,
                          bw_error *error)
{
    bw_rows *rows = NULL;
    const bw_row *row = NULL;
    bw_status status = bw_rows_open(&rows, bw_store_database(store), first, error);
    do {
        if (status == BW_OK)
            status = bw_rows_next(rows, &row, error);
        if (status == BW_OK && row)
            status = visit_row(row, visit, context, error);
    } while (status == BW_OK && row);
    bw_rows_close(&rows);
    return status;
}

bw_status bw_store_count(bw_store *store, bw_store_totals *totals, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_store_query(
        store, &query,
        "SELECT ifnull(max(number),0), count(boxes), count(*)-count(boxes), ifnull(sum(boxes),0)"
        " FROM items",
        error);
    if (status == BW_OK && sqlite3_step(query) != SQLITE_ROW)
        status = bw_store_fail(store, error);
    if (status == BW_OK)
        *totals = (bw_store_totals){sqlite3_column_int64(query, 0), sqlite3_column_int64(query, 1),
                                    sqlite3_column_int64(query, 2), sqlite3_column_int64(query, 3)};
    sqlite3_finalize(query);
    return status;
}

bw_status bw_store_nth_last(bw_store *store, int count, int64_t *number, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_store_query(
        store, &query,
        "SELECT ifnull(min(number),0) FROM (SELECT number FROM items ORDER BY number DESC LIMIT ?)",
        error);
    if (status == BW_OK) {
        sqlite3_bind_int(query, 1, count);
        if (sqlite3_step(query) == SQLITE_ROW)
            *number = sqlite3_column_int64(query, 0);
        else
            status = bw_store_fail(store, error);
    }
    sqlite3_finalize(query);
    return status;
}
