/**
 * YOLO text: labels/<label>.txt, a line a box: `class cx cy width height [confidence]`, centre and
 * size as fractions of the picture. A file without lines means: looked at, nothing found. With it
 * goes data.yaml, which trainers take: the classes' names, and that the pictures are in images/.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/output.h"
#include "annot/writer.h"
#include "base/path.h"

typedef struct yolo_writer {
    bw_label_writer *labels;
    bw_label_files images; /* links to the pictures, where they are wanted */
    const char *directory;
} yolo_writer;

static bw_status yolo_open(void **out, const char *directory, const bw_writer_options *options,
                           bw_error *error)
{
    yolo_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return bw_fail_memory(error, sizeof *writer, "the YOLO writer");
    writer->directory = directory;
    writer->images = (bw_label_files){.directory = directory, .folder = "images"};
    bw_status status =
        bw_label_writer_open(&writer->labels, directory, "labels", ".txt", options, error);
    if (status != BW_OK)
        free(writer);
    else
        *out = writer;
    return status;
}

static void add_line(bw_label_writer *labels, const bw_annotation *annotation,
                     const bw_detection *detection)
{
    bw_text *text = &labels->text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    const double numbers[] = {
        (box.x + box.width / 2) / annotation->width, (box.y + box.height / 2) / annotation->height,
        box.width / annotation->width, box.height / annotation->height, (double)detection->score};
    int count = labels->options->with_confidence && !isnan(detection->score) ? 5 : 4;
    bw_text_format(text, "%d", detection->class_id);
    for (int i = 0; i < count; i++) {
        bw_text_add(text, " ");
        bw_text_fixed(text, numbers[i], 6);
    }
    bw_text_add(text, "\n");
}

/* images/<label><suffix of the picture> → the picture; a link that is there stays if it is right.
 */
static bw_status link_picture(yolo_writer *writer, const bw_annotation *annotation, bw_error *error)
{
    const char *dot = strrchr(bw_base_name(annotation->path), '.');
    char *target = realpath(annotation->path, NULL);
    if (!target)
        return bw_fail_errno(error, "find the picture", annotation->path);
    writer->images.suffix = dot ? dot : "";
    bw_status status = bw_label_files_place(&writer->images, annotation->label, error);
    const char *place = writer->images.path.bytes;
    if (status == BW_OK) {
        unlink(place);
        if (symlink(target, place) != 0)
            status = bw_fail_errno(error, "link to the picture as", place);
    }
    free(target);
    return status;
}

static bw_status yolo_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    yolo_writer *writer = state;
    for (size_t i = 0; i < annotation->count; i++)
        add_line(writer->labels, annotation, &annotation->detections[i]);
    bw_status status = bw_label_files_write(&writer->labels->files, annotation->label,
                                            &writer->labels->text, error);
    if (status == BW_OK && writer->labels->options->link_images && annotation->path)
        status = link_picture(writer, annotation, error);
    return status;
}

static bw_status write_names(yolo_writer *writer, bw_error *error)
{
    const bw_writer_options *options = writer->labels->options;
    bw_output out;
    bw_text text = {0};
    bw_text_add(&text, "# labels/ belongs to the pictures in images/, which have the same names.\n"
                       "train: images\nval: images\n");
    bw_text_format(&text, "nc: %d\nnames:\n", options->classes);
    for (int i = 0; i < options->classes; i++) {
        bw_text_format(&text, "  %d: ", i);
        bw_text_quote(&text, options->names[i]);
        bw_text_add(&text, "\n");
    }
    bw_status status = bw_output_open(&out, writer->directory, "data.yaml", error);
    if (status == BW_OK)
        status = bw_output_write(&out, &text, error);
    bw_status closed = bw_output_close(&out, status == BW_OK, error);
    bw_text_free(&text);
    return status == BW_OK ? closed : status;
}

static bw_status yolo_flush(void *state, bw_error *error)
{
    yolo_writer *writer = state;
    return bw_label_writer_flush(writer->labels, error);
}

static bw_status yolo_close(void *state, bool commit, bw_error *error)
{
    yolo_writer *writer = state;
    bw_status status = BW_OK;
    if (commit && writer->labels->options->names)
        status = write_names(writer, error);
    bw_error ignored;
    bw_status closed = bw_label_writer_close(writer->labels, commit && status == BW_OK,
                                             status == BW_OK ? error : &ignored);
    bw_label_files_free(&writer->images);
    free(writer);
    return status == BW_OK ? closed : status;
}

static const char *const files[] = {"data.yaml", "labels/", NULL};

const bw_writer_plugin bw_yolo_writer = {
    .name = "yolo",
    .description = "a text file a picture: class, centre and size as fractions",
    .files = files,
    .suffix = ".txt",
    .open = yolo_open,
    .add = yolo_add,
    .flush = yolo_flush,
    .close = yolo_close,
};
