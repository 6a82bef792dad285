/**
 * YOLO text: a file a picture, a line a box, `class cx cy width height`, fractions of the picture;
 * predictions have the confidence as a sixth number. Labels lie in labels/ beside images/, or
 * beside the pictures themselves; a picture without a label file has no objects.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/coco_names.h"
#include "annot/data_yaml.h"
#include "annot/dataset.h"
#include "annot/folder.h"

static const char *const text_suffixes[] = {".txt", NULL};

/* Where a set's files are; NULL where a place is not there. Texts are the arena's. */
typedef struct yolo_places {
    const char *images, *labels;
} yolo_places;

/* The boxes of one file are read into the set. */
typedef struct yolo_reader {
    bw_dataset *set;
    size_t image;
    int width, height;
    int32_t highest; /* of the classes */
} yolo_reader;

/* ---- Lines ---------------------------------------------------------------------------------- */

static bw_status check_line(const double *values, int count, int wanted, size_t line,
                            bw_error *error)
{
    if (count != wanted)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "line %zu: has %d numbers; a box has %d: class, centre x and y, width, "
                       "height%s",
                       line, count, wanted, wanted == 6 ? ", confidence" : "");
    if (values[0] < 0 || values[0] >= BW_DATASET_CLASSES || values[0] != (double)(int)values[0])
        return bw_fail(error, BW_ERROR_FORMAT, "line %zu: a class is a whole number from 0 to %d",
                       line, BW_DATASET_CLASSES - 1);
    for (int i = 1; i < 5; i++)
        if (values[i] < -100 || values[i] > 100 || (i > 2 && values[i] < 0))
            return bw_fail(error, BW_ERROR_FORMAT,
                           "line %zu: %g is no fraction of a picture: are these pixels?", line,
                           values[i]);
    return BW_OK;
}

static bw_status read_label(void *context, const double *values, int count, size_t line,
                            bw_error *error)
{
    yolo_reader *reader = context;
    bool scored = reader->set->scored && count == 6;
    bw_status status = check_line(values, count, scored ? 6 : 5, line, error);
    if (status != BW_OK)
        return status;
    bw_truth_box box = {.class_id = (int32_t)values[0]};
    box.box = bw_box_scale(values + 1, reader->width, reader->height);
    box.area = box.box.width * box.box.height;
    if (box.class_id > reader->highest)
        reader->highest = box.class_id;
    bw_data_label label = {reader->image, box, scored ? values[5] : (double)NAN, -1};
    return bw_dataset_add_box(reader->set, &label, error);
}

static bw_status read_found(void *context, const double *values, int count, size_t line,
                            bw_error *error)
{
    yolo_reader *reader = context;
    bw_status status = check_line(values, count, 6, line, error);
    if (status != BW_OK)
        return status;
    bw_found_box box = {.score = values[5], .class_id = (int32_t)values[0]};
    if ((size_t)box.class_id >= reader->set->class_count)
        return bw_fail(error, BW_ERROR_FORMAT, "line %zu: the ground truth has no class %d", line,
                       box.class_id);
    box.box = bw_box_scale(values + 1, reader->width, reader->height);
    return bw_dataset_add_found(reader->set, reader->image, &box, error);
}

/* ---- Ground truth --------------------------------------------------------------------------- */

static yolo_places find_places(bw_dataset *set, const char *path, const char *images)
{
    yolo_places places = {.images = images, .labels = bw_subfolder(&set->arena, path, "labels")};
    if (!places.labels)
        places.labels = path;
    if (!places.images)
        places.images = bw_subfolder(&set->arena, path, "images");
    if (!places.images)
        places.images = bw_subfolder(&set->arena, path, "../images");
    if (!places.images)
        places.images = path;
    return places;
}

static bw_status add_pictures(bw_dataset *set, const bw_file_list *list, const char *folder,
                              bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < list->count; i++) {
        bw_data_image image = {.id = bw_coco_image_number(list->names[i]), .name = list->names[i]};
        image.path = bw_arena_format(&set->arena, "%s/%s", folder, list->names[i]);
        if (!image.path)
            return bw_fail_memory(error, strlen(folder), "a file name");
        status = bw_data_image_measure(&image, error);
        if (status == BW_OK)
            status = bw_dataset_add_image(set, &image, error);
    }
    return status;
}

static int compare_ids(const void *left, const void *right)
{
    const bw_data_image *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

/*
 * Sorts the pictures by their numbers, as COCO's tools do, where each has one of its own; where
 * not, they stay in the order of their names and are told by those alone.
 */
static void sort_pictures(bw_dataset *set)
{
    bw_data_image *sorted = bw_arena_array(&set->arena, set->image_count, sizeof *sorted);
    bool numbered = sorted != NULL;
    if (sorted) {
        memcpy(sorted, set->images, set->image_count * sizeof *sorted);
        qsort(sorted, set->image_count, sizeof *sorted, compare_ids);
        for (size_t i = 0; i < set->image_count; i++)
            numbered &= sorted[i].id >= 0 && (i == 0 || sorted[i].id != sorted[i - 1].id);
    }
    if (numbered)
        memcpy(set->images, sorted, set->image_count * sizeof *sorted);
    for (size_t i = 0; !numbered && i < set->image_count; i++)
        set->images[i].id = (int64_t)i + 1;
}

/* Reads the labels of each picture; `*files` is how many files there were. */
static bw_status read_labels(yolo_reader *reader, const char *folder, size_t *files,
                             bw_error *error)
{
    bw_dataset *set = reader->set;
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < set->image_count; i++) {
        const bw_data_image *image = &set->images[i];
        int stem = (int)(strrchr(image->name, '.') - image->name);
        bw_arena arena = {0};
        const char *path = bw_arena_format(&arena, "%s/%.*s.txt", folder, stem, image->name);
        reader->image = i;
        reader->width = image->width;
        reader->height = image->height;
        if (!path) {
            status = bw_fail_memory(error, strlen(folder), "a file name");
        } else if (access(path, F_OK) == 0) {
            status = bw_number_lines_read(path, read_label, reader, error);
            ++*files;
        }
        bw_arena_free(&arena);
    }
    return status;
}

/*
 * Names lie in data.yaml beside labels/, or in classes.txt, where nobody gave any; the caller's
 * come first.
 */
static bw_status find_names(bw_dataset *set, const char *path, const yolo_places *places,
                            bw_error *error)
{
    if (set->class_count > 0)
        return BW_OK;
    const char *list = bw_arena_format(&set->arena, "%s/classes.txt", places->labels);
    const char *yaml = bw_arena_format(&set->arena, "%s/data.yaml", path);
    if (yaml && access(yaml, F_OK) != 0)
        yaml = bw_arena_format(&set->arena, "%s/../data.yaml", places->labels);
    if (!list || !yaml)
        return bw_fail_memory(error, strlen(places->labels), "a file name");
    if (access(yaml, F_OK) == 0)
        return bw_data_yaml_read(set, yaml, error);
    return access(list, F_OK) == 0 ? bw_dataset_read_names(set, list, error) : BW_OK;
}

/* Without names the classes are COCO's, unless the labels have more. */
static bw_status settle_classes(bw_dataset *set, int32_t highest, const char *path, bw_error *error)
{
    if (set->class_count == 0)
        return bw_dataset_set_classes(
            set, NULL, highest < BW_COCO_CLASSES ? BW_COCO_CLASSES : (size_t)highest + 1, error);
    if (highest < (int32_t)set->class_count)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "%s: has labels of class %d, but only %zu names", path,
                   highest, set->class_count);
}

static bw_status read_set(yolo_reader *reader, const yolo_places *places, bw_error *error)
{
    bw_file_list list;
    size_t files = 0;
    bw_status status = bw_file_list_read(&list, places->images, bw_picture_suffixes, error);
    if (status != BW_OK)
        return status;
    if (list.count == 0)
        status = bw_fail(error, BW_ERROR_FORMAT,
                         "%s: holds no pictures; name their folder with --images", places->images);
    if (status == BW_OK)
        status = add_pictures(reader->set, &list, places->images, error);
    bw_file_list_free(&list);
    if (status != BW_OK)
        return status;
    sort_pictures(reader->set);
    status = read_labels(reader, places->labels, &files, error);
    if (status == BW_OK && files == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: holds no labels of the pictures in %s",
                         places->labels, places->images);
    return status;
}

bw_status bw_truth_read_yolo(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    yolo_reader reader = {.set = set, .highest = -1};
    yolo_places places = find_places(set, path, images);
    bw_status status = find_names(set, path, &places, error);
    if (status == BW_OK)
        status = read_set(&reader, &places, error);
    return status == BW_OK ? settle_classes(set, reader.highest, path, error) : status;
}

/* ---- Predictions ---------------------------------------------------------------------------- */

static bw_status read_file(yolo_reader *reader, const char *folder, const char *name, size_t *lost,
                           bw_error *error)
{
    bw_dataset *set = reader->set;
    bw_status status = bw_dataset_find_name(set, name, &reader->image, error);
    if (status != BW_OK)
        return status;
    if (reader->image == set->image_count) {
        ++*lost;
        return BW_OK;
    }
    reader->width = set->images[reader->image].width;
    reader->height = set->images[reader->image].height;
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/%s", folder, name);
    if (!path)
        status = bw_fail_memory(error, strlen(folder), "a file name");
    else if (reader->width == 0)
        status =
            bw_fail(error, BW_ERROR_FORMAT,
                    "the ground truth does not tell the size of the picture of '%.200s'", path);
    else
        status = bw_number_lines_read(path, read_found, reader, error);
    bw_arena_free(&arena);
    return status;
}

bw_status bw_found_read_yolo(bw_dataset *set, const char *path, bw_error *error)
{
    const char *folder = bw_subfolder(&set->arena, path, "labels");
    bw_file_list list;
    size_t lost = 0;
    yolo_reader reader = {.set = set};
    if (!folder)
        folder = path;
    bw_status status = bw_file_list_read(&list, folder, text_suffixes, error);
    if (status != BW_OK)
        return status;
    for (size_t i = 0; status == BW_OK && i < list.count; i++)
        status = read_file(&reader, folder, list.names[i], &lost, error);
    if (status == BW_OK && lost == list.count)
        status =
            bw_fail(error, BW_ERROR_FORMAT,
                    "%s: none of its %zu text files is of a labelled picture", folder, list.count);
    else if (status == BW_OK && lost > 0)
        status = bw_dataset_warn(set, error,
                                 "%s: %zu of %zu text files are of pictures that are not "
                                 "labelled, and do not count",
                                 folder, lost, list.count);
    bw_file_list_free(&list);
    return status;
}
