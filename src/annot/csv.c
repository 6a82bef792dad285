/**
 * CSV (RFC 4180): annotations.csv, a row a box, in pixels, with a head row. A picture without
 * boxes has a row whose box fields are empty. `source`, `frame` and `time` (seconds) are filled
 * for frames of videos, `track_id` where boxes have tracks.
 */
#include <math.h>

#include "annot/output.h"
#include "annot/writer.h"

static bw_status csv_open(void **out, const char *directory, const bw_writer_options *options,
                          bw_error *error)
{
    bw_status status =
        bw_stream_open(out, sizeof(bw_stream), directory, "annotations.csv", options, error);
    if (status == BW_OK)
        bw_text_add(&((bw_stream *)*out)->text,
                    "file_name,width,height,source,frame,time,class_id,class,score,left,top,right,"
                    "bottom,track_id\n");
    return status;
}

static void add_picture(bw_text *text, const bw_annotation *annotation)
{
    bw_text_csv(text, annotation->file_name);
    bw_text_format(text, ",%d,%d,", annotation->width, annotation->height);
    if (!annotation->source) {
        bw_text_add(text, ",,");
        return;
    }
    bw_text_csv(text, annotation->source);
    bw_text_format(text, ",%lld,", (long long)annotation->frame);
    if (annotation->time_ns >= 0)
        bw_text_format(text, "%lld.%09lld", (long long)(annotation->time_ns / 1000000000),
                       (long long)(annotation->time_ns % 1000000000));
}

static void add_box(bw_stream *stream, const bw_annotation *annotation, size_t index)
{
    bw_text *text = &stream->text;
    const bw_detection *detection = &annotation->detections[index];
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    char room[BW_CLASS_SIZE];
    bw_text_format(text, ",%d,", detection->class_id);
    bw_text_csv(text, bw_class_name(stream->options, detection->class_id, room));
    bw_text_add(text, ",");
    if (!isnan(detection->score))
        bw_text_fixed(text, (double)detection->score, 6);
    const double numbers[] = {box.x, box.y, box.x + box.width, box.y + box.height};
    for (int i = 0; i < 4; i++) {
        bw_text_add(text, ",");
        bw_text_fixed(text, numbers[i], 3);
    }
    bw_text_add(text, ",");
    if (bw_track_of(annotation, index) >= 0)
        bw_text_format(text, "%lld", (long long)bw_track_of(annotation, index));
    bw_text_add(text, "\n");
}

static bw_status csv_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_stream *stream = state;
    for (size_t i = 0; i < annotation->count; i++) {
        add_picture(&stream->text, annotation);
        add_box(stream, annotation, i);
    }
    if (annotation->count == 0) {
        add_picture(&stream->text, annotation);
        bw_text_add(&stream->text, ",,,,,,,,\n");
    }
    return bw_stream_write(stream, error);
}

static bw_status csv_close(void *state, bool commit, bw_error *error)
{
    return bw_stream_close(state, commit, error);
}

static const char *const files[] = {"annotations.csv", NULL};

const bw_writer_plugin bw_csv_writer = {
    .name = "csv",
    .description = "a table, a box a row",
    .files = files,
    .open = csv_open,
    .add = csv_add,
    .close = csv_close,
};
