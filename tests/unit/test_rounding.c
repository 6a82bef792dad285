/**
 * Rounding for speed: kernels that round are taken where that is allowed, add no more error than
 * they may, and never where exact sums, floats or a portable network are asked for.
 */
#include "calibrated_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/rounding.h"

#define WIDE                                                                                       \
    "[convolutional]\nbatch_normalize=1\nfilters=128\nsize=3\nstride=1\npad=1\nactivation=leaky\n"

enum { LAYERS = 12 }; /* that may round */

static const char network[] =
    "[net]\nwidth=96\nheight=96\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=64\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[maxpool]\nsize=2\nstride=2\n" WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE
    "[convolutional]\nfilters=21\nsize=1\nstride=1\npad=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=8,8,16,16,30,30\nclasses=2\nnum=3\n";

static calibrated_model calibrated;

static int set_up(void **state)
{
    (void)state;
    calibrated = calibrated_make(network, 96, 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return calibrated_free(&calibrated);
}

static bw_build_options int8_options(void)
{
    bw_build_options options;
    bw_build_options_init(&options);
    options.precision = BW_PRECISION_INT8;
    options.calibration = calibrated.calibration;
    return options;
}

/* The steps of such a plan that round, which its settings tell too. */
static int count_rounded(const bw_build_options *options)
{
    bw_plan *plan;
    bw_plan_info info;
    int count = 0;
    check_ok(bw_plan_build(&plan, calibrated.model, options, &error));
    bw_plan_describe(plan, &info);
    for (int index = 0; index < info.steps; index++) {
        bw_step_info step;
        bw_plan_step(plan, index, &step);
        count += strstr(step.kernel, "rounded") != NULL;
    }
    char words[32];
    snprintf(words, sizeof words, "rounded=%d", count);
    assert_int_equal(strstr(info.settings, count > 0 ? words : "rounded") != NULL, count > 0);
    bw_plan_close(&plan);
    return count;
}

static void only_where_it_is_allowed(void **state)
{
    (void)state;
    bw_build_options options = int8_options();
    bool faster = (bw_cpu_features() & BW_CPU_AVX512_VNNI) && !(bw_cpu_features() & BW_CPU_AMX);
    int rounded = count_rounded(&options);
    assert_true(faster ? rounded > 0 : rounded == 0);
    assert_true(rounded < LAYERS / 2);
    options.exact = true;
    assert_int_equal(count_rounded(&options), 0);
    options.exact = false;
    options.halvings = 1;
    assert_int_equal(count_rounded(&options), 0);
    options.halvings = 0;
    options.portable = true;
    assert_int_equal(count_rounded(&options), 0);
    options.portable = false;
    options.cpu_mask = BW_CPU_AVX2;
    assert_int_equal(count_rounded(&options), 0);
}

/* The errors that probing is to have found, of each tensor with its own class. */
typedef struct errors {
    bw_graph graph;
    bw_quantization how;
    bw_probed *probed;
} errors;

static errors make_errors(void)
{
    errors made;
    bw_mix exact = {.cpu = BW_CPU_ALL, .exact = true};
    check_ok(bw_graph_optimise(&made.graph, calibrated.model, &error));
    size_t count = made.graph.tensor_count;
    made.how = (bw_quantization){.classes = calloc(count + 8, sizeof *made.how.classes)};
    made.probed = calloc(count + 8, sizeof *made.probed);
    check_ok(bw_graph_quantize(&made.graph, calibrated.calibration, 127, &exact, &error));
    assert_true(made.graph.tensor_count < count + 8);
    for (size_t tensor = 0; tensor < made.graph.tensor_count; tensor++) {
        made.how.classes[tensor] = (int)tensor;
        made.probed[tensor].error = made.graph.tensors[tensor].error = 1e-6f;
    }
    return made;
}

static int choose(errors *with)
{
    int count = 0;
    check_ok(bw_choose_rounded(&with->graph, &with->how, with->probed, with->graph.tensor_count,
                               BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, &error));
    for (size_t index = 0; index < with->graph.node_count; index++)
        count += with->graph.nodes[index].may_round;
    return count;
}

static void as_much_as_the_error_allows(void **state)
{
    (void)state;
    errors with = make_errors();
    int some = choose(&with);
    assert_in_range(some, 1, LAYERS / 2);
    for (size_t index = 0; index < with.graph.node_count; index++)
        with.graph.nodes[index].may_round = false;
    for (size_t tensor = 0; tensor < with.graph.tensor_count; tensor++)
        with.graph.tensors[tensor].error = 1.0f;
    assert_in_range(choose(&with), LAYERS - 2, LAYERS);
    for (size_t index = 0; index < with.graph.node_count; index++)
        with.graph.nodes[index].may_round = false;
    for (size_t tensor = 0; tensor < with.graph.tensor_count; tensor++)
        with.graph.tensors[tensor].error = 0.0f;
    assert_int_equal(choose(&with), 0);
    free(with.how.classes);
    free(with.probed);
    bw_graph_free(&with.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_where_it_is_allowed),
        cmocka_unit_test(as_much_as_the_error_allows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
