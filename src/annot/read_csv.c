/**
 * Our CSV, and others with the same columns in any order: file_name, width, height, left, top,
 * right, bottom, and class or class_id are needed; score, track_id, source, frame and time are read
 * where they are there. The rows of a picture stand together.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/folder.h"
#include "annot/readers.h"
#include "base/file.h"

#define FILE_LIMIT ((uint64_t)4 << 30)

typedef enum csv_column {
    FILE_NAME,
    WIDTH,
    HEIGHT,
    SOURCE,
    FRAME,
    TIME,
    CLASS_ID,
    CLASS,
    SCORE,
    LEFT,
    TOP,
    RIGHT,
    BOTTOM,
    TRACK,
    COLUMNS,
} csv_column;

static const char *const column_names[COLUMNS] = {
    "file_name", "width", "height", "source", "frame", "time",   "class_id",
    "class",     "score", "left",   "top",    "right", "bottom", "track_id",
};

enum { MOST_FIELDS = 64 };

typedef struct csv_reader {
    bw_dataset *set;
    const char *images;
    char *at, *end; /* of the text, which is changed while it is read */
    size_t line;
    char *fields[MOST_FIELDS];
    int count;
    int places[COLUMNS]; /* of the columns among the fields; -1 where there is none */
} csv_reader;

/* ---- Rows ----------------------------------------------------------------------------------- */

/* Takes a field in quotes, in place; `at` is behind the first one. Returns where it ends. */
static char *take_quoted(csv_reader *reader, char *at)
{
    char *to = at;
    for (; at < reader->end; at++) {
        if (*at == '"' && at + 1 < reader->end && at[1] == '"')
            at++;
        else if (*at == '"')
            break;
        reader->line += *at == '\n';
        *to++ = *at;
    }
    char *after = at < reader->end ? at + 1 : at;
    *to = '\0';
    return after;
}

/* Splits the next row into fields; false at the end of the text. */
static bool next_row(csv_reader *reader)
{
    reader->count = 0;
    if (reader->at >= reader->end)
        return false;
    reader->line++;
    for (bool more = true; more;) {
        char *field = reader->at, *stop;
        bool quoted = *field == '"' && field < reader->end;
        stop = quoted ? take_quoted(reader, ++field) : field;
        while (stop < reader->end && !strchr(",\n", *stop))
            stop++;
        more = stop < reader->end && *stop == ',';
        if (!quoted && stop > field && stop[-1] == '\r')
            stop[-1] = '\0';
        if (!quoted && stop < reader->end)
            *stop = '\0';
        if (reader->count < MOST_FIELDS)
            reader->fields[reader->count++] = field;
        reader->at = stop < reader->end ? stop + 1 : stop;
    }
    return true;
}

/* A column's text; "" where there is none. */
static const char *text_of(const csv_reader *reader, csv_column column)
{
    int place = reader->places[column];
    return place >= 0 && place < reader->count ? reader->fields[place] : "";
}

static bw_status number_of(const csv_reader *reader, csv_column column, double low, double *value,
                           bw_error *error)
{
    const char *text = text_of(reader, column);
    if (bw_number_read(value, text) && *value >= low && *value <= 1e9)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "'%.40s' is no %s", text, column_names[column]);
}

/* ---- What a row tells ----------------------------------------------------------------------- */

static bw_status add_picture(csv_reader *reader, bw_error *error)
{
    double width = 0, height = 0, frame = 0, time;
    bw_dataset *set = reader->set;
    bw_data_image image = {
        .id = (int64_t)set->image_count + 1, .name = text_of(reader, FILE_NAME), .time_ns = -1};
    bw_status status = number_of(reader, WIDTH, 1, &width, error);
    if (status == BW_OK)
        status = number_of(reader, HEIGHT, 1, &height, error);
    if (status == BW_OK && *text_of(reader, SOURCE)) {
        image.source = text_of(reader, SOURCE);
        status = number_of(reader, FRAME, 0, &frame, error);
        if (bw_number_read(&time, text_of(reader, TIME)) && time >= 0 && time < 9e9)
            image.time_ns = llround(time * 1e9);
    }
    if (status != BW_OK)
        return status;
    image.width = (int)width;
    image.height = (int)height;
    image.frame = (int64_t)frame;
    status = bw_data_image_locate(set, &image, reader->images, error);
    return status == BW_OK ? bw_dataset_add_image(set, &image, error) : status;
}

static bw_status find_class(csv_reader *reader, int32_t *class_id, bw_error *error)
{
    double number;
    const char *name = text_of(reader, CLASS);
    if (!*text_of(reader, CLASS_ID) || reader->set->fixed)
        return bw_dataset_name_class(reader->set, name, class_id, error);
    bw_status status = number_of(reader, CLASS_ID, 0, &number, error);
    if (status != BW_OK)
        return status;
    *class_id = (int32_t)number;
    return bw_dataset_number_class(reader->set, (int64_t)number, name, error);
}

static bw_status add_box(csv_reader *reader, bw_error *error)
{
    double corners[4], track;
    bw_data_label label = {
        .image = reader->set->image_count - 1, .score = (double)NAN, .track = -1};
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < 4; i++)
        status = number_of(reader, (csv_column)(LEFT + i), -1e9, &corners[i], error);
    if (status == BW_OK && (corners[2] < corners[0] || corners[3] < corners[1]))
        status = bw_fail(error, BW_ERROR_FORMAT, "a box ends before it begins");
    if (status == BW_OK && *text_of(reader, SCORE))
        status = number_of(reader, SCORE, 0, &label.score, error);
    if (status == BW_OK && *text_of(reader, TRACK)) {
        status = number_of(reader, TRACK, 0, &track, error);
        label.track = status == BW_OK ? (int64_t)track : -1;
    }
    if (status == BW_OK)
        status = find_class(reader, &label.box.class_id, error);
    if (status != BW_OK)
        return status;
    label.box.box =
        (bw_box){corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]};
    return bw_dataset_add_box(reader->set, &label, error);
}

static bw_status read_row(csv_reader *reader, bw_error *error)
{
    const bw_dataset *set = reader->set;
    const char *name = text_of(reader, FILE_NAME);
    bw_status status = BW_OK;
    if (reader->count == 1 && !*reader->fields[0])
        return BW_OK;
    if (!*name)
        return bw_fail(error, BW_ERROR_FORMAT, "has no file_name");
    if (set->image_count == 0 || strcmp(set->images[set->image_count - 1].name, name) != 0)
        status = add_picture(reader, error);
    bool box = *text_of(reader, LEFT) || *text_of(reader, CLASS);
    return status == BW_OK && box ? add_box(reader, error) : status;
}

static bw_status read_head(csv_reader *reader, bw_error *error)
{
    static const csv_column needed[] = {FILE_NAME, WIDTH, HEIGHT, CLASS, LEFT, TOP, RIGHT, BOTTOM};
    for (int i = 0; i < COLUMNS; i++)
        reader->places[i] = -1;
    next_row(reader);
    for (int field = 0; field < reader->count; field++)
        for (int i = 0; i < COLUMNS; i++)
            if (strcmp(reader->fields[field], column_names[i]) == 0)
                reader->places[i] = field;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (reader->places[needed[i]] < 0)
            return bw_fail(error, BW_ERROR_FORMAT, "there is no column '%s'",
                           column_names[needed[i]]);
    return BW_OK;
}

bw_status bw_csv_read(bw_dataset *set, const char *path, const char *images, bw_error *error)
{
    uint8_t *text;
    size_t size;
    bw_status status = bw_read_file(&text, &size, path, FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    csv_reader reader = {
        .set = set, .images = images, .at = (char *)text, .end = (char *)text + size};
    if (size > 0 && memchr(text, '\0', size))
        status = bw_fail(error, BW_ERROR_FORMAT, "is not a text file");
    else
        status = read_head(&reader, error);
    while (status == BW_OK && next_row(&reader))
        status = read_row(&reader, error);
    free(text);
    return status == BW_OK ? BW_OK
                           : bw_fail_prefix(error, status, "%s: line %zu", path, reader.line);
}
