/**
 * The JSON of darknet's `detector test … -out`: an array of frames with their objects, boxes as
 * fractions of the picture, pictures told by file name. A class is told by number and by name;
 * where the ground truth has names, the name decides.
 */
#include <string.h>

#include "annot/dataset.h"
#include "annot/json_walk.h"

typedef struct frames_reader {
    bw_dataset *set;
    size_t frames, lost;
} frames_reader;

static bw_status find_class(const bw_dataset *set, const json_t *object, int32_t *class_id,
                            bw_error *error)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    int64_t number;
    bool numbered = bw_json_get_integer(object, "class_id", &number) && number >= 0 &&
                    number < (int64_t)set->class_count;
    if (set->named && name && *name)
        *class_id = bw_dataset_find_class(set, name);
    else
        *class_id = numbered ? (int32_t)number : -1;
    if (*class_id >= 0)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "the ground truth has no class %lld '%.100s'",
                   (long long)number, name ? name : "");
}

static bw_status read_object(bw_dataset *set, size_t image, const json_t *object, bw_error *error)
{
    static const char *const keys[4] = {"center_x", "center_y", "width", "height"};
    const json_t *relative = json_object_get(object, "relative_coordinates");
    bw_found_box found;
    double fractions[4];
    bool complete = bw_json_get_number(object, "confidence", &found.score);
    for (int i = 0; i < 4; i++)
        complete &= bw_json_get_number(relative, keys[i], &fractions[i]);
    if (!complete)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "an object needs relative_coordinates and confidence");
    bw_status status = find_class(set, object, &found.class_id, error);
    if (status != BW_OK)
        return status;
    found.box = bw_box_scale(fractions, set->images[image].width, set->images[image].height);
    return bw_dataset_add_found(set, image, &found, error);
}

static bw_status read_frame(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    frames_reader *reader = context;
    bw_dataset *set = reader->set;
    const char *name = json_string_value(json_object_get(element, "filename"));
    size_t image;
    if (!name)
        return bw_fail(error, BW_ERROR_FORMAT, "a frame needs a filename");
    bw_status status = bw_dataset_find_name(set, name, &image, error);
    if (status != BW_OK)
        return status;
    reader->frames++;
    if (image == set->image_count) {
        reader->lost++;
        return BW_OK;
    }
    if (set->images[image].width == 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the ground truth does not tell the size of '%.200s'", name);
    const json_t *objects = json_object_get(element, "objects");
    for (size_t i = 0; status == BW_OK && i < json_array_size(objects); i++)
        status = read_object(set, image, json_array_get(objects, i), error);
    return status;
}

bw_status bw_found_read_darknet(bw_dataset *set, const char *path, bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_frame}, {0}};
    frames_reader reader = {.set = set};
    bw_status status = bw_json_walk(path, sections, &reader, error);
    if (status != BW_OK || reader.lost == 0)
        return status;
    if (reader.lost == reader.frames)
        return bw_fail(error, BW_ERROR_FORMAT, "%s: none of its %zu pictures is labelled", path,
                       reader.frames);
    return bw_dataset_warn(set, error, "%s: %zu of %zu pictures are not labelled, and do not count",
                           path, reader.lost, reader.frames);
}
