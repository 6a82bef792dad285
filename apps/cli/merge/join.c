#include "merge/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "interrupt.h"
#include "store/read.h"
#include "store/rows.h"

/* Where the reading of a run stands. */
typedef struct source {
    size_t run;
    bw_rows *rows;
    const bw_row *row;   /* NULL at the end */
    int64_t place;       /* the number that the row wants */
    int64_t *thumbnails; /* the items that have one, in rising number */
    size_t thumbnail_count;
} source;

/* ---- Reading -------------------------------------------------------------------------------- */

static bw_status advance(const bw_join *join, source *from, bw_error *error)
{
    const bw_merge_run *run = &join->runs->all[from->run];
    bw_status status = bw_rows_next(from->rows, &from->row, error);
    if (status != BW_OK)
        return bw_fail_prefix(error, status, "%.200s", run->folder);
    if (from->row)
        from->place = from->row->record.number + run->offset;
    return BW_OK;
}

static bw_status list_thumbnails(const bw_join *join, source *from, bw_error *error)
{
    sqlite3 *database = join->runs->all[from->run].database;
    sqlite3_stmt *query = NULL;
    size_t capacity = 0;
    bw_status status =
        bw_run_query(database, &query, "SELECT item FROM thumbnails ORDER BY item", error);
    while (status == BW_OK && sqlite3_step(query) == SQLITE_ROW) {
        if (bw_array_reserve((void **)&from->thumbnails, &capacity, from->thumbnail_count + 1,
                             sizeof *from->thumbnails))
            from->thumbnails[from->thumbnail_count++] = sqlite3_column_int64(query, 0);
        else
            status = bw_fail_memory(error, from->thumbnail_count * 8, "thumbnails");
    }
    sqlite3_finalize(query);
    return status;
}

static bw_status open_source(const bw_join *join, source *from, size_t run, bw_error *error)
{
    from->run = run;
    bw_status status = bw_rows_open(&from->rows, join->runs->all[run].database, 1, error);
    if (status == BW_OK)
        status = list_thumbnails(join, from, error);
    return status == BW_OK ? advance(join, from, error) : status;
}

/* ---- Handing on ----------------------------------------------------------------------------- */

static int compare_items(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Notes that the picture has a thumbnail. */
static bw_status note_thumbnail(bw_join *join, const source *from, bw_error *error)
{
    int64_t item = from->row->record.number;
    if (from->thumbnail_count == 0 ||
        !bsearch(&item, from->thumbnails, from->thumbnail_count, sizeof item, compare_items))
        return BW_OK;
    if (!bw_array_reserve((void **)&join->thumbnails, &join->thumbnail_capacity,
                          join->thumbnail_count + 1, sizeof *join->thumbnails))
        return bw_fail_memory(error, join->thumbnail_count * sizeof *join->thumbnails,
                              "thumbnails");
    join->thumbnails[join->thumbnail_count++] = (bw_merge_thumbnail){join->last, item, from->run};
    return BW_OK;
}

/* Reads what the run has drawn; false where that is not there. The caller frees the bytes. */
static bool read_drawn(bw_join *join, const source *from, uint8_t **jpeg, size_t *size)
{
    bw_limits limits;
    bw_limits_init(&limits);
    char *path;
    if (asprintf(&path, "%s/drawn/%s.jpg", join->runs->all[from->run].folder, from->row->label) < 0)
        return false;
    bool read = bw_read_file(jpeg, size, path, limits.image_bytes, NULL) == BW_OK;
    join->undrawn += !read;
    free(path);
    return read;
}

static bw_status hand_on(bw_join *join, const source *from, bw_error *error)
{
    bw_record record = from->row->record;
    record.number = join->last;
    uint8_t *jpeg = NULL;
    size_t size = 0;
    bool draw = join->draw && !record.problem && read_drawn(join, from, &jpeg, &size);
    bw_sink_drawn drawn = {jpeg, size};
    bw_status status = bw_sink_take_record(join->sink, &record, draw ? &drawn : NULL, error);
    free(jpeg);
    bw_sink_counts counts = bw_sink_count(join->sink);
    bw_progress_update(join->progress, counts.pictures + counts.failed, counts.failed,
                       join->runs->items);
    return status;
}

/* Gives the picture its number, and hands it on unless that is done. */
static bw_status place(bw_join *join, const source *from, bw_error *error)
{
    join->moved += from->place <= join->last;
    join->last = from->place > join->last ? from->place : join->last + 1;
    bw_status status = join->last > join->done ? hand_on(join, from, error) : BW_OK;
    return status == BW_OK ? note_thumbnail(join, from, error) : status;
}

static bw_status take(bw_join *join, source *from, bw_error *error)
{
    bool keeps = true;
    bw_status status =
        bw_duplicates_keeps(join->duplicates, &keeps, from->run, from->row->record.path, error);
    if (status == BW_OK && keeps)
        status = place(join, from, error);
    return status == BW_OK ? advance(join, from, error) : status;
}

/* ---- In order ------------------------------------------------------------------------------- */

/* Equal places follow the order of the runs. */
static bool precedes(const source *a, const source *b)
{
    return a->place != b->place ? a->place < b->place : a->run < b->run;
}

/* Puts sources[at], which may have grown, where it belongs in a heap with the first on top. */
static void sink_down(source *sources, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && precedes(&sources[child + 1], &sources[child]))
            child++;
        if (!precedes(&sources[child], &sources[at]))
            return;
        source held = sources[at];
        sources[at] = sources[child];
        sources[child] = held;
    }
}

static void close_source(source *from)
{
    bw_rows_close(&from->rows);
    free(from->thumbnails);
    *from = (source){0};
}

/* Hands on the pictures of open sources, which are `*count`, by rising number. */
static bw_status join_sources(bw_join *join, source *sources, size_t *count, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t i = *count; i-- > 0;)
        sink_down(sources, *count, i);
    while (status == BW_OK && *count > 0 && !bw_interrupted()) {
        if (sources->row)
            status = take(join, sources, error);
        if (status == BW_OK && !sources->row) {
            close_source(sources);
            *sources = sources[--*count];
            sources[*count] = (source){0};
        }
        sink_down(sources, *count, 0);
    }
    return status;
}

static bw_status join_group(bw_join *join, int group, bw_error *error)
{
    const bw_merge_runs *runs = join->runs;
    source *sources = calloc(runs->count, sizeof *sources);
    if (!sources)
        return bw_fail_memory(error, runs->count * sizeof *sources, "the runs");
    bw_status status = BW_OK;
    size_t count = 0;
    for (size_t i = 0; status == BW_OK && i < runs->count; i++)
        if (runs->all[i].group == group)
            status = open_source(join, &sources[count++], i, error);
    if (status == BW_OK)
        status = join_sources(join, sources, &count, error);
    for (size_t i = 0; i < count; i++)
        close_source(&sources[i]);
    free(sources);
    return status;
}

bw_status bw_join_runs(bw_join *join, bw_error *error)
{
    bw_status status = BW_OK;
    for (int group = 0; status == BW_OK && group < join->runs->groups; group++)
        status = join_group(join, group, error);
    return status;
}
