/**
 * Quantisation: histograms and ranges, equal channels that compute the same, formats that
 * operations share, integer weights, and a network of bytes that finds what the network of floats
 * finds.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "calibrate/observe.h"
#include "passes/gains.h"
#include "passes/passes.h"
#include "passes/quantize.h"

enum { SIDE = 12, WIDE = 32 };

static float numbers[65536];

/* Bell-shaped: the sum of uniform ones. */
static void fill_numbers(uint32_t state)
{
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        numbers[index] = 0.0f;
        for (int term = 0; term < 6; term++) {
            state = state * 1664525u + 1013904223u;
            numbers[index] += (float)(state >> 8) / 8388608.0f - 1.0f;
        }
    }
}

/* ---- histograms ----------------------------------------------------------------------------- */

static void counts_do_not_depend_on_the_order(void **state)
{
    (void)state;
    bw_histogram *up = calloc(2, sizeof *up), *down = up + 1;
    for (int index = 0; index < 2000; index++) {
        bw_histogram_add(up, (float)index * 0.37f - 100.0f);
        bw_histogram_add(down, (float)(1999 - index) * 0.37f - 100.0f);
    }
    assert_memory_equal(up, down, sizeof *up);
    assert_float_equal(up->low, -100.0f, 0.0f);
    bw_histogram_add(up, NAN);
    bw_histogram_add(up, INFINITY);
    assert_memory_equal(up, down, sizeof *up);
    free(up);
}

static void ranges_cover_what_is_worth_it(void **state)
{
    (void)state;
    float low, high, one = 1.0f, half = 0.5f;
    bw_histogram *histogram = calloc(1, sizeof *histogram);
    bw_channels whole = {histogram, &one, NULL, 1}, halved = {histogram, &half, NULL, 1};
    for (int rule = 0; rule < BW_RANGE_RULES; rule++) {
        bw_histogram_range(&whole, 1, (bw_range_rule)rule, &low, &high);
        assert_true(low <= 0.0f && high > low);
    }
    for (int index = 0; index < 2000000; index++)
        bw_histogram_add(histogram, (float)(index % 1000) / 1000.0f);
    for (int rule = 0; rule < BW_RANGE_RULES; rule++) {
        bw_histogram_range(&whole, 1, (bw_range_rule)rule, &low, &high);
        if (fabsf(low) > 0.01f || fabsf(high - 1.0f) > 0.03f)
            fail_msg("by rule '%s': %g to %g", bw_range_rule_name((bw_range_rule)rule), (double)low,
                     (double)high);
        bw_histogram_range(&halved, 1, (bw_range_rule)rule, &low, &high);
        assert_float_equal(high, 0.5f, 0.015f);
    }
    bw_histogram_add(histogram, 50.0f);
    for (int rule = 0; rule < BW_RANGE_RULES; rule++) {
        bw_histogram_range(&whole, 1, (bw_range_rule)rule, &low, &high);
        if (rule == BW_RANGE_ALL)
            assert_float_equal(high, 50.0f, 0.0f);
        else if (!(high > 0.85f &&
                   high < (rule == BW_RANGE_CAREFUL ? 40.0f
                                                    : 25.0f))) /* bins are a quarter wide by now */
            fail_msg("by rule '%s': up to %g", bw_range_rule_name((bw_range_rule)rule),
                     (double)high);
    }
    free(histogram);
}

/* Two channels, of which one reaches far: what its errors cost decides. */
static void ranges_follow_what_errors_cost(void **state)
{
    (void)state;
    float low, near, far, factors[] = {1.0f, 1.0f};
    float to_the_near[] = {1.0f, 1e-9f}, to_the_far[] = {1e-9f, 1.0f};
    bw_histogram *histograms = calloc(2, sizeof *histograms);
    for (int index = 0; index < 100000; index++) {
        bw_histogram_add(&histograms[0], (float)(index % 1000) / 1000.0f);
        bw_histogram_add(&histograms[1], (float)(index % 1000) / 10.0f);
    }
    bw_channels channels = {histograms, factors, to_the_near, 2};
    bw_histogram_range(&channels, 1, BW_RANGE_ERROR, &low, &near);
    channels.weights = to_the_far;
    bw_histogram_range(&channels, 1, BW_RANGE_ERROR, &low, &far);
    assert_true(near < 10.0f && far > 90.0f);
    free(histograms);
}

/* ---- a network ------------------------------------------------------------------------------ */

static int convolve(bw_graph *graph, int input, int channels, int groups, int size,
                    bw_activation activation, size_t offset)
{
    int tensor, inputs = graph->tensors[input].shape.channels / groups;
    size_t count = (size_t)channels * (size_t)inputs * (size_t)size * (size_t)size;
    assert_true(offset + count <= sizeof numbers / sizeof *numbers);
    bw_node node = {.op = BW_OP_CONV,
                    .name = "convolution",
                    .inputs = &input,
                    .input_count = 1,
                    .residual = BW_NONE,
                    .weights = {numbers + offset, count},
                    .bias = {numbers + 1000, (size_t)channels}};
    node.attributes = (bw_attributes){.kernel_height = size,
                                      .kernel_width = size,
                                      .stride = 1,
                                      .pad_top = size / 2,
                                      .pad_left = size / 2,
                                      .pad_bottom = size / 2,
                                      .pad_right = size / 2,
                                      .groups = groups,
                                      .channels = channels,
                                      .activation = activation,
                                      .slope = 0.1f};
    check_ok(bw_graph_add(graph, &tensor, &node, &error));
    return tensor;
}

/* Dense, depthwise and dense again; their outputs joined; a head. */
static void make_network(bw_graph *graph)
{
    int picture, joined, head, parts[2];
    fill_numbers(7);
    for (int index = 0; index < WIDE * WIDE * 9; index++) /* so that the joined parts are alike */
        numbers[9000 + index] /= sqrtf(WIDE * 9);
    bw_graph_init(graph, 1 << 24);
    check_ok(bw_graph_add_input(graph, &picture, (bw_shape){SIDE, SIDE, 3}, &error));
    int first = convolve(graph, picture, WIDE, 1, 3, BW_LEAKY, 0);
    int second = convolve(graph, first, WIDE, WIDE, 3, BW_RELU, 2000);
    parts[0] = convolve(graph, second, WIDE, 1, 1, BW_LEAKY, 4000);
    parts[1] = convolve(graph, parts[0], WIDE, 1, 3, BW_LINEAR, 9000);
    bw_node join = {.op = BW_OP_CONCAT,
                    .name = "route",
                    .inputs = parts,
                    .input_count = 2,
                    .residual = BW_NONE};
    check_ok(bw_graph_add(graph, &joined, &join, &error));
    head = convolve(graph, joined, 18, 1, 1, BW_LINEAR, 30000);
    check_ok(bw_graph_add_output(graph, head, &(bw_head){.classes = 1}, &error));
    check_ok(bw_passes_run(graph, &error));
}

/* Runs a graph on a made-up picture; the numbers of its head, the caller's. */
static float *run_graph(const bw_graph *graph)
{
    bw_plan *plan = calloc(1, sizeof *plan);
    bw_pool *pool;
    bw_executor *executor;
    check_ok(bw_plan_lower(plan, graph, 1, bw_cpu_features(), &error));
    check_ok(bw_pool_open(&pool, 1, &error));
    check_ok(bw_backend_cpu.open(&executor, plan, pool, BW_ALL_PADDING, &error));
    const bw_layout *in = &plan->input.layout;
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE * BW_IMAGE_LANES; x++) {
            size_t at = (size_t)y * in->row_stride + (size_t)x;
            int byte = x % BW_IMAGE_LANES == 3 ? 0 : (y * 31 + x * 17) % 256;
            if (in->format.type == BW_U8)
                ((uint8_t *)bw_backend_cpu.input(executor, 0))[at] = (uint8_t)byte;
            else
                ((float *)bw_backend_cpu.input(executor, 0))[at] = (float)byte / 255.0f;
        }
    }
    check_ok(bw_backend_cpu.run(executor, 1, NULL, &error));
    bw_head_view view = bw_backend_cpu.output(executor, 0, 0);
    float *result = calloc((size_t)18 * SIDE * SIDE, sizeof *result), *to = result;
    for (int channel = 0; channel < 18; channel++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                *to++ = view.data[(size_t)(channel / view.lanes) * view.plane_stride +
                                  (size_t)y * view.row_stride + (size_t)(x * view.lanes) +
                                  (size_t)(channel % view.lanes)];
    bw_backend_cpu.close(&executor);
    bw_pool_close(&pool);
    bw_plan_close(&plan);
    return result;
}

/* Made-up statistics, with channels of very different ranges. */
typedef struct observation {
    bw_statistics *statistics;
    bw_histogram *channels;
    float *means;
} observation;

static observation observe(const bw_graph *graph)
{
    size_t count = graph->tensor_count, most = 2 * WIDE;
    observation made = {calloc(count, sizeof *made.statistics),
                        calloc(count * most, sizeof *made.channels),
                        calloc(count * most, sizeof *made.means)};
    for (size_t tensor = 0; tensor < count; tensor++) {
        bw_histogram *channels = made.channels + tensor * most;
        for (int channel = 0; channel < graph->tensors[tensor].shape.channels; channel++) {
            float size = tensor == 0 ? 1.0f : channel % 4 == 0 ? 40.0f : 0.5f + (float)channel;
            for (int step = 0; step <= 100; step++)
                bw_histogram_add(&channels[channel], size * (float)step / 100.0f);
            for (int step = 0; tensor > 0 && step <= 100; step++)
                bw_histogram_add(&channels[channel], -size * (float)step / 100.0f);
        }
        made.statistics[tensor] =
            (bw_statistics){.channels = channels, .means = made.means + tensor * most};
    }
    return made;
}

static void forget(observation *made)
{
    free(made->statistics);
    free(made->channels);
    free(made->means);
}

static double difference(const float *a, const float *b)
{
    double error = 0.0, size = 0.0;
    for (int index = 0; index < 18 * SIDE * SIDE; index++) {
        error += ((double)a[index] - (double)b[index]) * ((double)a[index] - (double)b[index]);
        size += (double)a[index] * (double)a[index];
    }
    return sqrt(error / size);
}

static bw_quantization open_quantization(bw_graph *graph, const bw_statistics *statistics,
                                         int largest)
{
    bw_quantization how;
    check_ok(bw_quantization_open(&how, graph, statistics, largest, &error));
    check_ok(bw_choose_ranges(&how, graph, BW_RANGE_ERROR, &error));
    return how;
}

static void equal_channels_compute_the_same(void **state)
{
    (void)state;
    bw_graph graph;
    make_network(&graph);
    float *before = run_graph(&graph);
    observation seen = observe(&graph);
    bw_quantization how = open_quantization(&graph, seen.statistics, 127);
    assert_true(how.factors[1][1] > how.factors[1][0]);
    assert_float_equal(how.factors[1][1] * 1.5f, how.factors[1][0] * 40.0f, 1e-3f);
    float *after = run_graph(&graph);
    assert_true(difference(before, after) < 1e-5);
    free(before);
    free(after);
    forget(&seen);
    bw_graph_free(&graph);
}

/* Channels are passed on by pooling, a shortcut, upsampling, joining and slicing. */
static void make_passing_network(bw_graph *graph)
{
    int picture, pooled, wide, joined, sliced, head;
    fill_numbers(11);
    bw_graph_init(graph, 1 << 24);
    check_ok(bw_graph_add_input(graph, &picture, (bw_shape){SIDE, SIDE, 3}, &error));
    int first = convolve(graph, picture, WIDE, 1, 3, BW_LEAKY, 0);
    bw_node pool = {.op = BW_OP_MAX_POOL,
                    .name = "maxpool",
                    .inputs = &first,
                    .input_count = 1,
                    .residual = BW_NONE,
                    .attributes = {.kernel_height = 2, .kernel_width = 2, .stride = 2}};
    check_ok(bw_graph_add(graph, &pooled, &pool, &error));
    int second = convolve(graph, pooled, WIDE, 1, 1, BW_LEAKY, 2000);
    graph->nodes[graph->node_count - 1].residual = pooled;
    bw_node upsample = {.op = BW_OP_UPSAMPLE,
                        .name = "upsample",
                        .inputs = &second,
                        .input_count = 1,
                        .residual = BW_NONE,
                        .attributes = {.stride = 2}};
    check_ok(bw_graph_add(graph, &wide, &upsample, &error));
    int parts[] = {wide, first};
    bw_node join = {.op = BW_OP_CONCAT,
                    .name = "route",
                    .inputs = parts,
                    .input_count = 2,
                    .residual = BW_NONE};
    check_ok(bw_graph_add(graph, &joined, &join, &error));
    bw_node slice = {.op = BW_OP_SLICE,
                     .name = "route",
                     .inputs = &joined,
                     .input_count = 1,
                     .residual = BW_NONE,
                     .attributes = {.first_channel = 16, .channels = WIDE}};
    check_ok(bw_graph_add(graph, &sliced, &slice, &error));
    head = convolve(graph, sliced, 18, 1, 1, BW_LINEAR, 30000);
    check_ok(bw_graph_add_output(graph, head, &(bw_head){.classes = 1}, &error));
    check_ok(bw_passes_run(graph, &error));
}

static void equal_channels_pass_through_other_operations(void **state)
{
    (void)state;
    bw_graph graph;
    make_passing_network(&graph);
    float *before = run_graph(&graph);
    observation seen = observe(&graph);
    bw_quantization how = open_quantization(&graph, seen.statistics, 127);
    int first = graph.nodes[1].output, head = graph.outputs[0].tensor;
    const bw_node *shortcut = &graph.nodes[3];
    assert_int_not_equal(shortcut->residual, BW_NONE);
    bool changed = false;
    for (int channel = 0; channel < WIDE; channel++) {
        float factor = how.factors[first][channel];
        assert_float_equal(how.factors[shortcut->output][channel], factor, 0.0f);
        assert_float_equal(how.factors[shortcut->residual][channel], factor, 0.0f);
        changed = changed || fabsf(factor - 1.0f) > 0.1f;
    }
    assert_true(changed);
    for (int channel = 0; channel < 18; channel++)
        assert_float_equal(how.factors[head][channel], 1.0f, 0.0f);
    float *after = run_graph(&graph);
    assert_true(difference(before, after) < 1e-5);
    free(before);
    free(after);
    forget(&seen);
    bw_graph_free(&graph);
}

static void formats_and_integers_are_as_they_must_be(void **state)
{
    (void)state;
    bw_graph graph;
    make_network(&graph);
    observation seen = observe(&graph);
    bw_quantization how = open_quantization(&graph, seen.statistics, 63);
    check_ok(bw_pass_quantize(&graph, &how, &error));
    int head = graph.outputs[0].tensor;
    for (size_t index = 0; index < graph.node_count; index++) {
        const bw_node *node = &graph.nodes[index];
        bw_format format = graph.tensors[node->output].format;
        assert_int_equal(format.type, node->output == head ? BW_F32 : BW_U8);
        for (int input = 0; node->op == BW_OP_CONCAT && input < node->input_count; input++)
            assert_true(bw_format_equal(format, graph.tensors[node->inputs[input]].format));
        if (node->op != BW_OP_CONV)
            continue;
        int limit = node->attributes.groups == 1 ? 63 : 127;
        for (size_t weight = 0; weight < node->weights.count; weight++)
            assert_in_range(node->integers[weight] + 128, 128 - limit, 128 + limit);
    }
    assert_true(bw_format_equal(graph.tensors[0].format, (bw_format){BW_U8, 1.0f / 255.0f, 0}));
    forget(&seen);
    bw_graph_free(&graph);
}

/* ---- rounding ------------------------------------------------------------------------------- */

enum { INPUTS = 27 };

/* The variance of the error of a filter's sum. */
static double variance_of(const bw_filter *filter, const float *matrix)
{
    double sum = 0.0;
    for (size_t a = 0; a < INPUTS; a++) {
        for (size_t b = 0; b < INPUTS; b++) {
            float x = filter->weights[a] - (float)filter->integers[a] * filter->scale;
            float y = filter->weights[b] - (float)filter->integers[b] * filter->scale;
            sum += (double)matrix[a * INPUTS + b] * (double)x * (double)y;
        }
    }
    return sum;
}

/* Windows whose numbers have a strong common part, as neighbours in pictures have. */
static void fill_windows(float *windows, size_t count)
{
    fill_numbers(3);
    for (size_t window = 0; window < count; window++) {
        for (size_t at = 0; at < INPUTS; at++)
            windows[window * INPUTS + at] =
                5.0f + 3.0f * numbers[window] + 0.3f * numbers[1000 + window * INPUTS + at];
    }
}

static void covariances_are_those_of_the_windows(void **state)
{
    (void)state;
    enum { WINDOWS = 500 };
    bw_arena arena = {0};
    bw_graph graph;
    int picture;
    fill_numbers(5);
    bw_graph_init(&graph, 1 << 24);
    check_ok(bw_graph_add_input(&graph, &picture, (bw_shape){SIDE, SIDE, 3}, &error));
    convolve(&graph, picture, WIDE, 1, 3, BW_LEAKY, 0);
    bw_covariance covariance;
    assert_true(bw_covariance_open(&covariance, &graph, &graph.nodes[1], &arena));
    assert_int_equal(covariance.blocks, 1);
    float *windows = calloc((size_t)WINDOWS * INPUTS, sizeof *windows);
    float matrix[INPUTS * INPUTS], factors[] = {1.0f, 2.0f, 1.0f};
    fill_windows(windows, WINDOWS);
    bw_covariance_add(&covariance, windows, 200);
    bw_covariance_add(&covariance, windows + (size_t)200 * INPUTS, WINDOWS - 200);
    bw_covariance_matrix(&covariance, 0, factors, matrix);
    double mean[2] = {0}, product = 0.0; /* of numbers 1, of channel 0, and 10, of channel 1 */
    for (size_t window = 0; window < WINDOWS; window++) {
        mean[0] += (double)windows[window * INPUTS + 1] / WINDOWS;
        mean[1] += (double)windows[window * INPUTS + 10] / WINDOWS;
    }
    for (size_t window = 0; window < WINDOWS; window++)
        product += ((double)windows[window * INPUTS + 1] - mean[0]) *
                   ((double)windows[window * INPUTS + 10] - mean[1]) / WINDOWS;
    double found = (double)matrix[1 * INPUTS + 10];
    if (fabs(found - 2.0 * product) > 1e-3 * product)
        fail_msg("covariance %g, not %g", found, 2.0 * product);
    assert_float_equal(matrix[10 * INPUTS + 1], matrix[1 * INPUTS + 10], 0.0f);
    free(windows);
    bw_arena_free(&arena);
    bw_graph_free(&graph);
}

/* Wide windows are cut into blocks that cover all channels once. */
static void blocks_cover_all_channels(void **state)
{
    (void)state;
    static const struct {
        int channels, groups, filters, blocks;
    } cases[] = {
        {WIDE, 1, 8, 1}, {2 * WIDE, 1, 8, 2}, {WIDE + 2, 1, 8, 2}, {WIDE, WIDE, WIDE, WIDE}};
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        bw_arena arena = {0};
        bw_graph graph;
        bw_covariance covariance;
        int picture, next = 0;
        bw_graph_init(&graph, 1 << 24);
        check_ok(bw_graph_add_input(&graph, &picture, (bw_shape){SIDE, SIDE, cases[index].channels},
                                    &error));
        convolve(&graph, picture, cases[index].filters, cases[index].groups, 3, BW_LEAKY, 0);
        assert_true(bw_covariance_open(&covariance, &graph, &graph.nodes[1], &arena));
        assert_int_equal(covariance.blocks, cases[index].blocks);
        for (int block = 0; block < covariance.blocks; block++) {
            int channels;
            assert_int_equal(bw_covariance_first(&covariance, block, &channels), next);
            next += channels;
        }
        assert_int_equal(next, cases[index].channels);
        bw_arena_free(&arena);
        bw_graph_free(&graph);
    }
}

static void refined_rounding_has_a_smaller_error(void **state)
{
    (void)state;
    float matrix[INPUTS * INPUTS], slopes[INPUTS];
    int8_t integers[INPUTS];
    fill_numbers(13);
    for (size_t a = 0; a < INPUTS; a++) {
        for (size_t b = 0; b < INPUTS; b++)
            matrix[a * INPUTS + b] = a == b ? 1.1f : 1.0f;
    }
    double nearest = 0.0, refined = 0.0;
    for (size_t filter = 0; filter < 100; filter++) {
        bw_filter one = {.weights = numbers + filter * INPUTS,
                         .integers = integers,
                         .count = INPUTS,
                         .scale = 0.05f,
                         .largest = 100.0f};
        for (size_t at = 0; at < INPUTS; at++)
            integers[at] = (int8_t)fmaxf(
                fminf(nearbyintf(one.weights[at] / one.scale), one.largest), -one.largest);
        double before = variance_of(&one, matrix);
        double left = bw_round_block(&one, 0, INPUTS, matrix, slopes);
        double after = variance_of(&one, matrix);
        assert_true(after <= before && fabs(left - after) < 1e-5);
        nearest += before;
        refined += after;
        for (size_t at = 0; at < INPUTS; at++)
            assert_in_range(integers[at] + 128, 28, 228);
    }
    assert_true(refined < 0.25 * nearest);
}

/* ---- what errors are worth ------------------------------------------------------------------ */

static void gains_are_what_errors_become(void **state)
{
    (void)state;
    bw_graph graph;
    float **gains;
    make_network(&graph);
    observation seen = observe(&graph);
    check_ok(bw_noise_gains(&gains, &graph, seen.statistics, &error));
    const bw_node *head = &graph.nodes[graph.tensors[graph.outputs[0].tensor].producer];
    const bw_node *before = &graph.nodes[graph.tensors[head->inputs[0]].producer];
    double squares[2] = {0.0, 0.0}; /* of the weights that read the first and the last channel */
    for (size_t filter = 0; filter < 18; filter++) {
        float first = head->weights.data[filter * 2 * WIDE];
        float last = head->weights.data[filter * 2 * WIDE + 2 * WIDE - 1];
        squares[0] += (double)first * (double)first;
        squares[1] += (double)last * (double)last;
    }
    assert_float_equal(gains[head->inputs[0]][0], squares[0], 1e-4);
    assert_float_equal(gains[before->inputs[1]][WIDE - 1], squares[1], 1e-4);
    assert_true(gains[before->inputs[0]][0] > gains[head->inputs[0]][0]);
    forget(&seen);
    bw_graph_free(&graph);
}

/* ---- whole networks ------------------------------------------------------------------------- */

/* The picture of run_graph. */
static void observe_picture(bw_observer *observer)
{
    uint8_t pixels[SIDE * SIDE * 3];
    bw_image image = {.pixels = pixels, .width = SIDE, .height = SIDE, .stride = SIDE * 3};
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int channel = 0; channel < 3; channel++)
                pixels[(y * SIDE + x) * 3 + channel] =
                    (uint8_t)((y * 31 + (x * BW_IMAGE_LANES + channel) * 17) % 256);
    check_ok(bw_observer_add(observer, &image, BW_RESIZE_STRETCH, 0.5f, &error));
    assert_int_equal(bw_observer_pictures(observer), 1);
}

typedef void maker(bw_graph *graph);

/* The relative error that bytes make; tensors whose bits are set in `floating` stay floats. */
static double error_of_bytes(maker *make, int largest_weight, unsigned floating)
{
    bw_graph graph;
    bw_pool *pool;
    bw_observer *observer;
    make(&graph);
    float *expected = run_graph(&graph);
    check_ok(bw_pool_open(&pool, 2, &error));
    check_ok(bw_observer_open(&observer, &graph, pool, &error));
    observe_picture(observer);
    bw_statistics *statistics = calloc(graph.tensor_count, sizeof *statistics);
    bw_observer_statistics(observer, statistics);
    bw_quantization how = open_quantization(&graph, statistics, largest_weight);
    bool *floats = calloc(graph.tensor_count, sizeof *floats);
    for (size_t tensor = 1; tensor < graph.tensor_count; tensor++)
        floats[tensor] = (floating >> tensor) & 1;
    how.floats = floats;
    check_ok(bw_pass_quantize(&graph, &how, &error));
    float *bytes = run_graph(&graph);
    double error = difference(expected, bytes);
    bw_observer_close(&observer);
    bw_pool_close(&pool);
    bw_graph_free(&graph);
    free(statistics);
    free(floats);
    free(expected);
    free(bytes);
    return error;
}

static void bytes_come_close_to_floats(void **state)
{
    (void)state;
    double full = error_of_bytes(make_network, 127, 0);
    double coarse = error_of_bytes(make_network, 15, 0);
    if (!(full < 0.03 && coarse > full))
        fail_msg("relative errors %g with 127 steps, %g with 15", full, coarse);
}

/* Every choice of tensors that stay floats gives a network that works, none but floats the same. */
static void bytes_and_floats_mix(void **state)
{
    (void)state;
    maker *makers[] = {make_network, make_passing_network};
    for (size_t index = 0; index < 2; index++) {
        double bytes = error_of_bytes(makers[index], 127, 0);
        for (unsigned floating = 2; floating < 256; floating += 2) {
            double mixed = error_of_bytes(makers[index], 127, floating);
            if (!(mixed < 1.5 * bytes + 1e-5))
                fail_msg("network %zu, tensors %#x in floats: error %g, all in bytes %g", index,
                         floating, mixed, bytes);
        }
        double least = error_of_bytes(makers[index], 127, ~0u);
        if (!(least < 0.5 * bytes))
            fail_msg("network %zu: error %g with floats alone, %g with bytes", index, least, bytes);
    }
}

/* The ranges of a probe are among those of the rules, and its errors fall with the steps. */
static void probing_finds_ranges_and_errors(void **state)
{
    (void)state;
    bw_graph graph;
    bw_pool *pool;
    bw_observer *observer;
    make_passing_network(&graph);
    check_ok(bw_pool_open(&pool, 2, &error));
    check_ok(bw_observer_open(&observer, &graph, pool, &error));
    observe_picture(observer);
    bw_statistics *statistics = calloc(graph.tensor_count, sizeof *statistics);
    bw_probed *probed = calloc(graph.tensor_count, sizeof *probed);
    bw_observer_statistics(observer, statistics);
    bw_quantization how = open_quantization(&graph, statistics, 127);
    bw_probe_pictures kept = bw_observer_kept(observer);
    assert_int_equal(kept.count, 1);
    check_ok(bw_probe_ranges(probed, &how, &graph, &kept, pool, &error));
    for (size_t tensor = 0; tensor < graph.tensor_count; tensor++) {
        const bw_probed *of = &probed[how.classes[tensor]];
        assert_memory_equal(&how.ranges[tensor], &of->range, sizeof of->range);
        bool first = how.classes[tensor] == (int)tensor;
        bool rounded = first && tensor > 0 && (int)tensor != graph.outputs[0].tensor;
        assert_true(first || probed[tensor].error <= 0.0);
        assert_true(rounded ? of->error > 1e-9 && of->error < 0.05 : probed[tensor].error <= 0.0);
    }
    bw_observer_close(&observer);
    bw_pool_close(&pool);
    bw_graph_free(&graph);
    free(statistics);
    free(probed);
}

/* ---- Codebooks ------------------------------------------------------------------------------ */

static double error_with(const double *weights, const bw_codebook *codebook)
{
    double sum = 0.0;
    for (int index = 0; index < BW_INTEGERS; index++) {
        double error = index - BW_INTEGER_ORIGIN - codebook->nearest[index];
        sum += weights[index] * error * error;
    }
    return sum;
}

static int count_levels(const bw_codebook *codebook)
{
    bool used[BW_INTEGERS] = {false};
    int count = 0;
    for (int index = 0; index < BW_INTEGERS; index++) {
        bool *level = &used[codebook->nearest[index] + BW_INTEGER_ORIGIN];
        count += !*level;
        *level = true;
    }
    return count;
}

/* No codebook of evenly spaced levels is better, few values are kept as they are. */
static void codebooks_fit_what_weighs(void **state)
{
    (void)state;
    double weights[BW_INTEGERS];
    for (int index = 0; index < BW_INTEGERS; index++)
        weights[index] = exp(-fabs((double)(index - BW_INTEGER_ORIGIN)) / 20.0);
    double last = (double)INFINITY;
    for (int bits = 4; bits <= 8; bits++) {
        bw_codebook codebook, even;
        bw_codebook_fit(&codebook, weights, bits);
        for (int index = 0; index < BW_INTEGERS; index++) {
            int width = 256 >> bits;
            even.nearest[index] = (int8_t)(index / width * width + width / 2 - BW_INTEGER_ORIGIN);
        }
        double error = error_with(weights, &codebook);
        assert_true(count_levels(&codebook) <= 1 << bits);
        assert_true(error < last && (bits == 8 || error < error_with(weights, &even)));
        last = error;
    }
    assert_true(last == 0.0);
    for (int index = 0; index < BW_INTEGERS; index++)
        weights[index] = index % 20 == 7 ? 1.0 : 0.0;
    bw_codebook sparse;
    bw_codebook_fit(&sparse, weights, 4);
    assert_true(error_with(weights, &sparse) == 0.0);
}

static void refinement_stays_within_its_codebook(void **state)
{
    (void)state;
    enum { SIZE = 24 };
    float wanted[SIZE], matrix[SIZE * SIZE], slopes[SIZE];
    int8_t integers[SIZE];
    double weights[BW_INTEGERS];
    bw_codebook codebook;
    for (int index = 0; index < BW_INTEGERS; index++)
        weights[index] = 1.0;
    bw_codebook_fit(&codebook, weights, 4);
    double before = 0.0;
    for (int row = 0; row < SIZE; row++) {
        wanted[row] = (float)((row * 37 + 11) % 200 - 100) * 0.05f;
        integers[row] = bw_codebook_nearest(&codebook, (int)(wanted[row] / 0.05f));
        for (int at = 0; at < SIZE; at++)
            matrix[row * SIZE + at] = row == at ? 1.5f : 1.0f;
    }
    for (int row = 0; row < SIZE; row++) {
        for (int at = 0; at < SIZE; at++)
            before +=
                (double)(matrix[row * SIZE + at] * (wanted[row] - (float)integers[row] * 0.05f) *
                         (wanted[at] - (float)integers[at] * 0.05f));
    }
    bw_filter one = {.weights = wanted,
                     .integers = integers,
                     .count = SIZE,
                     .scale = 0.05f,
                     .largest = 127.0f,
                     .codebook = &codebook};
    double after = bw_round_block(&one, 0, SIZE, matrix, slopes);
    assert_true(after < before);
    for (int row = 0; row < SIZE; row++)
        assert_int_equal(integers[row], bw_codebook_nearest(&codebook, integers[row]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_do_not_depend_on_the_order),
        cmocka_unit_test(ranges_cover_what_is_worth_it),
        cmocka_unit_test(ranges_follow_what_errors_cost),
        cmocka_unit_test(equal_channels_compute_the_same),
        cmocka_unit_test(equal_channels_pass_through_other_operations),
        cmocka_unit_test(formats_and_integers_are_as_they_must_be),
        cmocka_unit_test(covariances_are_those_of_the_windows),
        cmocka_unit_test(blocks_cover_all_channels),
        cmocka_unit_test(refined_rounding_has_a_smaller_error),
        cmocka_unit_test(gains_are_what_errors_become),
        cmocka_unit_test(bytes_come_close_to_floats),
        cmocka_unit_test(bytes_and_floats_mix),
        cmocka_unit_test(probing_finds_ranges_and_errors),
        cmocka_unit_test(codebooks_fit_what_weighs),
        cmocka_unit_test(refinement_stays_within_its_codebook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
