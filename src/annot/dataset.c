#include "annot/dataset.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annot/coco_names.h"
#include "base/file.h"
#include "base/path.h"
#include "image/image.h"

enum { NAMES_FILE_LIMIT = 1 << 20 };

void bw_dataset_free(bw_dataset *set)
{
    free(set->images);
    free(set->classes);
    free(set->labels);
    free(set->founds);
    free(set->by_stem);
    free(set->by_id);
    free(set->by_name);
    free(set->warnings);
    bw_arena_free(&set->arena);
    *set = (bw_dataset){0};
}

/* A copy of a text that may be NULL; false when there is no memory. */
static bool copy_text(bw_dataset *set, const char **copy, const char *text)
{
    *copy = text ? bw_arena_text(&set->arena, text, strlen(text)) : NULL;
    return *copy || !text;
}

bw_status bw_dataset_add_image(bw_dataset *set, const bw_data_image *image, bw_error *error)
{
    bw_data_image copy = *image;
    if (!copy_text(set, &copy.name, image->name) || !copy_text(set, &copy.path, image->path) ||
        !copy_text(set, &copy.source, image->source) ||
        !bw_array_reserve((void **)&set->images, &set->image_capacity, set->image_count + 1,
                          sizeof *set->images))
        return bw_fail_memory(error, set->image_count * sizeof *set->images, "labelled pictures");
    set->images[set->image_count++] = copy;
    return BW_OK;
}

bw_status bw_dataset_add_class(bw_dataset *set, int64_t id, const char *name, bw_error *error)
{
    bw_data_class added = {.id = id};
    if (set->class_count >= BW_DATASET_CLASSES)
        return bw_fail(error, BW_ERROR_LIMIT, "there are more than %d classes", BW_DATASET_CLASSES);
    if (!copy_text(set, &added.name, name) ||
        !bw_array_reserve((void **)&set->classes, &set->class_capacity, set->class_count + 1,
                          sizeof *set->classes))
        return bw_fail_memory(error, set->class_count * sizeof *set->classes, "classes");
    set->classes[set->class_count++] = added;
    return BW_OK;
}

bw_status bw_dataset_add_box(bw_dataset *set, const bw_data_label *label, bw_error *error)
{
    if (!bw_array_reserve((void **)&set->labels, &set->label_capacity, set->label_count + 1,
                          sizeof *set->labels))
        return bw_fail_memory(error, set->label_count * sizeof *set->labels, "labelled boxes");
    set->labels[set->label_count++] = *label;
    return BW_OK;
}

bw_status bw_dataset_add_label(bw_dataset *set, size_t image, const bw_truth_box *box,
                               bw_error *error)
{
    return bw_dataset_add_box(set, &(bw_data_label){image, *box, (double)NAN, -1}, error);
}

bw_status bw_dataset_add_found(bw_dataset *set, size_t image, const bw_found_box *box,
                               bw_error *error)
{
    if (!bw_array_reserve((void **)&set->founds, &set->found_capacity, set->found_count + 1,
                          sizeof *set->founds))
        return bw_fail_memory(error, set->found_count * sizeof *set->founds, "found boxes");
    set->founds[set->found_count++] = (bw_data_found){image, *box};
    return BW_OK;
}

bw_status bw_dataset_warn(bw_dataset *set, bw_error *error, const char *format, ...)
{
    char sentence[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    size_t used = set->warnings ? strlen(set->warnings) : 0, added = strlen(sentence);
    if (!bw_array_reserve((void **)&set->warnings, &set->warnings_capacity, used + added + 2, 1))
        return bw_fail_memory(error, used + added, "warnings");
    memcpy(set->warnings + used, sentence, added);
    memcpy(set->warnings + used + added, "\n", 2);
    return BW_OK;
}

/* ---- Classes -------------------------------------------------------------------------------- */

/* Reads the lines of a text into classes; blanks around a name and empty lines do not count. */
static bw_status add_names(bw_dataset *set, char *text, bw_error *error)
{
    bw_status status = BW_OK;
    for (char *rest = text, *line; status == BW_OK && (line = strsep(&rest, "\n")) != NULL;) {
        line += strspn(line, " \t");
        size_t length = strlen(line);
        while (length > 0 && strchr(" \t\r", line[length - 1]))
            length--;
        line[length] = '\0';
        if (length > 0)
            status = bw_dataset_add_class(set, (int64_t)set->class_count + 1, line, error);
    }
    return status;
}

/* Gives COCO's classes COCO's sparse numbers. */
static void number_classes(bw_dataset *set)
{
    if (set->class_count != BW_COCO_CLASSES)
        return;
    const char *names[BW_COCO_CLASSES];
    for (int i = 0; i < BW_COCO_CLASSES; i++)
        names[i] = set->classes[i].name;
    if (bw_coco_is(names, BW_COCO_CLASSES))
        for (int i = 0; i < BW_COCO_CLASSES; i++)
            set->classes[i].id = bw_coco_category_id(i);
}

bw_status bw_dataset_read_names(bw_dataset *set, const char *path, bw_error *error)
{
    uint8_t *text;
    size_t size;
    bw_status status = bw_read_file(&text, &size, path, NAMES_FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    set->class_count = 0;
    status = add_names(set, (char *)text, error);
    free(text);
    if (status == BW_OK && set->class_count == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: has no class names", path);
    number_classes(set);
    set->named = status == BW_OK;
    return status;
}

bw_status bw_dataset_set_classes(bw_dataset *set, const char *const *names, size_t count,
                                 bw_error *error)
{
    bw_status status = BW_OK;
    const char *const *given = names ? names : count == BW_COCO_CLASSES ? bw_coco_names() : NULL;
    set->class_count = 0;
    for (size_t i = 0; status == BW_OK && i < count; i++) {
        char number[32];
        snprintf(number, sizeof number, "class %zu", i);
        status = bw_dataset_add_class(set, (int64_t)i + 1, given ? given[i] : number, error);
    }
    number_classes(set);
    set->named = names != NULL;
    return status;
}

int32_t bw_dataset_find_category(const bw_dataset *set, int64_t id)
{
    size_t low = 0, high = set->class_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->classes[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->class_count && set->classes[low].id == id ? (int32_t)low : -1;
}

int32_t bw_dataset_find_class(const bw_dataset *set, const char *name)
{
    for (size_t i = 0; i < set->class_count; i++)
        if (strcmp(bw_coco_spelling(set->classes[i].name), bw_coco_spelling(name)) == 0)
            return (int32_t)i;
    return -1;
}

/* Where a name stands among the sorted ones, or ought to. */
static size_t name_place(const bw_dataset *set, const char *name, bool *found)
{
    size_t low = 0, high = set->named_count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *other = bw_coco_spelling(set->classes[set->by_name[middle]].name);
        int order = strcmp(other, name);
        *found |= order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Sorts in the classes that were added since. */
static bw_status sort_names(bw_dataset *set, bw_error *error)
{
    if (!bw_array_reserve((void **)&set->by_name, &set->by_name_capacity, set->class_count + 1,
                          sizeof *set->by_name))
        return bw_fail_memory(error, set->class_count * sizeof *set->by_name, "names of classes");
    while (set->named_count < set->class_count) {
        bool found;
        size_t place =
            name_place(set, bw_coco_spelling(set->classes[set->named_count].name), &found);
        memmove(set->by_name + place + 1, set->by_name + place,
                (set->named_count - place) * sizeof *set->by_name);
        set->by_name[place] = (int32_t)set->named_count++;
    }
    return BW_OK;
}

bw_status bw_dataset_name_class(bw_dataset *set, const char *name, int32_t *class_id,
                                bw_error *error)
{
    bool found = false;
    bw_status status = sort_names(set, error);
    if (status != BW_OK)
        return status;
    size_t place = name_place(set, bw_coco_spelling(name), &found);
    if (found) {
        *class_id = set->by_name[place];
        return BW_OK;
    }
    if (set->fixed)
        return bw_fail(error, BW_ERROR_FORMAT, "the class '%.100s' is not among the names", name);
    *class_id = (int32_t)set->class_count;
    set->named = true;
    return bw_dataset_add_class(set, (int64_t)set->class_count + 1, name, error);
}

bw_status bw_dataset_number_class(bw_dataset *set, int64_t number, const char *name,
                                  bw_error *error)
{
    bw_status status = BW_OK;
    if (number < 0 || number >= BW_DATASET_CLASSES)
        return bw_fail(error, BW_ERROR_FORMAT, "a class is a whole number from 0 to %d",
                       BW_DATASET_CLASSES - 1);
    while (status == BW_OK && (int64_t)set->class_count <= number) {
        if (set->fixed)
            return bw_fail(error, BW_ERROR_FORMAT, "there is no name for class %lld",
                           (long long)number);
        status = bw_dataset_add_class(set, (int64_t)set->class_count + 1, NULL, error);
    }
    if (status != BW_OK)
        return status;
    bw_data_class *named = &set->classes[number];
    if (!named->name && !copy_text(set, &named->name, name))
        return bw_fail_memory(error, strlen(name), "a name");
    if (strcmp(bw_coco_spelling(named->name), bw_coco_spelling(name)) != 0)
        return bw_fail(error, BW_ERROR_FORMAT, "class %lld is called '%.100s' and '%.100s'",
                       (long long)number, named->name, name);
    set->named = true;
    return BW_OK;
}

/* ---- Pictures ------------------------------------------------------------------------------- */

/* Where a name without its suffix ends. */
static size_t stem_end(const char *name)
{
    const char *dot = strrchr(bw_base_name(name), '.');
    return dot && dot[1] && dot != name && dot[-1] != '/' ? (size_t)(dot - name) : strlen(name);
}

static bw_data_key make_key(const char *name, int64_t id, size_t image)
{
    const char *stem = bw_base_name(name);
    return (bw_data_key){stem, (int)(name + stem_end(name) - stem), id, image};
}

static int compare_stems(const void *left, const void *right)
{
    const bw_data_key *a = left, *b = right;
    int shorter = a->stem_length < b->stem_length ? a->stem_length : b->stem_length;
    int order = memcmp(a->stem, b->stem, (size_t)shorter);
    return order ? order : (a->stem_length > b->stem_length) - (a->stem_length < b->stem_length);
}

static int compare_ids(const void *left, const void *right)
{
    const bw_data_key *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

bw_status bw_dataset_index(bw_dataset *set, bw_error *error)
{
    size_t room = set->image_count + 1;
    set->by_stem = calloc(room, sizeof *set->by_stem);
    set->by_id = calloc(room, sizeof *set->by_id);
    if (!set->by_stem || !set->by_id)
        return bw_fail_memory(error, 2 * room * sizeof *set->by_id, "names of pictures");
    for (size_t i = 0; i < set->image_count; i++) {
        const bw_data_image *image = &set->images[i];
        set->by_stem[i] = make_key(image->name ? image->name : "", image->id, i);
        if (image->id >= 0)
            set->by_id[set->id_count++] = set->by_stem[i];
    }
    qsort(set->by_stem, set->image_count, sizeof *set->by_stem, compare_stems);
    qsort(set->by_id, set->id_count, sizeof *set->by_id, compare_ids);
    for (size_t i = 1; i < set->id_count; i++)
        if (set->by_id[i].id == set->by_id[i - 1].id)
            return bw_fail(error, BW_ERROR_FORMAT, "two pictures have the id %lld",
                           (long long)set->by_id[i].id);
    return BW_OK;
}

/* Moves the labels of the pictures that stay to their new places; SIZE_MAX marks what goes. */
static void move_labels(bw_dataset *set, const size_t *places)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->label_count; i++) {
        bw_data_label label = set->labels[i];
        label.image = places[label.image];
        if (label.image != SIZE_MAX)
            set->labels[kept++] = label;
    }
    set->label_count = kept;
}

bw_status bw_dataset_keep(bw_dataset *set, const bool *stays, bw_error *error)
{
    size_t count = set->image_count, kept = 0;
    size_t *places = malloc((count + 1) * sizeof *places);
    if (!places)
        return bw_fail_memory(error, count * sizeof *places, "a choice of pictures");
    for (size_t i = 0; i < count; i++) {
        places[i] = stays[i] ? kept : SIZE_MAX;
        if (stays[i])
            set->images[kept++] = set->images[i];
    }
    set->image_count = kept;
    move_labels(set, places);
    free(places);
    free(set->by_stem);
    free(set->by_id);
    set->by_stem = set->by_id = NULL;
    set->id_count = 0;
    return bw_dataset_index(set, error);
}

bw_status bw_dataset_sample(bw_dataset *set, size_t most, bw_error *error)
{
    size_t count = set->image_count;
    if (count <= most)
        return BW_OK;
    bool *stays = calloc(count, sizeof *stays);
    if (!stays)
        return bw_fail_memory(error, count * sizeof *stays, "a sample of pictures");
    for (size_t i = 0; i < most; i++)
        stays[i * count / most] = true;
    bw_status status = bw_dataset_keep(set, stays, error);
    free(stays);
    return status;
}

bool bw_dataset_find_id(const bw_dataset *set, int64_t id, size_t *image)
{
    bw_data_key wanted = {.id = id};
    const bw_data_key *found =
        bsearch(&wanted, set->by_id, set->id_count, sizeof *set->by_id, compare_ids);
    if (found)
        *image = found->image;
    return found != NULL;
}

/* The place of the first key that is not before `wanted`. */
static size_t lower_bound(const bw_dataset *set, const bw_data_key *wanted)
{
    size_t low = 0, high = set->image_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_stems(&set->by_stem[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether a picture's name, without its suffix, is the end of `name`'s first `length` bytes. */
static bool is_tail(const char *picture, const char *name, size_t length)
{
    size_t tail = stem_end(picture);
    return tail <= length && memcmp(picture, name + length - tail, tail) == 0 &&
           (tail == length || name[length - tail - 1] == '/');
}

bw_status bw_dataset_find_name(const bw_dataset *set, const char *name, size_t *image,
                               bw_error *error)
{
    bw_data_key wanted = make_key(name, -1, 0);
    size_t first = lower_bound(set, &wanted), end = first, matches = 0, length = stem_end(name);
    *image = set->image_count;
    while (end < set->image_count && compare_stems(&set->by_stem[end], &wanted) == 0)
        end++;
    for (size_t i = first; i < end; i++) {
        size_t candidate = set->by_stem[i].image;
        if (end - first > 1 && !is_tail(set->images[candidate].name, name, length))
            continue;
        *image = candidate;
        matches++;
    }
    if (matches == 1 || end == first)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT,
                   "'%.200s' could be several of the labelled pictures: tell its folder", name);
}

bw_status bw_data_image_measure(bw_data_image *image, bw_error *error)
{
    bw_mapping file;
    bw_status status = bw_map_file(&file, image->path, error);
    if (status != BW_OK)
        return status;
    status = bw_image_measure(&image->width, &image->height, file.data, file.size, error);
    bw_unmap_file(&file);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", image->path);
}

bw_status bw_data_image_locate(bw_dataset *set, bw_data_image *image, const char *images,
                               bw_error *error)
{
    if (images && !image->path) {
        image->path = bw_arena_format(&set->arena, "%s/%s", images, image->name);
        if (!image->path)
            return bw_fail_memory(error, strlen(image->name), "a file name");
    }
    if (image->width > 0 && image->height > 0)
        return BW_OK;
    if (!image->path)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the size of '%.200s' is not told; name the folder of the pictures with "
                       "--images",
                       image->name);
    return bw_data_image_measure(image, error);
}

bw_box bw_box_scale(const double fractions[4], int width, int height)
{
    double x = fractions[0], y = fractions[1], w = fractions[2], h = fractions[3];
    return (bw_box){(x - w / 2) * width, (y - h / 2) * height, w * width, h * height};
}
