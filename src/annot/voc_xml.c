#include "annot/voc_xml.h"

#include <expat.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { FILE_LIMIT = 16 << 20, DEPTH_LIMIT = 32, TEXT_LIMIT = 400 };

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
    XML_Parser parser;
    bw_voc_file *file;
    locale_t locale;
    char path[TEXT_LIMIT]; /* of the open element: "annotation/object/name" */
    int depth;
    char text[TEXT_LIMIT]; /* of the open element */
    size_t length;
    bw_voc_object object;
    bool has[FIELDS]; /* of the object */
    bw_status status; /* the first failure */
    bw_error *error;
} voc_parser;

static size_t line_of(const voc_parser *parser)
{
    return (size_t)XML_GetCurrentLineNumber(parser->parser);
}

/* Notes the outcome of a step; a failure ends the parse. */
static void settle(voc_parser *parser, bw_status status)
{
    if (status == BW_OK || parser->status != BW_OK)
        return;
    parser->status = status;
    XML_StopParser(parser->parser, XML_FALSE);
}

/* ---- Fields --------------------------------------------------------------------------------- */

static int find_field(const char *path)
{
    for (int field = 0; field < FIELDS; field++)
        if (strcmp(path, field_paths[field]) == 0)
            return field;
    return -1;
}

static bw_status read_number(voc_parser *parser, double *value)
{
    char *end;
    *value = strtod_l(parser->text, &end, parser->locale);
    end += strspn(end, " \t\r\n");
    if (end != parser->text && !*end && fabs(*value) <= 1e9)
        return BW_OK;
    return bw_fail(parser->error, BW_ERROR_FORMAT, "line %zu: %s is no number: '%.40s'",
                   line_of(parser), parser->path, parser->text);
}

/* The text of the open element, without the blanks around it. */
static bw_status read_text(voc_parser *parser, const char **text)
{
    const char *from = parser->text + strspn(parser->text, " \t\r\n");
    size_t length = strlen(from);
    while (length > 0 && strchr(" \t\r\n", from[length - 1]))
        length--;
    *text = bw_arena_text(&parser->file->arena, from, length);
    return *text ? BW_OK : bw_fail_memory(parser->error, length, "a name");
}

/* A picture's side; what is no size in pixels counts as not told. */
static bw_status read_side(voc_parser *parser, int *side)
{
    double value = 0;
    bw_status status = read_number(parser, &value);
    *side = status == BW_OK && value >= 1 && value <= INT32_MAX ? (int)value : 0;
    return status;
}

static bw_status read_difficult(voc_parser *parser)
{
    double value = 0;
    bw_status status = read_number(parser, &value);
    parser->object.difficult = value > 0;
    return status;
}

static bw_status read_field(voc_parser *parser, voc_field field)
{
    bw_voc_object *object = &parser->object;
    parser->has[field] = true;
    switch (field) {
    case FIELD_FILE_NAME: return read_text(parser, &parser->file->file_name);
    case FIELD_WIDTH: return read_side(parser, &parser->file->width);
    case FIELD_HEIGHT: return read_side(parser, &parser->file->height);
    case FIELD_NAME: return read_text(parser, &object->name);
    case FIELD_DIFFICULT: return read_difficult(parser);
    case FIELD_LEFT: return read_number(parser, &object->left);
    case FIELD_TOP: return read_number(parser, &object->top);
    case FIELD_RIGHT: return read_number(parser, &object->right);
    case FIELD_BOTTOM: return read_number(parser, &object->bottom);
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

static bw_status end_object(voc_parser *parser)
{
    bw_voc_file *file = parser->file;
    const bw_voc_object *object = &parser->object;
    for (int field = FIELD_NAME; field < FIELDS; field++)
        if (!parser->has[field] && field != FIELD_DIFFICULT)
            return bw_fail(parser->error, BW_ERROR_FORMAT, "line %zu: the object has no %s",
                           line_of(parser), field_paths[field]);
    if (!*object->name)
        return bw_fail(parser->error, BW_ERROR_FORMAT, "line %zu: the object's name is empty",
                       line_of(parser));
    if (object->right < object->left || object->bottom < object->top)
        return bw_fail(parser->error, BW_ERROR_FORMAT,
                       "line %zu: the box ends before it begins: xmin %g, ymin %g, xmax %g, ymax "
                       "%g",
                       line_of(parser), object->left, object->top, object->right, object->bottom);
    if (!bw_array_reserve((void **)&file->objects, &file->capacity, file->count + 1,
                          sizeof *file->objects))
        return bw_fail_memory(parser->error, file->count * sizeof *file->objects, "objects");
    file->objects[file->count++] = *object;
    return BW_OK;
}

/* ---- Expat's calls -------------------------------------------------------------------------- */

static void XMLCALL begin_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    voc_parser *parser = context;
    size_t used = strlen(parser->path), added = strlen(name);
    if (parser->depth >= DEPTH_LIMIT || used + added + 2 > sizeof parser->path) {
        settle(parser, bw_fail(parser->error, BW_ERROR_FORMAT,
                               "line %zu: elements are nested deeper, or named longer, than in "
                               "any annotation",
                               line_of(parser)));
        return;
    }
    if (parser->depth++ > 0)
        parser->path[used++] = '/';
    memcpy(parser->path + used, name, added + 1);
    parser->text[parser->length = 0] = '\0';
    if (parser->depth == 1 && strcmp(name, "annotation") != 0)
        settle(parser, bw_fail(parser->error, BW_ERROR_FORMAT,
                               "line %zu: begins with <%.40s>, where VOC's files have <annotation>",
                               line_of(parser), name));
    if (strcmp(parser->path, "annotation/object") == 0)
        begin_object(parser);
}

static void XMLCALL end_element(void *context, const XML_Char *name)
{
    (void)name;
    voc_parser *parser = context;
    int field = find_field(parser->path);
    if (parser->status != BW_OK)
        return;
    if (field >= 0)
        settle(parser, read_field(parser, (voc_field)field));
    else if (strcmp(parser->path, "annotation/object") == 0)
        settle(parser, end_object(parser));
    char *slash = strrchr(parser->path, '/');
    *(slash ? slash : parser->path) = '\0';
    parser->text[parser->length = 0] = '\0';
    parser->depth--;
}

static void XMLCALL take_text(void *context, const XML_Char *text, int length)
{
    voc_parser *parser = context;
    if (parser->status != BW_OK || find_field(parser->path) < 0)
        return;
    if (parser->length + (size_t)length >= sizeof parser->text) {
        settle(parser,
               bw_fail(parser->error, BW_ERROR_FORMAT, "line %zu: %s is longer than %d bytes",
                       line_of(parser), parser->path, TEXT_LIMIT - 1));
        return;
    }
    memcpy(parser->text + parser->length, text, (size_t)length);
    parser->length += (size_t)length;
    parser->text[parser->length] = '\0';
}

static void XMLCALL refuse_type(void *context, const XML_Char *name, const XML_Char *system,
                                const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    voc_parser *parser = context;
    settle(parser, bw_fail(parser->error, BW_ERROR_FORMAT,
                           "line %zu: has a document type, which VOC's files do not have; take "
                           "the <!DOCTYPE …> out",
                           line_of(parser)));
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bw_status run(voc_parser *parser, const void *text, size_t size)
{
    XML_SetUserData(parser->parser, parser);
    XML_SetElementHandler(parser->parser, begin_element, end_element);
    XML_SetCharacterDataHandler(parser->parser, take_text);
    XML_SetStartDoctypeDeclHandler(parser->parser, refuse_type);
    if (XML_Parse(parser->parser, text, (int)size, XML_TRUE) == XML_STATUS_OK)
        return BW_OK;
    if (parser->status != BW_OK)
        return parser->status;
    enum XML_Error code = XML_GetErrorCode(parser->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return bw_fail_memory(parser->error, size, "XML");
    return bw_fail(parser->error, BW_ERROR_FORMAT, "line %zu: is not XML: %s", line_of(parser),
                   XML_ErrorString(code));
}

bw_status bw_voc_parse(bw_voc_file *out, const void *text, size_t size, bw_error *error)
{
    *out = (bw_voc_file){.file_name = ""};
    if (size > FILE_LIMIT)
        return bw_fail(error, BW_ERROR_LIMIT, "has %zu bytes; VOC's files have at most %d", size,
                       FILE_LIMIT);
    voc_parser parser = {
        .file = out,
        .error = error,
        .parser = XML_ParserCreate(NULL),
        .locale = newlocale(LC_ALL_MASK, "C", (locale_t)0),
    };
    bw_status status = parser.parser && parser.locale != (locale_t)0
                           ? run(&parser, text, size)
                           : bw_fail_memory(error, size, "XML");
    if (parser.parser)
        XML_ParserFree(parser.parser);
    if (parser.locale != (locale_t)0)
        freelocale(parser.locale);
    return status;
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
