#include "calibrate/observe.h"

#include <stdlib.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "image/image.h"

/* What is kept of one tensor. */
typedef struct observed {
    bw_histogram *channels;
    double *sums; /* of each channel, over all pixels of all pictures */
    float *means;
} observed;

struct bw_observer {
    bw_arena arena; /* owns the tensors' tables */
    bw_plan *plan;
    bw_executor *executor;
    bw_pool *pool; /* borrowed */
    observed *tensors;
    size_t tensor_count, pictures;
};

/* A copy of the graph whose outputs are all its tensors, in their order. */
static bw_status show_all_tensors(bw_graph *out, const bw_graph *graph, bw_error *error)
{
    bw_status status = bw_graph_clone(out, graph, error);
    if (status != BW_OK)
        return status;
    out->output_count = 0;
    for (size_t tensor = 0; status == BW_OK && tensor < out->tensor_count; tensor++)
        status = bw_graph_add_output(out, (int)tensor, &(bw_head){0}, error);
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

static bw_status lower(bw_observer *observer, const bw_graph *graph, bw_error *error)
{
    bw_graph all;
    observer->plan = calloc(1, sizeof *observer->plan);
    if (!observer->plan)
        return bw_fail_memory(error, sizeof *observer->plan, "a plan");
    bw_status status = show_all_tensors(&all, graph, error);
    if (status != BW_OK)
        return status;
    status = bw_plan_lower(observer->plan, &all, 1, bw_cpu_features(), error);
    bw_graph_free(&all);
    return status;
}

static bw_status open_tables(bw_observer *observer, const bw_graph *graph, bw_error *error)
{
    size_t count = graph->tensor_count;
    observer->tensor_count = count;
    observer->tensors = bw_arena_array(&observer->arena, count, sizeof *observer->tensors);
    bool good = observer->tensors != NULL;
    for (size_t tensor = 0; good && tensor < count; tensor++) {
        observed *of = &observer->tensors[tensor];
        size_t channels = (size_t)graph->tensors[tensor].shape.channels;
        of->channels = bw_arena_array(&observer->arena, channels, sizeof *of->channels);
        of->sums = bw_arena_array(&observer->arena, channels, sizeof *of->sums);
        of->means = bw_arena_array(&observer->arena, channels, sizeof *of->means);
        good = of->channels && of->sums && of->means;
    }
    return good ? BW_OK : bw_fail_memory(error, count * sizeof(observed), "calibration");
}

bw_status bw_observer_open(bw_observer **out, const bw_graph *graph, bw_pool *pool, bw_error *error)
{
    *out = NULL;
    bw_observer *observer = calloc(1, sizeof *observer);
    if (!observer)
        return bw_fail_memory(error, sizeof *observer, "calibration");
    observer->pool = pool;
    bw_status status = open_tables(observer, graph, error);
    if (status == BW_OK)
        status = lower(observer, graph, error);
    if (status == BW_OK)
        status = bw_backend_cpu.open(&observer->executor, observer->plan, pool, error);
    if (status != BW_OK)
        bw_observer_close(&observer);
    *out = observer;
    return status;
}

static void count_row(observed *of, int first_channel, int channels, const float *row, int pixels,
                      int lanes)
{
    double *sums = of->sums + first_channel;
    bw_histogram *histograms = of->channels + first_channel;
    for (int x = 0; x < pixels; x++, row += lanes) {
        for (int lane = 0; lane < channels; lane++) {
            bw_histogram_add(&histograms[lane], row[lane]);
            sums[lane] += (double)row[lane];
        }
    }
}

static void count_tensors(void *context, int first, int last, int worker)
{
    (void)worker;
    bw_observer *observer = context;
    for (int tensor = first; tensor < last; tensor++) {
        bw_head_view view = bw_backend_cpu.output(observer->executor, tensor, 0);
        int channels = observer->plan->outputs[tensor].layout.channels;
        for (int from = 0; from < channels; from += view.lanes) {
            int count = channels - from < view.lanes ? channels - from : view.lanes;
            const float *plane = view.data + (size_t)(from / view.lanes) * view.plane_stride;
            for (int y = 0; y < view.height; y++)
                count_row(&observer->tensors[tensor], from, count,
                          plane + (size_t)y * view.row_stride, view.width, view.lanes);
        }
    }
}

bw_status bw_observer_add(bw_observer *observer, const bw_image *image, bw_resize resize,
                          bw_error *error)
{
    bw_status status = bw_image_check(image, error);
    if (status != BW_OK)
        return status;
    const bw_layout *input = &observer->plan->input.layout;
    bw_fit fit = bw_fit_make(image->width, image->height, input->width, input->height, resize);
    bw_image_pack(image, &fit, input, bw_backend_cpu.input(observer->executor, 0), 0,
                  input->height);
    status = bw_backend_cpu.run(observer->executor, 1, NULL, error);
    if (status != BW_OK)
        return status;
    bw_pool_run(observer->pool, count_tensors, observer, (int)observer->tensor_count, 1);
    observer->pictures++;
    return BW_OK;
}

size_t bw_observer_pictures(const bw_observer *observer)
{
    return observer->pictures;
}

void bw_observer_statistics(bw_observer *observer, bw_statistics *statistics)
{
    for (size_t tensor = 0; tensor < observer->tensor_count; tensor++) {
        observed *of = &observer->tensors[tensor];
        const bw_layout *layout = &observer->plan->outputs[tensor].layout;
        double pixels = (double)observer->pictures * layout->height * layout->width;
        for (int channel = 0; channel < layout->channels; channel++)
            of->means[channel] = pixels > 0.0 ? (float)(of->sums[channel] / pixels) : 0.0f;
        statistics[tensor] = (bw_statistics){of->channels, of->means};
    }
}

void bw_observer_close(bw_observer **handle)
{
    bw_observer *observer = *handle;
    if (!observer)
        return;
    if (observer->executor)
        bw_backend_cpu.close(&observer->executor);
    bw_plan_close(&observer->plan);
    bw_arena_free(&observer->arena);
    free(observer);
    *handle = NULL;
}
