#include "select/describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"

enum { GRID = 4, COLOUR_GRID = 8, SMALL_SIDE = 64, PARTS = 3 };

/* ---- By the boxes --------------------------------------------------------------------------- */

static void make_unit(float *part, size_t length)
{
    double sum = 0;
    for (size_t index = 0; index < length; index++)
        sum += (double)part[index] * (double)part[index];
    float scale = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
    for (size_t index = 0; index < length; index++)
        part[index] *= scale;
}

static int cell(double place)
{
    return place > 0 ? (int)fmin(place * GRID, GRID - 1) : 0;
}

/* Adds a row of detections: class, left, top, right, bottom; width and height of the picture. */
static void add_box(float *description, sqlite3_stmt *box)
{
    double width = sqlite3_column_double(box, 5), height = sqlite3_column_double(box, 6);
    double left = sqlite3_column_double(box, 1) / width,
           top = sqlite3_column_double(box, 2) / height;
    double right = sqlite3_column_double(box, 3) / width;
    double bottom = sqlite3_column_double(box, 4) / height;
    double area = (right - left) * (bottom - top);
    float *places = description + BW_DESCRIBED_CLASSES;
    description[(unsigned)sqlite3_column_int(box, 0) % BW_DESCRIBED_CLASSES] += 1;
    if (area > 0 && area <= 1)
        places[cell((top + bottom) / 2) * GRID + cell((left + right) / 2)] += (float)area;
}

static bw_status describe_boxes(float *description, int64_t item, sqlite3_stmt *boxes,
                                sqlite3 *database, bw_error *error)
{
    int step;
    sqlite3_reset(boxes);
    sqlite3_bind_int64(boxes, 1, item);
    while ((step = sqlite3_step(boxes)) == SQLITE_ROW)
        add_box(description, boxes);
    if (step != SQLITE_DONE)
        return bw_run_fail(database, error);
    for (int index = 0; index < BW_DESCRIBED_CLASSES + BW_DESCRIBED_PLACES; index++)
        description[index] = sqrtf(description[index]);
    make_unit(description, BW_DESCRIBED_CLASSES);
    make_unit(description + BW_DESCRIBED_CLASSES, BW_DESCRIBED_PLACES);
    return BW_OK;
}

/* ---- By the colours ------------------------------------------------------------------------- */

/* The pictures that threads read. */
typedef struct reading {
    float *descriptions;
    const char **paths; /* NULL for none */
    bool ignore_exif;
} reading;

static void add_colours(float *colours, const bw_image *small)
{
    float counts[COLOUR_GRID * COLOUR_GRID] = {0};
    for (int y = 0; y < small->height; y++) {
        for (int x = 0; x < small->width; x++) {
            int at = y * COLOUR_GRID / small->height * COLOUR_GRID + x * COLOUR_GRID / small->width;
            const uint8_t *pixel = small->pixels + (size_t)y * small->stride + 3 * (size_t)x;
            for (int channel = 0; channel < 3; channel++)
                colours[3 * at + channel] += (float)pixel[channel] - 127.5f;
            counts[at]++;
        }
    }
    for (int at = 0; at < COLOUR_GRID * COLOUR_GRID; at++)
        for (int channel = 0; counts[at] > 0 && channel < 3; channel++)
            colours[3 * at + channel] /= counts[at];
    make_unit(colours, BW_DESCRIBED_COLOURS);
}

static void read_pictures(void *context, int first, int last, int worker)
{
    const reading *work = context;
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.ignore_exif = work->ignore_exif;
    (void)worker;
    for (int index = first; index < last; index++) {
        bw_image image = {0}, small = {0};
        float *description = work->descriptions + (size_t)index * BW_DESCRIPTION;
        if (work->paths[index] &&
            bw_image_read(&image, work->paths[index], &options, NULL) == BW_OK &&
            bw_image_thumbnail(&small, &image, SMALL_SIDE, NULL) == BW_OK)
            add_colours(description + BW_DESCRIBED_CLASSES + BW_DESCRIBED_PLACES, &small);
        bw_image_clear(&image);
        bw_image_clear(&small);
    }
}

static bw_status read_all(reading *work, int count, int threads, bw_error *error)
{
    bw_pool *pool;
    bw_status status = bw_pool_open(&pool, threads, error);
    if (status != BW_OK)
        return status;
    bw_pool_run(pool, read_pictures, work, count, 1);
    bw_pool_close(&pool);
    return BW_OK;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static bw_status find_path(const char **out, bw_arena *arena, int64_t item, sqlite3_stmt *paths,
                           sqlite3 *database, bw_error *error)
{
    sqlite3_reset(paths);
    sqlite3_bind_int64(paths, 1, item);
    if (sqlite3_step(paths) != SQLITE_ROW)
        return bw_run_fail(database, error);
    const char *path = sqlite3_column_blob(paths, 0);
    size_t length = (size_t)sqlite3_column_bytes(paths, 0);
    *out = path ? bw_arena_text(arena, path, length) : NULL;
    return path && !*out ? bw_fail_memory(error, length, "a path") : BW_OK;
}

static bw_status describe_all(reading *work, bw_arena *arena, const bw_candidates *candidates,
                              sqlite3 *database, bw_error *error)
{
    sqlite3_stmt *boxes = NULL, *paths = NULL;
    bw_status status = bw_run_query(database, &boxes,
                                    "SELECT class, left, top, right, bottom, width, height"
                                    " FROM detections JOIN items ON number = item WHERE item = ?",
                                    error);
    if (status == BW_OK)
        status = bw_run_query(database, &paths,
                              "SELECT CAST(path AS BLOB) FROM items WHERE number = ?", error);
    for (size_t index = 0; status == BW_OK && index < candidates->count; index++) {
        int64_t item = candidates->all[index].item;
        status = describe_boxes(work->descriptions + index * BW_DESCRIPTION, item, boxes, database,
                                error);
        if (status == BW_OK)
            status = find_path(&work->paths[index], arena, item, paths, database, error);
    }
    sqlite3_finalize(boxes);
    sqlite3_finalize(paths);
    return status;
}

bw_status bw_select_describe(float **descriptions, const bw_candidates *candidates,
                             sqlite3 *database, int threads, bw_error *error)
{
    bw_arena arena = {0};
    size_t count = candidates->count;
    reading work = {.descriptions = calloc(count * BW_DESCRIPTION + 1, sizeof(float)),
                    .paths = bw_arena_array(&arena, count + 1, sizeof *work.paths)};
    bw_status status = work.descriptions && work.paths
                           ? bw_run_ignores_exif(&work.ignore_exif, database, error)
                           : bw_fail_memory(error, count * BW_DESCRIPTION * sizeof(float),
                                            "descriptions of pictures");
    if (status == BW_OK)
        status = describe_all(&work, &arena, candidates, database, error);
    if (status == BW_OK)
        status = read_all(&work, (int)count, threads, error);
    bw_arena_free(&arena);
    if (status != BW_OK) {
        free(work.descriptions);
        work.descriptions = NULL;
    }
    *descriptions = work.descriptions;
    return status;
}

float bw_select_distance(const float *a, const float *b)
{
    float lanes[8] = {0}, sum = 0;
    for (int index = 0; index < BW_DESCRIPTION; index += 8)
        for (int lane = 0; lane < 8; lane++) {
            float difference = a[index + lane] - b[index + lane];
            lanes[lane] += difference * difference;
        }
    for (int lane = 0; lane < 8; lane++)
        sum += lanes[lane];
    return sqrtf(sum / (2 * PARTS));
}
