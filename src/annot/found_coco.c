/**
 * COCO's results files. Where coco_image_ids.json stands beside the results, as annotate writes
 * it, image ids are those of that list and pictures are found by their names; otherwise ids are
 * the ground truth's own.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/coco_ids.h"
#include "annot/dataset.h"
#include "annot/json_walk.h"

/* A picture's id in the results. */
typedef struct listed_id {
    int64_t id;
    size_t image;
} listed_id;

typedef struct results_reader {
    bw_dataset *set;
    listed_id *ids; /* sorted by id; NULL where there is no list */
    size_t id_count, id_capacity;
    size_t used, lost; /* boxes */
} results_reader;

static bw_status read_id(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    results_reader *reader = context;
    listed_id listed;
    const char *name = json_string_value(json_object_get(element, "file_name"));
    if (!bw_json_get_integer(element, "image_id", &listed.id) || !name)
        return bw_fail(error, BW_ERROR_FORMAT, "an entry needs image_id and file_name");
    bw_status status = bw_dataset_find_name(reader->set, name, &listed.image, error);
    if (status != BW_OK)
        return status;
    if (!bw_array_reserve((void **)&reader->ids, &reader->id_capacity, reader->id_count + 1,
                          sizeof listed))
        return bw_fail_memory(error, reader->id_count * sizeof listed, "image ids");
    reader->ids[reader->id_count++] = listed;
    return BW_OK;
}

static int compare_ids(const void *left, const void *right)
{
    const listed_id *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static bw_status read_ids(results_reader *reader, const char *path, bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_id}, {0}};
    const char *list = bw_coco_ids_beside(&reader->set->arena, path);
    if (!list)
        return bw_fail_memory(error, strlen(path), "a file name");
    if (access(list, F_OK) != 0)
        return BW_OK;
    bw_status status = bw_json_walk(list, sections, reader, error);
    if (status == BW_OK && reader->id_count > 0)
        qsort(reader->ids, reader->id_count, sizeof *reader->ids, compare_ids);
    return status;
}

/* Finds a result's picture; image_count where it is listed but not labelled. */
static bool find_image(const results_reader *reader, int64_t id, size_t *image)
{
    if (!reader->ids)
        return bw_dataset_find_id(reader->set, id, image);
    listed_id wanted = {.id = id};
    const listed_id *found =
        bsearch(&wanted, reader->ids, reader->id_count, sizeof *reader->ids, compare_ids);
    if (found)
        *image = found->image;
    return found != NULL;
}

static bw_status read_result(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    results_reader *reader = context;
    int64_t image_id, category_id;
    double box[4];
    bw_found_box found;
    size_t image;
    if (!bw_json_get_integer(element, "image_id", &image_id) ||
        !bw_json_get_integer(element, "category_id", &category_id) ||
        !bw_json_get_numbers(element, "bbox", box, 4) ||
        !bw_json_get_number(element, "score", &found.score))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "a result needs image_id, category_id, bbox, four numbers, and score");
    if (!find_image(reader, image_id, &image))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the ground truth has no image %lld: are these predictions of its pictures?",
                       (long long)image_id);
    found.box = (bw_box){box[0], box[1], box[2], box[3]};
    found.class_id = bw_dataset_find_category(reader->set, category_id);
    bool counts = found.class_id >= 0 && image < reader->set->image_count;
    reader->used += counts;
    reader->lost += !counts;
    return counts ? bw_dataset_add_found(reader->set, image, &found, error) : BW_OK;
}

bw_status bw_found_read_coco(bw_dataset *set, const char *path, bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_result}, {0}};
    results_reader reader = {.set = set};
    bw_status status = read_ids(&reader, path, error);
    if (status == BW_OK)
        status = bw_json_walk(path, sections, &reader, error);
    free(reader.ids);
    if (status == BW_OK && !set->named)
        status = bw_dataset_warn(set, error,
                                 "the ground truth does not name its %zu classes; category ids are "
                                 "taken as %s",
                                 set->class_count,
                                 set->classes[set->class_count - 1].id == 90 ? "COCO's own"
                                                                             : "counted from 1");
    if (status != BW_OK || reader.lost == 0)
        return status;
    if (reader.used == 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "%s: none of its %zu boxes is of a category and a picture of the ground "
                       "truth: are the category ids the same?",
                       path, reader.lost);
    return bw_dataset_warn(set, error,
                           "%s: %zu of %zu boxes are of a category or a picture that the ground "
                           "truth lacks, and do not count",
                           path, reader.lost, reader.lost + reader.used);
}
