/**
 * Labels of any format, held as a whole, to be written in another.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annot/readers.h"
#include "annot/writer.h"
#include "base/label.h"
#include "base/path.h"

struct bw_labels {
    bw_dataset set;
    const char *format;
    const char **names;  /* of the classes */
    const char **labels; /* of the pictures: where their label files go */
    size_t *starts;      /* of each picture's boxes, one more than pictures */
    bw_detection *boxes; /* by picture */
    int64_t *tracks;
};

/* ---- Reading -------------------------------------------------------------------------------- */

static bw_status settle_names(bw_labels *labels, bw_error *error)
{
    bw_dataset *set = &labels->set;
    labels->names = bw_arena_array(&set->arena, set->class_count + 1, sizeof *labels->names);
    if (!labels->names)
        return bw_fail_memory(error, set->class_count * sizeof *labels->names, "classes");
    for (size_t i = 0; i < set->class_count; i++) {
        const char *name = set->classes[i].name;
        labels->names[i] = name ? name : bw_arena_format(&set->arena, "class %zu", i);
        if (!labels->names[i])
            return bw_fail_memory(error, 20, "the name of a class");
    }
    return BW_OK;
}

static bw_detection make_detection(const bw_data_label *label)
{
    const bw_box *box = &label->box.box;
    return (bw_detection){.left = (float)box->x,
                          .top = (float)box->y,
                          .right = (float)(box->x + box->width),
                          .bottom = (float)(box->y + box->height),
                          .score = (float)label->score,
                          .class_id = label->box.class_id};
}

/* Puts the boxes of each picture together, in the order that they had. */
static bw_status group_boxes(bw_labels *labels, bw_error *error)
{
    const bw_dataset *set = &labels->set;
    labels->starts = calloc(set->image_count + 2, sizeof *labels->starts);
    labels->boxes = calloc(set->label_count + 1, sizeof *labels->boxes);
    labels->tracks = calloc(set->label_count + 1, sizeof *labels->tracks);
    if (!labels->starts || !labels->boxes || !labels->tracks)
        return bw_fail_memory(error, set->label_count * sizeof *labels->boxes, "boxes");
    size_t *ends = labels->starts + 1;
    for (size_t i = 0; i < set->label_count; i++)
        ends[set->labels[i].image + 1]++;
    for (size_t i = 0; i < set->image_count; i++)
        ends[i + 1] += ends[i];
    for (size_t i = 0; i < set->label_count; i++) {
        size_t place = ends[set->labels[i].image]++;
        labels->boxes[place] = make_detection(&set->labels[i]);
        labels->tracks[place] = set->labels[i].track;
    }
    return BW_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bw_status check_names(bw_dataset *set, bw_error *error)
{
    const char **sorted = calloc(set->image_count + 1, sizeof *sorted);
    bw_status status = BW_OK;
    if (!sorted)
        return bw_fail_memory(error, set->image_count * sizeof *sorted, "file names");
    for (size_t i = 0; i < set->image_count; i++)
        sorted[i] = set->images[i].name;
    qsort(sorted, set->image_count, sizeof *sorted, compare_names);
    for (size_t i = 1; status == BW_OK && i < set->image_count; i++)
        if (strcmp(sorted[i], sorted[i - 1]) == 0)
            status =
                bw_fail(error, BW_ERROR_FORMAT,
                        "'%.200s' comes twice; all boxes of a picture stand together", sorted[i]);
    free(sorted);
    return status;
}

static bw_status warn_of_marks(bw_dataset *set, bw_error *error)
{
    size_t marks = 0;
    for (size_t i = 0; i < set->label_count; i++)
        marks += set->labels[i].box.crowd || set->labels[i].box.difficult;
    if (marks == 0)
        return BW_OK;
    return bw_dataset_warn(
        set, error, "%zu boxes are marked as crowds or as difficult; the mark is lost", marks);
}

static bw_status read_all(bw_labels *labels, const char *path, const bw_labels_options *options,
                          bw_error *error)
{
    bw_dataset *set = &labels->set;
    bw_status status = BW_OK;
    if (options->names)
        status = bw_dataset_read_names(set, options->names, error);
    set->fixed = options->names != NULL;
    labels->format = options->format;
    if (status == BW_OK)
        status = bw_labels_fill(set, path, &labels->format, options->images, error);
    if (status == BW_OK)
        status = check_names(set, error);
    if (status == BW_OK)
        status = warn_of_marks(set, error);
    if (status == BW_OK)
        status = settle_names(labels, error);
    return status == BW_OK ? group_boxes(labels, error) : status;
}

bw_status bw_labels_read(bw_labels **out, const char *path, const bw_labels_options *options,
                         bw_error *error)
{
    const bw_labels_options defaults = {0};
    *out = NULL;
    bw_labels *labels = calloc(1, sizeof *labels);
    if (!labels)
        return bw_fail_memory(error, sizeof *labels, "labels");
    bw_status status = read_all(labels, path, options ? options : &defaults, error);
    if (status != BW_OK)
        bw_labels_close(&labels);
    *out = labels;
    return status;
}

void bw_labels_close(bw_labels **labels)
{
    if (!labels || !*labels)
        return;
    bw_dataset_free(&(*labels)->set);
    free((*labels)->labels);
    free((*labels)->starts);
    free((*labels)->boxes);
    free((*labels)->tracks);
    free(*labels);
    *labels = NULL;
}

void bw_labels_describe(const bw_labels *labels, bw_labels_info *info)
{
    const bw_dataset *set = &labels->set;
    *info = (bw_labels_info){
        .format = labels->format,
        .images = set->image_count,
        .boxes = set->label_count,
        .names = labels->names,
        .classes = (int)set->class_count,
        .warnings = set->warnings ? set->warnings : "",
    };
}

/* ---- Where label files go ------------------------------------------------------------------- */

/* A picture's label, for sorting. */
typedef struct placed_label {
    const char *label;
    size_t image;
} placed_label;

static int compare_labels(const void *left, const void *right)
{
    const placed_label *a = left, *b = right;
    int order = strcmp(a->label, b->label);
    return order ? order : (a->image > b->image) - (a->image < b->image);
}

static const char *make_label(bw_dataset *set, size_t image, int attempt)
{
    char *made = bw_label_make(set->images[image].name, attempt > 0);
    const char *label = NULL;
    if (made)
        label = attempt < 2 ? bw_arena_format(&set->arena, "%s", made)
                            : bw_arena_format(&set->arena, "%s-%zu", made, image + 1);
    free(made);
    return label;
}

/* Gives other labels to all but the first of those that have the same; `*same` is how many had. */
static bw_status part(bw_labels *labels, placed_label *sorted, int attempt, size_t *same,
                      bw_error *error)
{
    bw_dataset *set = &labels->set;
    *same = 0;
    for (size_t i = 0; i < set->image_count; i++)
        sorted[i] = (placed_label){labels->labels[i], i};
    qsort(sorted, set->image_count, sizeof *sorted, compare_labels);
    for (size_t i = 1; i < set->image_count; i++) {
        if (strcmp(sorted[i].label, sorted[i - 1].label) != 0)
            continue;
        ++*same;
        labels->labels[sorted[i].image] = make_label(set, sorted[i].image, attempt);
        if (!labels->labels[sorted[i].image])
            return bw_fail_memory(error, strlen(sorted[i].label), "a label");
    }
    return BW_OK;
}

static bw_status place_labels(bw_labels *labels, bw_error *error)
{
    bw_dataset *set = &labels->set;
    if (labels->labels)
        return BW_OK;
    labels->labels = calloc(set->image_count + 1, sizeof *labels->labels);
    placed_label *sorted = calloc(set->image_count + 1, sizeof *sorted);
    bw_status status = labels->labels && sorted
                           ? BW_OK
                           : bw_fail_memory(error, set->image_count * sizeof *sorted, "labels");
    for (size_t i = 0; status == BW_OK && i < set->image_count; i++)
        if (!(labels->labels[i] = make_label(set, i, 0)))
            status = bw_fail_memory(error, strlen(set->images[i].name), "a label");
    size_t same = 1;
    for (int attempt = 1; status == BW_OK && same > 0 && attempt <= 3; attempt++)
        status = part(labels, sorted, attempt, &same, error);
    free(sorted);
    return status;
}

/* ---- Tracks --------------------------------------------------------------------------------- */

/* A picture's place in its sequence: its folder's or video's pictures, by frame or name. */
typedef struct placed_image {
    const bw_data_image *image;
    const char *label;
    size_t index;
} placed_image;

static int compare_sequences(const placed_image *a, const placed_image *b)
{
    size_t length = bw_folder_length(a->label), other = bw_folder_length(b->label);
    int order = memcmp(a->label, b->label, length < other ? length : other);
    if (order || length != other)
        return order ? order : (length > other) - (length < other);
    return strcmp(a->image->source ? a->image->source : "",
                  b->image->source ? b->image->source : "");
}

static int compare_places(const void *left, const void *right)
{
    const placed_image *a = left, *b = right;
    int order = compare_sequences(a, b);
    if (order)
        return order;
    if (a->image->source && a->image->frame != b->image->frame)
        return a->image->frame < b->image->frame ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int compare_file_names(const void *left, const void *right)
{
    const placed_image *a = left, *b = right;
    int order = strcmp(a->image->name, b->image->name);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* The pictures in the order that a format wants; the caller frees them. */
static placed_image *sort_images(const bw_labels *labels, bw_format_order order)
{
    const bw_dataset *set = &labels->set;
    placed_image *sorted = calloc(set->image_count + 1, sizeof *sorted);
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < set->image_count; i++)
        sorted[i] = (placed_image){&set->images[i], labels->labels[i], i};
    if (order != BW_ORDER_NUMBER)
        qsort(sorted, set->image_count, sizeof *sorted,
              order == BW_ORDER_NAME ? compare_file_names : compare_places);
    return sorted;
}

/* Takes the ids of tracks with too few boxes away. */
static bw_status drop_short(bw_labels *labels, int least, bw_error *error)
{
    size_t count = labels->set.label_count;
    size_t *hits = calloc(count + 1, sizeof *hits);
    if (!hits)
        return bw_fail_memory(error, count * sizeof *hits, "tracks");
    for (size_t i = 0; i < count; i++)
        hits[labels->tracks[i]]++;
    for (size_t i = 0; i < count; i++)
        if (hits[labels->tracks[i]] < (size_t)least)
            labels->tracks[i] = -1;
    free(hits);
    return BW_OK;
}

bw_status bw_labels_track(bw_labels *labels, const bw_track_options *options, bw_error *error)
{
    bw_track_options choice;
    bw_track_options_init(&choice);
    choice = options ? *options : choice;
    bw_tracker *tracker = NULL;
    bw_status status = place_labels(labels, error);
    placed_image *sorted = status == BW_OK ? sort_images(labels, BW_ORDER_SEQUENCE) : NULL;
    if (status == BW_OK && !sorted)
        status = bw_fail_memory(error, labels->set.image_count * sizeof *sorted, "pictures");
    if (status == BW_OK)
        status = bw_tracker_open(&tracker, &choice, error);
    for (size_t i = 0; status == BW_OK && i < labels->set.image_count; i++) {
        size_t start = labels->starts[sorted[i].index];
        if (i > 0 && compare_sequences(&sorted[i - 1], &sorted[i]) != 0)
            bw_tracker_restart(tracker);
        status = bw_tracker_update(tracker, labels->boxes + start,
                                   labels->starts[sorted[i].index + 1] - start,
                                   labels->tracks + start, error);
    }
    bw_tracker_close(&tracker);
    free(sorted);
    return status == BW_OK ? drop_short(labels, choice.min_hits, error) : status;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static bw_annotation make_annotation(const bw_labels *labels, size_t index)
{
    const bw_data_image *image = &labels->set.images[index];
    size_t start = labels->starts[index];
    return (bw_annotation){
        .number = (int64_t)index + 1,
        .file_name = image->name,
        .label = labels->labels[index],
        .width = image->width,
        .height = image->height,
        .detections = labels->boxes + start,
        .count = labels->starts[index + 1] - start,
        .tracks = labels->tracks + start,
        .path = image->path,
        .source = image->source,
        .frame = image->frame,
        .time_ns = image->time_ns,
    };
}

static bw_status write_all(const bw_labels *labels, bw_writer *writer, bw_format_order order,
                           bw_error *error)
{
    placed_image *sorted = sort_images(labels, order);
    bw_status status = BW_OK;
    if (!sorted)
        return bw_fail_memory(error, labels->set.image_count * sizeof *sorted, "pictures");
    for (size_t i = 0; status == BW_OK && i < labels->set.image_count; i++) {
        bw_annotation annotation = make_annotation(labels, sorted[i].index);
        status = bw_writer_add(writer, &annotation, error);
    }
    free(sorted);
    return status;
}

static bw_format_order order_of(const char *format)
{
    bw_format_info info;
    for (int i = 0; bw_format_describe(i, &info); i++)
        if (strcmp(info.name, format) == 0)
            return info.order;
    return BW_ORDER_NUMBER;
}

bw_status bw_labels_write(bw_labels *labels, const char *format, const char *directory,
                          const bw_writer_options *options, bw_error *error)
{
    bw_writer_options choice = {0};
    if (options)
        choice = *options;
    choice.names = labels->names;
    choice.classes = (int)labels->set.class_count;
    bw_writer *writer = NULL;
    bw_status status = place_labels(labels, error);
    if (status == BW_OK)
        status = bw_writer_open(&writer, format, directory, &choice, error);
    if (status == BW_OK)
        status = write_all(labels, writer, order_of(format), error);
    bw_error ignored;
    bw_status closed =
        bw_writer_close(&writer, status == BW_OK, status == BW_OK ? error : &ignored);
    return status == BW_OK ? closed : status;
}
