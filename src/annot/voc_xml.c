#include "annot/voc_xml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/xml.h"

enum { FILE_LIMIT = 16 << 20, TEXT_LIMIT = 399 };

/* The elements whose text counts, by their path below the root. */
typedef enum voc_field {
    FIELD_FILE_NAME,
    FIELD_WIDTH,
    FIELD_HEIGHT,
    FIELD_NAME,
    FIELD_DIFFICULT,
    FIELD_LEFT,
    FIELD_TOP,
    FIELD_RIGHT,
    FIELD_BOTTOM,
    FIELDS,
} voc_field;

static const char *const field_paths[FIELDS] = {
    "annotation/filename",           "annotation/size/width",
    "annotation/size/height",        "annotation/object/name",
    "annotation/object/difficult",   "annotation/object/bndbox/xmin",
    "annotation/object/bndbox/ymin", "annotation/object/bndbox/xmax",
    "annotation/object/bndbox/ymax",
};

/* A parse under way. */
typedef struct voc_parser {
    bw_voc_file *file;
    bw_voc_object object;
    bool has[FIELDS]; /* of the object */
} voc_parser;

/* ---- Fields --------------------------------------------------------------------------------- */

static int find_field(const char *path)
{
    for (int field = 0; field < FIELDS; field++)
        if (strcmp(path, field_paths[field]) == 0)
            return field;
    return -1;
}

static bw_status read_number(const bw_xml_element *element, double *value, bw_error *error)
{
    char *end;
    const char *text = bw_xml_trim(element);
    *value = strtod_l(text, &end, element->locale);
    if (end != text && !*end && fabs(*value) <= 1e9)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "%s is no number: '%.40s'", element->path, text);
}

static bw_status read_text(voc_parser *parser, const bw_xml_element *element, const char **text,
                           bw_error *error)
{
    const char *from = bw_xml_trim(element);
    size_t length = strlen(from);
    *text = bw_arena_text(&parser->file->arena, from, length);
    return *text ? BW_OK : bw_fail_memory(error, length, "a name");
}

/* A picture's side; what is no size in pixels counts as not told. */
static bw_status read_side(const bw_xml_element *element, int *side, bw_error *error)
{
    double value = 0;
    bw_status status = read_number(element, &value, error);
    *side = status == BW_OK && value >= 1 && value <= INT32_MAX ? (int)value : 0;
    return status;
}

static bw_status read_difficult(const bw_xml_element *element, bool *difficult, bw_error *error)
{
    double value = 0;
    bw_status status = read_number(element, &value, error);
    *difficult = value > 0;
    return status;
}

static bw_status read_field(voc_parser *parser, voc_field field, const bw_xml_element *element,
                            bw_error *error)
{
    bw_voc_file *file = parser->file;
    bw_voc_object *object = &parser->object;
    if (strlen(element->text) > TEXT_LIMIT)
        return bw_fail(error, BW_ERROR_FORMAT, "%s is longer than %d bytes", element->path,
                       TEXT_LIMIT);
    parser->has[field] = true;
    switch (field) {
    case FIELD_FILE_NAME: return read_text(parser, element, &file->file_name, error);
    case FIELD_WIDTH: return read_side(element, &file->width, error);
    case FIELD_HEIGHT: return read_side(element, &file->height, error);
    case FIELD_NAME: return read_text(parser, element, &object->name, error);
    case FIELD_DIFFICULT: return read_difficult(element, &object->difficult, error);
    case FIELD_LEFT: return read_number(element, &object->left, error);
    case FIELD_TOP: return read_number(element, &object->top, error);
    case FIELD_RIGHT: return read_number(element, &object->right, error);
    case FIELD_BOTTOM: return read_number(element, &object->bottom, error);
    case FIELDS: break;
    }
    return BW_OK;
}

/* ---- Objects -------------------------------------------------------------------------------- */

static void begin_object(voc_parser *parser)
{
    parser->object = (bw_voc_object){0};
    for (int field = FIELD_NAME; field < FIELDS; field++)
        parser->has[field] = false;
}

static bw_status end_object(voc_parser *parser, bw_error *error)
{
    bw_voc_file *file = parser->file;
    const bw_voc_object *object = &parser->object;
    for (int field = FIELD_NAME; field < FIELDS; field++)
        if (!parser->has[field] && field != FIELD_DIFFICULT)
            return bw_fail(error, BW_ERROR_FORMAT, "the object has no %s", field_paths[field]);
    if (!*object->name)
        return bw_fail(error, BW_ERROR_FORMAT, "the object's name is empty");
    if (object->right < object->left || object->bottom < object->top)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the box ends before it begins: xmin %g, ymin %g, xmax %g, ymax %g",
                       object->left, object->top, object->right, object->bottom);
    if (!bw_array_reserve((void **)&file->objects, &file->capacity, file->count + 1,
                          sizeof *file->objects))
        return bw_fail_memory(error, file->count * sizeof *file->objects, "objects");
    file->objects[file->count++] = *object;
    return BW_OK;
}

/* ---- Elements ------------------------------------------------------------------------------- */

static bw_status begin(void *context, const bw_xml_element *element, bw_error *error)
{
    voc_parser *parser = context;
    const char *path = element->path;
    if (!strchr(path, '/') && strcmp(path, "annotation") != 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "begins with <%.40s>, where VOC's files have <annotation>", path);
    if (strcmp(path, "annotation/object") == 0)
        begin_object(parser);
    return BW_OK;
}

static bw_status end(void *context, const bw_xml_element *element, bw_error *error)
{
    voc_parser *parser = context;
    int field = find_field(element->path);
    if (field >= 0)
        return read_field(parser, (voc_field)field, element, error);
    return strcmp(element->path, "annotation/object") == 0 ? end_object(parser, error) : BW_OK;
}

/* ---- The whole ------------------------------------------------------------------------------ */

bw_status bw_voc_parse(bw_voc_file *out, const void *text, size_t size, bw_error *error)
{
    *out = (bw_voc_file){.file_name = ""};
    if (size > FILE_LIMIT)
        return bw_fail(error, BW_ERROR_LIMIT, "has %zu bytes; VOC's files have at most %d", size,
                       FILE_LIMIT);
    static const bw_xml_visitor visitor = {begin, end};
    voc_parser parser = {.file = out};
    return bw_xml_parse(text, size, &visitor, &parser, error);
}

bw_status bw_voc_read(bw_voc_file *out, const char *path, bw_error *error)
{
    uint8_t *text;
    size_t size;
    *out = (bw_voc_file){.file_name = ""};
    bw_status status = bw_read_file(&text, &size, path, FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    status = bw_voc_parse(out, text, size, error);
    free(text);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
}

void bw_voc_free(bw_voc_file *file)
{
    free(file->objects);
    bw_arena_free(&file->arena);
    *file = (bw_voc_file){0};
}
