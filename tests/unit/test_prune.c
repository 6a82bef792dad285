/**
 * Pruning: which channels go together; that what is cut is as if it had been zero, and constants
 * are taken over; that smaller networks come out of it, the same on any number of threads.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/cpu.h"
#include "prune/cut.h"
#include "prune/products.h"
#include "prune/prune.h"
#include "prune/scores.h"
#include "prune/state.h"
#include "prune/viewer.h"

#define NET "[net]\nwidth=64\nheight=64\nchannels=3\n"
#define CONV(filters, size, stride, rest)                                                          \
    "[convolutional]\nbatch_normalize=1\nfilters=" #filters "\nsize=" #size "\nstride=" #stride    \
    "\npad=1\n" rest
#define LEAKY "activation=leaky\n"
#define HEAD                                                                                       \
    "[convolutional]\nfilters=21\nsize=1\nstride=1\npad=1\nactivation=linear\n"                    \
    "[yolo]\nmask=0,1,2\nanchors=8,8,16,16,30,30\nclasses=2\nnum=3\n"

/* Channels as pruning elsewhere leaves them, tied by shortcuts, routes, halves and groups. */
static const char uneven[] = NET CONV(13, 3, 2, LEAKY) /* 0 */
    CONV(27, 1, 1, LEAKY) CONV(27, 3, 1, "groups=27\n" LEAKY)
        CONV(13, 1, 1, "activation=linear\n") "[shortcut]\nfrom=-4\nactivation=linear\n" /* 4 */
    CONV(50, 3, 2, LEAKY) "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"                   /* 5, 6 */
    CONV(13, 3, 1, LEAKY) CONV(19, 3, 1, LEAKY) "[route]\nlayers=-1,-2\n" CONV(
        27, 1, 1, LEAKY) "[route]\nlayers=-6,-1\n[maxpool]\nsize=2\nstride=2\n" /* 11, 12 */
    CONV(45, 3, 1, LEAKY) HEAD "[route]\nlayers=-3\n" CONV(
        13, 1, 1, "activation=mish\n") "[upsample]\nstride=2\n[route]\nlayers=-1,5\n" CONV(29, 3, 1,
                                                                                           LEAKY)
        HEAD;

/* Each convolution reads single pixels, so that what is constant is so everywhere. */
static const char pointwise[] =
    NET CONV(24, 3, 4, LEAKY) CONV(40, 1, 1, LEAKY) CONV(24, 1, 1, LEAKY) HEAD;

static const char wide[] = NET CONV(32, 3, 2, LEAKY) CONV(64, 3, 2, LEAKY) CONV(32, 1, 1, LEAKY)
    CONV(64, 3, 1, "activation=linear\n") "[shortcut]\nfrom=-3\nactivation=linear\n" CONV(
        64, 3, 2, LEAKY) HEAD;

/* Wide enough for every layer to gain from a block of 16 channels less. */
static const char blocks[] = NET CONV(64, 3, 2, LEAKY) CONV(64, 3, 1, LEAKY) CONV(96, 3, 2, LEAKY)
    CONV(64, 1, 1, LEAKY) HEAD;

static char folder[] = "/tmp/boxwright-prune-XXXXXX", path[64];

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.cfg", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static bw_model *load(const char *text)
{
    bw_model *model;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    check_ok(bw_model_load(&model, path, "random:3", NULL, &error));
    return model;
}

/* ---- Cutting -------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Of each family, about a third goes, but one class at least stays. */
static void choose(bool *kept, const bw_channel_classes *classes, uint32_t seed)
{
    int *left = calloc((size_t)classes->family_count + 1, sizeof *left);
    for (int id = 0; id < classes->count; id++) {
        int family = classes->families[id];
        kept[id] = family == BW_NONE || left[family] == 0 || next_random(&seed) % 3;
        if (family != BW_NONE)
            left[family] += kept[id];
    }
    free(left);
}

/* Gives the channels that go no weights, and `constant` as their bias. */
static void silence(bw_graph *graph, const bw_channel_classes *classes, const bool *kept,
                    float constant)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        if (node->op != BW_OP_CONV)
            continue;
        size_t channels = (size_t)node->attributes.channels;
        size_t filter = node->weights.count / channels;
        float *weights = bw_arena_array(&graph->arena, node->weights.count, sizeof *weights);
        float *bias = bw_arena_array(&graph->arena, channels, sizeof *bias);
        memcpy(weights, node->weights.data, node->weights.count * sizeof *weights);
        for (size_t channel = 0; channel < channels; channel++) {
            bias[channel] = node->bias.data ? node->bias.data[channel] : 0.0f;
            if (kept[bw_class_of(classes, node->output, (int)channel)])
                continue;
            memset(weights + channel * filter, 0, filter * sizeof *weights);
            bias[channel] = constant;
        }
        node->weights.data = weights;
        node->bias = (bw_constant){bias, channels};
    }
}

/* All numbers of all heads for a picture of noise; the caller's. */
static float *run_heads(size_t *count, const bw_graph *graph, bw_pool *pool)
{
    int tensors[8];
    bw_viewer viewer;
    uint32_t seed = 7;
    assert_true(graph->output_count <= 8);
    for (size_t index = 0; index < graph->output_count; index++)
        tensors[index] = graph->outputs[index].tensor;
    check_ok(bw_viewer_open(&viewer, graph, tensors, graph->output_count, pool, &error));
    bw_shape in = graph->tensors[0].shape;
    size_t bytes = (size_t)in.height * (size_t)in.width * BW_IMAGE_LANES;
    bw_small_picture picture = {calloc(bytes, 1)};
    for (size_t at = 0; at < bytes; at++)
        picture.numbers[at] = at % BW_IMAGE_LANES < 3 ? (uint8_t)next_random(&seed) : 0;
    bw_viewer_load(&viewer, 0, &picture);
    check_ok(bw_viewer_run(&viewer, 1, &error));
    float *numbers = NULL;
    *count = 0;
    for (int index = 0; index < (int)graph->output_count; index++) {
        bw_shape shape = graph->tensors[tensors[index]].shape;
        int pixels = shape.height * shape.width;
        numbers = realloc(numbers, (*count + (size_t)(pixels * shape.channels)) * sizeof *numbers);
        bw_viewer_sample(&viewer, index, 0, numbers + *count, pixels);
        *count += (size_t)(pixels * shape.channels);
    }
    free(picture.numbers);
    bw_viewer_close(&viewer);
    return numbers;
}

static void expect_equal(const bw_graph *whole, const bw_graph *cut, const char *name,
                         bw_pool *pool)
{
    size_t count, other;
    float *a = run_heads(&count, whole, pool), *b = run_heads(&other, cut, pool);
    double largest = 0.0, difference = 0.0;
    assert_int_equal(count, other);
    for (size_t at = 0; at < count; at++) {
        largest = fmax(largest, fabs((double)a[at]));
        difference = fmax(difference, fabs((double)a[at] - (double)b[at]));
    }
    if (!(largest > 0.0 && difference <= 1e-3 * largest))
        fail_msg("%s: a difference of %g where numbers are up to %g", name, difference, largest);
    free(a);
    free(b);
}

/* Cuts a third of the channels, made zero before, out of a graph. */
static void expect_cut(bw_graph *graph, const char *name, bw_pool *pool, uint32_t seed)
{
    bw_graph cut;
    bw_arena arena = {0};
    bw_channel_classes classes;
    check_ok(bw_find_channel_classes(&classes, graph, &arena, &error));
    bool *kept = calloc((size_t)classes.count, sizeof *kept);
    choose(kept, &classes, seed);
    silence(graph, &classes, kept, 0.0f);
    check_ok(bw_graph_clone(&cut, graph, &error));
    bw_cut_shapes(&cut, &classes, kept);
    check_ok(bw_cut_weights(&cut, graph, &classes, kept, &error));
    uint64_t before = 0, after = 0;
    for (size_t index = 0; index < cut.node_count; index++) {
        before += bw_node_macs(graph, &graph->nodes[index]);
        after += bw_node_macs(&cut, &cut.nodes[index]);
    }
    assert_true(after < before);
    expect_equal(graph, &cut, name, pool);
    free(kept);
    bw_graph_free(&cut);
    bw_arena_free(&arena);
}

static void zero_channels_may_go(void **state)
{
    (void)state;
    static const char *const texts[] = {uneven, pointwise, wide};
    bw_pool *pool;
    check_ok(bw_pool_open(&pool, 2, &error));
    for (size_t text = 0; text < sizeof texts / sizeof *texts; text++) {
        bw_model *model = load(texts[text]);
        for (uint32_t seed = 1; seed < 6; seed++) {
            bw_graph graph;
            check_ok(bw_graph_optimise(&graph, model, &error));
            expect_cut(&graph, "a small network", pool, seed);
            bw_graph_free(&graph);
        }
        bw_model_close(&model);
    }
    bw_pool_close(&pool);
}

/* The same on the networks that people have, on a small input. */
static void zero_channels_of_real_networks_may_go(void **state)
{
    (void)state;
    static const char *const names[] = {
        "yolov2", "yolov2-tiny", "yolov3",      "yolov3-spp", "yolov3-tiny", "yolov3-tiny-prn",
        "yolov4", "yolov4-csp",  "yolov4-tiny", "yolov7",     "yolov7-tiny", "yolov3-voc"};
    const char *shared = getenv("BW_SHARED");
    char cfg[4096];
    bw_pool *pool;
    check_ok(bw_pool_open(&pool, 2, &error));
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        bw_model *model;
        bw_graph graph;
        snprintf(cfg, sizeof cfg, "%s/models/cfg/%s.cfg", shared ? shared : "../shared",
                 names[index]);
        if (access(cfg, R_OK) != 0)
            continue;
        check_ok(bw_model_load(&model, cfg, "random:5", NULL, &error));
        check_ok(bw_model_resize(model, 64, 64, &error));
        check_ok(bw_graph_optimise(&graph, model, &error));
        expect_cut(&graph, names[index], pool, 1);
        bw_graph_free(&graph);
        bw_model_close(&model);
    }
    bw_pool_close(&pool);
}

/* ---- Classes -------------------------------------------------------------------------------- */

static void shortcuts_and_groups_tie(void **state)
{
    (void)state;
    bw_graph graph;
    bw_arena arena = {0};
    bw_channel_classes classes;
    bw_model *model = load(uneven);
    check_ok(bw_graph_optimise(&graph, model, &error));
    check_ok(bw_find_channel_classes(&classes, &graph, &arena, &error));
    for (int channel = 0; channel < 3; channel++)
        assert_int_equal(classes.families[bw_class_of(&classes, 0, channel)], BW_NONE);
    for (int channel = 0; channel < 13; channel++) /* the first layer and the one added to it */
        assert_int_equal(bw_class_of(&classes, 1, channel), bw_class_of(&classes, 4, channel));
    for (int channel = 0; channel < 27; channel++) /* through the depthwise convolution */
        assert_int_equal(bw_class_of(&classes, 2, channel), bw_class_of(&classes, 3, channel));
    int low = classes.families[bw_class_of(&classes, 5, 0)];
    int high = classes.families[bw_class_of(&classes, 5, 25)];
    assert_true(low != high && low != BW_NONE && high != BW_NONE); /* half of it is routed on */
    for (size_t index = 0; index < graph.output_count; index++)
        assert_int_equal(classes.families[bw_class_of(&classes, graph.outputs[index].tensor, 0)],
                         BW_NONE);
    bw_graph_free(&graph);
    bw_arena_free(&arena);
    bw_model_close(&model);
}

/* ---- Taking over ---------------------------------------------------------------------------- */

static void observe(bw_pruning_facts *facts, bw_arena *arena)
{
    int tensors[16];
    bw_viewer viewer;
    uint32_t seed = 5;
    check_ok(
        bw_find_readings(&facts->readings, &facts->reading_count, facts->graph, arena, &error));
    for (size_t index = 0; index < facts->reading_count; index++) {
        tensors[index] = facts->readings[index].tensor;
        int channels = facts->graph->tensors[tensors[index]].shape.channels;
        check_ok(
            bw_moments_open(&facts->readings[index].moments, channels, channels, false, &error));
    }
    check_ok(
        bw_viewer_open(&viewer, facts->graph, tensors, facts->reading_count, facts->pool, &error));
    uint8_t *bytes = calloc(64 * 64, BW_IMAGE_LANES);
    float *numbers = calloc(256 * 64, sizeof *numbers);
    for (int picture = 0; picture < 8; picture++) {
        for (size_t at = 0; at < (size_t)64 * 64 * BW_IMAGE_LANES; at++)
            bytes[at] = at % BW_IMAGE_LANES < 3 ? (uint8_t)next_random(&seed) : 0;
        bw_viewer_load(&viewer, 0, &(bw_small_picture){bytes});
        check_ok(bw_viewer_run(&viewer, 1, &error));
        for (size_t index = 0; index < facts->reading_count; index++) {
            int pixels = bw_viewer_sample(&viewer, (int)index, 0, numbers, 256);
            bw_moments_add(&facts->readings[index].moments, numbers, numbers, pixels, facts->pool);
        }
    }
    for (size_t index = 0; index < facts->reading_count; index++) {
        bw_moments_finish(&facts->readings[index].moments);
        check_ok(bw_reading_finish(&facts->readings[index], facts->graph, facts->pool, &error));
    }
    free(bytes);
    free(numbers);
    bw_viewer_close(&viewer);
}

static void forget(bw_pruning_facts *facts)
{
    for (size_t index = 0; index < facts->reading_count; index++) {
        bw_moments_close(&facts->readings[index].moments);
        free(facts->readings[index].precision);
        free(facts->readings[index].demand);
    }
}

/* Channels that are constant go into the biases, first of all and at next to no cost. */
static void constants_are_taken_over(void **state)
{
    (void)state;
    bw_graph graph, pruned;
    bw_arena arena = {0};
    bw_model *model = load(pointwise);
    bw_pruning_facts facts = {.graph = &graph};
    check_ok(bw_pool_open(&facts.pool, 2, &error));
    check_ok(bw_graph_optimise(&graph, model, &error));
    check_ok(bw_find_channel_classes(&facts.classes, &graph, &arena, &error));
    bool *kept = calloc((size_t)facts.classes.count, sizeof *kept);
    choose(kept, &facts.classes, 3);
    silence(&graph, &facts.classes, kept, 0.7f);
    observe(&facts, &arena);
    check_ok(bw_prune_classes(&pruned, &facts, kept, NULL, &error));
    expect_equal(&graph, &pruned, "constants", facts.pool);
    int all = 0;
    for (int family = 0; family < facts.classes.family_count; family++) {
        bw_order order;
        check_ok(bw_order_family(&order, &facts.classes, family, facts.readings,
                                 facts.reading_count, &arena, &error));
        int gone = 0;
        for (int index = 0; index < order.count; index++)
            gone += !kept[order.classes[index]];
        assert_true(gone < order.count);
        for (int index = 0; index < gone; index++)
            assert_false(kept[order.classes[index]]);
        assert_true(order.errors[gone] <= 1e-3 * order.errors[order.count - 1]);
        all += gone;
    }
    assert_true(all > 10);
    free(kept);
    forget(&facts);
    bw_graph_free(&pruned);
    bw_graph_free(&graph);
    bw_arena_free(&arena);
    bw_pool_close(&facts.pool);
    bw_model_close(&model);
}

/* ---- Pictures and scores -------------------------------------------------------------------- */

/* A run leaves the tensors that come after the input in its place, borders included. */
static void the_same_picture_gives_the_same_again(void **state)
{
    (void)state;
    bw_graph graph;
    bw_viewer viewer;
    bw_pool *pool;
    float numbers[3][64 * 21];
    uint32_t seed = 11;
    bw_model *model = load(wide);
    check_ok(bw_pool_open(&pool, 2, &error));
    check_ok(bw_graph_optimise(&graph, model, &error));
    check_ok(bw_viewer_open(&viewer, &graph, &graph.outputs[0].tensor, 1, pool, &error));
    uint8_t *bytes = calloc((size_t)64 * 64, BW_IMAGE_LANES);
    for (size_t at = 0; at < (size_t)64 * 64 * BW_IMAGE_LANES; at++)
        bytes[at] = at % BW_IMAGE_LANES < 3 ? (uint8_t)next_random(&seed) : 0;
    for (int run = 0; run < 3; run++) {
        bw_viewer_load(&viewer, 0, &(bw_small_picture){bytes});
        check_ok(bw_viewer_run(&viewer, 1, &error));
        assert_int_equal(bw_viewer_sample(&viewer, 0, 0, numbers[run], 64), 64);
    }
    assert_memory_equal(numbers[0], numbers[1], sizeof numbers[0]);
    assert_memory_equal(numbers[0], numbers[2], sizeof numbers[0]);
    free(bytes);
    bw_viewer_close(&viewer);
    bw_graph_free(&graph);
    bw_pool_close(&pool);
    bw_model_close(&model);
}

/* Two cells: background, and one that is sure of its second class. */
static void background_does_not_count(void **state)
{
    (void)state;
    const bw_head head = {.kind = BW_HEAD_YOLO, .classes = 2, .anchors = 1};
    const float expected[] = {0, 0, 0, 0, -14, 3, -3, 0, 0, 0, 0, 8, -9, 9};
    float other[14];
    assert_true(fabs(bw_score_squares(&head, expected, NULL, 14) - 1.0) < 0.01);
    assert_true(bw_score_squares(&head, expected, expected, 14) <= 0.0);
    memcpy(other, expected, sizeof other);
    for (int at = 0; at < 7; at++)
        other[at] -= 3.0f;
    assert_true(bw_score_squares(&head, expected, other, 14) < 1e-6);
    memcpy(other, expected, sizeof other);
    other[11] = 0.0f; /* half as sure */
    assert_true(fabs(bw_score_squares(&head, expected, other, 14) - 0.25) < 0.01);
    memcpy(other, expected, sizeof other);
    other[9] = 0.5f; /* another width */
    assert_true(bw_score_squares(&head, expected, other, 14) > 0.01);
    memcpy(other, expected, sizeof other);
    other[4] = 9.0f; /* something where there is nothing */
    assert_true(bw_score_squares(&head, expected, other, 14) > 0.5);
}

/* Heads without objectness: the background is no class, and boxes stand before all scores. */
static void scores_of_all_heads_are_found(void **state)
{
    (void)state;
    bw_head anchors = {.kind = BW_HEAD_OFFSETS,
                       .classes = 2,
                       .anchors = 2,
                       .softmax = true,
                       .background = BW_BACKGROUND_FIRST};
    const float sure[] = {0, 0, 0, 0, 0, 0, 0, 0, -9, 0, 9, 12, 0, 0};
    assert_int_equal(bw_head_channels(&anchors), 14);
    assert_true(fabs(bw_score_squares(&anchors, sure, NULL, 14) - 1.0) < 0.01);
    bw_head distances = {.kind = BW_HEAD_DISTANCES, .classes = 1, .anchors = 1, .bins = 2};
    const float cell[] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
    assert_true(fabs(bw_score_squares(&distances, cell, NULL, 9) - 0.25) < 1e-6);
    bw_head rows = {.kind = BW_HEAD_ROWS, .classes = 9, .anchors = 1};
    const float row[] = {10, 20, 300, 400, 0.5f, 7};
    assert_true(fabs(bw_score_squares(&rows, row, NULL, 6) - 0.25) < 1e-6);
}

/* ---- Sums of products ------------------------------------------------------------------------ */

/* Random numbers from -0.5 to 0.5, [sample][channel]; the caller's. */
static float *make_samples(int channels, int samples, uint32_t seed)
{
    float *numbers = calloc((size_t)(channels * samples), sizeof *numbers);
    for (int at = 0; at < channels * samples; at++)
        numbers[at] = (float)next_random(&seed) / 65536.0f - 0.5f;
    return numbers;
}

static void expect_sums(const double *sums, const float *a, int rows, const float *b, int columns,
                        int samples)
{
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            double sum = 0.0;
            for (int sample = 0; sample < samples; sample++)
                sum += (double)a[sample * rows + row] * (double)b[sample * columns + column];
            if (!(fabs(sums[row * columns + column] - sum) <= 1e-9))
                fail_msg("row %d, column %d of %d x %d, %d samples", row, column, rows, columns,
                         samples);
        }
    }
}

/* Sizes around those of panels, blocks and stretches; the same to the bit on any threads. */
static void products_are_summed(void **state)
{
    (void)state;
    static const int sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {33, 66, 129}, {64, 31, 300}};
    for (size_t index = 0; index < sizeof sizes / sizeof *sizes; index++) {
        int rows = sizes[index][0], columns = sizes[index][1], samples = sizes[index][2];
        size_t all = (size_t)(rows * columns), square = (size_t)(rows * rows);
        float *a = make_samples(rows, samples, 1), *b = make_samples(columns, samples, 2);
        double *products[2], *squares[2];
        for (int threads = 1; threads <= 2; threads++) {
            bw_pool *pool;
            double *p = products[threads - 1] = calloc(all, sizeof *p);
            double *s = squares[threads - 1] = calloc(square, sizeof *s);
            check_ok(bw_pool_open(&pool, threads, &error));
            bw_add_products(p, a, rows, b, columns, samples, pool);
            bw_add_squares(s, a, rows, samples, pool);
            bw_mirror(s, rows);
            bw_pool_close(&pool);
            expect_sums(p, a, rows, b, columns, samples);
            expect_sums(s, a, rows, a, rows, samples);
        }
        assert_memory_equal(products[0], products[1], all * sizeof(double));
        assert_memory_equal(squares[0], squares[1], square * sizeof(double));
        for (int which = 0; which < 2; which++) {
            free(products[which]);
            free(squares[which]);
        }
        free(a);
        free(b);
    }
}

/* ---- The whole of it ------------------------------------------------------------------------ */

static bw_model *prune(const bw_model *model, double share, int threads, double *saved)
{
    uint8_t pixels[64 * 64 * 3];
    bw_image image = {.pixels = pixels, .width = 64, .height = 64, .stride = 192};
    bw_pruning *pruning;
    bw_model *pruned;
    check_ok(bw_pruning_open(&pruning, model, BW_CPU_ALL, threads, &error));
    check_fails(bw_pruning_cut(&pruned, saved, pruning, 0.5, &error), BW_ERROR_ARGUMENT,
                "no picture");
    for (size_t picture = 0; picture < 9; picture++) {
        for (size_t index = 0; index < sizeof pixels; index++)
            pixels[index] = (uint8_t)(index * index * (picture + 1) >> 3);
        check_ok(bw_pruning_add(pruning, &image, &error));
    }
    check_ok(bw_pruning_rank(pruning, &error));
    check_fails(bw_pruning_cut(&pruned, saved, pruning, 1.5, &error), BW_ERROR_ARGUMENT, "share");
    check_ok(bw_pruning_cut(&pruned, saved, pruning, share, &error));
    bw_pruning_close(&pruning);
    return pruned;
}

static void networks_become_smaller_alike_on_all_threads(void **state)
{
    (void)state;
    bw_model *model = load(wide);
    bw_model_info whole, one, other;
    double saved, same;
    bw_model *pruned = prune(model, 0.3, 1, &saved), *again = prune(model, 0.3, 2, &same);
    bw_model_describe(model, &whole);
    bw_model_describe(pruned, &one);
    bw_model_describe(again, &other);
    assert_true(saved >= 0.3 && saved < 1.0);
    assert_true(one.macs < whole.macs && one.weights < whole.weights);
    assert_int_equal(one.classes, whole.classes);
    assert_string_equal(one.names[1], whole.names[1]);
    assert_string_equal(one.fingerprint, other.fingerprint);
    assert_string_not_equal(one.fingerprint, whole.fingerprint);
    bw_model_close(&again);
    bw_model_close(&model);
    bw_model_resize(pruned, 96, 96, NULL);
    bw_model_close(&pruned);
}

static void show_noise(bw_pruner *pruner)
{
    uint32_t seed = 3;
    uint8_t pixels[64 * 64 * 3];
    bw_image image = {.pixels = pixels, .width = 64, .height = 64, .stride = 192};
    for (int picture = 0; picture < 8; picture++) {
        for (size_t index = 0; index < sizeof pixels; index++)
            pixels[index] = (uint8_t)next_random(&seed);
        check_ok(bw_pruner_add(pruner, &image, BW_RESIZE_STRETCH, 0.5f, &error));
    }
}

/* A block of 16 channels of the second layer does nothing: it goes, and nothing else. */
static void a_useless_block_is_found(void **state)
{
    (void)state;
    bw_graph graph, pruned;
    bw_arena arena = {0};
    bw_channel_classes classes;
    bw_pruner *pruner;
    bw_pool *pool;
    double saved;
    bw_model *model = load(blocks);
    check_ok(bw_pool_open(&pool, 2, &error));
    check_ok(bw_graph_optimise(&graph, model, &error));
    check_ok(bw_find_channel_classes(&classes, &graph, &arena, &error));
    bool *kept = calloc((size_t)classes.count, sizeof *kept);
    int written = graph.nodes[2].output;
    for (int id = 0; id < classes.count; id++)
        kept[id] = true;
    for (int channel = 5; channel < 53; channel += 3)
        kept[bw_class_of(&classes, written, channel)] = false;
    silence(&graph, &classes, kept, 0.0f);
    check_ok(bw_pruner_open(&pruner, &graph, pool, bw_cpu_features(), &error));
    show_noise(pruner);
    check_ok(bw_pruner_cut(&pruned, &saved, pruner, 0.001, &error));
    assert_true(saved > 0.001);
    for (size_t tensor = 0; tensor < graph.tensor_count; tensor++) {
        int left = (int)tensor == written ? 48 : graph.tensors[tensor].shape.channels;
        assert_int_equal(pruned.tensors[tensor].shape.channels, left);
    }
    expect_equal(&graph, &pruned, "a useless block", pool);
    free(kept);
    bw_pruner_close(&pruner);
    bw_graph_free(&pruned);
    bw_graph_free(&graph);
    bw_arena_free(&arena);
    bw_pool_close(&pool);
    bw_model_close(&model);
}

/* Whatever family loses a block, less time is left by estimate, and half of it at a third less. */
static void estimates_fall_with_blocks(void **state)
{
    (void)state;
    bw_graph graph;
    bw_arena arena = {0};
    double whole, cycles, half;
    bw_model *model = load(blocks);
    check_ok(bw_graph_optimise(&graph, model, &error));
    bw_pruning_facts facts = {.graph = &graph, .cpu = bw_cpu_features()};
    check_ok(bw_find_channel_classes(&facts.classes, &graph, &arena, &error));
    int count = facts.classes.count;
    bool *kept = calloc((size_t)count, sizeof *kept);
    int *seen = calloc((size_t)count, sizeof *seen);
    memset(kept, true, (size_t)count);
    check_ok(bw_estimate_classes(&whole, &facts, kept, &error));
    for (int family = 0; family < facts.classes.family_count; family++) {
        int gone = 0;
        for (int id = 0; id < count; id++)
            kept[id] = facts.classes.families[id] != family || gone++ >= 16;
        check_ok(bw_estimate_classes(&cycles, &facts, kept, &error));
        assert_true(cycles < whole);
    }
    for (int id = 0; id < count; id++) {
        int family = facts.classes.families[id];
        kept[id] = family == BW_NONE || seen[family]++ % 2;
    }
    check_ok(bw_estimate_classes(&half, &facts, kept, &error));
    assert_true(half < whole * 2.0 / 3.0);
    free(seen);
    free(kept);
    bw_graph_free(&graph);
    bw_arena_free(&arena);
    bw_model_close(&model);
}

static size_t detect(bw_detections *out, const bw_plan *plan, int threads, int streams)
{
    uint8_t pixels[64 * 64 * 3];
    bw_image image = {.pixels = pixels, .width = 64, .height = 64, .stride = 192};
    for (size_t index = 0; index < sizeof pixels; index++)
        pixels[index] = (uint8_t)(index * index >> 3);
    bw_engine *engine;
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = threads;
    run.streams = streams;
    run.confidence = 0.01f;
    check_ok(bw_engine_open(&engine, plan, &run, &error));
    check_ok(bw_engine_detect(engine, &image, 1, out, &error));
    bw_engine_close(&engine);
    return out->count;
}

/* Plans of a pruned network, or of one pruned elsewhere, in each precision on each processor. */
static void expect_plans(const bw_model *model, bool pruned)
{
    static const uint32_t masks[] = {0, BW_CPU_AVX2, BW_CPU_ALL};
    for (int precision = 0; precision < BW_PRECISION_COUNT; precision++) {
        for (size_t mask = 0; mask < sizeof masks / sizeof *masks; mask++) {
            bw_plan *plan;
            bw_calibration *calibration;
            uint8_t pixels[64 * 64 * 3];
            bw_image image = {.pixels = pixels, .width = 64, .height = 64, .stride = 192};
            for (size_t index = 0; index < sizeof pixels; index++)
                pixels[index] = (uint8_t)(index * index >> 3);
            check_ok(bw_calibration_open(&calibration, model, 2, &error));
            check_ok(bw_calibration_add(calibration, &image, &error));
            bw_build_options options;
            bw_build_options_init(&options);
            options.precision = (bw_precision)precision;
            options.cpu_mask = masks[mask];
            options.calibration = calibration;
            check_ok(bw_plan_build(&plan, model, &options, &error));
            bw_detections one = {0}, other = {0};
            size_t count = detect(&one, plan, 1, 1);
            assert_true(count > 0);
            assert_int_equal(detect(&other, plan, 2, 2), count);
            assert_memory_equal(one.items, other.items, count * sizeof *one.items);
            bw_step_info step;
            bw_plan_step(plan, 0, &step);
            for (int index = 1; step.macs == 0; index++)
                bw_plan_step(plan, index, &step);
            assert_int_equal(step.channels_before > 0, pruned);
            bw_detections_clear(&one);
            bw_detections_clear(&other);
            bw_calibration_close(&calibration);
            bw_plan_close(&plan);
        }
    }
}

static void plans_do_not_depend_on_threads(void **state)
{
    (void)state;
    double saved;
    bw_model *model = load(wide), *pruned = prune(model, 0.4, 2, &saved);
    bw_model *elsewhere = load(uneven);
    expect_plans(pruned, true);
    expect_plans(elsewhere, false);
    bw_model_close(&elsewhere);
    bw_model_close(&pruned);
    bw_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortcuts_and_groups_tie),
        cmocka_unit_test(zero_channels_may_go),
        cmocka_unit_test(zero_channels_of_real_networks_may_go),
        cmocka_unit_test(constants_are_taken_over),
        cmocka_unit_test(the_same_picture_gives_the_same_again),
        cmocka_unit_test(background_does_not_count),
        cmocka_unit_test(scores_of_all_heads_are_found),
        cmocka_unit_test(products_are_summed),
        cmocka_unit_test(a_useless_block_is_found),
        cmocka_unit_test(estimates_fall_with_blocks),
        cmocka_unit_test(networks_become_smaller_alike_on_all_threads),
        cmocka_unit_test(plans_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
