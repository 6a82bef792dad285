#include "annot/coco_ids.h"

#include <stdlib.h>
#include <string.h>

#include "annot/coco_names.h"
#include "annot/output.h"
#include "base/memory.h"

/* What precedes a waiting picture's name and boxes. */
typedef struct waiting_header {
    int64_t number;
    size_t name_length, count;
    int width, height;
} waiting_header;

const char *bw_coco_ids_beside(bw_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    return bw_arena_format(arena, "%.*scoco_image_ids.json", folder, path);
}

bw_status bw_coco_ids_open(bw_coco_ids *ids, const char *directory, bw_coco_taker *take,
                           void *context, bw_error *error)
{
    *ids = (bw_coco_ids){.take = take, .context = context};
    return bw_spool_open(&ids->waiting, directory, error);
}

void bw_coco_ids_free(bw_coco_ids *ids)
{
    if (ids->waiting)
        fclose(ids->waiting);
    bw_id_set_free(&ids->claimed);
    *ids = (bw_coco_ids){0};
}

static bw_status put_waiting(bw_coco_ids *ids, const bw_annotation *annotation, bw_error *error)
{
    waiting_header header = {annotation->number, strlen(annotation->file_name), annotation->count,
                             annotation->width, annotation->height};
    bool written = fwrite(&header, sizeof header, 1, ids->waiting) == 1;
    written &=
        fwrite(annotation->file_name, 1, header.name_length, ids->waiting) == header.name_length;
    if (header.count)
        written &= fwrite(annotation->detections, sizeof *annotation->detections, header.count,
                          ids->waiting) == header.count;
    ids->any_waiting = true;
    return written ? BW_OK : bw_fail_errno(error, "write", "pictures that wait for an id");
}

bw_status bw_coco_ids_add(bw_coco_ids *ids, const bw_annotation *annotation, bw_error *error)
{
    int64_t id = bw_coco_image_number(annotation->file_name);
    int64_t high = id > annotation->number ? id : annotation->number;
    ids->highest = high > ids->highest ? high : ids->highest;
    if (id < 0 || bw_id_set_holds(&ids->claimed, id))
        return put_waiting(ids, annotation, error);
    if (!bw_id_set_add(&ids->claimed, id))
        return bw_fail_memory(error, 2 * ids->claimed.capacity * sizeof id, "image ids");
    return ids->take(ids->context, id, annotation, error);
}

/* Buffers that are used again for each picture. */
typedef struct waiting_buffers {
    char *name;
    bw_detection *detections;
    size_t name_capacity, detection_capacity;
} waiting_buffers;

static bw_status read_waiting(bw_coco_ids *ids, const waiting_header *header,
                              waiting_buffers *buffers, bw_error *error)
{
    if (!bw_array_reserve((void **)&buffers->name, &buffers->name_capacity, header->name_length + 1,
                          1) ||
        !bw_array_reserve((void **)&buffers->detections, &buffers->detection_capacity,
                          header->count, sizeof *buffers->detections))
        return bw_fail_memory(error, header->count * sizeof *buffers->detections, "boxes");
    if (fread(buffers->name, 1, header->name_length, ids->waiting) != header->name_length ||
        fread(buffers->detections, sizeof *buffers->detections, header->count, ids->waiting) !=
            header->count)
        return bw_fail(error, BW_ERROR_IO, "cannot read back pictures that wait for an id");
    buffers->name[header->name_length] = '\0';
    bw_annotation annotation = {
        .number = header->number,
        .file_name = buffers->name,
        .width = header->width,
        .height = header->height,
        .detections = buffers->detections,
        .count = header->count,
    };
    int64_t id = annotation.number;
    if (bw_id_set_holds(&ids->claimed, id))
        id = ++ids->highest;
    return ids->take(ids->context, id, &annotation, error);
}

bw_status bw_coco_ids_finish(bw_coco_ids *ids, bw_error *error)
{
    if (fflush(ids->waiting) != 0)
        return bw_fail_errno(error, "write", "pictures that wait for an id");
    rewind(ids->waiting);
    waiting_buffers buffers = {0};
    waiting_header header;
    bw_status status = BW_OK;
    while (status == BW_OK && fread(&header, sizeof header, 1, ids->waiting) == 1)
        status = read_waiting(ids, &header, &buffers, error);
    free(buffers.name);
    free(buffers.detections);
    return status;
}
