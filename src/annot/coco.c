/**
 * COCO results: coco_results.json, one array of {image_id, category_id, bbox, score}. Where not
 * every picture has its file name's number as its id, coco_image_ids.json lists the id of each.
 *
 * Categories have COCO's own sparse ids when the classes are COCO's, and 1, 2, … otherwise.
 */
#include <math.h>
#include <stdlib.h>

#include "annot/coco_ids.h"
#include "annot/coco_names.h"
#include "annot/output.h"
#include "annot/writer.h"

typedef struct coco_writer {
    bw_stream results;
    bw_output list; /* of ids */
    bool listed;
    bw_coco_ids ids;
    bool coco_classes;
} coco_writer;

static void add_result(coco_writer *writer, int64_t id, const bw_annotation *annotation,
                       const bw_detection *detection)
{
    bw_text *text = &writer->results.text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    const double numbers[] = {box.x, box.y, box.width, box.height};
    bw_text_add(text, bw_stream_separator(&writer->results));
    bw_text_format(text, "{\"image_id\":%lld,\"category_id\":%d,\"bbox\":[", (long long)id,
                   bw_coco_category(detection->class_id, writer->coco_classes));
    for (int i = 0; i < 4; i++) {
        bw_text_add(text, i ? "," : "");
        bw_text_fixed(text, numbers[i], 3);
    }
    bw_text_add(text, "],\"score\":");
    bw_text_fixed(text, isnan(detection->score) ? 1 : (double)detection->score, 9);
    bw_text_add(text, "}");
}

static bw_status write_picture(void *context, int64_t id, const bw_annotation *annotation,
                               bw_error *error)
{
    coco_writer *writer = context;
    for (size_t i = 0; i < annotation->count; i++)
        add_result(writer, id, annotation, &annotation->detections[i]);
    bw_status status = bw_stream_write(&writer->results, error);
    if (status != BW_OK)
        return status;
    bw_text *text = &writer->results.text;
    bw_text_format(text, "%s{\"image_id\":%lld,\"file_name\":", writer->listed ? ",\n" : "[\n",
                   (long long)id);
    bw_text_quote(text, annotation->file_name);
    bw_text_add(text, "}");
    writer->listed = true;
    return bw_output_write(&writer->list, text, error);
}

static bw_status coco_close(void *state, bool commit, bw_error *error);

static bw_status coco_open(void **out, const char *directory, const bw_writer_options *options,
                           bw_error *error)
{
    void *state = NULL;
    bw_status status =
        bw_stream_open(&state, sizeof(coco_writer), directory, "coco_results.json", options, error);
    if (status != BW_OK)
        return status;
    coco_writer *writer = state;
    writer->coco_classes = options->names && bw_coco_is(options->names, options->classes);
    status = bw_output_open(&writer->list, directory, "coco_image_ids.json", error);
    if (status == BW_OK)
        status = bw_coco_ids_open(&writer->ids, directory, write_picture, writer, error);
    if (status == BW_OK)
        *out = writer;
    else
        coco_close(writer, false, NULL);
    return status;
}

static bw_status coco_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    return bw_coco_ids_add(&((coco_writer *)state)->ids, annotation, error);
}

static bw_status finish(coco_writer *writer, bw_error *error)
{
    bw_status status = bw_coco_ids_finish(&writer->ids, error);
    if (status != BW_OK)
        return status;
    bw_text *text = &writer->results.text;
    bw_text_add(text, "\n]\n");
    if (writer->ids.any_waiting)
        status = bw_output_write(&writer->list, text, error);
    bw_text_clear(text);
    bw_text_add(text, writer->results.count ? "\n]\n" : "[]\n");
    if (status == BW_OK)
        status = bw_output_close(&writer->list, writer->ids.any_waiting, error);
    return status;
}

static bw_status coco_close(void *state, bool commit, bw_error *error)
{
    coco_writer *writer = state;
    bw_status status = commit ? finish(writer, error) : BW_OK;
    bw_output_close(&writer->list, false, NULL);
    bw_coco_ids_free(&writer->ids);
    bw_status closed = bw_stream_close(&writer->results, commit && status == BW_OK, error);
    return status == BW_OK ? closed : status;
}

static const char *const files[] = {"coco_results.json", "coco_image_ids.json", NULL};

const bw_writer_plugin bw_coco_writer = {
    .name = "coco",
    .description = "COCO's results file, as pycocotools reads it",
    .files = files,
    .open = coco_open,
    .add = coco_add,
    .close = coco_close,
};
