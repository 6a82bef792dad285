#include <stdlib.h>
#include <string.h>

#include "annot/coco_names.h"
#include "api/api.h"

enum { NAMES_FILE_LIMIT = 1 << 20 };

static bw_status number_names(bw_model *model, const char **names, bw_error *error)
{
    for (int class_id = 0; class_id < model->classes; class_id++) {
        names[class_id] = bw_arena_format(&model->arena, "class %d", class_id);
        if (!names[class_id])
            return bw_fail_memory(error, 16, "class names");
    }
    return BW_OK;
}

/* The next line without its end and the blanks around it; advances `*text`. */
static size_t next_line(const char **text, const char **line)
{
    const char *end = *text + strcspn(*text, "\n");
    const char *start = *text + strspn(*text, " \t");
    *text = *end ? end + 1 : end;
    size_t length = start < end ? (size_t)(end - start) : 0;
    while (length > 0 && strchr(" \t\r", start[length - 1]))
        length--;
    *line = start;
    return length;
}

static bw_status read_names(bw_model *model, const char **names, const char *path, char *text,
                            bw_error *error)
{
    int count = 0;
    for (const char *rest = text, *line; *rest;) {
        size_t length = next_line(&rest, &line);
        if (length == 0)
            continue;
        if (count < model->classes)
            names[count] = bw_arena_text(&model->arena, line, length);
        if (count < model->classes && !names[count])
            return bw_fail_memory(error, length, "class names");
        count++;
    }
    if (count != model->classes)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "%s: has %d names, but the model has %d classes: give the names it was "
                       "trained with, one a line",
                       path, count, model->classes);
    return BW_OK;
}

static bw_status read_names_file(bw_model *model, const char **names, const char *path,
                                 bw_error *error)
{
    uint8_t *text;
    size_t size;
    bw_status status = bw_read_file(&text, &size, path, NAMES_FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    status = memchr(text, 0, size) ? bw_fail(error, BW_ERROR_FORMAT, "%s: is not a text file", path)
                                   : read_names(model, names, path, (char *)text, error);
    free(text);
    return status;
}

bw_status bw_model_set_names(bw_model *model, const char *path, bw_error *error)
{
    if (!path && model->classes == BW_COCO_CLASSES) {
        model->names = bw_coco_names();
        return BW_OK;
    }
    size_t count = (size_t)model->classes;
    const char **names = bw_arena_array(&model->arena, count, sizeof *names);
    if (!names)
        return bw_fail_memory(error, count * sizeof *names, "class names");
    bw_status status =
        path ? read_names_file(model, names, path, error) : number_names(model, names, error);
    if (status == BW_OK)
        model->names = names;
    return status;
}

bw_status bw_model_read_names(bw_model *model, const char *path, bw_error *error)
{
    return bw_model_set_names(model, path, error);
}
