/**
 * General operators within plans: they compute the same for each image, whatever the threads, and
 * from the plan's file; what a file may not say is refused.
 */
#include "check.h"
#include "plain_graph.h"

#include "backend/backend.h"
#include "base/cpu.h"
#include "calibrate/observe.h"
#include "passes/halve.h"
#include "plan/plan_file.h"

enum { NUMBERS = 7 * PLAIN_SIDE * PLAIN_SIDE };

/* A byte of a made-up picture. */
static uint8_t byte_of(size_t y, size_t x, int image)
{
    return (uint8_t)(15 * ((y * 13 + x * 5 + (size_t)image * 3) % 17));
}

static void load_picture(bw_executor *executor, const bw_layout *in, int image)
{
    void *pixels = bw_backend_cpu.input(executor, image);
    for (size_t y = 0; y < PLAIN_SIDE; y++) {
        for (size_t x = 0; x < 4 * PLAIN_SIDE; x++) {
            uint8_t byte = x % 4 == 3 ? 0 : byte_of(y, x, image);
            if (in->format.type == BW_U8)
                ((uint8_t *)pixels)[y * in->row_stride + x] = byte;
            else
                ((float *)pixels)[y * in->row_stride + x] = (float)byte / 255.0f;
        }
    }
}

static void run(const bw_plan *plan, int threads, float *numbers)
{
    bw_pool *pool;
    bw_executor *executor;
    bw_error error;
    assert_int_equal(bw_pool_open(&pool, threads, &error), BW_OK);
    assert_int_equal(bw_backend_cpu.open(&executor, plan, pool, BW_ALL_PADDING, &error), BW_OK);
    for (int image = 0; image < 2; image++)
        load_picture(executor, &plan->input.layout, image);
    assert_int_equal(bw_backend_cpu.run(executor, 2, NULL, &error), BW_OK);
    for (int image = 0; image < 2; image++) {
        bw_head_view view = bw_backend_cpu.output(executor, 0, image);
        for (size_t at = 0; at < NUMBERS; at++)
            *numbers++ = view.data[at / 7 / PLAIN_SIDE * view.row_stride +
                                   at / 7 % PLAIN_SIDE * (size_t)view.lanes + at % 7];
    }
    bw_backend_cpu.close(&executor);
    bw_pool_close(&pool);
}

static void test_runs(void **state)
{
    (void)state;
    bw_graph graph;
    float one[2 * NUMBERS], two[2 * NUMBERS], plain[2 * NUMBERS];
    plain_graph(&graph);
    bw_plan *fast = plain_plan(&graph, bw_cpu_features()), *slow = plain_plan(&graph, 0);
    run(fast, 1, one);
    run(fast, 2, two);
    run(slow, 1, plain);
    assert_memory_equal(one, two, sizeof one);
    for (size_t at = 0; at < 2 * NUMBERS; at++)
        assert_true(fabsf(one[at] - plain[at]) <= 1e-5f);
    assert_memory_not_equal(one, one + NUMBERS, sizeof one / 2);
    bw_plan_close(&fast);
    bw_plan_close(&slow);
    bw_graph_free(&graph);
}

static void test_halves(void **state)
{
    (void)state;
    bw_graph graph;
    bw_error error;
    float whole[2 * NUMBERS], halved[2 * NUMBERS];
    plain_graph(&graph);
    bw_plan *plan = plain_plan(&graph, bw_cpu_features());
    run(plan, 1, whole);
    bw_plan_close(&plan);
    assert_int_equal(bw_pass_halve(&graph, NULL, &error), BW_OK);
    plan = plain_plan(&graph, bw_cpu_features());
    run(plan, 1, halved);
    for (size_t at = 0; at < 2 * NUMBERS; at++)
        assert_true(fabsf(whole[at] - halved[at]) <= 0.05f);
    bw_plan_close(&plan);
    bw_graph_free(&graph);
}

/* The pictures of `run`, as bytes. */
static void observe_pictures(bw_observer *observer)
{
    uint8_t pixels[PLAIN_SIDE * PLAIN_SIDE * 3];
    bw_image image = {
        .pixels = pixels, .width = PLAIN_SIDE, .height = PLAIN_SIDE, .stride = PLAIN_SIDE * 3};
    bw_error error;
    for (int number = 0; number < 2; number++) {
        for (size_t at = 0; at < sizeof pixels; at++)
            pixels[at] = byte_of(at / (3 * PLAIN_SIDE), at / 3 % PLAIN_SIDE * 4 + at % 3, number);
        assert_int_equal(bw_observer_add(observer, &image, BW_RESIZE_STRETCH, 0.5f, &error), BW_OK);
    }
}

static void quantize(bw_graph *graph)
{
    bw_pool *pool;
    bw_observer *observer;
    bw_error error;
    bw_quantization how;
    size_t count = graph->tensor_count;
    bw_statistics *statistics = calloc(count, sizeof *statistics);
    bw_probed *probed = calloc(count, sizeof *probed);
    assert_int_equal(bw_pool_open(&pool, 2, &error), BW_OK);
    assert_int_equal(bw_observer_open(&observer, graph, pool, &error), BW_OK);
    observe_pictures(observer);
    bw_observer_statistics(observer, statistics);
    assert_int_equal(bw_quantization_open(&how, graph, statistics, 63, &error), BW_OK);
    bw_probe_pictures kept = bw_observer_kept(observer);
    assert_int_equal(bw_probe_ranges(probed, &how, graph, &kept, pool, &error), BW_OK);
    assert_int_equal(bw_pass_quantize(graph, &how, &error), BW_OK);
    bw_observer_close(&observer);
    bw_pool_close(&pool);
    free(statistics);
    free(probed);
}

/* Convolutions before and after general operators read bytes; what those operators read and the
 * head are floats that the convolution writes itself. */
static void test_bytes(void **state)
{
    (void)state;
    bw_graph graph;
    float whole[2 * NUMBERS], bytes[2 * NUMBERS];
    plain_graph(&graph);
    bw_plan *plan = plain_plan(&graph, bw_cpu_features());
    run(plan, 1, whole);
    bw_plan_close(&plan);
    quantize(&graph);
    int convolutions = 0;
    for (size_t index = 0; index < graph.node_count; index++) {
        const bw_node *node = &graph.nodes[index];
        convolutions += node->op == BW_OP_CONV && node->integers != NULL;
        if (node->op == BW_OP_CONV || node->op == BW_OP_PLAIN)
            assert_int_equal(graph.tensors[node->output].format.type, BW_F32);
    }
    assert_int_equal(convolutions, 2);
    plan = plain_plan(&graph, bw_cpu_features());
    run(plan, 1, bytes);
    bw_plan_close(&plan);
    for (size_t at = 0; at < 2 * NUMBERS; at++) {
        if (!(fabsf(whole[at] - bytes[at]) <= 0.05f))
            fail_msg("number %zu is %g in floats, %g with bytes", at, (double)whole[at],
                     (double)bytes[at]);
    }
    bw_graph_free(&graph);
}

/** A plan's file in memory. */
typedef struct content {
    uint8_t *bytes;
    size_t size;
} content;

static content encode(const bw_plan *plan)
{
    content made;
    bw_error error;
    uint8_t *tables;
    size_t size;
    assert_int_equal(bw_plan_encode(&tables, &size, plan, &error), BW_OK);
    made.size = size + plan->weight_bytes;
    made.bytes = bw_aligned_alloc(made.size);
    memcpy(made.bytes, tables, size);
    memcpy(made.bytes + size, plan->weights, plan->weight_bytes);
    free(tables);
    return made;
}

static bw_status decode(bw_plan *plan, const content *from, bw_error *error)
{
    *plan = (bw_plan){0};
    return bw_plan_decode(plan, from->bytes, from->size, "test.bwp", error);
}

static void test_file(void **state)
{
    (void)state;
    bw_graph graph;
    bw_error error;
    bw_plan read;
    float built[2 * NUMBERS], loaded[2 * NUMBERS];
    plain_graph(&graph);
    bw_plan *plan = plain_plan(&graph, bw_cpu_features());
    bw_graph_free(&graph);
    content file = encode(plan);
    run(plan, 1, built);
    assert_int_equal(decode(&read, &file, &error), BW_OK);
    run(&read, 2, loaded);
    assert_memory_equal(built, loaded, sizeof built);
    bw_arena_free(&read.arena);
    bw_aligned_free(file.bytes);
    bw_plan_close(&plan);
}

/* Changes one step's operator, writes and reads the plan; the words that the refusal holds. */
static void refuse(void change(bw_plain_use *use, bw_step *step), const char *name,
                   const char *words)
{
    bw_graph graph;
    bw_error error = {0};
    bw_plan read;
    plain_graph(&graph);
    bw_plan *plan = plain_plan(&graph, bw_cpu_features());
    bw_graph_free(&graph);
    for (int index = 0; index < plan->step_count; index++) {
        bw_step *step = &plan->steps[index];
        bw_plain_use *use = (bw_plain_use *)(uintptr_t)step->operation.plain;
        if (use && strcmp(use->operation->name, name) == 0)
            change(use, step);
    }
    content file = encode(plan);
    assert_int_equal(decode(&read, &file, &error), BW_ERROR_FORMAT);
    assert_non_null(strstr(error.message, words));
    bw_arena_free(&read.arena);
    bw_aligned_free(file.bytes);
    bw_plan_close(&plan);
}

static void grow_output(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->outputs[0].dims[1]++;
}

static void swap_shape(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->outputs[0].dims[1] *= 2;
    use->outputs[0].dims[2] /= 2;
}

static void move_input(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->inputs[1].place = (size_t)1 << 30;
}

static void tilt_input(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->inputs[1].place += 4;
}

static void grow_input(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->inputs[1].tensor.dims[0] = INT64_MAX;
}

static void keep_none(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->kept = 2;
}

static void lose_operator(bw_plain_use *use, bw_step *step)
{
    (void)use;
    step->operation.plain = NULL;
}

static void become_another(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->operation = bw_plain_find("NonMaxSuppression", PLAIN_OPSET);
}

static void lose_constant(bw_plain_use *use, bw_step *step)
{
    (void)step;
    use->inputs[1].tensor.dims[1] = 1 << 20;
}

static void test_refusals(void **state)
{
    (void)state;
    refuse(grow_output, "Transpose", "outside the memory");
    refuse(swap_shape, "Transpose", "its outputs are not what its inputs give");
    refuse(move_input, "Concat", "outside the memory");
    refuse(tilt_input, "Concat", "outside the memory");
    refuse(grow_input, "Concat", "outside the memory");
    refuse(keep_none, "TopK", "outside the memory");
    refuse(lose_operator, "TopK", "missing or too much");
    refuse(become_another, "Mul", "outside the memory");
    refuse(lose_constant, "Mul", "outside");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs), cmocka_unit_test(test_halves),   cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_file), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
