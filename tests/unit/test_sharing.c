/** How threads share a plan's steps: by the sizes of weights and tensors, and without a trace. */
#include "check.h"
#include "quantized_plan.h"

enum { BATCH = 5 };

/* First weights that are smaller than an image's tensors, then such as are larger. */
static const char network[] =
    "[net]\nwidth=64\nheight=64\nchannels=3\n"
    "[convolutional]\nfilters=16\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=256\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[maxpool]\nsize=2\nstride=2\n[maxpool]\nsize=2\nstride=2\n"
    "[convolutional]\nfilters=1024\nsize=3\nstride=1\npad=1\nactivation=leaky\n" TAIL;

static const char small_network[] =
    "[net]\nwidth=64\nheight=64\nchannels=3\n"
    "[convolutional]\nfilters=16\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[convolutional]\nfilters=64\nsize=3\nstride=2\npad=1\nactivation=leaky\n" TAIL;

/* With weights and tensors of floats, or of bytes. */
static bw_plan *lower_text(const char *text, bool bytes)
{
    bw_import import;
    bw_plan *plan = calloc(1, sizeof *plan);
    import_text(&import, text);
    if (bytes)
        quantize(&import.graph);
    else
        check_ok(bw_passes_run(&import.graph, &error));
    check_ok(bw_plan_lower(plan, &import.graph, BATCH, bw_cpu_features(), &error));
    bw_import_free(&import);
    return plan;
}

/* ---- Running -------------------------------------------------------------------------------- */

/* What the first plane of each image's head holds. */
static void run(const bw_plan *plan, int threads, int images, uint64_t heads[BATCH])
{
    bw_pool *pool;
    bw_executor *executor;
    check_ok(bw_pool_open(&pool, threads, &error));
    check_ok(bw_backend_cpu.open(&executor, plan, pool, BW_ALL_PADDING, &error));
    for (int image = 0; image < images; image++)
        fill_at_random(plan, executor, image, (uint32_t)image);
    uint64_t *times = calloc((size_t)plan->step_count, sizeof *times);
    assert_non_null(times);
    check_ok(bw_backend_cpu.run(executor, images, times, &error));
    for (int step = 0; step < plan->step_count; step++)
        assert_true(times[step] > 0);
    for (int image = 0; image < images; image++)
        heads[image] = hash_view(bw_backend_cpu.output(executor, 0, image));
    free(times);
    bw_backend_cpu.close(&executor);
    bw_pool_close(&pool);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void small_weights_stay_with_an_image(void **state)
{
    (void)state;
    bw_plan *plan = lower_text(small_network, false);
    assert_string_equal(bw_plan_sharing(plan), "images");
    bw_plan_close(&plan);
    plan = lower_text(network, false);
    assert_string_equal(bw_plan_sharing(plan), "both");
    assert_int_equal(plan->steps[0].sharing, BW_SHARE_IMAGES);
    for (int step = 0; step < plan->step_count; step++) {
        const bw_operation *operation = &plan->steps[step].operation;
        if (operation->in.channels == 256 && operation->out.channels == 1024)
            assert_int_equal(plan->steps[step].sharing, BW_SHARE_STEPS);
    }
    bw_plan_close(&plan);
}

static void sharing_changes_nothing(void **state)
{
    const bool *bytes = *state;
    uint64_t expected[BATCH], got[BATCH];
    bw_plan *plan = lower_text(network, *bytes);
    bw_plan_share(plan, BW_SHARE_STEPS);
    assert_string_equal(bw_plan_sharing(plan), "steps");
    run(plan, 1, BATCH, expected);
    assert_true(expected[0] != expected[1]);
    for (unsigned ways = 0; ways < 1u << plan->step_count; ways++) {
        for (int step = 0; step < plan->step_count; step++)
            plan->steps[step].sharing = ways >> step & 1 ? BW_SHARE_IMAGES : BW_SHARE_STEPS;
        for (int threads = 1; threads <= 4; threads++) {
            int images = BATCH - (int)ways % BATCH;
            run(plan, threads, images, got);
            assert_memory_equal(got, expected, (size_t)images * sizeof *got);
        }
    }
    bw_plan_close(&plan);
}

int main(void)
{
    static bool kinds[] = {false, true};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_weights_stay_with_an_image),
        {"floats change in nothing", sharing_changes_nothing, NULL, NULL, &kinds[0]},
        {"bytes change in nothing", sharing_changes_nothing, NULL, NULL, &kinds[1]},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
