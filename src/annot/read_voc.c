/**
 * Pascal VOC's folders: Annotations/ with an XML file a picture, JPEGImages/ beside it; or XML
 * files and pictures in one folder. The XML files say which pictures there are: a picture without
 * one is not part of the set.
 *
 * Classes are told by name. Without names from the caller they are VOC's twenty where the labels
 * have no other, else the labels' own, sorted.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/dataset.h"
#include "annot/folder.h"
#include "annot/voc_names.h"
#include "annot/voc_xml.h"

static const char *const xml_suffixes[] = {".xml", NULL};

/* A class, numbered in the order in which the labels name them. */
typedef struct voc_name {
    const char *name;
    int32_t number;
} voc_name;

/* A reading under way. */
typedef struct voc_reader {
    bw_dataset *set;
    const char *labels, *images; /* folders */
    voc_name *names;             /* of the labels' classes, sorted */
    size_t name_count, name_capacity;
} voc_reader;

/* ---- Classes -------------------------------------------------------------------------------- */

/* Where a name stands among the sorted ones, or ought to. */
static size_t place_of(const voc_reader *reader, const char *name)
{
    size_t low = 0, high = reader->name_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(reader->names[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The number of a class's name, which is added where it is new. */
static bw_status number_name(voc_reader *reader, const char *name, int32_t *number, bw_error *error)
{
    size_t place = place_of(reader, name), count = reader->name_count;
    assert(place <= count && (count == 0 || reader->names));
    if (place == count || strcmp(reader->names[place].name, name) != 0) {
        const char *copy = bw_arena_text(&reader->set->arena, name, strlen(name));
        if (count == BW_DATASET_CLASSES)
            return bw_fail(error, BW_ERROR_LIMIT, "%s: there are more than %d classes",
                           reader->labels, BW_DATASET_CLASSES);
        if (!copy || !bw_array_reserve((void **)&reader->names, &reader->name_capacity, count + 1,
                                       sizeof *reader->names))
            return bw_fail_memory(error, count * sizeof *reader->names, "classes");
        memmove(reader->names + place + 1, reader->names + place,
                (count - place) * sizeof *reader->names);
        reader->names[place] = (voc_name){copy, (int32_t)count};
        reader->name_count++;
    }
    *number = reader->names[place].number;
    return BW_OK;
}

static bool is_voc(const char *name)
{
    for (int i = 0; i < BW_VOC_CLASSES; i++)
        if (strcmp(name, bw_voc_names[i]) == 0)
            return true;
    return false;
}

/* Gives the set its classes, where the caller has not. */
static bw_status settle_classes(const voc_reader *reader, bw_error *error)
{
    bw_dataset *set = reader->set;
    bool voc = true;
    if (set->class_count > 0)
        return BW_OK;
    for (size_t i = 0; i < reader->name_count; i++)
        voc &= is_voc(reader->names[i].name);
    if (voc)
        return bw_dataset_set_classes(set, bw_voc_names, BW_VOC_CLASSES, error);
    const char **sorted = bw_arena_array(&set->arena, reader->name_count, sizeof *sorted);
    if (!sorted)
        return bw_fail_memory(error, reader->name_count * sizeof *sorted, "classes");
    for (size_t i = 0; i < reader->name_count; i++)
        sorted[i] = reader->names[i].name;
    return bw_dataset_set_classes(set, sorted, reader->name_count, error);
}

/* Labels have the numbers of the reader's names; gives them those of the set's classes. */
static bw_status renumber(const voc_reader *reader, bw_error *error)
{
    bw_dataset *set = reader->set;
    int32_t *numbers = bw_arena_array(&set->arena, reader->name_count + 1, sizeof *numbers);
    if (!numbers)
        return bw_fail_memory(error, reader->name_count * sizeof *numbers, "classes");
    for (size_t i = 0; i < reader->name_count; i++) {
        int32_t found = bw_dataset_find_class(set, reader->names[i].name);
        if (found < 0)
            return bw_fail(error, BW_ERROR_FORMAT,
                           "%s: has objects of the class '%.100s', which is not among the names",
                           reader->labels, reader->names[i].name);
        numbers[reader->names[i].number] = found;
    }
    for (size_t i = 0; i < set->label_count; i++)
        set->labels[i].box.class_id = numbers[set->labels[i].box.class_id];
    return BW_OK;
}

/* ---- Pictures ------------------------------------------------------------------------------- */

static bool exists(const char *path)
{
    return path && access(path, F_OK) == 0;
}

/*
 * The picture of an XML file: of the same name, with the suffix that the file tells or the first
 * that is there. NULL without memory.
 */
static const char *find_picture(voc_reader *reader, const char *xml, const char *told)
{
    static const char *const suffixes[] = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".JPG"};
    bw_arena *arena = &reader->set->arena;
    int stem = (int)strlen(xml) - (int)strlen(xml_suffixes[0]);
    const char *dot = strrchr(told, '.');
    const char *name = bw_arena_format(arena, "%.*s%s", stem, xml, dot ? dot : suffixes[0]);
    const char *path = name ? bw_arena_format(arena, "%s/%s", reader->images, name) : NULL;
    if (!path || exists(path))
        return name;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *other = bw_arena_format(arena, "%.*s%s", stem, xml, suffixes[i]);
        if (other && exists(bw_arena_format(arena, "%s/%s", reader->images, other)))
            return other;
    }
    return name;
}

static bw_status add_picture(voc_reader *reader, const char *xml, const bw_voc_file *file,
                             bw_error *error)
{
    bw_dataset *set = reader->set;
    bw_data_image image = {
        .id = (int64_t)set->image_count + 1, .width = file->width, .height = file->height};
    bw_status status = BW_OK;
    image.name = find_picture(reader, xml, file->file_name);
    if (image.name)
        image.path = bw_arena_format(&set->arena, "%s/%s", reader->images, image.name);
    if (!image.path)
        return bw_fail_memory(error, strlen(xml), "a file name");
    if (image.width == 0 || image.height == 0)
        status = bw_data_image_measure(&image, error);
    return status == BW_OK ? bw_dataset_add_image(set, &image, error) : status;
}

static bw_status add_object(voc_reader *reader, const bw_voc_object *object, bw_error *error)
{
    bw_truth_box box = {
        .box = {object->left - 1, object->top - 1, object->right - object->left + 1,
                object->bottom - object->top + 1},
        .difficult = object->difficult,
    };
    box.area = box.box.width * box.box.height;
    bw_status status = number_name(reader, object->name, &box.class_id, error);
    if (status != BW_OK)
        return status;
    return bw_dataset_add_label(reader->set, reader->set->image_count - 1, &box, error);
}

static bw_status read_file(voc_reader *reader, const char *xml, bw_error *error)
{
    bw_voc_file file = {0};
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/%s", reader->labels, xml);
    bw_status status =
        path ? bw_voc_read(&file, path, error) : bw_fail_memory(error, strlen(xml), "a file name");
    if (status == BW_OK)
        status = add_picture(reader, xml, &file, error);
    for (size_t i = 0; status == BW_OK && i < file.count; i++)
        status = add_object(reader, &file.objects[i], error);
    bw_voc_free(&file);
    bw_arena_free(&arena);
    return status;
}

static bw_status read_files(voc_reader *reader, bw_error *error)
{
    bw_file_list list;
    bw_status status = bw_file_list_read(&list, reader->labels, xml_suffixes, error);
    if (status != BW_OK)
        return status;
    if (list.count == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: holds no XML files", reader->labels);
    for (size_t i = 0; status == BW_OK && i < list.count; i++)
        status = read_file(reader, list.names[i], error);
    bw_file_list_free(&list);
    return status;
}

/* ---- The whole ------------------------------------------------------------------------------ */

bool bw_is_voc_folder(const char *path)
{
    bw_arena arena = {0};
    bw_file_list list = {0};
    const char *labels = bw_subfolder(&arena, path, "Annotations");
    bool found =
        labels || (!bw_subfolder(&arena, path, "labels") &&
                   bw_file_list_read(&list, path, xml_suffixes, NULL) == BW_OK && list.count > 0);
    bw_file_list_free(&list);
    bw_arena_free(&arena);
    return found;
}

bw_status bw_truth_read_voc(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    voc_reader reader = {.set = set, .images = images};
    reader.labels = bw_subfolder(&set->arena, path, "Annotations");
    if (!reader.labels)
        reader.labels = path;
    if (!reader.images)
        reader.images = bw_subfolder(&set->arena, path, "JPEGImages");
    if (!reader.images)
        reader.images = bw_subfolder(&set->arena, path, "../JPEGImages");
    if (!reader.images)
        reader.images = path;
    bw_status status = read_files(&reader, error);
    if (status == BW_OK)
        status = settle_classes(&reader, error);
    if (status == BW_OK)
        status = renumber(&reader, error);
    free(reader.names);
    return status;
}
