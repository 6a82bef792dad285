/**
 * CVAT's XML, 1.1: images with boxes, and tracks with a box a frame. Other shapes are passed over.
 * Classes are those of the task's labels, in their order, and then what boxes name besides.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/folder.h"
#include "annot/readers.h"
#include "base/file.h"
#include "base/xml.h"

/* A box of a track, until its frame's picture is known. */
typedef struct frame_box {
    int64_t frame;
    bool outside; /* not to be seen there */
    bw_data_label label;
} frame_box;

typedef struct cvat_reader {
    bw_dataset *set;
    const char *images;
    bw_data_label label; /* the box that is being read */
    bool is_score;       /* the attribute that is being read */
    /* Of videos: */
    bw_arena arena;
    const char *name; /* of the sequence, before the frames' names; "" for none */
    int width, height;
    int32_t class_id;
    int64_t track, first_track, next_track; /* files count their tracks anew */
    frame_box *boxes;
    size_t count, capacity;
} cvat_reader;

/* ---- What both have ------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

static bw_status read_corners(cvat_reader *reader, const bw_xml_element *element, bw_error *error)
{
    static const char *const names[] = {"xtl", "ytl", "xbr", "ybr"};
    double corners[4];
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < 4; i++)
        status = bw_xml_number(element, names[i], &corners[i], error);
    if (status == BW_OK && (corners[2] < corners[0] || corners[3] < corners[1]))
        status = bw_fail(error, BW_ERROR_FORMAT, "a box ends before it begins");
    reader->label.score = (double)NAN;
    reader->label.track = -1;
    reader->label.box = (bw_truth_box){
        .box = {corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]}};
    return status;
}

static bw_status read_class(cvat_reader *reader, const bw_xml_element *element, int32_t *class_id,
                            bw_error *error)
{
    const char *label = bw_xml_attribute(element, "label");
    if (!label)
        return bw_fail(error, BW_ERROR_FORMAT, "<%s> has no label", element->path);
    return bw_dataset_name_class(reader->set, label, class_id, error);
}

static bw_status read_name(cvat_reader *reader, const char *path, const char *text, bw_error *error)
{
    int32_t class_id;
    if (!ends_with(path, "/labels/label/name") || reader->set->fixed)
        return BW_OK;
    return bw_dataset_name_class(reader->set, text, &class_id, error);
}

/* ---- Images --------------------------------------------------------------------------------- */

static bw_status begin_image(cvat_reader *reader, const bw_xml_element *element, bw_error *error)
{
    double width, height;
    bw_data_image image = {.id = (int64_t)reader->set->image_count + 1,
                           .name = bw_xml_attribute(element, "name")};
    if (!image.name)
        return bw_fail(error, BW_ERROR_FORMAT, "an image needs a name");
    bw_status status = bw_xml_number(element, "width", &width, error);
    if (status == BW_OK)
        status = bw_xml_number(element, "height", &height, error);
    if (status != BW_OK)
        return status;
    image.width = width >= 1 ? (int)width : 0;
    image.height = height >= 1 ? (int)height : 0;
    status = bw_data_image_locate(reader->set, &image, reader->images, error);
    return status == BW_OK ? bw_dataset_add_image(reader->set, &image, error) : status;
}

static bw_status begin_images(void *context, const bw_xml_element *element, bw_error *error)
{
    cvat_reader *reader = context;
    const char *path = element->path;
    if (!strchr(path, '/') && strcmp(path, "annotations") != 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "begins with <%.40s>, where CVAT's files have <annotations>", path);
    if (strcmp(path, "annotations/track") == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "has tracks: this is a video's file, cvat-video");
    if (strcmp(path, "annotations/image") == 0)
        return begin_image(reader, element, error);
    if (strcmp(path, "annotations/image/box/attribute") == 0) {
        const char *name = bw_xml_attribute(element, "name");
        reader->is_score = name && strcmp(name, "score") == 0;
    }
    if (strcmp(path, "annotations/image/box") != 0)
        return BW_OK;
    bw_status status = read_corners(reader, element, error);
    if (status == BW_OK)
        status = read_class(reader, element, &reader->label.box.class_id, error);
    return status;
}

static bw_status end_images(void *context, const bw_xml_element *element, bw_error *error)
{
    cvat_reader *reader = context;
    const char *path = element->path, *text = bw_xml_trim(element);
    if (strcmp(path, "annotations/image/box/attribute") == 0 && reader->is_score && *text) {
        double score;
        if (!bw_number_read(&score, text) || score < 0 || score > 1)
            return bw_fail(error, BW_ERROR_FORMAT, "the score '%.40s' is no number from 0 to 1",
                           text);
        reader->label.score = score;
    }
    if (strcmp(path, "annotations/image/box") != 0)
        return read_name(reader, path, text, error);
    reader->label.image = reader->set->image_count - 1;
    return bw_dataset_add_box(reader->set, &reader->label, error);
}

bw_status bw_cvat_read(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    static const bw_xml_visitor visitor = {begin_images, end_images};
    cvat_reader reader = {.set = set, .images = images};
    return bw_xml_read(path, &visitor, &reader, error);
}

/* ---- Videos --------------------------------------------------------------------------------- */

static bw_status begin_track(cvat_reader *reader, const bw_xml_element *element, bw_error *error)
{
    double id = 0;
    bw_status status = bw_xml_number(element, "id", &id, error);
    if (status != BW_OK)
        return status;
    if (id < 0)
        return bw_fail(error, BW_ERROR_FORMAT, "a track's id is a number from 0");
    reader->track = reader->first_track + (int64_t)id;
    if (reader->track >= reader->next_track)
        reader->next_track = reader->track + 1;
    return read_class(reader, element, &reader->class_id, error);
}

static bw_status begin_frame(cvat_reader *reader, const bw_xml_element *element, bw_error *error)
{
    double frame;
    const char *outside = bw_xml_attribute(element, "outside");
    bw_status status = bw_xml_number(element, "frame", &frame, error);
    if (status == BW_OK)
        status = read_corners(reader, element, error);
    if (status == BW_OK && frame < 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "a frame is a number from 0");
    if (status != BW_OK)
        return status;
    reader->label.track = reader->track;
    reader->label.box.class_id = reader->class_id;
    if (!bw_array_reserve((void **)&reader->boxes, &reader->capacity, reader->count + 1,
                          sizeof *reader->boxes))
        return bw_fail_memory(error, reader->count * sizeof *reader->boxes, "boxes of frames");
    reader->boxes[reader->count++] =
        (frame_box){(int64_t)frame, outside && strcmp(outside, "1") == 0, reader->label};
    return BW_OK;
}

static bw_status begin_video(void *context, const bw_xml_element *element, bw_error *error)
{
    cvat_reader *reader = context;
    const char *path = element->path;
    if (!strchr(path, '/') && strcmp(path, "annotations") != 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "begins with <%.40s>, where CVAT's files have <annotations>", path);
    if (strcmp(path, "annotations/image") == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "has images: this is the format cvat");
    if (strcmp(path, "annotations/track") == 0)
        return begin_track(reader, element, error);
    return strcmp(path, "annotations/track/box") == 0 ? begin_frame(reader, element, error) : BW_OK;
}

static bw_status end_video(void *context, const bw_xml_element *element, bw_error *error)
{
    cvat_reader *reader = context;
    const char *path = element->path, *text = bw_xml_trim(element);
    double side = 0;
    bool sized = bw_number_read(&side, text) && side >= 1 && side <= INT32_MAX;
    if (sized && ends_with(path, "/original_size/width"))
        reader->width = (int)side;
    if (sized && ends_with(path, "/original_size/height"))
        reader->height = (int)side;
    return read_name(reader, path, text, error);
}

static int compare_frames(const void *left, const void *right)
{
    const frame_box *a = left, *b = right;
    if (a->frame != b->frame)
        return a->frame < b->frame ? -1 : 1;
    return (a->label.track > b->label.track) - (a->label.track < b->label.track);
}

/* The picture of a frame: the folder's, by its place, or one named as CVAT does. */
static bw_status add_frame(cvat_reader *reader, int64_t frame, const bw_file_list *pictures,
                           bw_error *error)
{
    bw_data_image image = {.id = (int64_t)reader->set->image_count + 1,
                           .width = reader->width,
                           .height = reader->height,
                           .frame = frame,
                           .time_ns = -1};
    if (pictures && frame >= (int64_t)pictures->count)
        return bw_fail(error, BW_ERROR_FORMAT, "has boxes in frame %lld, but %s holds %zu pictures",
                       (long long)frame, reader->images, pictures->count);
    image.name = pictures ? pictures->names[frame]
                          : bw_arena_format(&reader->arena, "%s%sframe_%06lld.jpg", reader->name,
                                            *reader->name ? "/" : "", (long long)frame);
    if (!image.name)
        return bw_fail_memory(error, strlen(reader->name), "a file name");
    bw_status status =
        bw_data_image_locate(reader->set, &image, pictures ? reader->images : NULL, error);
    return status == BW_OK ? bw_dataset_add_image(reader->set, &image, error) : status;
}

/* Adds the picture of a frame, and with a folder of pictures those between it and the last one. */
static bw_status reach_frame(cvat_reader *reader, int64_t *last, int64_t frame,
                             const bw_file_list *pictures, bw_error *error)
{
    bw_status status = BW_OK;
    if (frame == *last)
        return BW_OK;
    for (int64_t next = pictures ? *last + 1 : frame; status == BW_OK && next <= frame; next++)
        status = add_frame(reader, next, pictures, error);
    *last = frame;
    return status;
}

static bw_status add_frames(cvat_reader *reader, const bw_file_list *pictures, bw_error *error)
{
    bw_status status = BW_OK;
    int64_t last = -1;
    if (reader->count > 0)
        qsort(reader->boxes, reader->count, sizeof *reader->boxes, compare_frames);
    for (size_t i = 0; status == BW_OK && i < reader->count; i++) {
        frame_box *box = &reader->boxes[i];
        status = reach_frame(reader, &last, box->frame, pictures, error);
        box->label.image = reader->set->image_count - 1;
        if (status == BW_OK && !box->outside)
            status = bw_dataset_add_box(reader->set, &box->label, error);
    }
    if (status == BW_OK && pictures && pictures->count > 0)
        status = reach_frame(reader, &last, (int64_t)pictures->count - 1, pictures, error);
    return status;
}

static bw_status read_video(cvat_reader *reader, const char *path, const bw_file_list *pictures,
                            bw_error *error)
{
    static const bw_xml_visitor visitor = {begin_video, end_video};
    reader->count = 0;
    reader->width = reader->height = 0;
    reader->first_track = reader->next_track;
    bw_status status = bw_xml_read(path, &visitor, reader, error);
    if (status != BW_OK)
        return status;
    status = add_frames(reader, pictures, error);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
}

/* A folder's sequences; the pictures are theirs only where there is but one. */
static bw_status read_folder(cvat_reader *reader, const char *path, const bw_file_list *pictures,
                             bw_error *error)
{
    static const char *const suffixes[] = {".xml", NULL};
    bw_file_list list;
    bw_status status = bw_file_list_read(&list, path, suffixes, error);
    if (status == BW_OK && list.count == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: holds no XML files", path);
    for (size_t i = 0; status == BW_OK && i < list.count; i++) {
        int stem = (int)(strrchr(list.names[i], '.') - list.names[i]);
        reader->name = bw_arena_format(&reader->arena, "%.*s", stem, list.names[i]);
        const char *file = bw_arena_format(&reader->arena, "%s/%s", path, list.names[i]);
        status = file && reader->name
                     ? read_video(reader, file, list.count == 1 ? pictures : NULL, error)
                     : bw_fail_memory(error, strlen(path), "a file name");
    }
    bw_file_list_free(&list);
    return status;
}

bw_status bw_cvat_video_read(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    cvat_reader reader = {.set = set, .images = images, .name = ""};
    bw_file_list pictures = {0};
    bw_status status = BW_OK;
    if (images)
        status = bw_file_list_read(&pictures, images, bw_picture_suffixes, error);
    const bw_file_list *given = images ? &pictures : NULL;
    if (status == BW_OK)
        status = bw_is_folder(path) ? read_folder(&reader, path, given, error)
                                    : read_video(&reader, path, given, error);
    bw_file_list_free(&pictures);
    bw_arena_free(&reader.arena);
    free(reader.boxes);
    return status;
}
