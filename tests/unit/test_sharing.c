/** How threads share a plan's steps: by the sizes of weights and tensors, and without a trace. */
#include "check.h"
#include "test_import.h"

#include "backend/backend.h"
#include "plan/plan.h"

enum { SIDE = 64, BATCH = 5, PADDED_CHANNELS = 1024 };

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

static bw_plan *lower(const char *text)
{
    bw_import import;
    bw_plan *plan = calloc(1, sizeof *plan);
    import_text(&import, text);
    check_ok(bw_plan_lower(plan, &import.graph, BATCH, bw_cpu_features(), &error));
    bw_import_free(&import);
    return plan;
}

/* ---- Running -------------------------------------------------------------------------------- */

static void fill_input(const bw_plan *plan, bw_executor *executor, int image)
{
    const bw_layout *input = &plan->input.layout;
    uint8_t *row = bw_backend_cpu.input(executor, image);
    uint32_t random = (uint32_t)image;
    for (int y = 0; y < SIDE; y++, row += input->row_stride)
        for (int at = 0; at < SIDE * input->lanes; at++) {
            random = random * 1664525 + 1013904223;
            row[at] = at % input->lanes < input->channels ? (uint8_t)(random >> 24) : 0;
        }
}

typedef float head[BATCH][PADDED_CHANNELS];

/* The first pixels of each image's head. */
static void run(const bw_plan *plan, int threads, int images, head out)
{
    bw_pool *pool;
    bw_executor *executor;
    check_ok(bw_pool_open(&pool, threads, &error));
    check_ok(bw_backend_cpu.open(&executor, plan, pool, BW_ALL_PADDING, &error));
    for (int image = 0; image < images; image++)
        fill_input(plan, executor, image);
    uint64_t *times = calloc((size_t)plan->step_count, sizeof *times);
    assert_non_null(times);
    check_ok(bw_backend_cpu.run(executor, images, times, &error));
    for (int step = 0; step < plan->step_count; step++)
        assert_true(times[step] > 0);
    for (int image = 0; image < images; image++) {
        bw_head_view view = bw_backend_cpu.output(executor, 0, image);
        memcpy(out[image], view.data, (size_t)(view.width * view.lanes) * sizeof *view.data);
    }
    free(times);
    bw_backend_cpu.close(&executor);
    bw_pool_close(&pool);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void small_weights_stay_with_an_image(void **state)
{
    (void)state;
    bw_plan *plan = lower(small_network);
    assert_string_equal(bw_plan_sharing(plan), "images");
    bw_plan_close(&plan);
    plan = lower(network);
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
    (void)state;
    static head expected, got;
    bw_plan *plan = lower(network);
    bw_plan_share(plan, BW_SHARE_STEPS);
    assert_string_equal(bw_plan_sharing(plan), "steps");
    run(plan, 1, BATCH, expected);
    for (unsigned ways = 0; ways < 1u << plan->step_count; ways++) {
        for (int step = 0; step < plan->step_count; step++)
            plan->steps[step].sharing = ways >> step & 1 ? BW_SHARE_IMAGES : BW_SHARE_STEPS;
        int threads = 1 + (int)ways % 4, images = BATCH - (int)(ways / 4) % BATCH;
        memset(got, 0, sizeof got);
        run(plan, threads, images, got);
        assert_memory_equal(got, expected, (size_t)images * sizeof *got);
    }
    bw_plan_close(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_weights_stay_with_an_image),
        cmocka_unit_test(sharing_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
