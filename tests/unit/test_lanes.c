/**
 * Lanes: plans for processors with a matrix unit have wider planes, kernels for all their steps,
 * and the same results as any other plan.
 */
#include "quantized_plan.h"

#include "base/file.h"
#include "passes/halve.h"

enum { AMX = BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI | BW_CPU_AMX };

/* Everything that joins tensors: 32 channels in place, 24 that cannot be, pools and residuals. */
static const char mixed_text[] =
    NET "[convolutional]\nfilters=32\nsize=3\npad=1\nstride=2\nactivation=leaky\n"
        "[convolutional]\nfilters=64\nsize=3\npad=1\nactivation=leaky\n"
        "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"
        "[convolutional]\nfilters=32\nsize=3\npad=1\nactivation=leaky\n"
        "[convolutional]\nfilters=32\nsize=1\nactivation=mish\n"
        "[route]\nlayers=-1,-2\n"
        "[convolutional]\nfilters=64\nsize=1\nactivation=leaky\n"
        "[shortcut]\nfrom=-6\nactivation=linear\n"
        "[maxpool]\nsize=2\nstride=2\n"
        "[convolutional]\nfilters=96\nsize=3\npad=1\nactivation=leaky\n"
        "[convolutional]\nfilters=24\nsize=1\nactivation=leaky\n"
        "[upsample]\nstride=2\n"
        "[route]\nlayers=-1,7\n"
        "[convolutional]\nfilters=80\nsize=3\npad=1\nactivation=leaky\n" TAIL;

static void halve(bw_graph *graph)
{
    bw_error error = {0};
    if (bw_passes_run(graph, &error) != BW_OK || bw_pass_halve(graph, NULL, &error) != BW_OK)
        fail_msg("%s", error.message);
}

typedef void precision(bw_graph *graph);

static int most_lanes(const bw_plan *plan)
{
    int most = 0;
    for (int index = 0; index < plan->step_count; index++) {
        int lanes = plan->steps[index].operation.out.lanes;
        most = lanes > most ? lanes : most;
    }
    return most;
}

/* With AMX but not AVX-512, planes are wide and kernels are those of this machine. */
static void test_results(void **state)
{
    (void)state;
    bw_import import;
    bw_plan wide, narrow;
    import_text(&import, mixed_text);
    quantize(&import.graph);
    uint32_t usable = bw_cpu_features() & BW_CPU_AVX2;
    lower(&wide, &import.graph, usable | BW_CPU_AMX);
    lower(&narrow, &import.graph, usable);
    assert_int_equal(most_lanes(&wide), 64);
    assert_int_equal(most_lanes(&narrow), BW_LANES);
    assert_int_equal(run_plan(&wide), run_plan(&narrow));
    release(&wide);
    release(&narrow);
    bw_import_free(&import);
}

static void test_floats_stay(void **state)
{
    (void)state;
    bw_import import;
    bw_plan plan;
    import_text(&import, mixed_text);
    lower(&plan, &import.graph, AMX);
    assert_int_equal(most_lanes(&plan), BW_LANES);
    release(&plan);
    bw_import_free(&import);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The share of the multiplications that AMX does; no step may be left to the reference. */
static double check_steps(const bw_plan *plan)
{
    double all = 0.0, by_tiles = 0.0;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        if (ends_with(step->kernel, "_ref"))
            fail_msg("%s is left to %s", step->layer, step->kernel);
        all += (double)step->macs;
        by_tiles += ends_with(step->kernel, "_amx") ? (double)step->macs : 0.0;
    }
    return by_tiles / all;
}

static void check_network(const char *path, precision *set, double least, int lanes)
{
    bw_limits limits = {.layers = 1000, .tensor_bytes = 1u << 30};
    bw_source source = {.path = path, .seed = 1, .limits = &limits};
    bw_import import;
    bw_plan plan;
    bw_error error = {0};
    uint8_t *text;
    if (bw_read_file(&text, &source.size, path, 1 << 20, &error) != BW_OK)
        fail_msg("%s", error.message);
    source.text = (char *)text;
    if (bw_import_model(&import, &source, &error) != BW_OK)
        fail_msg("%s", error.message);
    set(&import.graph);
    lower(&plan, &import.graph, AMX);
    double share = check_steps(&plan);
    print_message("%s: %.1f %% of the multiplications by AMX\n", path, 100.0 * share);
    assert_true(share >= least);
    assert_int_equal(most_lanes(&plan), lanes);
    release(&plan);
    bw_import_free(&import);
    free(text);
}

static void check_shared(const char *name, double least, int lanes)
{
    char path[4096];
    const char *folder = getenv("BW_SHARED");
    snprintf(path, sizeof path, "%s/models/%s", folder ? folder : "../shared", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_message("%s is not here\n", path);
        skip();
    }
    fclose(file);
    check_network(path, quantize, least, lanes);
}

static void test_yolov3_tiny(void **state)
{
    (void)state;
    char path[4096];
    const char *folder = getenv("BW_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/models/yolov3-tiny.cfg", folder ? folder : ".");
    check_network(path, quantize, 0.9, 64);
    check_network(path, halve, 0.9, 32);
}

static void test_yolov4(void **state)
{
    (void)state;
    check_shared("cfg/yolov4.cfg", 0.99, 64);
}

static void test_yolov4_tiny(void **state)
{
    (void)state;
    check_shared("cfg/yolov4-tiny.cfg", 0.95, 64);
}

static void test_yolo_fastest(void **state)
{
    (void)state;
    check_shared("yolo-fastest-1.1/yolo-fastest-1.1.cfg", 0.0, BW_LANES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),     cmocka_unit_test(test_floats_stay),
        cmocka_unit_test(test_yolov3_tiny), cmocka_unit_test(test_yolov4),
        cmocka_unit_test(test_yolov4_tiny), cmocka_unit_test(test_yolo_fastest),
    };
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
