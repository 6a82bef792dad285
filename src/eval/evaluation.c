#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annot/json_walk.h"
#include "base/file.h"
#include "eval/evaluation.h"

/* ---- Reading -------------------------------------------------------------------------------- */

static bw_status read_truth(bw_dataset *set, const char *path, const char *images,
                            const char *names, bw_error *error)
{
    bw_status status = BW_OK;
    if (names && bw_is_folder(path))
        status = bw_dataset_read_names(set, names, error);
    if (status != BW_OK)
        return status;
    if (!bw_is_folder(path))
        status = bw_truth_read_coco(set, path, error);
    else if (bw_is_voc_folder(path))
        status = bw_truth_read_voc(set, path, images, error);
    else
        status = bw_truth_read_yolo(set, path, images, error);
    return status == BW_OK ? bw_dataset_index(set, error) : status;
}

/* Where the pictures of a file that only names them are: beside it, unless a folder is given. */
static bw_status place_images(bw_dataset *set, const char *path, const char *images,
                              bw_error *error)
{
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) : 1;
    const char *folder =
        images ? images : bw_arena_format(&set->arena, "%.*s", length, slash ? path : ".");
    for (size_t i = 0; folder && i < set->image_count; i++) {
        bw_data_image *image = &set->images[i];
        if (image->path)
            continue;
        image->path = bw_arena_format(&set->arena, "%s/%s", folder, image->name);
        if (!image->path)
            folder = NULL;
    }
    return folder ? BW_OK : bw_fail_memory(error, strlen(path), "file names");
}

bw_status bw_evaluation_open(bw_evaluation **out, const char *truth, const char *images,
                             const char *names, bw_error *error)
{
    *out = NULL;
    bw_evaluation *evaluation = calloc(1, sizeof *evaluation);
    if (!evaluation)
        return bw_fail_memory(error, sizeof *evaluation, "an evaluation");
    bw_status status = read_truth(&evaluation->set, truth, images, names, error);
    if (status == BW_OK)
        status = place_images(&evaluation->set, truth, images, error);
    if (status != BW_OK)
        bw_evaluation_close(&evaluation);
    *out = evaluation;
    return status;
}

void bw_evaluation_close(bw_evaluation **evaluation)
{
    if (!evaluation || !*evaluation)
        return;
    bw_dataset_free(&(*evaluation)->set);
    free((*evaluation)->class_map);
    bw_evaluation_free_results(*evaluation);
    free(*evaluation);
    *evaluation = NULL;
}

bw_status bw_evaluation_sample(bw_evaluation *evaluation, size_t most, bw_error *error)
{
    if (most == 0 || evaluation->set.found_count > 0)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "a sample has at least one picture, and is taken before predictions");
    return bw_dataset_sample(&evaluation->set, most, error);
}

bw_status bw_evaluation_filter(bw_evaluation *evaluation,
                               bool (*accept)(void *context, const char *path), void *context,
                               bw_error *error)
{
    bw_dataset *set = &evaluation->set;
    if (set->found_count > 0)
        return bw_fail(error, BW_ERROR_ARGUMENT, "pictures are chosen before predictions");
    bool *kept = calloc(set->image_count + 1, sizeof *kept), any = false;
    if (!kept)
        return bw_fail_memory(error, set->image_count * sizeof *kept, "a choice of pictures");
    for (size_t index = 0; index < set->image_count; index++) {
        kept[index] = accept(context, set->images[index].path);
        any = any || kept[index];
    }
    bw_status status = any ? bw_dataset_keep(set, kept, error)
                           : bw_fail(error, BW_ERROR_ARGUMENT, "no labelled picture is chosen");
    free(kept);
    return status;
}

const char *bw_evaluation_image(const bw_evaluation *evaluation, size_t index)
{
    const bw_dataset *set = &evaluation->set;
    return index < set->image_count ? set->images[index].path : NULL;
}

const char *bw_evaluation_warnings(const bw_evaluation *evaluation)
{
    return evaluation->set.warnings ? evaluation->set.warnings : "";
}

/* Whether the first element of a JSON array is a frame of darknet's. */
static bw_status notice_frame(void *context, const json_t *element, size_t index, bw_error *error)
{
    *(bool *)context = json_object_get(element, "objects") != NULL;
    (void)index;
    return bw_fail(error, BW_ERROR_ARGUMENT, "enough is seen");
}

static bool is_darknet(const char *path)
{
    static const bw_json_section sections[] = {{NULL, notice_frame}, {0}};
    bool frame = false;
    bw_json_walk(path, sections, &frame, NULL);
    return frame;
}

static bw_status read_predictions(bw_dataset *set, const char *path, bw_error *error)
{
    if (!bw_is_folder(path))
        return is_darknet(path) ? bw_found_read_darknet(set, path, error)
                                : bw_found_read_coco(set, path, error);
    const char *results = bw_arena_format(&set->arena, "%s/coco_results.json", path);
    if (!results)
        return bw_fail_memory(error, strlen(path), "a file name");
    return access(results, F_OK) == 0 ? bw_found_read_coco(set, results, error)
                                      : bw_found_read_yolo(set, path, error);
}

/* Average precision needs the boxes of low scores, too: a run at the default --conf has none. */
static bw_status warn_of_cut(bw_dataset *set, bw_error *error)
{
    const double low = 0.05;
    double least = 1;
    for (size_t i = 0; i < set->found_count; i++)
        least = fmin(least, set->founds[i].box.score);
    return set->found_count == 0 || least < low
               ? BW_OK
               : bw_dataset_warn(set, error,
                                 "no box scores less than %.2f; if such boxes were left out, AP is "
                                 "told too low: 'annotate --conf 0.001' keeps them",
                                 floor(least * 100) / 100);
}

bw_status bw_evaluation_read(bw_evaluation *evaluation, const char *path, bw_error *error)
{
    bw_status status = read_predictions(&evaluation->set, path, error);
    return status == BW_OK ? warn_of_cut(&evaluation->set, error) : status;
}

/* ---- An engine's detections ----------------------------------------------------------------- */

static bw_status map_classes(bw_evaluation *evaluation, const char *const *names, int classes,
                             bw_error *error)
{
    int known = 0;
    for (int i = 0; i < classes; i++) {
        evaluation->class_map[i] = bw_dataset_find_class(&evaluation->set, names[i]);
        known += evaluation->class_map[i] >= 0;
    }
    if (known == 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the ground truth has none of the classes of the model, such as '%.100s'",
                       names[0]);
    if (known == classes)
        return BW_OK;
    return bw_dataset_warn(&evaluation->set, error,
                           "%d of the model's %d classes are not in the ground truth, and do not "
                           "count",
                           classes - known, classes);
}

bw_status bw_evaluation_expect(bw_evaluation *evaluation, const char *const *names, int classes,
                               bw_error *error)
{
    bw_dataset *set = &evaluation->set;
    if (classes < 1 || classes > BW_DATASET_CLASSES)
        return bw_fail(error, BW_ERROR_ARGUMENT, "%d classes; there may be 1 to %d", classes,
                       BW_DATASET_CLASSES);
    if (!set->named) {
        for (size_t i = 0; i < set->label_count; i++)
            if (set->labels[i].box.class_id >= classes)
                return bw_fail(error, BW_ERROR_FORMAT,
                               "the ground truth has boxes of class %d, the model only %d classes",
                               set->labels[i].box.class_id, classes);
        return bw_dataset_set_classes(set, names, (size_t)classes, error);
    }
    free(evaluation->class_map);
    evaluation->class_map = calloc((size_t)classes, sizeof *evaluation->class_map);
    evaluation->mapped = classes;
    if (!evaluation->class_map)
        return bw_fail_memory(error, (size_t)classes * sizeof(int32_t), "classes");
    return map_classes(evaluation, names, classes, error);
}

bw_status bw_evaluation_add(bw_evaluation *evaluation, size_t index, const bw_detection *detections,
                            size_t count, bw_error *error)
{
    bw_dataset *set = &evaluation->set;
    if (index >= set->image_count)
        return bw_fail(error, BW_ERROR_ARGUMENT, "there is no picture %zu of %zu", index,
                       set->image_count);
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < count; i++) {
        bw_found_box found = bw_found_box_make(&detections[i]);
        int classes = evaluation->class_map ? evaluation->mapped : (int)set->class_count;
        if (found.class_id < 0 || found.class_id >= classes)
            return bw_fail(error, BW_ERROR_ARGUMENT, "a detection has class %d of %d",
                           found.class_id, classes);
        if (evaluation->class_map)
            found.class_id = evaluation->class_map[found.class_id];
        if (found.class_id >= 0)
            status = bw_dataset_add_found(set, index, &found, error);
    }
    return status;
}
