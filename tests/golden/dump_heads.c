/**
 * The numbers of a network's heads, as the engine computes them, for tests in Python.
 *
 * usage: dump_heads MODEL WEIGHTS|- PICTURE OUT [CALIBRATION-PICTURE|- [LEVEL]]
 *
 * PICTURE has the size of the network's input, which it sets. OUT gets each head's floats in the
 * order channel, row, column. With a picture to calibrate on the network runs in INT8 as it is
 * written for other programs, by kernels of no more than the processor's LEVEL; with - in its place
 * by the bytes that the model's file gives.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "backend/backend.h"
#include "base/threads.h"
#include "image/image.h"
#include "plan/plan.h"

static bw_status calibrate(bw_calibration **out, const bw_model *model, const char *path,
                           bw_error *error)
{
    bw_image image;
    *out = NULL;
    if (!path || strcmp(path, "-") == 0)
        return BW_OK;
    bw_status status = bw_image_read(&image, path, NULL, error);
    if (status != BW_OK)
        return status;
    status = bw_calibration_open(out, model, 1, error);
    if (status == BW_OK)
        status = bw_calibration_add(*out, &image, error);
    bw_image_clear(&image);
    return status;
}

static bw_status build(bw_plan **plan, const bw_model *model, const char *picture,
                       const char *level, bw_error *error)
{
    bw_build_options options;
    bw_calibration *calibration;
    bw_build_options_init(&options);
    bw_status status = calibrate(&calibration, model, picture, error);
    options.calibration = calibration;
    if (picture) {
        options.precision = BW_PRECISION_INT8;
        options.portable = calibration != NULL;
    }
    if (status == BW_OK && level)
        status = bw_cpu_mask_parse(&options.cpu_mask, level, error);
    *plan = NULL;
    if (status == BW_OK)
        status = bw_plan_build(plan, model, &options, error);
    bw_calibration_close(&calibration);
    return status;
}

static void write_head(FILE *file, const bw_head_view *view, int channels)
{
    for (int channel = 0; channel < channels; channel++) {
        const float *plane = view->data + (size_t)(channel / view->lanes) * view->plane_stride +
                             channel % view->lanes;
        for (int y = 0; y < view->height; y++) {
            for (int x = 0; x < view->width; x++)
                fwrite(plane + (size_t)y * view->row_stride + (size_t)(x * view->lanes),
                       sizeof(float), 1, file);
        }
    }
}

static bw_status run(const bw_plan *plan, const bw_image *image, FILE *file, bw_error *error)
{
    const bw_layout *input = &plan->input.layout;
    bw_pool *pool;
    bw_executor *executor;
    bw_status status = bw_pool_open(&pool, 1, error);
    if (status == BW_OK)
        status = bw_backend_cpu.open(&executor, plan, pool, BW_ALL_PADDING, error);
    if (status != BW_OK)
        return status;
    bw_fit fit =
        bw_fit_make(image->width, image->height, input->width, input->height, BW_RESIZE_STRETCH);
    bw_image_pack(image, &fit, input, bw_backend_cpu.input(executor, 0), 0, input->height);
    status = bw_backend_cpu.run(executor, 1, NULL, error);
    for (int head = 0; status == BW_OK && head < plan->output_count; head++) {
        bw_head_view view = bw_backend_cpu.output(executor, head, 0);
        write_head(file, &view, plan->outputs[head].layout.channels);
    }
    bw_backend_cpu.close(&executor);
    bw_pool_close(&pool);
    return status;
}

static bw_status dump(char **arguments, bw_error *error)
{
    bw_model *model;
    bw_plan *plan = NULL;
    bw_image image = {0};
    FILE *file = fopen(arguments[4], "wb");
    if (!file)
        return bw_fail_errno(error, "write", arguments[4]);
    const char *weights = strcmp(arguments[2], "-") == 0 ? NULL : arguments[2];
    bw_status status = bw_model_load(&model, arguments[1], weights, NULL, error);
    if (status == BW_OK)
        status = bw_image_read(&image, arguments[3], NULL, error);
    if (status == BW_OK)
        status = bw_model_resize(model, image.width, image.height, error);
    if (status == BW_OK)
        status = build(&plan, model, arguments[5], arguments[5] ? arguments[6] : NULL, error);
    if (status == BW_OK)
        status = run(plan, &image, file, error);
    bw_plan_close(&plan);
    bw_image_clear(&image);
    bw_model_close(&model);
    return fclose(file) == 0 ? status : bw_fail_errno(error, "write", arguments[4]);
}

int main(int argc, char **argv)
{
    bw_error error;
    if (argc < 5 || argc > 7) {
        fprintf(stderr, "usage: dump_heads MODEL WEIGHTS|- PICTURE OUT [CALIBRATION-PICTURE|- "
                        "[LEVEL]]\n");
        return 2;
    }
    if (dump(argv, &error) == BW_OK)
        return 0;
    fprintf(stderr, "%s\n", error.message);
    return 1;
}
