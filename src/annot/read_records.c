/**
 * JSON that tells boxes picture by picture: darknet's array of frames, and our JSON lines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/json_walk.h"
#include "annot/readers.h"
#include "base/file.h"

#define FILE_LIMIT ((uint64_t)4 << 30)

typedef struct records_reader {
    bw_dataset *set;
    const char *images;
} records_reader;

/* A class that is told by number and name. */
static bw_status read_class(bw_dataset *set, const json_t *object, const char *key,
                            int32_t *class_id, bw_error *error)
{
    const char *name = json_string_value(json_object_get(object, key));
    int64_t number;
    if (!bw_json_get_integer(object, "class_id", &number) || !name)
        return bw_fail(error, BW_ERROR_FORMAT, "a box needs class_id and %s", key);
    if (set->fixed)
        return bw_dataset_name_class(set, name, class_id, error);
    *class_id = (int32_t)number;
    return bw_dataset_number_class(set, number, name, error);
}

static bw_status add_picture(records_reader *reader, bw_data_image *image, bw_error *error)
{
    bw_status status = bw_data_image_locate(reader->set, image, reader->images, error);
    return status == BW_OK ? bw_dataset_add_image(reader->set, image, error) : status;
}

/* ---- Darknet -------------------------------------------------------------------------------- */

static bw_status read_object(records_reader *reader, const json_t *object, bw_error *error)
{
    static const char *const keys[] = {"center_x", "center_y", "width", "height"};
    bw_dataset *set = reader->set;
    const bw_data_image *image = &set->images[set->image_count - 1];
    const json_t *relative = json_object_get(object, "relative_coordinates");
    double fractions[4];
    bw_data_label label = {.image = set->image_count - 1, .track = -1};
    bool complete = bw_json_get_number(object, "confidence", &label.score);
    for (int i = 0; i < 4; i++)
        complete = complete && bw_json_get_number(relative, keys[i], &fractions[i]) &&
                   fabs(fractions[i]) <= 100 && (i < 2 || fractions[i] >= 0);
    if (!complete)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "an object needs relative_coordinates, fractions, and confidence");
    label.box.box = bw_box_scale(fractions, image->width, image->height);
    bw_status status = read_class(set, object, "name", &label.box.class_id, error);
    return status == BW_OK ? bw_dataset_add_box(set, &label, error) : status;
}

static bw_status read_frame(void *context, const json_t *element, size_t index, bw_error *error)
{
    records_reader *reader = context;
    const json_t *objects = json_object_get(element, "objects");
    bw_data_image image = {.id = (int64_t)index + 1,
                           .name = json_string_value(json_object_get(element, "filename"))};
    if (!image.name)
        return bw_fail(error, BW_ERROR_FORMAT, "a frame needs a filename");
    bw_status status = add_picture(reader, &image, error);
    for (size_t i = 0; status == BW_OK && i < json_array_size(objects); i++)
        status = read_object(reader, json_array_get(objects, i), error);
    return status;
}

bw_status bw_darknet_read(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_frame}, {0}};
    records_reader reader = {set, images};
    return bw_json_walk(path, sections, &reader, error);
}

/* ---- JSON lines ----------------------------------------------------------------------------- */

static bw_status read_detection(records_reader *reader, const json_t *object, bw_error *error)
{
    bw_dataset *set = reader->set;
    bw_data_label label = {.image = set->image_count - 1};
    double box[4];
    if (!bw_json_get_numbers(object, "bbox", box, 4) || box[2] < 0 || box[3] < 0 ||
        fabs(box[0]) > 1e9 || fabs(box[1]) > 1e9 || box[2] > 1e9 || box[3] > 1e9)
        return bw_fail(error, BW_ERROR_FORMAT, "a detection needs bbox: left, top, width, height");
    if (!bw_json_get_number(object, "score", &label.score))
        label.score = (double)NAN;
    if (!bw_json_get_integer(object, "track_id", &label.track) || label.track < 0)
        label.track = -1;
    label.box.box = (bw_box){box[0], box[1], box[2], box[3]};
    bw_status status = read_class(set, object, "class", &label.box.class_id, error);
    return status == BW_OK ? bw_dataset_add_box(set, &label, error) : status;
}

static bw_status read_record(records_reader *reader, const json_t *record, bw_error *error)
{
    const json_t *detections = json_object_get(record, "detections");
    double width = 0, height = 0, time = -1;
    bw_data_image image = {.name = json_string_value(json_object_get(record, "file_name")),
                           .source = json_string_value(json_object_get(record, "source"))};
    if (!image.name)
        return bw_fail(error, BW_ERROR_FORMAT, "a line needs file_name");
    bw_json_get_number(record, "width", &width);
    bw_json_get_number(record, "height", &height);
    bw_json_get_integer(record, "frame", &image.frame);
    bw_json_get_number(record, "time", &time);
    image.id = (int64_t)reader->set->image_count + 1;
    image.width = width >= 1 && width <= 1e9 ? (int)width : 0;
    image.height = height >= 1 && height <= 1e9 ? (int)height : 0;
    image.time_ns = time >= 0 && time < 9e9 ? llround(time * 1e9) : -1;
    bw_status status = add_picture(reader, &image, error);
    for (size_t i = 0; status == BW_OK && i < json_array_size(detections); i++)
        status = read_detection(reader, json_array_get(detections, i), error);
    return status;
}

static bw_status read_line(records_reader *reader, const char *line, size_t length, bw_error *error)
{
    json_error_t problem;
    json_t *record = json_loadb(line, length, 0, &problem);
    if (!record)
        return bw_fail(error, BW_ERROR_FORMAT, "is not JSON: %s", problem.text);
    bw_status status = read_record(reader, record, error);
    json_decref(record);
    return status;
}

bw_status bw_json_lines_read(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    records_reader reader = {set, images};
    bw_mapping file;
    bw_status status = bw_map_file(&file, path, error);
    if (status == BW_OK && file.size > FILE_LIMIT)
        status = bw_fail(error, BW_ERROR_LIMIT, "has more than 4 GiB");
    const char *at = (const char *)file.data, *end = at ? at + file.size : NULL;
    size_t number = 0;
    while (status == BW_OK && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        bool blank = length == 0 || (length == 1 && *at == '\r');
        number++;
        status = blank ? BW_OK : read_line(&reader, at, length, error);
        at += length + 1;
    }
    bw_unmap_file(&file);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s: line %zu", path, number);
}
