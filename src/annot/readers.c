#include "annot/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/folder.h"
#include "annot/json_walk.h"
#include "base/file.h"

enum { SNIFFED = 1 << 16 };

/* Gives the labels, whose classes are `from`'s, those of the set that have the same names. */
static bw_status rename_classes(bw_dataset *set, const bw_data_class *from, size_t count,
                                bw_error *error)
{
    int32_t *numbers = bw_arena_array(&set->arena, count + 1, sizeof *numbers);
    bw_status status = numbers ? BW_OK : bw_fail_memory(error, count * sizeof *numbers, "classes");
    for (size_t i = 0; status == BW_OK && i < count; i++)
        if (bw_dataset_name_class(set, from[i].name, &numbers[i], NULL) != BW_OK)
            numbers[i] = -1;
    for (size_t i = 0; status == BW_OK && i < set->label_count; i++) {
        int32_t *class_id = &set->labels[i].box.class_id;
        if (numbers[*class_id] < 0)
            status = bw_dataset_name_class(set, from[*class_id].name, class_id, error);
        else
            *class_id = numbers[*class_id];
    }
    return status;
}

/* The file has categories of its own; where the caller's are given they are found by name. */
static bw_status read_coco(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    bw_dataset given = *set;
    if (set->fixed) {
        set->classes = NULL;
        set->class_count = set->class_capacity = 0;
    }
    bw_status status = bw_truth_read_coco(set, path, error);
    if (given.fixed) {
        bw_data_class *own = set->classes;
        size_t count = set->class_count;
        set->classes = given.classes;
        set->class_count = given.class_count;
        set->class_capacity = given.class_capacity;
        if (status == BW_OK)
            status = rename_classes(set, own, count, error);
        free(own);
    }
    for (size_t i = 0; status == BW_OK && i < set->image_count; i++)
        status = bw_data_image_locate(set, &set->images[i], images, error);
    return status;
}

static const struct {
    const char *format;
    bw_label_reader *read;
} readers[] = {
    {"yolo", bw_truth_read_yolo},
    {"coco", bw_coco_results_read},
    {"coco-dataset", read_coco},
    {"voc", bw_truth_read_voc},
    {"kitti", bw_kitti_read},
    {"cvat", bw_cvat_read},
    {"cvat-video", bw_cvat_video_read},
    {"label-studio", bw_label_studio_read},
    {"x-anylabeling", bw_x_anylabeling_read},
    {"darknet", bw_darknet_read},
    {"jsonl", bw_json_lines_read},
    {"csv", bw_csv_read},
};

bw_label_reader *bw_find_reader(const char *format)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (strcmp(readers[i].format, format) == 0)
            return readers[i].read;
    return NULL;
}

/* ---- Which format files have ---------------------------------------------------------------- */

static bool starts_json(const char *text, char sign)
{
    return bw_json_begins((const uint8_t *)text, strlen(text), sign);
}

/* What the beginning of a file looks like; NULL for nothing known. */
static const char *sniff_text(const char *text)
{
    const char *at = text + strspn(text, " \t\r\n\xEF\xBB\xBF");
    if (*at == '<' && strstr(at, "<annotations"))
        return strstr(at, "<mode>interpolation") || strstr(at, "<track") ? "cvat-video" : "cvat";
    if (*at == '<' && strstr(at, "<annotation"))
        return "voc";
    if (starts_json(at, '['))
        return strstr(at, "\"objects\"")       ? "darknet"
               : strstr(at, "\"data\"")        ? "label-studio"
               : strstr(at, "\"category_id\"") ? "coco"
                                               : NULL;
    if (starts_json(at, '{'))
        return strstr(at, "\"shapes\"")       ? "x-anylabeling"
               : strstr(at, "\"detections\"") ? "jsonl"
                                              : "coco-dataset";
    if (strncmp(at, "file_name,", 10) == 0 || strstr(at, ",file_name,"))
        return "csv";
    size_t word = strcspn(at, " \t\r\n");
    char first[40];
    double number;
    snprintf(first, sizeof first, "%.*s", (int)(word < sizeof first ? word : 0), at);
    return bw_number_read(&number, first) ? "yolo" : at[word] == ' ' ? "kitti" : NULL;
}

static const char *sniff_file(const char *path)
{
    char *text = calloc(1, SNIFFED + 1);
    FILE *file = bw_is_folder(path) ? NULL : fopen(path, "re");
    const char *format = NULL;
    if (text && file && fread(text, 1, SNIFFED, file) > 0)
        format = sniff_text(text);
    if (file)
        fclose(file);
    free(text);
    return format;
}

/* The formats whose files, as writers name them, are in a folder; returns how many. */
static int sniff_names(bw_arena *arena, const char *path, bw_format_info *found)
{
    bw_format_info format;
    int count = 0;
    for (int i = 0; bw_format_describe(i, &format); i++) {
        bool there = false;
        for (int k = 0; format.files[k]; k++) {
            const char *file = bw_arena_format(arena, "%s/%s", path, format.files[k]);
            there |= file && access(file, F_OK) == 0;
        }
        if (there) {
            *found = format;
            count++;
        }
    }
    return count;
}

/* The format of the first file that is no picture, in a folder of label files alone. */
static const char *sniff_folder(bw_arena *arena, const char *path)
{
    static const char *const suffixes[] = {".xml", ".json", ".txt", NULL};
    bw_file_list list;
    const char *format = NULL;
    if (bw_file_list_read(&list, path, suffixes, NULL) != BW_OK)
        return NULL;
    for (size_t i = 0; !format && i < list.count; i++) {
        const char *file = bw_arena_format(arena, "%s/%s", path, list.names[i]);
        if (file && strcmp(list.names[i], "classes.txt") != 0)
            format = sniff_file(file);
    }
    bw_file_list_free(&list);
    return format;
}

static bw_status sniff(bw_dataset *set, const char *path, const char **format, bw_error *error)
{
    bw_format_info found = {0};
    if (access(path, F_OK) != 0)
        return bw_fail_errno(error, "open", path);
    int count = bw_is_folder(path) ? sniff_names(&set->arena, path, &found) : 0;
    if (count > 1)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "%s: holds labels in several formats; say with --from which to read", path);
    if (count == 1)
        *format = found.name;
    else
        *format = bw_is_folder(path) ? sniff_folder(&set->arena, path) : sniff_file(path);
    return *format ? BW_OK
                   : bw_fail(error, BW_ERROR_ARGUMENT,
                             "%s: the format of these labels is not recognised; say it with --from",
                             path);
}

/* The format's one file, where a folder is given that holds it. */
static const char *resolve(bw_dataset *set, const char *path, const char *format)
{
    bw_format_info info;
    for (int i = 0; bw_is_folder(path) && bw_format_describe(i, &info); i++) {
        if (strcmp(info.name, format) != 0 || info.suffix)
            continue;
        size_t length = strlen(info.files[0]);
        bool folder = info.files[0][length - 1] == '/';
        const char *file = bw_arena_format(&set->arena, "%s/%.*s", path,
                                           (int)(folder ? length - 1 : length), info.files[0]);
        if (file && access(file, F_OK) == 0)
            return file;
    }
    return path;
}

bw_status bw_labels_fill(bw_dataset *set, const char *path, const char **format, const char *images,
                         bw_error *error)
{
    bw_status status = *format ? BW_OK : sniff(set, path, format, error);
    if (status != BW_OK)
        return status;
    bw_label_reader *read = bw_find_reader(*format);
    if (!read)
        return bw_fail(error, BW_ERROR_ARGUMENT, "there is no annotation format '%s'", *format);
    set->scored = true;
    return read(set, resolve(set, path, *format), images, error);
}
