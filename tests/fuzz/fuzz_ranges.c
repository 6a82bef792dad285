/**
 * Fuzz target of calibration files: what one holds, if the input begins with "{", or else changes
 * of one that the target has written itself, six bytes each: what to do, where (three bytes), and
 * the byte to do it with, and how often. What is accepted must make a plan.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "boxwright/boxwright.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGE = 6, SIDE = 32 };

static const char network[] =
    "[net]\nwidth=32\nheight=32\nchannels=3\n"
    "[convolutional]\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[convolutional]\nfilters=18\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=8,8,16,16,30,30\nclasses=1\nnum=3\n";

typedef struct content {
    uint8_t *bytes;
    size_t size;
} content;

static void require(bw_status status, const bw_error *error)
{
    if (status != BW_OK) {
        fprintf(stderr, "%s\n", error->message);
        abort();
    }
}

static void name_file(char path[64], const char *suffix)
{
    snprintf(path, 64, "/tmp/boxwright-fuzz-ranges-%ld%s", (long)getpid(), suffix);
}

static bw_model *load_network(void)
{
    char path[64];
    bw_model *model;
    bw_error error;
    name_file(path, ".cfg");
    require(bw_write_file(path, network, sizeof network - 1, &error), &error);
    require(bw_model_load(&model, path, "random:1", NULL, &error), &error);
    unlink(path);
    return model;
}

static content write_original(const bw_model *model)
{
    char path[64];
    content made;
    bw_error error;
    bw_calibration *calibration;
    uint8_t pixels[SIDE * SIDE * 3];
    bw_image image = {.pixels = pixels, .width = SIDE, .height = SIDE, .stride = SIDE * 3};
    for (size_t index = 0; index < sizeof pixels; index++)
        pixels[index] = (uint8_t)(index * 37);
    name_file(path, ".json");
    require(bw_calibration_open(&calibration, model, 1, &error), &error);
    require(bw_calibration_add(calibration, &image, &error), &error);
    require(bw_calibration_save(calibration, path, &error), &error);
    require(bw_read_file(&made.bytes, &made.size, path, 1 << 24, &error), &error);
    bw_calibration_close(&calibration);
    unlink(path);
    return made;
}

static void change(content *file, const uint8_t *how)
{
    size_t place = ((size_t)how[1] | (size_t)how[2] << 8 | (size_t)how[3] << 16) % file->size;
    size_t count = 1 + how[5] % 16, left = file->size - place;
    count = count < left ? count : left;
    switch (how[0] & 3) {
    case 0: memset(file->bytes + place, how[4], count); break;
    case 1: file->bytes[place] = (uint8_t)("0123456789-.eE\"[]{},: "[how[4] % 22]); break;
    case 2: /* taken out; the file keeps its size */
        memmove(file->bytes + place, file->bytes + place + count, left - count);
        memset(file->bytes + file->size - count, ' ', count);
        break;
    case 3: file->size = place + 1; break;
    }
}

/* Loads a file, and builds plans from what was accepted. */
static void load(const bw_model *model, const content *file)
{
    char path[64];
    bw_error error = {0};
    bw_calibration *calibration;
    name_file(path, ".json");
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(file->bytes, 1, file->size, out) != file->size || fclose(out) != 0)
        abort();
    bw_status status = bw_calibration_load(&calibration, model, path, &error);
    unlink(path);
    if (status != BW_OK) {
        if (!error.message[0] || calibration)
            abort();
        return;
    }
    for (int share = 0; share < 2; share++) {
        bw_build_options options;
        bw_plan *plan;
        bw_build_options_init(&options);
        options.precision = BW_PRECISION_INT8;
        options.calibration = calibration;
        options.share_bits = share ? BW_SHARE_AUTO : 0;
        require(bw_plan_build(&plan, model, &options, &error), &error);
        bw_plan_close(&plan);
    }
    bw_calibration_close(&calibration);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bw_model *model;
    static content original;
    if (!model) {
        model = load_network();
        original = write_original(model);
    }
    bool whole = size > 0 && data[0] == '{';
    content file = {malloc(whole ? size : original.size), whole ? size : original.size};
    if (!file.bytes)
        return 0;
    memcpy(file.bytes, whole ? data : original.bytes, file.size);
    for (size_t at = 0; !whole && at + CHANGE <= size; at += CHANGE)
        change(&file, data + at);
    load(model, &file);
    free(file.bytes);
    return 0;
}
