/**
 * COCO's results without a ground truth: pictures are those of coco_image_ids.json beside them, or
 * else the pictures of a folder whose file names are numbers. Categories have COCO's own sparse ids
 * where the names are COCO's or nobody gave any; else they count from 1.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/coco_ids.h"
#include "annot/coco_names.h"
#include "annot/folder.h"
#include "annot/json_walk.h"
#include "annot/readers.h"

static const char missing_pictures[] =
    "COCO's results tell neither names nor sizes of pictures; name their folder with --images";

typedef struct results_reader {
    bw_dataset *set;
    const char *images;
} results_reader;

static bw_status add_picture(results_reader *reader, int64_t id, const char *name, bw_error *error)
{
    bw_data_image image = {.id = id, .name = name};
    bw_status status = bw_data_image_locate(reader->set, &image, reader->images, error);
    return status == BW_OK ? bw_dataset_add_image(reader->set, &image, error) : status;
}

static bw_status read_id(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    int64_t id;
    const char *name = json_string_value(json_object_get(element, "file_name"));
    if (!bw_json_get_integer(element, "image_id", &id) || id < 0 || !name)
        return bw_fail(error, BW_ERROR_FORMAT, "an entry needs image_id and file_name");
    return add_picture(context, id, name, error);
}

static bw_status read_folder(results_reader *reader, bw_error *error)
{
    bw_file_list list;
    bw_status status = bw_file_list_read(&list, reader->images, bw_picture_suffixes, error);
    for (size_t i = 0; status == BW_OK && i < list.count; i++) {
        int64_t id = bw_coco_image_number(list.names[i]);
        if (id >= 0)
            status = add_picture(reader, id, list.names[i], error);
    }
    bw_file_list_free(&list);
    return status;
}

static bw_status read_pictures(results_reader *reader, const char *path, bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_id}, {0}};
    const char *list = bw_coco_ids_beside(&reader->set->arena, path);
    if (!list)
        return bw_fail_memory(error, strlen(path), "a file name");
    if (!reader->images)
        return bw_fail(error, BW_ERROR_FORMAT, "%s", missing_pictures);
    bw_status status = access(list, F_OK) == 0 ? bw_json_walk(list, sections, reader, error)
                                               : read_folder(reader, error);
    return status == BW_OK ? bw_dataset_index(reader->set, error) : status;
}

static bw_status read_result(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    results_reader *reader = context;
    int64_t image_id, category_id;
    double box[4];
    bw_data_label label = {.track = -1};
    if (!bw_json_get_integer(element, "image_id", &image_id) ||
        !bw_json_get_integer(element, "category_id", &category_id) ||
        !bw_json_get_numbers(element, "bbox", box, 4) ||
        !bw_json_get_number(element, "score", &label.score))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "a result needs image_id, category_id, bbox, four numbers, and score");
    if (!bw_dataset_find_id(reader->set, image_id, &label.image))
        return bw_fail(error, BW_ERROR_FORMAT, "there is no picture with the id %lld",
                       (long long)image_id);
    label.box.box = (bw_box){box[0], box[1], box[2], box[3]};
    label.box.class_id = bw_dataset_find_category(reader->set, category_id);
    if (label.box.class_id < 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "there is no category %lld; name the classes with --names",
                       (long long)category_id);
    return bw_dataset_add_box(reader->set, &label, error);
}

bw_status bw_coco_results_read(bw_dataset *set, const char *path, const char *images,
                               bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_result}, {0}};
    results_reader reader = {set, images};
    bw_status status = BW_OK;
    if (set->class_count == 0)
        status = bw_dataset_set_classes(set, NULL, BW_COCO_CLASSES, error);
    if (status == BW_OK)
        status = read_pictures(&reader, path, error);
    return status == BW_OK ? bw_json_walk(path, sections, &reader, error) : status;
}
