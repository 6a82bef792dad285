/**
 * Label Studio's tasks, as it imports and exports them in JSON: the rectangles of a task's first
 * annotation or, where nobody has annotated it, of its first prediction. Boxes are in percent; each
 * tells the size of the picture. A task without boxes does not, so its picture must be found.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/json_walk.h"
#include "annot/readers.h"
#include "annot/writer.h"
#include "base/path.h"

typedef struct tasks_reader {
    bw_dataset *set;
    const char *images;
    size_t unsized; /* tasks without boxes whose picture's size is not known */
} tasks_reader;

static int hex_digit(char sign)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = sign ? strchr(digits, sign) : NULL;
    return found ? (int)((found - digits) % 16) : -1;
}

/* What a URL names: below the folder of local files, or the last part of its path; decoded. */
static char *name_of(bw_arena *arena, const char *url)
{
    const char *local = strstr(url, "?d=");
    const char *start = local ? local + 3 : strstr(url, "://") ? bw_base_name(url) : url;
    if (!local && *start == '/')
        start = bw_base_name(url);
    char *name = bw_arena_text(arena, start, strcspn(start, local ? "&" : "?#")), *end = name;
    for (const char *at = name; name && *at; at++) {
        int high = *at == '%' ? hex_digit(at[1]) : -1, low = high >= 0 ? hex_digit(at[2]) : -1;
        bool encoded = low >= 0 && (high > 0 || low > 0);
        *end++ = encoded ? (char)(high * 16 + low) : *at;
        at += encoded ? 2 : 0;
    }
    if (name)
        *end = '\0';
    return name;
}

/* The first text of the task's data, "image" if there is one. */
static const char *picture_of(const json_t *task)
{
    json_t *data = json_object_get(task, "data");
    const char *url = json_string_value(json_object_get(data, "image"));
    for (void *member = json_object_iter(data); !url && member;
         member = json_object_iter_next(data, member))
        url = json_string_value(json_object_iter_value(member));
    return url;
}

static const json_t *results_of(const json_t *task)
{
    const json_t *annotations = json_object_get(task, "annotations");
    const json_t *from =
        json_array_size(annotations) ? annotations : json_object_get(task, "predictions");
    return json_object_get(json_array_get(from, 0), "result");
}

static bool is_rectangle(const json_t *result)
{
    const char *type = json_string_value(json_object_get(result, "type"));
    return type && strcmp(type, "rectanglelabels") == 0;
}

static bw_status read_size(bw_data_image *image, const json_t *results, bw_error *error)
{
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        double width, height;
        if (!is_rectangle(result))
            continue;
        if (!bw_json_get_number(result, "original_width", &width) ||
            !bw_json_get_number(result, "original_height", &height) || !(width >= 1) ||
            !(height >= 1) || width > 1e9 || height > 1e9)
            return bw_fail(error, BW_ERROR_FORMAT,
                           "a rectangle needs original_width and original_height");
        image->width = (int)width;
        image->height = (int)height;
        return BW_OK;
    }
    return BW_OK;
}

static bw_status read_result(tasks_reader *reader, const json_t *result, bw_error *error)
{
    static const char *const keys[] = {"x", "y", "width", "height"};
    bw_dataset *set = reader->set;
    const bw_data_image *image = &set->images[set->image_count - 1];
    const json_t *value = json_object_get(result, "value");
    const char *name =
        json_string_value(json_array_get(json_object_get(value, "rectanglelabels"), 0));
    double box[4];
    bw_data_label label = {.image = set->image_count - 1, .score = (double)NAN, .track = -1};
    bool complete = name != NULL;
    for (int i = 0; i < 4; i++)
        complete = complete && bw_json_get_number(value, keys[i], &box[i]) && fabs(box[i]) <= 1e6;
    if (!complete || box[2] < 0 || box[3] < 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "a rectangle needs a value with x, y, width, height in percent and "
                       "rectanglelabels");
    if (!bw_json_get_number(result, "score", &label.score))
        label.score = (double)NAN;
    label.box.box = (bw_box){box[0] * image->width / 100, box[1] * image->height / 100,
                             box[2] * image->width / 100, box[3] * image->height / 100};
    bw_status status = bw_dataset_name_class(set, name, &label.box.class_id, error);
    return status == BW_OK ? bw_dataset_add_box(set, &label, error) : status;
}

static bw_status read_task(void *context, const json_t *element, size_t index, bw_error *error)
{
    tasks_reader *reader = context;
    const char *url = picture_of(element);
    const json_t *results = results_of(element);
    bw_data_image image = {.id = (int64_t)index + 1};
    if (!url)
        return bw_fail(error, BW_ERROR_FORMAT, "a task needs data with the picture's address");
    image.name = name_of(&reader->set->arena, url);
    if (!image.name)
        return bw_fail_memory(error, strlen(url), "a file name");
    bw_status status = read_size(&image, results, error);
    if (status == BW_OK && image.width == 0 && !reader->images) {
        reader->unsized++;
        return BW_OK;
    }
    if (status == BW_OK)
        status = bw_data_image_locate(reader->set, &image, reader->images, error);
    if (status == BW_OK)
        status = bw_dataset_add_image(reader->set, &image, error);
    for (size_t i = 0; status == BW_OK && i < json_array_size(results); i++)
        if (is_rectangle(json_array_get(results, i)))
            status = read_result(reader, json_array_get(results, i), error);
    return status;
}

bw_status bw_label_studio_read(bw_dataset *set, const char *path, const char *images,
                               bw_error *error)
{
    static const bw_json_section sections[] = {{NULL, read_task}, {0}};
    tasks_reader reader = {.set = set, .images = images};
    bw_status status = bw_json_walk(path, sections, &reader, error);
    if (status == BW_OK && reader.unsized > 0)
        status = bw_dataset_warn(set, error,
                                 "%s: %zu tasks without boxes do not tell their picture's size and "
                                 "are left out; --images names the folder of the pictures",
                                 path, reader.unsized);
    return status;
}
