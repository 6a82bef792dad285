/**
 * Mixed precision: what stays floats makes no error, asking for less error leaves more floats, and
 * without that floats stay only where they save much of the error for their time.
 */
#include "calibrated_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/mixed.h"
#include "quantized_plan.h"

static const char network[] =
    "[net]\nwidth=64\nheight=64\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=1\nstride=1\npad=1\nactivation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=32\ngroups=32\nsize=3\nstride=1\npad=1\n"
    "activation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=1\nstride=1\npad=1\nactivation=linear\n"
    "[shortcut]\nfrom=-4\nactivation=linear\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=21\nsize=1\nstride=1\npad=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=8,8,16,16,30,30\nclasses=2\nnum=3\n";

/* Its last layers take little of the time. */
static const char wide_and_narrow[] = "[net]\nwidth=96\nheight=96\nchannels=3\n" CONV(64, 3, 1)
    CONV(64, 3, 1) CONV(64, 3, 1) CONV(32, 1, 2) CONV(32, 1, 2) CONV(32, 1, 1) CONV(32, 3, 1) TAIL;

enum { PICTURES = 40 }; /* more than are kept for probing */

static calibrated_model calibrated;

static int set_up(void **state)
{
    (void)state;
    calibrated = calibrated_make(network, 64, PICTURES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return calibrated_free(&calibrated);
}

/* What a plan's steps add up to. */
typedef struct sums {
    double error, cost;
    int floats; /* steps that multiply floats */
} sums;

static bw_plan *build(int halvings, uint32_t cpu)
{
    bw_plan *plan;
    bw_build_options options;
    bw_build_options_init(&options);
    options.precision = BW_PRECISION_INT8;
    options.calibration = calibrated.calibration;
    options.halvings = halvings;
    options.cpu_mask = cpu;
    check_ok(bw_plan_build(&plan, calibrated.model, &options, &error));
    return plan;
}

static sums add_up(const bw_plan *plan)
{
    sums all = {0};
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    for (int index = 0; index < info.steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        assert_true(step.error >= 0 && step.cost > 0);
        all.error += step.error;
        all.cost += step.cost;
        all.floats += step.macs > 0 && strcmp(step.type, "fp32") == 0;
    }
    return all;
}

static void less_error_takes_more_floats(void **state)
{
    (void)state;
    static const uint32_t masks[] = {0, BW_CPU_AVX2, BW_CPU_ALL};
    for (size_t mask = 0; mask < sizeof masks / sizeof *masks; mask++) {
        sums before = {0};
        for (int halvings = 0; halvings <= 6; halvings += 2) {
            bw_plan *plan = build(halvings, masks[mask]);
            sums now = add_up(plan);
            if (halvings > 2) {
                assert_true(now.error <= before.error / 2 || now.error <= 0);
                assert_true(now.floats >= before.floats);
            }
            if (halvings == 6 && now.floats == 0)
                fail_msg("mask %x: no floats for 1/64 of the error", masks[mask]);
            before = now;
            bw_plan_close(&plan);
        }
    }
}

static void settings_tell_the_halvings(void **state)
{
    (void)state;
    bw_plan_info info;
    bw_plan *plan = build(3, BW_CPU_ALL);
    bw_plan_describe(plan, &info);
    assert_non_null(strstr(info.settings, "halvings=3"));
    bw_plan_close(&plan);
    plan = build(0, BW_CPU_ALL);
    bw_plan_describe(plan, &info);
    assert_null(strstr(info.settings, "halvings"));
    bw_plan_close(&plan);
}

/* Threads take pictures of their own, and the sums do not depend on who took which. */
static void the_same_pictures_give_the_same_plan(void **state)
{
    (void)state;
    bw_plan *one = build(2, BW_CPU_ALL), *other = build(2, BW_CPU_ALL);
    sums a = add_up(one), b = add_up(other);
    assert_memory_equal(&a.error, &b.error, sizeof a.error);
    assert_int_equal(a.floats, b.floats);
    bw_plan_close(&one);
    bw_plan_close(&other);
}

/* Whether a tensor that makes such a share of the error, and the picture's first layer the rest,
 * stays floats. */
static bool stays_floats(bw_graph *graph, bw_quantization *how, int tensor, double share)
{
    const bw_mix vnni = {.cpu = BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI};
    bw_probed *probed = calloc(graph->tensor_count, sizeof *probed);
    assert_non_null(probed);
    probed[how->classes[graph->nodes[0].output]].error = 1.0 - share;
    probed[tensor].error = share;
    check_ok(bw_choose_floats(how, graph, probed, &vnni, &error));
    free(probed);
    return how->floats[tensor];
}

static void floats_are_worth_their_time(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, wide_and_narrow);
    test_quantization made = open_quantization(&import.graph);
    int dearer = 0; /* than little is worth, if not than half */
    for (int tensor = 0; tensor < (int)import.graph.tensor_count; tensor++) {
        if (made.how.classes[tensor] != tensor)
            continue;
        bool for_half = stays_floats(&import.graph, &made.how, tensor, 0.5),
             for_little = stays_floats(&import.graph, &made.how, tensor, 0.015);
        assert_true(for_half || !for_little);
        dearer += for_half && !for_little;
    }
    assert_true(dearer > 0);
    close_quantization(&made);
    bw_import_free(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_error_takes_more_floats),
        cmocka_unit_test(settings_tell_the_halvings),
        cmocka_unit_test(the_same_pictures_give_the_same_plan),
        cmocka_unit_test(floats_are_worth_their_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
