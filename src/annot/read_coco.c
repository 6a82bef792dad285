/**
 * COCO's dataset files: images, categories and annotations, in any order. What an annotation names
 * is looked up when all is read. As in pycocotools, annotations of pictures or categories that the
 * file lacks do not count; they are told of.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/dataset.h"
#include "annot/json_walk.h"

typedef struct coco_annotation {
    int64_t image_id, category_id;
    bw_truth_box box;
    double score; /* NaN where there is none */
} coco_annotation;

typedef struct coco_reader {
    bw_dataset *set;
    coco_annotation *annotations;
    size_t count, capacity;
    bool anonymous;
} coco_reader;

static bw_status read_image(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    coco_reader *reader = context;
    const char *name = json_string_value(json_object_get(element, "file_name"));
    bw_data_image image = {.name = name ? name : ""};
    double width, height;
    bool sized = bw_json_get_number(element, "width", &width) &&
                 bw_json_get_number(element, "height", &height);
    if (!bw_json_get_integer(element, "id", &image.id) || image.id < 0)
        return bw_fail(error, BW_ERROR_FORMAT, "an image needs an id, a whole number from 0");
    if (sized && width >= 1 && width <= INT32_MAX && height >= 1 && height <= INT32_MAX) {
        image.width = (int)width;
        image.height = (int)height;
    }
    return bw_dataset_add_image(reader->set, &image, error);
}

static bw_status read_category(void *context, const json_t *element, size_t index, bw_error *error)
{
    (void)index;
    coco_reader *reader = context;
    int64_t id;
    const char *name = json_string_value(json_object_get(element, "name"));
    if (!bw_json_get_integer(element, "id", &id) || !name)
        return bw_fail(error, BW_ERROR_FORMAT, "a category needs an id and a name");
    return bw_dataset_add_class(reader->set, id, name, error);
}

static bw_status read_annotation(void *context, const json_t *element, size_t index,
                                 bw_error *error)
{
    (void)index;
    coco_reader *reader = context;
    coco_annotation annotation = {0};
    double box[4], crowd = 0;
    int64_t id;
    if (!bw_json_get_integer(element, "image_id", &annotation.image_id) ||
        !bw_json_get_integer(element, "category_id", &annotation.category_id) ||
        !bw_json_get_numbers(element, "bbox", box, 4))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "an annotation needs image_id, category_id and bbox, four numbers");
    annotation.box.box = (bw_box){box[0], box[1], box[2], box[3]};
    if (!bw_json_get_number(element, "area", &annotation.box.area))
        annotation.box.area = box[2] * box[3];
    if (!bw_json_get_number(element, "score", &annotation.score))
        annotation.score = (double)NAN;
    bw_json_get_number(element, "iscrowd", &crowd);
    annotation.box.crowd = crowd != 0 || json_is_true(json_object_get(element, "iscrowd"));
    annotation.box.anonymous = bw_json_get_integer(element, "id", &id) && id == 0;
    reader->anonymous |= annotation.box.anonymous;
    if (!bw_array_reserve((void **)&reader->annotations, &reader->capacity, reader->count + 1,
                          sizeof annotation))
        return bw_fail_memory(error, reader->count * sizeof annotation, "annotations");
    reader->annotations[reader->count++] = annotation;
    return BW_OK;
}

static int compare_images(const void *left, const void *right)
{
    const bw_data_image *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static int compare_classes(const void *left, const void *right)
{
    const bw_data_class *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static bw_status sort_tables(bw_dataset *set, const char *path, bw_error *error)
{
    if (set->image_count == 0 || set->class_count == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "%s: has no images or no categories", path);
    qsort(set->images, set->image_count, sizeof *set->images, compare_images);
    qsort(set->classes, set->class_count, sizeof *set->classes, compare_classes);
    for (size_t i = 1; i < set->class_count; i++)
        if (set->classes[i].id == set->classes[i - 1].id)
            return bw_fail(error, BW_ERROR_FORMAT, "%s: two categories have the id %lld", path,
                           (long long)set->classes[i].id);
    return BW_OK;
}

static bw_status resolve(coco_reader *reader, const char *path, bw_error *error)
{
    bw_dataset *set = reader->set;
    size_t lost = 0;
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < reader->count; i++) {
        coco_annotation *annotation = &reader->annotations[i];
        bw_data_image wanted = {.id = annotation->image_id};
        const bw_data_image *image =
            bsearch(&wanted, set->images, set->image_count, sizeof *set->images, compare_images);
        annotation->box.class_id = bw_dataset_find_category(set, annotation->category_id);
        if (image && annotation->box.class_id >= 0)
            status = bw_dataset_add_box(set,
                                        &(bw_data_label){(size_t)(image - set->images),
                                                         annotation->box, annotation->score, -1},
                                        error);
        else
            lost++;
    }
    if (status == BW_OK && lost > 0)
        status = bw_dataset_warn(set, error,
                                 "%s: %zu annotations name an image or a category that the file "
                                 "lacks, and do not count",
                                 path, lost);
    if (status == BW_OK && reader->anonymous)
        status = bw_dataset_warn(set, error,
                                 "%s: an annotation has the id 0; as in pycocotools, what finds it "
                                 "counts as wrong: number from 1",
                                 path);
    return status;
}

bw_status bw_truth_read_coco(bw_dataset *set, const char *path, bw_error *error)
{
    static const bw_json_section sections[] = {
        {"images", read_image},
        {"categories", read_category},
        {"annotations", read_annotation},
        {0},
    };
    coco_reader reader = {.set = set};
    set->named = true;
    bw_status status = bw_json_walk(path, sections, &reader, error);
    if (status == BW_OK)
        status = sort_tables(set, path, error);
    if (status == BW_OK)
        status = resolve(&reader, path, error);
    free(reader.annotations);
    return status;
}
