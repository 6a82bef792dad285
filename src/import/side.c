#include "import/side.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/edit_distance.h"
#include "base/error.h"

enum { LARGEST_LIST = 2 * BW_SIDE_ANCHORS, MOST_NAMES = 1 << 16 };

/* A line at hand. */
typedef struct side_line {
    bw_side *side;
    const char *key;
    char *value;
    int number;
    bw_error *error;
} side_line;

static bw_status refuse(const side_line *line, const char *wanted)
{
    return bw_fail(line->error, BW_ERROR_FORMAT, "%s:%d: '%s = %.60s' makes no sense: %s",
                   line->side->path, line->number, line->key, line->value, wanted);
}

/* ---- values --------------------------------------------------------------------------------- */

/* A number, or a fraction such as 1/255; advances `*text`. */
static bool read_number(char **text, double *out)
{
    char *end;
    double value = strtod(*text, &end), below = 1.0;
    if (end == *text)
        return false;
    end += strspn(end, " \t");
    if (*end == '/') {
        *text = end + 1;
        below = strtod(*text, &end);
        if (end == *text || below == 0.0)
            return false;
    }
    *text = end + strspn(end, " \t");
    *out = value / below;
    return isfinite(*out);
}

/* Numbers between commas or blanks: at least 1, at most `most`. */
static bw_status read_numbers(const side_line *line, float *out, size_t most, size_t *count)
{
    char *text = line->value;
    for (*count = 0; *text; (*count)++) {
        double value;
        if (*count == most || !read_number(&text, &value))
            return refuse(line, "it takes numbers between commas");
        out[*count] = (float)value;
        if (*text == ',')
            text += 1 + strspn(text + 1, " \t");
    }
    return *count ? BW_OK : refuse(line, "it takes numbers between commas");
}

static bw_status read_range(const side_line *line, float *out, float least, float most,
                            const char *wanted)
{
    char *text = line->value;
    double value = 0.0;
    bool good = read_number(&text, &value) && !*text;
    *out = (float)value;
    if (!good || !(*out >= least) || !(*out <= most))
        return refuse(line, wanted);
    return BW_OK;
}

static bw_status read_count(const side_line *line, int *out, int most, const char *wanted)
{
    float value = 0.0f;
    bw_status status = read_range(line, &value, 1.0f, (float)most, wanted);
    if (status != BW_OK)
        return status;
    *out = (int)value;
    return (float)*out == value ? BW_OK : refuse(line, wanted);
}

/* The place of the value in a list of words that NULL ends; −1: it is none of them. */
static int find_word(const side_line *line, const char *const *words)
{
    for (int index = 0; words[index]; index++) {
        if (strcmp(words[index], line->value) == 0)
            return index;
    }
    return -1;
}

/* One number for all three channels, or three. */
static bw_status read_channels(const side_line *line, float out[3])
{
    size_t count;
    bw_status status = read_numbers(line, out, 3, &count);
    if (status == BW_OK && count == 2)
        return refuse(line, "it takes one number, or one for each of three channels");
    for (size_t channel = count; status == BW_OK && channel < 3; channel++)
        out[channel] = out[0];
    return status;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static bw_status read_head(const side_line *line)
{
    line->side->head = bw_arena_text(&line->side->arena, line->value, strlen(line->value));
    line->side->head_line = line->number;
    return line->side->head ? BW_OK : bw_fail_memory(line->error, 16, "a side file");
}

static bw_status read_classes(const side_line *line)
{
    return read_count(line, &line->side->classes, MOST_NAMES, "it takes a number of classes");
}

static bw_status read_names(const side_line *line)
{
    size_t most = 1;
    for (const char *at = line->value; *at; at++)
        most += *at == ',';
    const char **names =
        most <= MOST_NAMES ? bw_arena_array(&line->side->arena, most, sizeof *names) : NULL;
    if (!names)
        return most <= MOST_NAMES ? bw_fail_memory(line->error, most * sizeof *names, "names")
                                  : refuse(line, "these are too many names");
    for (char *text = line->value; line->side->name_count < most;) {
        size_t length = strcspn(text, ",");
        char *end = text + length, *next = end + (*end == ',');
        text += strspn(text, " \t");
        while (end > text && strchr(" \t", end[-1]))
            end--;
        if (end <= text)
            return refuse(line, "a name is empty");
        char *name = bw_arena_text(&line->side->arena, text, (size_t)(end - text));
        if (!name)
            return bw_fail_memory(line->error, length, "names");
        names[line->side->name_count++] = name;
        text = next;
    }
    line->side->names = names;
    return BW_OK;
}

static bw_status read_order(const side_line *line)
{
    static const char *const words[] = {"rgb", "bgr", NULL};
    int index = find_word(line, words);
    line->side->order = index == 1 ? BW_ORDER_BGR : BW_ORDER_RGB;
    return index >= 0 ? BW_OK : refuse(line, "it is rgb or bgr");
}

static bw_status read_mean(const side_line *line)
{
    line->side->has_mean = true;
    return read_channels(line, line->side->mean);
}

/* Kept as 1 / scale, exactly where that is how it is written. */
static bw_status read_scale(const side_line *line)
{
    char *text = line->value;
    double inverse[3] = {0.0};
    size_t count = 0;
    for (; *text && count < 3; count++) {
        double value;
        if (!read_number(&text, &value))
            return refuse(line, "it takes numbers between commas");
        if (!(value > 1e-6 && value < 1e6))
            return refuse(line, "scales are above 0");
        inverse[count] = 1.0 / value;
        text += *text == ',' ? 1 + strspn(text + 1, " \t") : 0;
    }
    if (*text || count == 2)
        return refuse(line, "it takes one number, or one for each of three channels");
    line->side->has_scale = true;
    for (size_t channel = 0; channel < 3; channel++)
        line->side->deviation[channel] = (float)inverse[count == 1 ? 0 : channel];
    return BW_OK;
}

static bw_status read_padding(const side_line *line)
{
    line->side->has_padding = true;
    return read_range(line, &line->side->padding, 0.0f, 255.0f, "it is a grey from 0 to 255");
}

static bw_status read_placement(const side_line *line)
{
    static const char *const words[] = {"centred", "stretched", "corner", NULL};
    static const bw_resize values[] = {BW_RESIZE_LETTERBOX, BW_RESIZE_STRETCH, BW_RESIZE_CORNER};
    int index = find_word(line, words);
    if (index < 0)
        return refuse(line, "it is centred, corner or stretched");
    line->side->placement = values[index];
    return BW_OK;
}

static bw_status read_suppression(const side_line *line)
{
    static const char *const words[] = {"greedy", "diou", "none", NULL};
    static const bw_nms values[] = {BW_NMS_GREEDY, BW_NMS_DIOU, BW_NMS_NONE};
    int index = find_word(line, words);
    if (index < 0)
        return refuse(line, "it is greedy, diou or none");
    line->side->suppression = values[index];
    line->side->has_suppression = true;
    return BW_OK;
}

static bw_status read_strides(const side_line *line)
{
    bw_side *side = line->side;
    bw_status status = read_numbers(line, side->strides, BW_SIDE_SCALES, &side->stride_count);
    for (size_t index = 0; status == BW_OK && index < side->stride_count; index++) {
        if (!(side->strides[index] >= 1.0f && side->strides[index] <= 4096.0f))
            return refuse(line, "strides are pixels, from 1 on");
    }
    return status;
}

static bw_status read_anchors(const side_line *line)
{
    size_t count;
    bw_side *side = line->side;
    bw_status status = read_numbers(line, side->anchors, LARGEST_LIST, &count);
    side->anchor_count = count / 2;
    if (status == BW_OK && count % 2)
        return refuse(line, "anchors are pairs of width and height");
    for (size_t index = 0; status == BW_OK && index < count; index++) {
        if (!(side->anchors[index] > 0.0f && side->anchors[index] <= 65536.0f))
            return refuse(line, "anchors are sizes in pixels");
    }
    return status;
}

static bw_status read_bins(const side_line *line)
{
    return read_count(line, &line->side->bins, BW_MAX_BINS,
                      "it is how many numbers tell the distance of a side");
}

static bw_status read_origin(const side_line *line)
{
    line->side->has_origin = true;
    return read_range(line, &line->side->origin, -16.0f, 16.0f,
                      "it is a place in a cell, 0 (its corner) to 1");
}

static bw_status read_variances(const side_line *line)
{
    bw_status status = read_numbers(line, line->side->variance, 2, &line->side->variance_count);
    return status == BW_OK && line->side->variance_count != 2
               ? refuse(line, "it takes two numbers, of places and of sizes")
               : status;
}

static bw_status read_background(const side_line *line)
{
    static const char *const words[] = {"none", "first", "last", NULL};
    int index = find_word(line, words);
    if (index < 0)
        return refuse(line, "it is none, first or last");
    line->side->background = (bw_background)index;
    line->side->has_background = true;
    return BW_OK;
}

static bw_status read_scores(const side_line *line)
{
    static const char *const words[] = {"logits", "probabilities", "softmax", NULL};
    int index = find_word(line, words);
    line->side->scores = (bw_side_scores)(index + 1);
    return index >= 0 ? BW_OK : refuse(line, "it is logits, probabilities or softmax");
}

static const struct {
    const char *name;
    bw_status (*read)(const side_line *line);
} keys[] = {
    {"head", read_head},       {"classes", read_classes},     {"names", read_names},
    {"order", read_order},     {"mean", read_mean},           {"scale", read_scale},
    {"padding", read_padding}, {"placement", read_placement}, {"suppression", read_suppression},
    {"strides", read_strides}, {"anchors", read_anchors},     {"bins", read_bins},
    {"origin", read_origin},   {"variances", read_variances}, {"background", read_background},
    {"scores", read_scores},
};

enum { KEY_COUNT = sizeof keys / sizeof *keys };

static bw_status refuse_key(const side_line *line)
{
    size_t nearest = 0;
    for (size_t index = 1; index < KEY_COUNT; index++) {
        if (bw_edit_distance(line->key, keys[index].name) <
            bw_edit_distance(line->key, keys[nearest].name))
            nearest = index;
    }
    return bw_fail(line->error, BW_ERROR_FORMAT,
                   "%s:%d: there is no key '%.40s'; the nearest is '%s' (docs/models.md lists all)",
                   line->side->path, line->number, line->key, keys[nearest].name);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static bw_status read_line(side_line *line, char *text, int seen[KEY_COUNT])
{
    text[strcspn(text, "#")] = '\0';
    text = trim(text);
    if (!*text)
        return BW_OK;
    char *equals = strchr(text, '=');
    if (!equals)
        return bw_fail(line->error, BW_ERROR_FORMAT,
                       "%s:%d: '%.60s' is no line of 'key = value', and no comment after '#'",
                       line->side->path, line->number, text);
    *equals = '\0';
    line->key = trim(text);
    line->value = trim(equals + 1);
    for (size_t index = 0; index < KEY_COUNT; index++) {
        if (strcmp(keys[index].name, line->key) != 0)
            continue;
        if (seen[index])
            return bw_fail(line->error, BW_ERROR_FORMAT,
                           "%s:%d: '%s' stands in line %d already; leave one of them",
                           line->side->path, line->number, line->key, seen[index]);
        seen[index] = line->number;
        return *line->value ? keys[index].read(line) : refuse(line, "there is no value");
    }
    return refuse_key(line);
}

static bw_status read_lines(bw_side *side, char *text, bw_error *error)
{
    int seen[KEY_COUNT] = {0};
    side_line line = {.side = side, .error = error};
    bw_status status = BW_OK;
    for (char *next; status == BW_OK && text; text = next) {
        next = strchr(text, '\n');
        if (next)
            *next++ = '\0';
        line.number++;
        status = read_line(&line, text, seen);
    }
    if (status == BW_OK && side->classes && side->name_count &&
        (size_t)side->classes != side->name_count)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: it has %zu names for %d classes", side->path,
                         side->name_count, side->classes);
    return status;
}

bw_status bw_side_parse(bw_side *out, const char *path, const char *text, size_t size,
                        bw_error *error)
{
    *out = (bw_side){.path = path};
    if (memchr(text, 0, size))
        return bw_fail(error, BW_ERROR_FORMAT, "%s: is not a text file", path);
    char *copy = bw_arena_text(&out->arena, text, size);
    bw_status status =
        copy ? read_lines(out, copy, error) : bw_fail_memory(error, size, "a side file");
    if (status != BW_OK)
        bw_side_free(out);
    return status;
}

void bw_side_free(bw_side *side)
{
    bw_arena_free(&side->arena);
    *side = (bw_side){0};
}
