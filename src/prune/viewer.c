#include "prune/viewer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "calibrate/heads.h"
#include "calibrate/places.h"
#include "kernels/border.h"
#include "passes/passes.h"

enum { LARGEST_BATCH = 4 };

/* Bytes that all tensors of a batch may take together, roughly. */
static const size_t room = (size_t)1 << 30;

/* It depends on the network alone, so that results do not depend on threads. */
static int batch_of(const bw_graph *graph)
{
    size_t bytes = 1;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        bw_shape shape = graph->tensors[tensor].shape;
        bytes += (size_t)shape.height * (size_t)shape.width * (size_t)shape.channels;
    }
    size_t batch = room / sizeof(float) / bytes;
    return batch < 1 ? 1 : batch > LARGEST_BATCH ? LARGEST_BATCH : (int)batch;
}

static bw_status show(bw_graph *out, const bw_graph *graph, const int *tensors, size_t count,
                      bw_error *error)
{
    bw_status status = bw_graph_clone(out, graph, error);
    if (status != BW_OK)
        return status;
    out->output_count = 0;
    for (size_t index = 0; status == BW_OK && index < count; index++)
        status = bw_graph_add_output(out, tensors[index], &(bw_head){0}, error);
    if (status == BW_OK)
        status = bw_pass_remove_dead(out, error);
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

bw_status bw_viewer_open(bw_viewer *viewer, const bw_graph *graph, const int *tensors, size_t count,
                         bw_pool *pool, bw_error *error)
{
    bw_graph part;
    *viewer = (bw_viewer){0};
    bw_status status = show(&part, graph, tensors, count, error);
    if (status != BW_OK)
        return status;
    viewer->plan = calloc(1, sizeof *viewer->plan);
    status = viewer->plan
                 ? bw_plan_lower(viewer->plan, &part, batch_of(graph), bw_cpu_features(), error)
                 : bw_fail_memory(error, sizeof *viewer->plan, "a plan");
    bw_graph_free(&part);
    if (status == BW_OK)
        bw_plan_share(viewer->plan, BW_SHARE_IMAGES);
    if (status == BW_OK)
        status = bw_backend_cpu.open(&viewer->executor, viewer->plan, pool, BW_ALL_PADDING, error);
    if (status != BW_OK)
        bw_viewer_close(viewer);
    return status;
}

static size_t row_numbers(const bw_layout *input)
{
    return (size_t)input->width * (size_t)input->lanes;
}

bw_status bw_viewer_keep(bw_small_picture *picture, const bw_viewer *viewer, bw_error *error)
{
    const bw_layout *input = &viewer->plan->input.layout;
    const float *from = bw_backend_cpu.input(viewer->executor, 0);
    size_t row = row_numbers(input), bytes = row * (size_t)input->height;
    picture->numbers = malloc(bytes);
    if (!picture->numbers)
        return bw_fail_memory(error, bytes, "a picture");
    for (size_t y = 0; y < (size_t)input->height; y++) {
        for (size_t x = 0; x < row; x++)
            picture->numbers[y * row + x] =
                (uint8_t)lrintf(from[y * input->row_stride + x] * 255.0f);
    }
    return BW_OK;
}

void bw_viewer_load(bw_viewer *viewer, int image, const bw_small_picture *picture)
{
    const bw_layout *input = &viewer->plan->input.layout;
    float *to = bw_backend_cpu.input(viewer->executor, image);
    size_t row = row_numbers(input);
    for (size_t y = 0; y < (size_t)input->height; y++) {
        for (size_t x = 0; x < row; x++)
            to[y * input->row_stride + x] = (float)picture->numbers[y * row + x] / 255.0f;
    }
    bw_fill_border(input, to, 0, input->height);
}

bw_status bw_viewer_run(bw_viewer *viewer, int images, bw_error *error)
{
    return bw_backend_cpu.run(viewer->executor, images, NULL, error);
}

int bw_viewer_channels(const bw_viewer *viewer, int output)
{
    return viewer->plan->outputs[output].layout.channels;
}

int bw_viewer_sample(const bw_viewer *viewer, int output, int image, float *numbers, int most)
{
    bw_head_view view = bw_backend_cpu.output(viewer->executor, output, image);
    int channels = bw_viewer_channels(viewer, output), all = view.height * view.width;
    for (int pixel = 0; pixel < most && pixel < all; pixel++) {
        bw_sample_place at = bw_find_sample(pixel, view.height, view.width);
        if (all <= most)
            at = (bw_sample_place){pixel / view.width, pixel % view.width};
        bw_read_pixel(numbers + (size_t)pixel * (size_t)channels, &view, channels, at.y, at.x);
    }
    return most < all ? most : all;
}

void bw_viewer_close(bw_viewer *viewer)
{
    if (viewer->executor)
        bw_backend_cpu.close(&viewer->executor);
    bw_plan_close(&viewer->plan);
}
