/**
 * X-AnyLabeling's JSON, which labelme reads too: x_anylabeling/<label>.json, to be put beside the
 * pictures. Rectangles have their four corners, clockwise from the top left. A track is the group.
 */
#include <math.h>

#include "annot/output.h"
#include "annot/writer.h"
#include "base/path.h"

static bw_status x_anylabeling_open(void **out, const char *directory,
                                    const bw_writer_options *options, bw_error *error)
{
    bw_label_writer *writer;
    bw_status status =
        bw_label_writer_open(&writer, directory, "x_anylabeling", ".json", options, error);
    *out = writer;
    return status;
}

static void add_point(bw_text *text, double x, double y, const char *end)
{
    bw_text_add(text, "[");
    bw_text_fixed(text, x, 3);
    bw_text_add(text, ",");
    bw_text_fixed(text, y, 3);
    bw_text_add(text, end);
}

static void add_shape(bw_label_writer *writer, const bw_annotation *annotation, size_t index)
{
    bw_text *text = &writer->text;
    const bw_detection *detection = &annotation->detections[index];
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    double right = box.x + box.width, bottom = box.y + box.height;
    char room[BW_CLASS_SIZE];
    bw_text_format(text, "%s\n  {\"label\":", index ? "," : "");
    bw_text_quote(text, bw_class_name(writer->options, detection->class_id, room));
    bw_text_add(text, ",\"score\":");
    if (isnan(detection->score))
        bw_text_add(text, "null");
    else
        bw_text_fixed(text, (double)detection->score, 6);
    bw_text_add(text, ",\"points\":[");
    add_point(text, box.x, box.y, "],");
    add_point(text, right, box.y, "],");
    add_point(text, right, bottom, "],");
    add_point(text, box.x, bottom, "]],\"group_id\":");
    if (bw_track_of(annotation, index) >= 0)
        bw_text_format(text, "%lld", (long long)bw_track_of(annotation, index));
    else
        bw_text_add(text, "null");
    bw_text_add(text, ",\"description\":\"\",\"difficult\":false,\"shape_type\":\"rectangle\","
                      "\"flags\":{},\"attributes\":{}}");
}

static bw_status x_anylabeling_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_label_writer *writer = state;
    bw_text *text = &writer->text;
    bw_text_add(text, "{\"version\":\"2.4.4\",\"flags\":{},\"shapes\":[");
    for (size_t i = 0; i < annotation->count; i++)
        add_shape(writer, annotation, i);
    bw_text_add(text, "],\"imagePath\":");
    bw_text_quote(text, bw_base_name(annotation->file_name));
    bw_text_format(text, ",\"imageData\":null,\"imageHeight\":%d,\"imageWidth\":%d}\n",
                   annotation->height, annotation->width);
    return bw_label_files_write(&writer->files, annotation->label, text, error);
}

static const char *const files[] = {"x_anylabeling/", NULL};

const bw_writer_plugin bw_x_anylabeling_writer = {
    .name = "x-anylabeling",
    .description = "X-AnyLabeling's JSON, a file a picture",
    .files = files,
    .suffix = ".json",
    .open = x_anylabeling_open,
    .add = x_anylabeling_add,
    .flush = bw_label_writer_flush,
    .close = bw_label_writer_close,
};
