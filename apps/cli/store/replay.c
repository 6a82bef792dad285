#include "store/replay.h"

#include <stdlib.h>
#include <string.h>

/* Two walks side by side: over the items, and over all boxes in the same order. */
typedef struct walk {
    sqlite3_stmt *items, *boxes;
    bool box_waits; /* `boxes` stands on a row that no picture has taken yet */
    bw_detection *detections;
    size_t count, capacity;
    char *texts[2]; /* name and label, which SQLite may hold as text or as bytes */
    size_t text_capacity[2];
} walk;

static bw_status copy_text(walk *w, int index, int column, bw_error *error)
{
    const void *bytes = sqlite3_column_blob(w->items, column);
    size_t size = (size_t)sqlite3_column_bytes(w->items, column);
    if (!bw_array_reserve((void **)&w->texts[index], &w->text_capacity[index], size + 1, 1))
        return bw_fail_memory(error, size + 1, "a picture's name");
    if (size > 0)
        memcpy(w->texts[index], bytes, size);
    w->texts[index][size] = '\0';
    return BW_OK;
}

static void step_boxes(walk *w)
{
    w->box_waits = sqlite3_step(w->boxes) == SQLITE_ROW;
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

static bw_status collect_boxes(walk *w, int64_t item, bw_error *error)
{
    w->count = 0;
    for (; w->box_waits && sqlite3_column_int64(w->boxes, 0) <= item; step_boxes(w)) {
        if (sqlite3_column_int64(w->boxes, 0) < item)
            continue;
        if (!bw_array_reserve((void **)&w->detections, &w->capacity, w->count + 1,
                              sizeof *w->detections))
            return bw_fail_memory(error, w->count * sizeof *w->detections, "a picture's boxes");
        w->detections[w->count++] = read_box(w->boxes);
    }
    return BW_OK;
}

static bw_status visit_item(walk *w, bw_replay_visitor *visit, void *context, bw_error *error)
{
    bw_annotation annotation = {.number = sqlite3_column_int64(w->items, 0),
                                .width = sqlite3_column_int(w->items, 3),
                                .height = sqlite3_column_int(w->items, 4)};
    bw_status status = copy_text(w, 0, 1, error);
    if (status == BW_OK)
        status = copy_text(w, 1, 2, error);
    if (status == BW_OK)
        status = collect_boxes(w, annotation.number, error);
    if (status != BW_OK)
        return status;
    annotation.file_name = w->texts[0];
    annotation.label = w->texts[1];
    annotation.detections = w->detections;
    annotation.count = w->count;
    return visit(context, &annotation, error);
}

static bw_status visit_all(walk *w, bw_store *store, bw_replay_visitor *visit, void *context,
                           bw_error *error)
{
    bw_status status = BW_OK;
    int step = SQLITE_DONE;
    step_boxes(w);
    while (status == BW_OK && (step = sqlite3_step(w->items)) == SQLITE_ROW)
        status = visit_item(w, visit, context, error);
    if (status == BW_OK && step != SQLITE_DONE)
        status = bw_store_fail(store, error);
    return status;
}

bw_status bw_store_replay(bw_store *store, int64_t first, bw_replay_visitor *visit, void *context,
                          bw_error *error)
{
    walk w = {0};
    bw_status status = bw_store_query(store, &w.items,
                                      "SELECT number, name, label, width, height FROM items"
                                      " WHERE number >= ? AND boxes IS NOT NULL ORDER BY number",
                                      error);
    if (status == BW_OK)
        status = bw_store_query(store, &w.boxes,
                                "SELECT item, class, score, left, top, right, bottom"
                                " FROM detections WHERE item >= ? ORDER BY item, rank",
                                error);
    if (status == BW_OK) {
        sqlite3_bind_int64(w.items, 1, first);
        sqlite3_bind_int64(w.boxes, 1, first);
        status = visit_all(&w, store, visit, context, error);
    }
    sqlite3_finalize(w.items);
    sqlite3_finalize(w.boxes);
    free(w.detections);
    free(w.texts[0]);
    free(w.texts[1]);
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
