#include "annot/json_walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define FILE_LIMIT ((uint64_t)4 << 30)

typedef struct json_text {
    const char *path;
    const char *bytes;
    size_t size, at;
} json_text;

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The next byte that is no blank; NUL at the end. */
static char peek(json_text *text)
{
    while (text->at < text->size && is_blank(text->bytes[text->at]))
        text->at++;
    return text->at < text->size ? text->bytes[text->at] : '\0';
}

static bool accept(json_text *text, char sign)
{
    bool found = peek(text) == sign;
    text->at += found;
    return found;
}

static bw_status fail_at(const json_text *text, size_t at, const char *problem, bw_error *error)
{
    size_t line = 1;
    for (size_t i = 0; i < at && i < text->size; i++)
        line += text->bytes[i] == '\n';
    return bw_fail(error, BW_ERROR_FORMAT, "%s: line %zu: is not JSON as expected: %s", text->path,
                   line, problem);
}

/* Reads the value that comes next; NULL, with the error told, where there is none. */
static json_t *read_value(json_text *text, bw_error *error)
{
    json_error_t problem;
    peek(text);
    json_t *value = json_loadb(text->bytes + text->at, text->size - text->at,
                               JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &problem);
    size_t used = problem.position > 0 ? (size_t)problem.position : 0;
    if (!value) {
        fail_at(text, text->at + used, problem.text, error);
        return NULL;
    }
    text->at += used;
    return value;
}

static bw_status visit_value(json_text *text, const bw_json_section *section, size_t index,
                             void *context, bw_error *error)
{
    json_t *value = read_value(text, error);
    if (!value)
        return BW_ERROR_FORMAT;
    bw_status status = section->visit(context, value, index, error);
    json_decref(value);
    if (status != BW_OK)
        bw_fail_prefix(error, status, "%s: %s[%zu]", text->path, section->key ? section->key : "",
                       index);
    return status;
}

static bw_status walk_array(json_text *text, const bw_json_section *section, void *context,
                            bw_error *error)
{
    if (!accept(text, '['))
        return fail_at(text, text->at, "an array is missing", error);
    if (accept(text, ']'))
        return BW_OK;
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK; index++) {
        status = visit_value(text, section, index, context, error);
        if (status != BW_OK || accept(text, ']'))
            return status;
        if (!accept(text, ','))
            status = fail_at(text, text->at, "',' or ']' is missing", error);
    }
    return status;
}

static bw_status skip_value(json_text *text, bw_error *error)
{
    json_t *value = read_value(text, error);
    json_decref(value);
    return value ? BW_OK : BW_ERROR_FORMAT;
}

static const bw_json_section *find_section(const bw_json_section *sections, const char *key)
{
    for (; sections->visit; sections++)
        if (key ? sections->key && strcmp(sections->key, key) == 0 : !sections->key)
            return sections;
    return NULL;
}

static bw_status walk_member(json_text *text, const bw_json_section *sections, void *context,
                             bw_error *error)
{
    if (peek(text) != '"')
        return fail_at(text, text->at, "a member's name is missing", error);
    json_t *key = read_value(text, error);
    if (!key)
        return BW_ERROR_FORMAT;
    const bw_json_section *section = find_section(sections, json_string_value(key));
    json_decref(key);
    if (!accept(text, ':'))
        return fail_at(text, text->at, "':' is missing", error);
    return section ? walk_array(text, section, context, error) : skip_value(text, error);
}

static bw_status walk_object(json_text *text, const bw_json_section *sections, void *context,
                             bw_error *error)
{
    accept(text, '{');
    if (accept(text, '}'))
        return BW_OK;
    bw_status status;
    do
        status = walk_member(text, sections, context, error);
    while (status == BW_OK && accept(text, ','));
    if (status == BW_OK && !accept(text, '}'))
        status = fail_at(text, text->at, "',' or '}' is missing", error);
    return status;
}

static bw_status walk(json_text *text, const bw_json_section *sections, void *context,
                      bw_error *error)
{
    const bw_json_section *whole = find_section(sections, NULL);
    bw_status status;
    if (whole)
        status = walk_array(text, whole, context, error);
    else if (peek(text) == '{')
        status = walk_object(text, sections, context, error);
    else
        status = fail_at(text, text->at, "an object is missing", error);
    if (status == BW_OK && peek(text) != '\0')
        status = fail_at(text, text->at, "something follows its end", error);
    return status;
}

bw_status bw_json_walk(const char *path, const bw_json_section *sections, void *context,
                       bw_error *error)
{
    uint8_t *bytes;
    json_text text = {.path = path};
    bw_status status = bw_read_file(&bytes, &text.size, path, FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    text.bytes = (const char *)bytes;
    status = walk(&text, sections, context, error);
    free(bytes);
    return status;
}

bool bw_json_begins(const uint8_t *text, size_t size, char sign)
{
    json_text whole = {.bytes = (const char *)text, .size = size};
    return peek(&whole) == sign;
}

bool bw_json_get_integer(const json_t *object, const char *key, int64_t *value)
{
    const json_t *member = json_object_get(object, key);
    *value = json_integer_value(member);
    return json_is_integer(member);
}

bool bw_json_get_number(const json_t *object, const char *key, double *value)
{
    const json_t *member = json_object_get(object, key);
    *value = json_number_value(member);
    return json_is_number(member);
}

bool bw_json_get_numbers(const json_t *object, const char *key, double *values, size_t count)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_array(member) || json_array_size(member) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(member, i);
        if (!json_is_number(item))
            return false;
        values[i] = json_number_value(item);
    }
    return true;
}
