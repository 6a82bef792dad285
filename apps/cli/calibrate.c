#include "calibrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"
#include "pipeline/walk.h"
#include "progress.h"
#include "terminal.h"

enum { NOISE_SIDE = 96, NOISE_PICTURES = 4 };

static const char *const precisions[] = {"fp32", "bf16", "int8", "best", NULL};

const bw_option bw_precision_options[] = {
    {"precision", "P", "fp32, bf16, int8, or best: the fastest of them (default fp32)",
     bw_read_choice, offsetof(bw_precision_choice, precision), 0, 0, precisions},
    {"calib", "DIR", "pictures that show INT8 the range of the numbers; 'noise': for speed only",
     bw_read_text, offsetof(bw_precision_choice, calib), 0, 0, NULL},
    {"calib-images", "N", "take at most so many of them (default 128)", bw_read_int,
     offsetof(bw_precision_choice, pictures), 1, 100000, NULL},
    {0},
};

const bw_option bw_ranges_options[] = {
    {"ranges", "FILE", "take what INT8 needs to know from a file, instead of from pictures",
     bw_read_text, offsetof(bw_precision_choice, ranges), 0, 0, NULL},
    {"save-ranges", "FILE", "write what the pictures of --calib have shown, as JSON", bw_read_text,
     offsetof(bw_precision_choice, save_ranges), 0, 0, NULL},
    {0},
};

const bw_precision_choice bw_precision_defaults = {.pictures = 128};

/* ---- Pictures of a folder ------------------------------------------------------------------- */

typedef struct path_list {
    char **paths;
    size_t count, capacity;
} path_list;

static bool keep_path(void *context, const char *path, const char *name, const bw_error *problem)
{
    path_list *list = context;
    (void)name;
    if (problem)
        return true;
    if (!bw_array_reserve((void **)&list->paths, &list->capacity, list->count + 1,
                          sizeof *list->paths))
        return false;
    list->paths[list->count] = strdup(path);
    return list->paths[list->count] && ++list->count;
}

static void free_paths(path_list *list)
{
    for (size_t index = 0; index < list->count; index++)
        free(list->paths[index]);
    free((void *)list->paths);
}

static void report_unreadable(const bw_error *error)
{
    char line[700];
    snprintf(line, sizeof line, "left out: %s", error->message);
    bw_print_message(line);
}

/* Those that the choice takes, spread evenly over the folder. */
static bw_status list_pictures(path_list *list, const bw_precision_choice *choice, bw_error *error)
{
    size_t most = (size_t)choice->pictures;
    *list = (path_list){0};
    if (access(choice->calib, R_OK) != 0)
        return bw_fail_errno(error, "open", choice->calib);
    if (!bw_walk(choice->calib, keep_path, list))
        return bw_fail(error, BW_ERROR_MEMORY, "the list of pictures could not be read to its end");
    size_t count = list->count, wanted = count < most ? count : most;
    for (size_t index = 0; index < wanted; index++) {
        size_t from = index * count / wanted;
        char *path = list->paths[from];
        list->paths[from] = list->paths[index];
        list->paths[index] = path;
    }
    while (list->count > wanted)
        free(list->paths[--list->count]);
    return BW_OK;
}

static bool is_wanted(const bw_precision_choice *choice, bw_picture_use use, const char *path)
{
    return !choice->held_out ||
           bw_is_held_out(choice->held_out, path) == (use == BW_PICTURES_JUDGE);
}

static void keep_wanted(path_list *list, const bw_precision_choice *choice, bw_picture_use use)
{
    size_t count = list->count;
    list->count = 0;
    for (size_t index = 0; index < count; index++) {
        char *path = list->paths[index];
        if (is_wanted(choice, use, path))
            list->paths[list->count++] = path;
        else
            free(path);
    }
}

static bw_status visit_pictures(const path_list *list, bw_picture_visitor *visit, void *context,
                                size_t *used, bw_error *error)
{
    bw_progress progress = bw_progress_start(false);
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < list->count; index++) {
        const char *path = list->paths[index];
        bw_image image;
        bw_error problem;
        if (bw_image_read(&image, path, NULL, &problem) != BW_OK) {
            report_unreadable(&problem);
            continue;
        }
        status = visit(context, &image, path, error);
        bw_image_clear(&image);
        ++*used;
        bw_progress_update(&progress, (int64_t)index + 1, 0, (int64_t)list->count);
    }
    bw_progress_end(&progress);
    return status;
}

bw_status bw_load_pictures(const bw_precision_choice *choice, bw_picture_use use,
                           bw_picture_visitor *visit, void *context, bw_error *error)
{
    path_list list;
    size_t used = 0;
    bw_status status = list_pictures(&list, choice, error);
    if (status == BW_OK) {
        keep_wanted(&list, choice, use);
        status = visit_pictures(&list, visit, context, &used, error);
    }
    free_paths(&list);
    if (status == BW_OK && used == 0)
        return bw_fail(error, BW_ERROR_IO, "there is no picture in '%s' that could be read",
                       choice->calib);
    return status;
}

bw_status bw_hold_out_pictures(bw_held_out *held_out, const bw_precision_choice *choice,
                               bw_error *error)
{
    path_list list;
    *held_out = (bw_held_out){0};
    bw_status status = list_pictures(&list, choice, error);
    if (status == BW_OK)
        status = bw_hold_out(held_out, list.paths, list.count, error);
    free_paths(&list);
    return status;
}

bool bw_is_noise(const bw_precision_choice *choice)
{
    return choice->calib && strcmp(choice->calib, "noise") == 0;
}

/* ---- Calibration ---------------------------------------------------------------------------- */

static bw_status observe(void *context, const bw_image *image, const char *path, bw_error *error)
{
    (void)path;
    return bw_calibration_add(context, image, error);
}

/* Small pictures of random pixels, which the fitting to the network's input smooths. */
static bw_status observe_noise(bw_calibration *calibration, bw_error *error)
{
    static const int side = NOISE_SIDE;
    uint8_t pixels[NOISE_SIDE * NOISE_SIDE * 3];
    bw_image image = {.pixels = pixels, .width = side, .height = side, .stride = NOISE_SIDE * 3};
    uint32_t state = 2463534242u;
    bw_status status = BW_OK;
    for (int picture = 0; status == BW_OK && picture < NOISE_PICTURES; picture++) {
        for (size_t index = 0; index < sizeof pixels; index++) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            pixels[index] = (uint8_t)(state >> 24);
        }
        status = bw_calibration_add(calibration, &image, error);
    }
    return status;
}

static bw_status observe_all(bw_calibration **out, const bw_model *model,
                             const bw_precision_choice *choice, int threads, bw_error *error)
{
    if (!choice->calib)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "INT8 needs pictures like those that will be annotated: --calib DIR "
                       "(a few dozen suffice, and the very folder that will be annotated does; "
                       "'noise' to measure speed only)");
    bw_status status = bw_calibration_open(out, model, threads, error);
    if (status != BW_OK)
        return status;
    return bw_is_noise(choice) ? observe_noise(*out, error)
                               : bw_load_pictures(choice, BW_PICTURES_FIT, observe, *out, error);
}

bw_status bw_calibrate(bw_calibration **out, const bw_model *model,
                       const bw_precision_choice *choice, int threads, bw_error *error)
{
    *out = NULL;
    bool best = choice->precision == BW_PRECISION_BEST;
    bw_model_info info;
    bw_model_describe(model, &info);
    if (choice->precision != BW_PRECISION_INT8 && !(best && (choice->calib || choice->ranges)))
        return BW_OK;
    if (info.quantized && !choice->calib && !choice->ranges && !choice->save_ranges)
        return BW_OK;
    bw_status status = choice->ranges ? bw_calibration_load(out, model, choice->ranges, error)
                                      : observe_all(out, model, choice, threads, error);
    if (status == BW_OK && choice->save_ranges)
        status = bw_calibration_save(*out, choice->save_ranges, error);
    if (status != BW_OK)
        bw_calibration_close(out);
    return status;
}

static bool digest_path(void *context, const char *path, const char *name, const bw_error *problem)
{
    uint64_t *digest = context;
    struct stat status;
    (void)name;
    if (problem || stat(path, &status) != 0)
        return true;
    int64_t facts[] = {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    *digest = XXH3_64bits_withSeed(path, strlen(path), *digest);
    *digest = XXH3_64bits_withSeed(facts, sizeof facts, *digest);
    return true;
}

uint64_t bw_calibration_digest(const bw_precision_choice *choice)
{
    bool counts = choice->precision == BW_PRECISION_INT8 || choice->precision == BW_PRECISION_BEST;
    if (!counts || !choice->calib)
        return 0;
    uint64_t digest =
        XXH3_64bits_withSeed(choice->calib, strlen(choice->calib), (uint64_t)choice->pictures);
    bw_walk(choice->calib, digest_path, &digest);
    return digest;
}
