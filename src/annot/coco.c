/**
 * COCO results: coco_results.json, one array of {image_id, category_id, bbox, score}.
 *
 * An image whose file name is a number ("000000000139.jpg") has that number as its id, as COCO's
 * own tools have it, unless an earlier picture of the run has it already. Every other picture has
 * its number in the run, or, where a file name claims that number, the next one that is neither a
 * claimed id nor a picture's number. Which numbers are claimed is known only at the end, so the
 * boxes of such pictures wait in a nameless file beside the results and are appended at commit.
 * When there is at least one of them, coco_image_ids.json lists the id of every picture.
 *
 * Categories have COCO's own sparse ids when the classes are COCO's, and 1, 2, … otherwise.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/coco_names.h"
#include "annot/id_set.h"
#include "annot/writer.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"

/* A JSON array that grows in a temporary file until it is given its name. */
typedef struct json_array_file {
    char *path, *temporary;
    FILE *file;
    bool started;
} json_array_file;

typedef struct coco_writer {
    bw_arena arena;
    json_array_file results, ids;
    FILE *waiting; /* the pictures whose id is not their file name's number */
    bool any_waiting;
    bw_id_set claimed; /* the ids that file names gave */
    int64_t highest;   /* of all ids and of all numbers */
    bool coco_classes;
} coco_writer;

/* What precedes a waiting picture's name and boxes. */
typedef struct waiting_header {
    int64_t number;
    size_t name_length, count;
    int width, height;
} waiting_header;

static bw_status array_open(json_array_file *array, bw_arena *arena, const char *directory,
                            const char *name, bw_error *error)
{
    array->path = bw_arena_format(arena, "%s/%s", directory, name);
    array->temporary = bw_arena_format(arena, "%s/%s.part", directory, name);
    if (!array->path || !array->temporary)
        return bw_fail_memory(error, strlen(directory), "a file name");
    array->file = fopen(array->temporary, "we");
    return array->file ? BW_OK : bw_fail_errno(error, "create", array->temporary);
}

/* What stands before the next element. */
static const char *array_separator(json_array_file *array)
{
    const char *separator = array->started ? ",\n" : "[\n";
    array->started = true;
    return separator;
}

/* Closes the file and gives it its name, or removes it. */
static bw_status array_close(json_array_file *array, bool commit, bw_error *error)
{
    if (!array->file)
        return BW_OK;
    bw_status status = BW_OK;
    if (commit)
        fputs(array->started ? "\n]\n" : "[]\n", array->file);
    bool written = !ferror(array->file);
    written &= fclose(array->file) == 0;
    array->file = NULL;
    if (commit && (!written || rename(array->temporary, array->path) != 0))
        status = bw_fail_errno(error, "write", array->path);
    if (!commit || status != BW_OK)
        unlink(array->temporary);
    return status;
}

/* A file that is gone from its folder while we hold it. */
static bw_status open_waiting(coco_writer *writer, const char *directory, bw_error *error)
{
    char *path = bw_arena_format(&writer->arena, "%s/coco_results.json.waiting", directory);
    if (!path)
        return bw_fail_memory(error, strlen(directory), "a file name");
    writer->waiting = fopen(path, "w+e");
    if (!writer->waiting)
        return bw_fail_errno(error, "create", path);
    unlink(path);
    return BW_OK;
}

static void coco_free(coco_writer *writer)
{
    array_close(&writer->results, false, NULL);
    array_close(&writer->ids, false, NULL);
    if (writer->waiting)
        fclose(writer->waiting);
    bw_id_set_free(&writer->claimed);
    bw_arena_free(&writer->arena);
    free(writer);
}

static bw_status coco_open(void **out, const char *directory, const bw_writer_options *options,
                           bw_error *error)
{
    coco_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return bw_fail_memory(error, sizeof *writer, "the COCO writer");
    writer->coco_classes = options->names && bw_coco_is(options->names, options->classes);
    bw_status status =
        array_open(&writer->results, &writer->arena, directory, "coco_results.json", error);
    if (status == BW_OK)
        status = array_open(&writer->ids, &writer->arena, directory, "coco_image_ids.json", error);
    if (status == BW_OK)
        status = open_waiting(writer, directory, error);
    if (status != BW_OK) {
        coco_free(writer);
        return status;
    }
    *out = writer;
    return BW_OK;
}

static void write_boxes(coco_writer *writer, int64_t id, const bw_annotation *annotation)
{
    for (size_t i = 0; i < annotation->count; i++) {
        const bw_detection *detection = &annotation->detections[i];
        bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
        int category = writer->coco_classes ? bw_coco_category_id(detection->class_id)
                                            : detection->class_id + 1;
        char x[BW_FIXED_SIZE], y[BW_FIXED_SIZE], width[BW_FIXED_SIZE], height[BW_FIXED_SIZE];
        char score[BW_FIXED_SIZE];
        fprintf(writer->results.file,
                "%s{\"image_id\":%lld,\"category_id\":%d,\"bbox\":[%s,%s,%s,%s],\"score\":%s}",
                array_separator(&writer->results), (long long)id, category,
                bw_format_fixed(x, box.x, 3), bw_format_fixed(y, box.y, 3),
                bw_format_fixed(width, box.width, 3), bw_format_fixed(height, box.height, 3),
                bw_format_fixed(score, (double)detection->score, 9));
    }
}

static bw_status write_id(coco_writer *writer, int64_t id, const char *file_name, bw_error *error)
{
    char *name = bw_utf8_clean(file_name, false);
    json_t *entry =
        name ? json_pack("{s:I, s:s}", "image_id", (json_int_t)id, "file_name", name) : NULL;
    free(name);
    char *text = entry ? json_dumps(entry, JSON_COMPACT) : NULL;
    json_decref(entry);
    if (!text)
        return bw_fail_memory(error, strlen(file_name), "an image's id");
    fprintf(writer->ids.file, "%s%s", array_separator(&writer->ids), text);
    free(text);
    return BW_OK;
}

static bw_status put_waiting(coco_writer *writer, const bw_annotation *annotation, bw_error *error)
{
    waiting_header header = {annotation->number, strlen(annotation->file_name), annotation->count,
                             annotation->width, annotation->height};
    bool written = fwrite(&header, sizeof header, 1, writer->waiting) == 1;
    written &=
        fwrite(annotation->file_name, 1, header.name_length, writer->waiting) == header.name_length;
    if (header.count)
        written &= fwrite(annotation->detections, sizeof *annotation->detections, header.count,
                          writer->waiting) == header.count;
    writer->any_waiting = true;
    return written ? BW_OK : bw_fail_errno(error, "write", "coco_results.json.waiting");
}

static bw_status coco_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    coco_writer *writer = state;
    int64_t id = bw_coco_image_number(annotation->file_name);
    int64_t high = id > annotation->number ? id : annotation->number;
    writer->highest = high > writer->highest ? high : writer->highest;
    if (id < 0 || bw_id_set_holds(&writer->claimed, id))
        return put_waiting(writer, annotation, error);
    if (!bw_id_set_add(&writer->claimed, id))
        return bw_fail_memory(error, 2 * writer->claimed.capacity * sizeof id, "image ids");
    write_boxes(writer, id, annotation);
    bw_status status = write_id(writer, id, annotation->file_name, error);
    if (status == BW_OK && ferror(writer->results.file))
        status = bw_fail_errno(error, "write", writer->results.temporary);
    return status;
}

static bw_status append_picture(coco_writer *writer, const bw_annotation *annotation,
                                bw_error *error)
{
    int64_t id = annotation->number;
    if (bw_id_set_holds(&writer->claimed, id))
        id = ++writer->highest;
    write_boxes(writer, id, annotation);
    return write_id(writer, id, annotation->file_name, error);
}

/* Buffers that append_waiting uses again for each picture. */
typedef struct waiting_buffers {
    char *name;
    bw_detection *detections;
    size_t name_capacity, detection_capacity;
} waiting_buffers;

static bw_status read_waiting(coco_writer *writer, const waiting_header *header,
                              waiting_buffers *buffers, bw_error *error)
{
    if (!bw_array_reserve((void **)&buffers->name, &buffers->name_capacity, header->name_length + 1,
                          1) ||
        !bw_array_reserve((void **)&buffers->detections, &buffers->detection_capacity,
                          header->count, sizeof *buffers->detections))
        return bw_fail_memory(error, header->count * sizeof *buffers->detections, "boxes");
    if (fread(buffers->name, 1, header->name_length, writer->waiting) != header->name_length ||
        fread(buffers->detections, sizeof *buffers->detections, header->count, writer->waiting) !=
            header->count)
        return bw_fail(error, BW_ERROR_IO, "cannot read coco_results.json.waiting back");
    buffers->name[header->name_length] = '\0';
    bw_annotation annotation = {
        .number = header->number,
        .file_name = buffers->name,
        .width = header->width,
        .height = header->height,
        .detections = buffers->detections,
        .count = header->count,
    };
    return append_picture(writer, &annotation, error);
}

static bw_status append_waiting(coco_writer *writer, bw_error *error)
{
    if (fflush(writer->waiting) != 0)
        return bw_fail_errno(error, "write", "coco_results.json.waiting");
    rewind(writer->waiting);
    waiting_buffers buffers = {0};
    waiting_header header;
    bw_status status = BW_OK;
    while (status == BW_OK && fread(&header, sizeof header, 1, writer->waiting) == 1)
        status = read_waiting(writer, &header, &buffers, error);
    free(buffers.name);
    free(buffers.detections);
    return status;
}

static bw_status coco_close(void *state, bool commit, bw_error *error)
{
    coco_writer *writer = state;
    bw_status status = BW_OK;
    if (commit)
        status = append_waiting(writer, error);
    if (commit && status == BW_OK)
        status = array_close(&writer->ids, writer->any_waiting, error);
    if (commit && status == BW_OK)
        status = array_close(&writer->results, true, error);
    coco_free(writer);
    return status;
}

const bw_writer_plugin bw_coco_writer = {
    .name = "coco",
    .description = "COCO's results file, as pycocotools reads it",
    .open = coco_open,
    .add = coco_add,
    .close = coco_close,
};
