/**
 * X-AnyLabeling's and labelme's JSON, a file a picture. Rectangles have two opposite corners or all
 * four; other shapes are passed over, and told of.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/folder.h"
#include "annot/json_walk.h"
#include "annot/readers.h"
#include "annot/writer.h"
#include "base/file.h"
#include "base/path.h"

enum { FILE_LIMIT = 64 << 20 };

typedef struct shapes_reader {
    bw_dataset *set;
    const char *images;
    size_t others;
} shapes_reader;

static bool read_point(const json_t *point, double *x, double *y)
{
    const json_t *first = json_array_get(point, 0), *second = json_array_get(point, 1);
    *x = json_number_value(first);
    *y = json_number_value(second);
    return json_is_number(first) && json_is_number(second) && fabs(*x) <= 1e9 && fabs(*y) <= 1e9;
}

/* The box around all points. */
static bool read_points(bw_box *box, const json_t *points)
{
    double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
    for (size_t i = 0; i < json_array_size(points); i++) {
        double x, y;
        if (!read_point(json_array_get(points, i), &x, &y))
            return false;
        left = fmin(left, x);
        right = fmax(right, x);
        top = fmin(top, y);
        bottom = fmax(bottom, y);
    }
    *box = (bw_box){left, top, right - left, bottom - top};
    return json_array_size(points) >= 2;
}

static bw_status read_shape(shapes_reader *reader, const json_t *shape, bw_error *error)
{
    const char *type = json_string_value(json_object_get(shape, "shape_type"));
    const char *name = json_string_value(json_object_get(shape, "label"));
    bw_data_label label = {.image = reader->set->image_count - 1};
    if (!type || strcmp(type, "rectangle") != 0) {
        reader->others++;
        return BW_OK;
    }
    if (!name || !read_points(&label.box.box, json_object_get(shape, "points")))
        return bw_fail(error, BW_ERROR_FORMAT, "a rectangle needs a label and points");
    if (!bw_json_get_number(shape, "score", &label.score))
        label.score = (double)NAN;
    if (!bw_json_get_integer(shape, "group_id", &label.track) || label.track < 0)
        label.track = -1;
    bw_status status = bw_dataset_name_class(reader->set, name, &label.box.class_id, error);
    return status == BW_OK ? bw_dataset_add_box(reader->set, &label, error) : status;
}

/* `folder` is where the file is, below that of all files. */
static bw_status read_picture(shapes_reader *reader, const json_t *root, const char *file,
                              bw_error *error)
{
    bw_dataset *set = reader->set;
    const char *told = json_string_value(json_object_get(root, "imagePath"));
    const json_t *shapes = json_object_get(root, "shapes");
    double width = 0, height = 0;
    if (!told || !json_is_array(shapes))
        return bw_fail(error, BW_ERROR_FORMAT, "a file needs imagePath and shapes");
    bw_json_get_number(root, "imageWidth", &width);
    bw_json_get_number(root, "imageHeight", &height);
    bw_data_image image = {.id = (int64_t)set->image_count + 1};
    image.name = bw_arena_format(&set->arena, "%.*s%s", (int)(bw_base_name(file) - file), file,
                                 bw_base_name(told));
    image.width = width >= 1 && width <= 1e9 ? (int)width : 0;
    image.height = height >= 1 && height <= 1e9 ? (int)height : 0;
    if (!image.name)
        return bw_fail_memory(error, strlen(file), "a file name");
    bw_status status = bw_data_image_locate(set, &image, reader->images, error);
    if (status == BW_OK)
        status = bw_dataset_add_image(set, &image, error);
    for (size_t i = 0; status == BW_OK && i < json_array_size(shapes); i++)
        status = read_shape(reader, json_array_get(shapes, i), error);
    return status;
}

static bw_status read_file(shapes_reader *reader, const char *folder, const char *name,
                           bw_error *error)
{
    bw_arena arena = {0};
    uint8_t *text = NULL;
    size_t size;
    json_error_t problem;
    const char *path = bw_arena_format(&arena, "%s/%s", folder, name);
    bw_status status = path ? bw_read_file(&text, &size, path, FILE_LIMIT, error)
                            : bw_fail_memory(error, strlen(name), "a file name");
    if (status == BW_OK) {
        json_t *root = json_loadb((const char *)text, size, 0, &problem);
        status = root ? read_picture(reader, root, name, error)
                      : bw_fail(error, BW_ERROR_FORMAT, "line %d: is not JSON: %s", problem.line,
                                problem.text);
        json_decref(root);
        status = status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
    }
    free(text);
    bw_arena_free(&arena);
    return status;
}

bw_status bw_x_anylabeling_read(bw_dataset *set, const char *path, const char *images,
                                bw_error *error)
{
    static const char *const suffixes[] = {".json", NULL};
    shapes_reader reader = {.set = set, .images = images};
    bw_file_list list;
    const char *folder = bw_subfolder(&set->arena, path, "x_anylabeling");
    if (!folder)
        folder = path;
    bw_status status = bw_file_list_read(&list, folder, suffixes, error);
    if (status == BW_OK && list.count == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: holds no JSON files", folder);
    for (size_t i = 0; status == BW_OK && i < list.count; i++)
        status = read_file(&reader, folder, list.names[i], error);
    bw_file_list_free(&list);
    if (status == BW_OK && reader.others > 0)
        status = bw_dataset_warn(set, error, "%s: %zu shapes are no rectangles and are left out",
                                 folder, reader.others);
    return status;
}
