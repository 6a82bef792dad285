/**
 * JSON lines: annotations.jsonl, an object a line and picture, for jq, pandas and one's own
 * programs:
 *
 *     {"number":1,"file_name":"a.jpg","width":640,"height":480,"detections":[
 *      {"class_id":2,"class":"car","score":0.91,"bbox":[x,y,width,height],"track_id":7}]}
 *
 * bbox is in pixels, from the top left corner. A frame of a video also has "source", "frame" and
 * "time" (seconds). "score" and "track_id" are left out where they are not known.
 */
#include <math.h>

#include "annot/output.h"
#include "annot/writer.h"

static bw_status json_lines_open(void **out, const char *directory,
                                 const bw_writer_options *options, bw_error *error)
{
    return bw_stream_open(out, sizeof(bw_stream), directory, "annotations.jsonl", options, error);
}

static void add_box(bw_stream *stream, const bw_annotation *annotation, size_t index)
{
    bw_text *text = &stream->text;
    const bw_detection *detection = &annotation->detections[index];
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    char room[BW_CLASS_SIZE];
    bw_text_format(text, "%s{\"class_id\":%d,\"class\":", index ? "," : "", detection->class_id);
    bw_text_quote(text, bw_class_name(stream->options, detection->class_id, room));
    if (!isnan(detection->score)) {
        bw_text_add(text, ",\"score\":");
        bw_text_fixed(text, (double)detection->score, 6);
    }
    const double numbers[] = {box.x, box.y, box.width, box.height};
    for (int i = 0; i < 4; i++) {
        bw_text_add(text, i ? "," : ",\"bbox\":[");
        bw_text_fixed(text, numbers[i], 3);
    }
    bw_text_add(text, "]");
    if (bw_track_of(annotation, index) >= 0)
        bw_text_format(text, ",\"track_id\":%lld", (long long)bw_track_of(annotation, index));
    bw_text_add(text, "}");
}

static bw_status json_lines_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_stream *stream = state;
    bw_text *text = &stream->text;
    bw_text_format(text, "{\"number\":%lld,\"file_name\":", (long long)annotation->number);
    bw_text_quote(text, annotation->file_name);
    bw_text_format(text, ",\"width\":%d,\"height\":%d", annotation->width, annotation->height);
    if (annotation->source) {
        bw_text_add(text, ",\"source\":");
        bw_text_quote(text, annotation->source);
        bw_text_format(text, ",\"frame\":%lld", (long long)annotation->frame);
    }
    if (annotation->source && annotation->time_ns >= 0)
        bw_text_format(text, ",\"time\":%lld.%09lld", (long long)(annotation->time_ns / 1000000000),
                       (long long)(annotation->time_ns % 1000000000));
    bw_text_add(text, ",\"detections\":[");
    for (size_t i = 0; i < annotation->count; i++)
        add_box(stream, annotation, i);
    bw_text_add(text, "]}\n");
    return bw_stream_write(stream, error);
}

static bw_status json_lines_close(void *state, bool commit, bw_error *error)
{
    return bw_stream_close(state, commit, error);
}

static const char *const files[] = {"annotations.jsonl", NULL};

const bw_writer_plugin bw_json_lines_writer = {
    .name = "jsonl",
    .description = "JSON lines, a picture a line",
    .files = files,
    .open = json_lines_open,
    .add = json_lines_add,
    .close = json_lines_close,
};
