#include "bench/axes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1024 };

static const struct {
    const char *name;
    bool counted; /* "2 threads", not "batch 2" */
} rows[BW_AXES] = {
    [BW_AXIS_BATCH] = {"batch", false},
    [BW_AXIS_THREADS] = {"threads", true},
    [BW_AXIS_STREAMS] = {"streams", true},
};

const char *bw_axis_name(bw_axis_kind kind)
{
    return rows[kind].name;
}

static void append_words(char *text, size_t size, bw_axis_kind kind, int value)
{
    size_t used = strlen(text);
    const char *name = rows[kind].name, *comma = used ? ", " : "";
    int length = (int)strlen(name) - (value == 1); /* without its plural's s */
    if (rows[kind].counted)
        snprintf(text + used, size - used, "%s%d %.*s", comma, value, length, name);
    else
        snprintf(text + used, size - used, "%s%s %d", comma, name, value);
}

const char *bw_setting_words(char *text, size_t size, const bw_setting *setting)
{
    *text = '\0';
    for (int kind = 0; kind < BW_AXES; kind++)
        if (setting->value[kind])
            append_words(text, size, (bw_axis_kind)kind, setting->value[kind]);
    return text;
}

/* The axis whose name and "=" the text begins with; BW_AXES where there is none. */
static bw_axis_kind find_axis(const char *text)
{
    for (int kind = 0; kind < BW_AXES; kind++) {
        size_t length = strlen(rows[kind].name);
        if (strncmp(text, rows[kind].name, length) == 0 && text[length] == '=')
            return (bw_axis_kind)kind;
    }
    return BW_AXES;
}

bool bw_axes_match(const char *text)
{
    return find_axis(text) != BW_AXES;
}

/* Keeps the values ascending. */
static bool insert(bw_axis *axis, int value)
{
    int at = 0;
    while (at < axis->count && axis->values[at] < value)
        at++;
    if (at < axis->count && axis->values[at] == value)
        return true;
    if (axis->count == BW_MOST_AXIS_VALUES)
        return false;
    memmove(axis->values + at + 1, axis->values + at,
            (size_t)(axis->count - at) * sizeof *axis->values);
    axis->values[at] = value;
    axis->count++;
    return true;
}

/* Reads "1,2,4", `length` long. */
static bw_status read_values(bw_axis *axis, const char *name, const char *text, size_t length,
                             bw_error *error)
{
    const char *at = text, *end = text + length;
    for (;;) {
        char *stop;
        long value = strtol(at, &stop, 10);
        if (stop == at || stop > end || (stop < end && *stop != ','))
            return bw_fail(error, BW_ERROR_ARGUMENT,
                           "--sweep %s takes whole numbers parted by commas, not '%.*s'", name,
                           (int)length, text);
        if (value < 1 || value > LARGEST)
            return bw_fail(error, BW_ERROR_ARGUMENT, "--sweep %s: %ld is outside the range 1 to %d",
                           name, value, LARGEST);
        if (!insert(axis, (int)value))
            return bw_fail(error, BW_ERROR_ARGUMENT, "--sweep %s takes at most %d values", name,
                           BW_MOST_AXIS_VALUES);
        if (stop == end)
            return BW_OK;
        at = stop + 1;
    }
}

static bw_status read_word(bw_axes *axes, const char *word, size_t length, bw_error *error)
{
    bw_axis_kind kind = find_axis(word);
    if (kind == BW_AXES)
        return bw_fail(
            error, BW_ERROR_ARGUMENT,
            "--sweep takes words such as batch=1,2,4, threads=1,2 and streams=1,2, not '%.*s'",
            (int)length, word);
    size_t name = strlen(rows[kind].name) + 1;
    axes->swept = true;
    return read_values(&axes->axis[kind], rows[kind].name, word + name, length - name, error);
}

bw_status bw_axes_read(bw_axes *axes, const char *text, bw_error *error)
{
    bw_status status = BW_OK;
    bool any = false;
    while (status == BW_OK && *(text += strspn(text, " \t\n"))) {
        size_t length = strcspn(text, " \t\n");
        status = read_word(axes, text, length, error);
        text += length;
        any = true;
    }
    if (!any)
        status = bw_fail(error, BW_ERROR_ARGUMENT, "--sweep is empty");
    return status;
}
