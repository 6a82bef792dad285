/**
 * A darknet network with random weights, calibrated on pictures of noise, for tests of plans in
 * INT8.
 */
#ifndef BW_TESTS_CALIBRATED_MODEL_H
#define BW_TESTS_CALIBRATED_MODEL_H

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct calibrated_model {
    char folder[40], path[64];
    bw_model *model;
    bw_calibration *calibration;
} calibrated_model;

/** `network`: a .cfg's text, whose input is `side` × `side` pixels. */
static inline calibrated_model calibrated_make(const char *network, int side, int pictures)
{
    calibrated_model made = {.folder = "/tmp/boxwright-calibrated-XXXXXX"};
    size_t bytes = (size_t)(3 * side * side);
    uint8_t *pixels = malloc(bytes);
    bw_image image = {.pixels = pixels, .width = side, .height = side, .stride = 3 * (size_t)side};
    assert_non_null(pixels);
    assert_non_null(mkdtemp(made.folder));
    snprintf(made.path, sizeof made.path, "%s/a.cfg", made.folder);
    FILE *file = fopen(made.path, "w");
    assert_non_null(file);
    fputs(network, file);
    fclose(file);
    check_ok(bw_model_load(&made.model, made.path, "random:3", NULL, &error));
    check_ok(bw_calibration_open(&made.calibration, made.model, 2, &error));
    for (size_t picture = 0; picture < (size_t)pictures; picture++) {
        for (size_t index = 0; index < bytes; index++)
            pixels[index] = (uint8_t)(index * index * (picture + 1) >> 3);
        check_ok(bw_calibration_add(made.calibration, &image, &error));
    }
    free(pixels);
    return made;
}

static inline int calibrated_free(calibrated_model *made)
{
    bw_calibration_close(&made->calibration);
    bw_model_close(&made->model);
    unlink(made->path);
    return rmdir(made->folder);
}

#endif
