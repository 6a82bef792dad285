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
    bw_histogram_range(histogram, &one, 1, &low, &high);
    assert_true(low <= 0.0f && high > low);
    for (int index = 0; index < 2000000; index++)
        bw_histogram_add(histogram, (float)(index % 1000) / 1000.0f);
    bw_histogram_range(histogram, &one, 1, &low, &high);
    assert_float_equal(low, 0.0f, 0.01f);
    assert_float_equal(high, 1.0f, 0.03f);
    bw_histogram_range(histogram, &half, 1, &low, &high);
    assert_float_equal(high, 0.5f, 0.015f);
    bw_histogram_add(histogram, 50.0f);
    bw_histogram_range(histogram, &one, 1, &low, &high);
    assert_true(high < 25.0f);
    free(histogram);
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
    check_ok(bw_backend_cpu.open(&executor, plan, pool, &error));
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
        made.statistics[tensor] = (bw_statistics){channels, made.means + tensor * most};
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

static void equal_channels_compute_the_same(void **state)
{
    (void)state;
    bw_graph graph;
    make_network(&graph);
    float *before = run_graph(&graph), factors[16][2 * WIDE], *rows[16];
    for (int tensor = 0; tensor < 16; tensor++) {
        rows[tensor] = factors[tensor];
        for (int channel = 0; channel < 2 * WIDE; channel++)
            factors[tensor][channel] = 1.0f;
    }
    observation seen = observe(&graph);
    bw_quantization how = {seen.statistics, rows, 127};
    check_ok(bw_equalize_channels(&graph, &how, &error));
    assert_true(factors[1][1] > factors[1][0]);
    assert_float_equal(factors[1][1] * 1.5f, factors[1][0] * 40.0f, 1e-3f);
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
    check_ok(bw_pass_quantize(&graph, seen.statistics, 63, &error));
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
    check_ok(bw_observer_add(observer, &image, BW_RESIZE_STRETCH, &error));
    assert_int_equal(bw_observer_pictures(observer), 1);
}

/* The relative error that bytes make, once their ranges were observed. */
static double error_of_bytes(int largest_weight)
{
    bw_graph graph;
    bw_pool *pool;
    bw_observer *observer;
    make_network(&graph);
    float *floats = run_graph(&graph);
    check_ok(bw_pool_open(&pool, 2, &error));
    check_ok(bw_observer_open(&observer, &graph, pool, &error));
    observe_picture(observer);
    bw_statistics *statistics = calloc(graph.tensor_count, sizeof *statistics);
    bw_observer_statistics(observer, statistics);
    check_ok(bw_pass_quantize(&graph, statistics, largest_weight, &error));
    float *bytes = run_graph(&graph);
    double error = difference(floats, bytes);
    bw_observer_close(&observer);
    bw_pool_close(&pool);
    bw_graph_free(&graph);
    free(statistics);
    free(floats);
    free(bytes);
    return error;
}

static void bytes_come_close_to_floats(void **state)
{
    (void)state;
    double full = error_of_bytes(127), coarse = error_of_bytes(15);
    if (!(full < 0.03 && coarse > full))
        fail_msg("relative errors %g with 127 steps, %g with 15", full, coarse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_do_not_depend_on_the_order),
        cmocka_unit_test(ranges_cover_what_is_worth_it),
        cmocka_unit_test(equal_channels_compute_the_same),
        cmocka_unit_test(formats_and_integers_are_as_they_must_be),
        cmocka_unit_test(bytes_come_close_to_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
