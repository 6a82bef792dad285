/**
 * KITTI's text of 2D objects: label_2/ with a file a picture, image_2/ beside it. Pictures are
 * measured there, or in the folder that is given. "DontCare" regions are passed over. Where names
 * are given, those with blanks match types that have "_" there.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annot/folder.h"
#include "annot/readers.h"
#include "base/file.h"

enum { FILE_LIMIT = 16 << 20, FIELDS = 15 };

typedef struct kitti_reader {
    bw_dataset *set;
    const char *labels, *images;
} kitti_reader;

static bool same_type(const char *name, const char *type)
{
    for (; *name && *type; name++, type++)
        if (*name != *type && !(*type == '_' && (unsigned char)*name <= ' '))
            return false;
    return !*name && !*type;
}

static bw_status find_class(bw_dataset *set, const char *type, int32_t *class_id, bw_error *error)
{
    for (size_t i = 0; set->fixed && i < set->class_count; i++)
        if (same_type(set->classes[i].name, type)) {
            *class_id = (int32_t)i;
            return BW_OK;
        }
    return bw_dataset_name_class(set, type, class_id, error);
}

static bw_status read_line(kitti_reader *reader, char *line, bw_error *error)
{
    static const char blanks[] = " \t\r";
    char *fields[FIELDS + 1];
    size_t count = 0;
    char *rest = line;
    for (char *field; (field = strsep(&rest, blanks)) != NULL;)
        if (*field) {
            if (count > FIELDS)
                return bw_fail(error, BW_ERROR_FORMAT, "has more than 16 fields");
            fields[count++] = field;
        }
    if (count == 0 || strcmp(fields[0], "DontCare") == 0)
        return BW_OK;
    double box[4] = {0};
    bw_data_label label = {
        .image = reader->set->image_count - 1, .score = (double)NAN, .track = -1};
    bool numbers = count >= FIELDS;
    for (size_t i = 0; numbers && i < 4; i++)
        numbers = bw_number_read(&box[i], fields[4 + i]) && fabs(box[i]) <= 1e9;
    if (numbers && count > FIELDS)
        numbers = bw_number_read(&label.score, fields[FIELDS]);
    if (!numbers || box[2] < box[0] || box[3] < box[1])
        return bw_fail(error, BW_ERROR_FORMAT,
                       "is no object: type, three numbers, left, top, right, bottom, seven "
                       "numbers, and the score if there is one");
    label.box.box = (bw_box){box[0], box[1], box[2] - box[0], box[3] - box[1]};
    bw_status status = find_class(reader->set, fields[0], &label.box.class_id, error);
    return status == BW_OK ? bw_dataset_add_box(reader->set, &label, error) : status;
}

static bw_status read_lines(kitti_reader *reader, const char *path, bw_error *error)
{
    uint8_t *text;
    size_t size, number = 0;
    bw_status status = bw_read_file(&text, &size, path, FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    for (char *rest = (char *)text, *line;
         status == BW_OK && (line = strsep(&rest, "\n")) != NULL;) {
        number++;
        status = read_line(reader, line, error);
    }
    free(text);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s: line %zu", path, number);
}

/* The picture of a label file: of the same name, with the first suffix that is there. */
static const char *find_picture(kitti_reader *reader, const char *label)
{
    bw_arena *arena = &reader->set->arena;
    int stem = (int)(strrchr(label, '.') - label);
    for (int i = 0; reader->images && bw_picture_suffixes[i]; i++) {
        const char *name = bw_arena_format(arena, "%.*s%s", stem, label, bw_picture_suffixes[i]);
        const char *path = name ? bw_arena_format(arena, "%s/%s", reader->images, name) : NULL;
        if (path && access(path, F_OK) == 0)
            return name;
    }
    return bw_arena_format(arena, "%.*s.png", stem, label);
}

static bw_status read_file(kitti_reader *reader, const char *label, bw_error *error)
{
    bw_dataset *set = reader->set;
    bw_data_image image = {.id = (int64_t)set->image_count + 1,
                           .name = find_picture(reader, label)};
    const char *path = bw_arena_format(&set->arena, "%s/%s", reader->labels, label);
    if (!image.name || !path)
        return bw_fail_memory(error, strlen(label), "a file name");
    bw_status status = bw_data_image_locate(set, &image, reader->images, error);
    if (status == BW_OK)
        status = bw_dataset_add_image(set, &image, error);
    return status == BW_OK ? read_lines(reader, path, error) : status;
}

bw_status bw_kitti_read(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    static const char *const suffixes[] = {".txt", NULL};
    kitti_reader reader = {.set = set, .images = images};
    bw_file_list list;
    reader.labels = bw_subfolder(&set->arena, path, "label_2");
    if (!reader.labels)
        reader.labels = path;
    if (!reader.images)
        reader.images = bw_subfolder(&set->arena, path, "image_2");
    if (!reader.images)
        reader.images = bw_subfolder(&set->arena, path, "../image_2");
    bw_status status = bw_file_list_read(&list, reader.labels, suffixes, error);
    if (status == BW_OK && list.count == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: holds no text files", reader.labels);
    for (size_t i = 0; status == BW_OK && i < list.count; i++)
        status = read_file(&reader, list.names[i], error);
    bw_file_list_free(&list);
    return status;
}
