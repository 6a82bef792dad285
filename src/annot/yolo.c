/**
 * YOLO text: labels/<label>.txt, a line a box: `class cx cy width height [confidence]`, centre and
 * size as fractions of the picture. A file without lines means: looked at, nothing found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annot/writer.h"
#include "base/file.h"
#include "base/memory.h"

typedef struct yolo_writer {
    const char *directory;
    bool with_confidence;
    char *text; /* the file being made, and the path it gets */
    size_t text_capacity;
    char *path;
    size_t path_capacity;
    char *folder; /* the folder that is known to exist */
    size_t folder_capacity;
} yolo_writer;

static bw_status yolo_open(void **out, const char *directory, const bw_writer_options *options,
                           bw_error *error)
{
    yolo_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return bw_fail_memory(error, sizeof *writer, "the YOLO writer");
    writer->directory = directory;
    writer->with_confidence = options->with_confidence;
    *out = writer;
    return BW_OK;
}

static bw_status set_path(yolo_writer *writer, const char *label, bw_error *error)
{
    size_t size = strlen(writer->directory) + strlen(label) + sizeof "/labels/.txt";
    if (!bw_array_reserve((void **)&writer->path, &writer->path_capacity, size, 1))
        return bw_fail_memory(error, size, "the name of a label file");
    snprintf(writer->path, writer->path_capacity, "%s/labels/%s.txt", writer->directory, label);
    return BW_OK;
}

/* Creates the folder of `path` unless it is the one of the file before. */
static bw_status make_folder(yolo_writer *writer, bw_error *error)
{
    size_t length = (size_t)(strrchr(writer->path, '/') - writer->path);
    if (writer->folder && strlen(writer->folder) == length &&
        memcmp(writer->folder, writer->path, length) == 0)
        return BW_OK;
    if (!bw_array_reserve((void **)&writer->folder, &writer->folder_capacity, length + 1, 1))
        return bw_fail_memory(error, length + 1, "the name of a label folder");
    memcpy(writer->folder, writer->path, length);
    writer->folder[length] = '\0';
    bw_status status = bw_make_folders(writer->folder, error);
    if (status != BW_OK)
        writer->folder[0] = '\0';
    return status;
}

static size_t format_line(char *line, size_t size, const bw_annotation *annotation,
                          const bw_detection *detection, bool with_confidence)
{
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    char x[BW_FIXED_SIZE], y[BW_FIXED_SIZE], width[BW_FIXED_SIZE], height[BW_FIXED_SIZE];
    char score[BW_FIXED_SIZE];
    int length = snprintf(
        line, size, "%d %s %s %s %s%s%s\n", detection->class_id,
        bw_format_fixed(x, (box.x + box.width / 2) / annotation->width, 6),
        bw_format_fixed(y, (box.y + box.height / 2) / annotation->height, 6),
        bw_format_fixed(width, box.width / annotation->width, 6),
        bw_format_fixed(height, box.height / annotation->height, 6), with_confidence ? " " : "",
        with_confidence ? bw_format_fixed(score, (double)detection->score, 6) : "");
    return (size_t)length;
}

static bw_status yolo_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    enum { LINE_SIZE = 5 * BW_FIXED_SIZE + 20 };
    yolo_writer *writer = state;
    if (!bw_label_is_safe(annotation->label))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "the label '%.200s' does not stay below the folder of labels",
                       annotation->label);
    bw_status status = set_path(writer, annotation->label, error);
    if (status == BW_OK)
        status = make_folder(writer, error);
    if (status != BW_OK)
        return status;
    size_t used = 0;
    for (size_t i = 0; i < annotation->count; i++) {
        if (!bw_array_reserve((void **)&writer->text, &writer->text_capacity, used + LINE_SIZE, 1))
            return bw_fail_memory(error, used + LINE_SIZE, "a label file");
        used += format_line(writer->text + used, LINE_SIZE, annotation, &annotation->detections[i],
                            writer->with_confidence);
    }
    return bw_write_file(writer->path, writer->text, used, error);
}

static bw_status yolo_close(void *state, bool commit, bw_error *error)
{
    yolo_writer *writer = state;
    (void)commit;
    (void)error;
    free(writer->text);
    free(writer->path);
    free(writer->folder);
    free(writer);
    return BW_OK;
}

const bw_writer_plugin bw_yolo_writer = {
    .name = "yolo",
    .description = "a text file a picture: class, centre and size as fractions",
    .open = yolo_open,
    .add = yolo_add,
    .close = yolo_close,
};
