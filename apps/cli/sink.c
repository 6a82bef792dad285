#include "sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/staging.h"
#include "store/replay.h"
#include "thumbnails.h"

enum { COMMIT_ITEMS = 256, DRAWN_QUALITY = 90 };
#define COMMIT_NANOSECONDS 2000000000u

struct bw_sink {
    bw_store *store;
    bw_sink_options options;
    bw_writer *writers[BW_SINK_FORMATS];
    int writer_count;
    bw_staging drawn;
    bw_thumbnails thumbnails;
    bw_sink_counts counts;
    int uncommitted;
    uint64_t last_commit;
};

/* ---- Opening and going on -------------------------------------------------------------------- */

static bw_status close_writers(bw_sink *sink, bool commit, bw_error *error)
{
    bw_status status = BW_OK;
    for (int i = 0; i < sink->writer_count; i++) {
        bw_error later;
        bw_status closed = bw_writer_close(&sink->writers[i], commit && status == BW_OK, &later);
        if (status == BW_OK && closed != BW_OK) {
            *error = later;
            status = closed;
        }
    }
    bw_staging_clear(&sink->drawn);
    return status;
}

static bw_status open_writers(bw_sink *sink, bw_error *error)
{
    bw_writer_options options = {.names = sink->options.model->names,
                                 .classes = sink->options.model->classes,
                                 .with_confidence = sink->options.with_confidence};
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && sink->options.formats[i]; i++) {
        status = bw_writer_open(&sink->writers[i], sink->options.formats[i],
                                sink->options.directory, &options, error);
        sink->writer_count += status == BW_OK;
    }
    return status;
}

static bw_status add_to_writers(void *context, const bw_annotation *annotation, bw_error *error)
{
    bw_sink *sink = context;
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < sink->writer_count; i++)
        status = bw_writer_add(sink->writers[i], annotation, error);
    return status;
}

static bw_status publish(bw_sink *sink, bw_error *error)
{
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < sink->writer_count; i++)
        status = bw_writer_flush(sink->writers[i], error);
    return status == BW_OK ? bw_staging_publish(&sink->drawn, error) : status;
}

/* Files first: the database is never ahead of them. */
static bw_status commit_now(bw_sink *sink, bw_error *error)
{
    bw_status status = publish(sink, error);
    if (status == BW_OK)
        status = bw_store_commit(sink->store, error);
    sink->uncommitted = 0;
    sink->last_commit = bw_clock();
    return status;
}

/*
 * Labels are durable before the database is, but for file systems that forget a rename: the files
 * of the last transaction are written again.
 */
static bw_status go_on(bw_sink *sink, bw_error *error)
{
    bw_store_totals totals;
    bw_status status = bw_store_count(sink->store, &totals, error);
    if (status != BW_OK || totals.last == 0)
        return status;
    sink->counts = (bw_sink_counts){totals.pictures, totals.failed, totals.boxes};
    int64_t first = 0;
    status = bw_store_nth_last(sink->store, COMMIT_ITEMS, &first, error);
    if (status == BW_OK)
        status = bw_store_replay(sink->store, first, add_to_writers, sink, error);
    if (status == BW_OK)
        status = publish(sink, error);
    if (status == BW_OK && sink->options.thumbnails)
        status = bw_thumbnails_restore(&sink->thumbnails, sink->store, error);
    return status;
}

bw_status bw_sink_open(bw_sink **out, bw_store *store, const bw_sink_options *options,
                       bw_error *error)
{
    *out = NULL;
    bw_sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return bw_fail_memory(error, sizeof *sink, "the run's output");
    sink->store = store;
    sink->options = *options;
    sink->last_commit = bw_clock();
    bw_status status = open_writers(sink, error);
    if (status == BW_OK)
        status = go_on(sink, error);
    if (status != BW_OK) {
        bw_error ignored;
        close_writers(sink, false, &ignored);
        free(sink);
        return status;
    }
    *out = sink;
    return BW_OK;
}

bw_sink_counts bw_sink_count(const bw_sink *sink)
{
    return sink->counts;
}

/* ---- Closing -------------------------------------------------------------------------------- */

bw_status bw_sink_close(bw_sink **sink, bool commit, bw_error *error)
{
    if (!sink || !*sink)
        return BW_OK;
    bw_status status = commit ? commit_now(*sink, error) : BW_OK;
    bw_error ignored;
    bw_status closed =
        close_writers(*sink, commit && status == BW_OK, status == BW_OK ? error : &ignored);
    free(*sink);
    *sink = NULL;
    return status == BW_OK ? closed : status;
}

/* ---- One item ------------------------------------------------------------------------------- */

static bw_status write_annotations(bw_sink *sink, const bw_record *record, const char *label,
                                   bw_error *error)
{
    bool framed = record->frame != BW_NO_FRAME;
    bw_annotation annotation = {
        .number = record->number,
        .file_name = record->name,
        .label = label,
        .width = record->width,
        .height = record->height,
        .detections = record->detections,
        .count = record->count,
        .path = framed ? NULL : record->path,
        .source = framed ? record->source : NULL,
        .frame = record->frame,
        .time_ns = framed ? record->time_ns : -1,
    };
    return add_to_writers(sink, &annotation, error);
}

static bw_status write_drawn(bw_sink *sink, const char *label, const uint8_t *jpeg, size_t size,
                             bw_error *error)
{
    char *path;
    if (asprintf(&path, "%s/drawn/%s.jpg", sink->options.directory, label) < 0)
        return bw_fail_memory(error, strlen(label), "a drawn picture's name");
    char *slash = strrchr(path, '/');
    *slash = '\0';
    bw_status status = bw_make_folders(path, error);
    *slash = '/';
    if (status == BW_OK)
        status = bw_stage_file(&sink->drawn, path, jpeg, size, error);
    free(path);
    return status;
}

/* Draws into the item's own pixels, so it comes last. */
static bw_status draw(bw_sink *sink, bw_item *item, const char *label, bw_error *error)
{
    const bw_model_info *model = sink->options.model;
    uint8_t *jpeg = NULL;
    size_t size = 0;
    bw_status status =
        bw_draw_detections(&item->image, item->detections.items, item->detections.count,
                           model->names, model->classes, error);
    if (status == BW_OK)
        status = bw_image_encode_jpeg(&jpeg, &size, &item->image, DRAWN_QUALITY, error);
    if (status == BW_OK)
        status = write_drawn(sink, label, jpeg, size, error);
    bw_free(jpeg);
    return status;
}

static double confidence(const bw_detections *detections)
{
    double sum = 0;
    for (size_t i = 0; i < detections->count; i++)
        sum += (double)detections->items[i].score;
    return detections->count ? sum / (double)detections->count : -1;
}

/* The row and the labels of a picture. */
static bw_status add_record(bw_sink *sink, const bw_record *record, const char **label,
                            bw_error *error)
{
    bw_status status = bw_store_add(sink->store, record, label, error);
    if (status == BW_OK && record->problem) {
        sink->counts.failed++;
    } else if (status == BW_OK) {
        status = write_annotations(sink, record, *label, error);
        sink->counts.pictures++;
        sink->counts.boxes += (int64_t)record->count;
    }
    return status;
}

/* What needs the pixels. */
static bw_status keep_picture(bw_sink *sink, bw_item *item, const char *label, bw_error *error)
{
    bw_status status = BW_OK;
    if (sink->options.thumbnails)
        status = bw_thumbnails_consider(&sink->thumbnails, sink->store, item->number, &item->image,
                                        confidence(&item->detections), error);
    return status == BW_OK && sink->options.draw ? draw(sink, item, label, error) : status;
}

static bw_status commit_now_and_then(bw_sink *sink, bw_error *error)
{
    bool due =
        ++sink->uncommitted >= COMMIT_ITEMS || bw_clock() - sink->last_commit >= COMMIT_NANOSECONDS;
    return due ? commit_now(sink, error) : BW_OK;
}

bw_status bw_sink_rest(bw_sink *sink, bw_error *error)
{
    return sink->uncommitted > 0 ? commit_now(sink, error) : BW_OK;
}

bw_status bw_sink_take(bw_sink *sink, bw_item *item, bw_error *error)
{
    bool failed = item->error.status != BW_OK;
    bw_record record = {
        .number = item->number,
        .path = item->path,
        .name = item->name,
        .problem = failed ? &item->error : NULL,
        .format = item->image.format,
        .source = item->source,
        .frame = item->frame,
        .time_ns = item->time_ns,
        .bytes = item->bytes,
        .modified_ns = item->modified_ns,
        .width = item->width,
        .height = item->height,
        .detections = item->detections.items,
        .count = item->detections.count,
    };
    const char *label;
    bw_status status = add_record(sink, &record, &label, error);
    if (status == BW_OK && !failed)
        status = keep_picture(sink, item, label, error);
    return status == BW_OK ? commit_now_and_then(sink, error) : status;
}

bw_status bw_sink_take_record(bw_sink *sink, const bw_record *record, const bw_sink_drawn *drawn,
                              bw_error *error)
{
    const char *label;
    bw_status status = add_record(sink, record, &label, error);
    if (status == BW_OK && drawn)
        status = write_drawn(sink, label, drawn->jpeg, drawn->size, error);
    return status == BW_OK ? commit_now_and_then(sink, error) : status;
}
