#include "calibrate/observe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "calibrate/every.h"
#include "calibrate/places.h"
#include "image/image.h"

/* What is kept of one tensor. */
typedef struct observed {
    bw_histogram *channels;
    double *sums, *squares; /* of each channel, over all pixels of all pictures */
    float *means, *deviations;
    const bw_node *conv; /* that produces it, or NULL */
    bw_covariance windows;
    float *samples; /* windows of one picture */
    bool dense;     /* of general operators: stays as it is, and need not be of floats */
} observed;

enum {
    SAMPLES = 64,       /* windows of a picture that each convolution is known by */
    KEPT_PICTURES = 16, /* at most */
};

struct bw_observer {
    bw_arena arena; /* owns the tensors' tables */
    bw_plan *plan;
    bw_executor *executor;
    bw_pool *pool; /* borrowed */
    observed *tensors;
    size_t tensor_count, pictures;
    float *kept[KEPT_PICTURES]; /* inputs of some pictures, spread evenly over all */
    size_t kept_count, kept_stride;
};

/* Room for what the convolution that produces a tensor reads. */
static bool open_windows(bw_observer *observer, const bw_graph *graph, observed *of, size_t tensor)
{
    const bw_node *node = &graph->nodes[graph->tensors[tensor].producer];
    if (node->op != BW_OP_CONV)
        return true;
    of->conv = node;
    if (!bw_covariance_open(&of->windows, graph, node, &observer->arena))
        return false;
    size_t numbers = (size_t)of->windows.channels * (size_t)of->windows.window;
    of->samples = bw_arena_array(&observer->arena, SAMPLES * numbers, sizeof *of->samples);
    return of->samples != NULL;
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
        of->dense = graph->tensors[tensor].dense;
        of->squares = bw_arena_array(&observer->arena, channels, sizeof *of->squares);
        of->deviations = bw_arena_array(&observer->arena, channels, sizeof *of->deviations);
        good = of->channels && of->sums && of->means && of->squares && of->deviations &&
               open_windows(observer, graph, of, tensor);
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
    observer->kept_stride = 1;
    bw_status status = open_tables(observer, graph, error);
    if (status == BW_OK)
        status = bw_plan_every_tensor(&observer->plan, graph, error);
    if (status == BW_OK)
        status =
            bw_backend_cpu.open(&observer->executor, observer->plan, pool, BW_ALL_PADDING, error);
    if (status != BW_OK)
        bw_observer_close(&observer);
    *out = observer;
    return status;
}

static void count_row(observed *of, int first_channel, int channels, const float *row, int pixels,
                      int lanes)
{
    double *sums = of->sums + first_channel, *squares = of->squares + first_channel;
    bw_histogram *histograms = of->channels + first_channel;
    for (int x = 0; x < pixels; x++, row += lanes) {
        for (int lane = 0; lane < channels; lane++) {
            bw_histogram_add(&histograms[lane], row[lane]);
            sums[lane] += (double)row[lane];
            squares[lane] += (double)row[lane] * (double)row[lane];
        }
    }
}

static void count_tensors(void *context, int first, int last, int worker)
{
    (void)worker;
    bw_observer *observer = context;
    for (int tensor = first; tensor < last; tensor++) {
        if (observer->tensors[tensor].dense)
            continue;
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

/* Copies the window of an output pixel, [channel][row][column]. */
static void take_window(float *to, const bw_node *conv, const bw_head_view *in, int channels, int y,
                        int x)
{
    const bw_attributes *a = &conv->attributes;
    int top = y * a->stride - a->pad_top, left = x * a->stride - a->pad_left;
    for (int channel = 0; channel < channels; channel++) {
        const float *plane = in->data + (size_t)(channel / in->lanes) * in->plane_stride +
                             (size_t)(channel % in->lanes);
        for (int row = top; row < top + a->kernel_height; row++) {
            for (int column = left; column < left + a->kernel_width; column++) {
                bool inside = row >= 0 && row < in->height && column >= 0 && column < in->width;
                *to++ = inside ? plane[(size_t)row * in->row_stride + (size_t)(column * in->lanes)]
                               : 0.0f;
            }
        }
    }
}

/* The same places of every picture. */
static void sample_tensors(void *context, int first, int last, int worker)
{
    (void)worker;
    bw_observer *observer = context;
    for (int tensor = first; tensor < last; tensor++) {
        observed *of = &observer->tensors[tensor];
        if (!of->conv)
            continue;
        bw_head_view in = bw_backend_cpu.output(observer->executor, of->conv->inputs[0], 0);
        const bw_layout *out = &observer->plan->outputs[tensor].layout;
        size_t numbers = (size_t)of->windows.channels * (size_t)of->windows.window;
        for (int sample = 0; sample < SAMPLES; sample++) {
            bw_sample_place at = bw_find_sample(sample, out->height, out->width);
            take_window(of->samples + (size_t)sample * numbers, of->conv, &in, of->windows.channels,
                        at.y, at.x);
        }
        bw_covariance_add(&of->windows, of->samples, SAMPLES);
    }
}

static size_t row_floats(const bw_layout *input)
{
    return (size_t)input->width * (size_t)input->lanes;
}

/* Every second of those kept goes. */
static void thin_out(bw_observer *observer)
{
    for (size_t index = 0; index < observer->kept_count; index++) {
        if (index % 2)
            free(observer->kept[index]);
        else
            observer->kept[index / 2] = observer->kept[index];
    }
    observer->kept_count = (observer->kept_count + 1) / 2;
    observer->kept_stride *= 2;
}

static bw_status keep_picture(bw_observer *observer, bw_error *error)
{
    const bw_layout *input = &observer->plan->input.layout;
    if (observer->pictures % observer->kept_stride)
        return BW_OK;
    size_t row = row_floats(input), bytes = row * (size_t)input->height * sizeof(float);
    float *copy = malloc(bytes), *from = bw_backend_cpu.input(observer->executor, 0);
    if (!copy)
        return bw_fail_memory(error, bytes, "a picture");
    for (size_t y = 0; y < (size_t)input->height; y++)
        memcpy(copy + y * row, from + y * input->row_stride, row * sizeof(float));
    observer->kept[observer->kept_count++] = copy;
    if (observer->kept_count == KEPT_PICTURES)
        thin_out(observer);
    return BW_OK;
}

bw_probe_pictures bw_observer_kept(const bw_observer *observer)
{
    const bw_layout *input = &observer->plan->input.layout;
    return (bw_probe_pictures){observer->kept, observer->kept_count, row_floats(input),
                               input->height};
}

bw_status bw_observer_add(bw_observer *observer, const bw_image *image, bw_resize resize,
                          float padding, bw_error *error)
{
    bw_status status = bw_image_check(image, error);
    if (status != BW_OK)
        return status;
    const bw_layout *input = &observer->plan->input.layout;
    bw_fit fit = bw_fit_make(image->width, image->height, input->width, input->height, resize);
    fit.padding = padding;
    bw_image_pack(image, &fit, input, bw_backend_cpu.input(observer->executor, 0), 0,
                  input->height);
    status = bw_backend_cpu.run(observer->executor, 1, NULL, error);
    if (status != BW_OK)
        return status;
    bw_pool_run(observer->pool, count_tensors, observer, (int)observer->tensor_count, 1);
    bw_pool_run(observer->pool, sample_tensors, observer, (int)observer->tensor_count, 1);
    status = keep_picture(observer, error);
    observer->pictures++;
    return status;
}

size_t bw_observer_pictures(const bw_observer *observer)
{
    return observer->pictures;
}

static void find_means(observed *of, const bw_layout *layout, size_t pictures)
{
    double pixels = (double)pictures * layout->height * layout->width;
    for (int channel = 0; pixels > 0.0 && channel < layout->channels; channel++) {
        double mean = of->sums[channel] / pixels;
        of->means[channel] = (float)mean;
        of->deviations[channel] =
            (float)sqrt(fmax(of->squares[channel] / pixels - mean * mean, 0.0));
    }
}

void bw_observer_statistics(bw_observer *observer, bw_statistics *statistics)
{
    for (size_t tensor = 0; tensor < observer->tensor_count; tensor++) {
        observed *of = &observer->tensors[tensor];
        find_means(of, &observer->plan->outputs[tensor].layout, observer->pictures);
        statistics[tensor] = (bw_statistics){of->channels, of->means, of->deviations,
                                             of->conv ? &of->windows : NULL};
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
    for (size_t index = 0; index < observer->kept_count; index++)
        free(observer->kept[index]);
    free(observer);
    *handle = NULL;
}
