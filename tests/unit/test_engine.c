/**
 * The whole library on a small network: what must not change a result does not, and mistakes are
 * refused with a sentence.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURES = 5 };

/* Residuals, a route in place and one that copies, a slice, upsampling, a pool, two heads. */
static const char network[] =
    "[net]\nwidth=96\nheight=64\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\nstride=2\npad=1\nactivation=mish\n"
    "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=1\nactivation=swish\n"
    "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\npad=1\nactivation=leaky\n"
    "[shortcut]\nfrom=-3\nactivation=linear\n"
    "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\ngroups=16\nsize=3\npad=1\nactivation=relu\n"
    "[route]\nlayers=-1,-5\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=10,14,23,27,37,58,81,82,135,169,344,319\nclasses=2\nnum=6\n"
    "[route]\nlayers=-4\n"
    "[upsample]\nstride=2\n"
    "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=3,4,5\nanchors=10,14,23,27,37,58,81,82,135,169,344,319\nclasses=2\nnum=6\n";

static char path[] = "/tmp/boxwright-test-XXXXXX.cfg";
static char timings[] = "/tmp/boxwright-test-XXXXXX.timings";
static bw_image pictures[PICTURES];

static int set_up(void **state)
{
    (void)state;
    int descriptor = mkstemps(path, 4);
    if (descriptor < 0 || write(descriptor, network, sizeof network - 1) < 0)
        return -1;
    close(descriptor);
    descriptor = mkstemps(timings, 8);
    if (descriptor < 0)
        return -1;
    close(descriptor);
    uint32_t random = 3;
    for (int index = 0; index < PICTURES; index++) {
        bw_image *picture = &pictures[index];
        picture->width = 40 + 37 * index;
        picture->height = 150 - 23 * index;
        picture->stride = (size_t)picture->width * 3;
        picture->pixels = malloc(picture->stride * (size_t)picture->height);
        for (size_t byte = 0; byte < picture->stride * (size_t)picture->height; byte++) {
            random = random * 1664525u + 1013904223u;
            picture->pixels[byte] = (uint8_t)(random >> 24);
        }
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int index = 0; index < PICTURES; index++)
        free(pictures[index].pixels);
    unlink(timings);
    return unlink(path);
}

static bw_run_options options(int threads)
{
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = threads;
    run.confidence = 0.2f;
    return run;
}

static void detect_in(bw_detections *out, bw_precision precision, int batch, uint32_t cpu,
                      bw_run_options run)
{
    bw_model *model;
    bw_plan *plan;
    bw_engine *engine;
    bw_build_options build;
    bw_build_options_init(&build);
    build.batch = batch;
    build.cpu_mask = cpu;
    build.precision = precision;
    check_ok(bw_model_load(&model, path, "random:5", NULL, &error));
    check_ok(bw_plan_build(&plan, model, &build, &error));
    bw_model_close(&model);
    check_ok(bw_engine_open(&engine, plan, &run, &error));
    check_ok(bw_engine_detect(engine, pictures, PICTURES, out, &error));
    bw_engine_close(&engine);
    bw_plan_close(&plan);
}

static void detect(bw_detections *out, int batch, uint32_t cpu, bw_run_options run)
{
    detect_in(out, BW_PRECISION_FP32, batch, cpu, run);
}

static void clear(bw_detections *results)
{
    for (int index = 0; index < PICTURES; index++)
        bw_detections_clear(&results[index]);
}

/* The same boxes in every picture, to the last bit, and some in each. */
static void check_equal(const bw_detections *results, const bw_detections *expected)
{
    for (int index = 0; index < PICTURES; index++) {
        assert_true(expected[index].count > 0);
        assert_int_equal(results[index].count, expected[index].count);
        for (size_t box = 0; box < results[index].count; box++)
            assert_memory_equal(&results[index].items[box], &expected[index].items[box],
                                sizeof(bw_detection));
    }
}

static void threads_and_batches_change_nothing(void **state)
{
    (void)state;
    const int batches[] = {1, 2, 3, 5, 8};
    bw_detections expected[PICTURES] = {0};
    detect(expected, 1, BW_CPU_ALL, options(1));
    for (int variant = 0; variant < 10; variant++) {
        bw_detections results[PICTURES] = {0};
        detect(results, batches[variant % 5], BW_CPU_ALL, options(1 + variant % 4));
        check_equal(results, expected);
        clear(results);
    }
    clear(expected);
}

static void bfloat16_is_split_like_floats(void **state)
{
    (void)state;
    bw_detections expected[PICTURES] = {0}, results[PICTURES] = {0};
    detect_in(expected, BW_PRECISION_BF16, 1, BW_CPU_ALL, options(1));
    detect_in(results, BW_PRECISION_BF16, 3, BW_CPU_ALL, options(3));
    check_equal(results, expected);
    clear(results);
    clear(expected);
}

/* By how much a box may differ: in pixels and in shares of its size together, and in its score. */
typedef struct nearness {
    float pixels, share, score;
} nearness;

/* The kernels of a level sum in their own order. */
static const nearness other_order = {0.1f, 1e-3f, 1e-3f};

/* With eight bits of mantissa a score moves by some thousandths, a box by a hundredth of its size.
 */
static const nearness eight_bits = {0.5f, 2e-2f, 1e-2f};

static bool are_near(const bw_detection *a, const bw_detection *b, const nearness *allowed)
{
    float size = fmaxf(a->right - a->left, a->bottom - a->top);
    float near = allowed->pixels + allowed->share * size;
    return a->class_id == b->class_id && fabsf(a->score - b->score) < allowed->score &&
           fabsf(a->left - b->left) < near && fabsf(a->right - b->right) < near &&
           fabsf(a->top - b->top) < near && fabsf(a->bottom - b->bottom) < near;
}

static size_t count_missing(const bw_detections *from, const bw_detections *in,
                            const nearness *allowed)
{
    size_t missing = 0;
    for (size_t index = 0; index < from->count; index++) {
        bool found = false;
        for (size_t other = 0; !found && other < in->count; other++)
            found = are_near(&from->items[index], &in->items[other], allowed);
        missing += !found;
    }
    return missing;
}

/* Without NMS, where a rounding can decide between two boxes that overlap by just the limit. */
static void every_processor_level_agrees(void **state)
{
    (void)state;
    const char *const levels[] = {"avx2", "avx512", "all"};
    bw_detections expected[PICTURES] = {0};
    bw_run_options all_boxes = options(2);
    all_boxes.confidence = 0.255f;
    all_boxes.iou = 1.0f;
    all_boxes.max_detections = 1 << 20;
    detect(expected, 1, 0, all_boxes);
    for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
        uint32_t mask;
        bw_detections results[PICTURES] = {0};
        check_ok(bw_cpu_mask_parse(&mask, levels[level], &error));
        detect(results, 2, mask, all_boxes);
        for (int index = 0; index < PICTURES; index++) {
            assert_true(expected[index].count > 0);
            /* A score beside the threshold may fall on its other side. */
            assert_true(count_missing(&expected[index], &results[index], &other_order) <= 1);
            assert_true(count_missing(&results[index], &expected[index], &other_order) <= 1);
        }
        clear(results);
    }
    clear(expected);
}

static void bfloat16_finds_what_floats_find(void **state)
{
    (void)state;
    bw_detections floats[PICTURES] = {0}, halves[PICTURES] = {0};
    bw_run_options all_boxes = options(2);
    all_boxes.confidence = 0.25f;
    all_boxes.iou = 1.0f;
    all_boxes.max_detections = 1 << 20;
    detect(floats, 1, BW_CPU_ALL, all_boxes);
    all_boxes.confidence = 0.23f;
    detect_in(halves, BW_PRECISION_BF16, 2, BW_CPU_ALL, all_boxes);
    for (int index = 0; index < PICTURES; index++) {
        assert_true(floats[index].count > 0);
        assert_int_equal(count_missing(&floats[index], &halves[index], &eight_bits), 0);
    }
    clear(floats);
    clear(halves);
}

static void boxes_stay_inside_and_sorted(void **state)
{
    (void)state;
    bw_detections results[PICTURES] = {0};
    detect(results, 4, BW_CPU_ALL, options(2));
    for (int index = 0; index < PICTURES; index++) {
        for (size_t box = 0; box < results[index].count; box++) {
            const bw_detection *item = &results[index].items[box];
            assert_true(item->left >= 0 && item->right <= (float)pictures[index].width);
            assert_true(item->top >= 0 && item->bottom <= (float)pictures[index].height);
            assert_true(item->left < item->right && item->top < item->bottom);
            assert_true(box == 0 || item->score <= results[index].items[box - 1].score);
        }
    }
    clear(results);
}

static void refuses_mistakes(void **state)
{
    (void)state;
    bw_model *model;
    bw_plan *plan;
    bw_engine *engine;
    bw_build_options build;
    bw_run_options run;
    check_fails(bw_model_load(&model, "/nowhere.cfg", NULL, NULL, &error), BW_ERROR_IO, "nowhere");
    check_fails(bw_model_load(&model, path, "random:x", NULL, &error), BW_ERROR_ARGUMENT, "random");
    check_fails(bw_model_load(&model, path, NULL, NULL, &error), BW_ERROR_IO, ".weights");
    check_ok(bw_model_load(&model, path, "random:1", NULL, &error));
    check_fails(bw_model_resize(model, 0, 64, &error), BW_ERROR_ARGUMENT, "no sense");
    check_fails(bw_model_read_names(model, path, &error), BW_ERROR_FORMAT, "2 classes");
    bw_build_options_init(&build);
    build.batch = 0;
    check_fails(bw_plan_build(&plan, model, &build, &error), BW_ERROR_ARGUMENT, "batch");
    check_ok(bw_plan_build(&plan, model, NULL, &error));
    bw_run_options_init(&run);
    run.confidence = NAN;
    check_fails(bw_engine_open(&engine, plan, &run, &error), BW_ERROR_ARGUMENT, "confidence");
    assert_null(engine);
    bw_run_options_init(&run);
    run.resize = BW_RESIZE_STRETCH;
    run.padding = 4;
    check_fails(bw_engine_open(&engine, plan, &run, &error), BW_ERROR_ARGUMENT, "stretched");
    check_ok(bw_engine_open(&engine, plan, NULL, &error));
    bw_image nothing = {0};
    bw_detections out = {0};
    check_fails(bw_engine_detect(engine, &nothing, 1, &out, &error), BW_ERROR_ARGUMENT, "pixels");
    bw_engine_close(&engine);
    bw_engine_close(&engine);
    bw_plan_close(&plan);
    bw_model_close(&model);
}

static void detect_tuned(bw_detections *out, int threads)
{
    bw_model *model;
    bw_plan *plan;
    bw_engine *engine;
    bw_build_options build;
    bw_run_options run = options(threads);
    bw_build_options_init(&build);
    build.batch = 4;
    build.tune_seconds = 1;
    build.threads = 2;
    build.timings = timings;
    check_ok(bw_model_load(&model, path, "random:5", NULL, &error));
    check_ok(bw_plan_build(&plan, model, &build, &error));
    bw_model_close(&model);
    check_ok(bw_engine_open(&engine, plan, &run, &error));
    check_ok(bw_engine_detect(engine, pictures, PICTURES, out, &error));
    bw_engine_close(&engine);
    bw_plan_close(&plan);
}

/* Which kernels win is open, but with the same timings they are the same. */
static void threads_change_nothing_of_a_tuned_plan(void **state)
{
    (void)state;
    bw_detections expected[PICTURES] = {0};
    detect_tuned(expected, 1);
    for (int threads = 2; threads < 5; threads++) {
        bw_detections results[PICTURES] = {0};
        detect_tuned(results, threads);
        for (int index = 0; index < PICTURES; index++) {
            assert_int_equal(results[index].count, expected[index].count);
            for (size_t box = 0; box < results[index].count; box++)
                assert_memory_equal(&results[index].items[box], &expected[index].items[box],
                                    sizeof(bw_detection));
        }
        clear(results);
    }
    clear(expected);
}

static void resizes_and_describes(void **state)
{
    (void)state;
    bw_model *model;
    bw_model_info info;
    check_ok(bw_model_load(&model, path, "random:1", NULL, &error));
    bw_model_describe(model, &info);
    assert_int_equal(info.boxes, 3 * (12 * 8 + 48 * 32));
    check_ok(bw_model_resize(model, 64, 64, &error));
    bw_model_describe(model, &info);
    assert_int_equal(info.boxes, 3 * (8 * 8 + 32 * 32));
    assert_int_equal(info.width, 64);
    assert_int_equal(info.classes, 2);
    assert_string_equal(info.names[1], "class 1");
    assert_int_equal(strlen(info.fingerprint), 32);
    assert_int_equal(info.resize, BW_RESIZE_LETTERBOX);
    bw_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_batches_change_nothing),
        cmocka_unit_test(every_processor_level_agrees),
        cmocka_unit_test(bfloat16_is_split_like_floats),
        cmocka_unit_test(bfloat16_finds_what_floats_find),
        cmocka_unit_test(boxes_stay_inside_and_sorted),
        cmocka_unit_test(refuses_mistakes),
        cmocka_unit_test(threads_change_nothing_of_a_tuned_plan),
        cmocka_unit_test(resizes_and_describes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
