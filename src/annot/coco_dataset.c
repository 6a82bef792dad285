/**
 * COCO's dataset: coco_dataset.json, with images, annotations and categories, their ids those of
 * the results (coco.c). Scores are added to the annotations, as "score", where they are asked for.
 */
#include <math.h>
#include <stdlib.h>

#include "annot/coco_ids.h"
#include "annot/coco_names.h"
#include "annot/output.h"
#include "annot/writer.h"

typedef struct dataset_writer {
    bw_stream images;
    FILE *annotations; /* wait here until all images are written */
    bw_text text;      /* of a picture's annotations */
    int64_t boxes;
    bw_coco_ids ids;
    bool coco_classes;
} dataset_writer;

static void add_annotation(dataset_writer *writer, int64_t id, const bw_annotation *annotation,
                           const bw_detection *detection)
{
    bw_text *text = &writer->text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    const double numbers[] = {box.x, box.y, box.width, box.height};
    int category = bw_coco_category(detection->class_id, writer->coco_classes);
    bw_text_add(text, writer->boxes++ ? ",\n" : "");
    bw_text_format(text, "{\"id\":%lld,\"image_id\":%lld,\"category_id\":%d,\"bbox\":[",
                   (long long)writer->boxes, (long long)id, category);
    for (int i = 0; i < 4; i++) {
        bw_text_add(text, i ? "," : "");
        bw_text_fixed(text, numbers[i], 3);
    }
    bw_text_add(text, "],\"area\":");
    bw_text_fixed(text, box.width * box.height, 3);
    bw_text_add(text, ",\"iscrowd\":0,\"segmentation\":[]");
    if (writer->images.options->with_confidence && !isnan(detection->score)) {
        bw_text_add(text, ",\"score\":");
        bw_text_fixed(text, (double)detection->score, 6);
    }
    bw_text_add(text, "}");
}

static bw_status write_picture(void *context, int64_t id, const bw_annotation *annotation,
                               bw_error *error)
{
    dataset_writer *writer = context;
    bw_text *image = &writer->images.text;
    bw_text_format(image, "%s{\"id\":%lld,\"width\":%d,\"height\":%d,\"file_name\":",
                   writer->images.count++ ? ",\n" : "", (long long)id, annotation->width,
                   annotation->height);
    bw_text_quote(image, annotation->file_name);
    bw_text_add(image, "}");
    bw_status status = bw_stream_write(&writer->images, error);
    for (size_t i = 0; i < annotation->count; i++)
        add_annotation(writer, id, annotation, &annotation->detections[i]);
    bw_text *text = &writer->text;
    if (status == BW_OK)
        status = bw_text_check(text, error);
    if (status == BW_OK && text->length > 0 &&
        fwrite(text->bytes, 1, text->length, writer->annotations) != text->length)
        status = bw_fail_errno(error, "write", writer->images.out.path);
    bw_text_clear(text);
    return status;
}

static bw_status dataset_close(void *state, bool commit, bw_error *error);

static bw_status dataset_open(void **out, const char *directory, const bw_writer_options *options,
                              bw_error *error)
{
    void *state = NULL;
    bw_status status = bw_stream_open(&state, sizeof(dataset_writer), directory,
                                      "coco_dataset.json", options, error);
    if (status != BW_OK)
        return status;
    dataset_writer *writer = state;
    writer->coco_classes = options->names && bw_coco_is(options->names, options->classes);
    bw_text_add(&writer->images.text, "{\"info\":{},\"licenses\":[],\"images\":[\n");
    status = bw_spool_open(&writer->annotations, directory, error);
    if (status == BW_OK)
        status = bw_coco_ids_open(&writer->ids, directory, write_picture, writer, error);
    if (status == BW_OK)
        *out = writer;
    else
        dataset_close(writer, false, NULL);
    return status;
}

static bw_status dataset_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    return bw_coco_ids_add(&((dataset_writer *)state)->ids, annotation, error);
}

static void add_categories(bw_text *text, const bw_writer_options *options, bool coco_classes)
{
    bw_text_add(text, "\n],\"categories\":[\n");
    for (int i = 0; i < options->classes; i++) {
        bw_text_format(text, "%s{\"id\":%d,\"name\":", i ? ",\n" : "",
                       bw_coco_category(i, coco_classes));
        bw_text_quote(text, options->names[i]);
        bw_text_add(text, ",\"supercategory\":\"\"}");
    }
    bw_text_add(text, "\n]}\n");
}

static bw_status finish(dataset_writer *writer, bw_error *error)
{
    bw_stream *images = &writer->images;
    bw_status status = bw_coco_ids_finish(&writer->ids, error);
    if (status != BW_OK)
        return status;
    bw_text_add(&images->text, "\n],\"annotations\":[\n");
    status = bw_stream_write(images, error);
    if (status == BW_OK)
        status = bw_output_append(&images->out, writer->annotations, error);
    add_categories(&images->text, images->options, writer->coco_classes);
    return status;
}

static bw_status dataset_close(void *state, bool commit, bw_error *error)
{
    dataset_writer *writer = state;
    bw_status status = commit ? finish(writer, error) : BW_OK;
    if (writer->annotations)
        fclose(writer->annotations);
    bw_text_free(&writer->text);
    bw_coco_ids_free(&writer->ids);
    bw_status closed = bw_stream_close(&writer->images, commit && status == BW_OK, error);
    return status == BW_OK ? closed : status;
}

static const char *const files[] = {"coco_dataset.json", NULL};

const bw_writer_plugin bw_coco_dataset_writer = {
    .name = "coco-dataset",
    .description = "COCO's dataset, with images, annotations and categories",
    .files = files,
    .open = dataset_open,
    .add = dataset_add,
    .close = dataset_close,
};
