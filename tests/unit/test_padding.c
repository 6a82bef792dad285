/**
 * What padding spares. A run that knows where the pictures are gives the same bits as one that does
 * not, whatever they leave to padding, on every kind of step and for every processor. Where only
 * some of the padding is to be computed, it gives what the references give, which compute all of
 * each step from what is left of the step before.
 */
#include <math.h>

#include "check.h"
#include "quantized_plan.h"

#include "backend/cpu/padding.h"

enum { SIDE = 160, BATCH = 3 };

#define POOL "[maxpool]\nsize=2\nstride=2\n"
#define LARGE_NET "[net]\nwidth=160\nheight=160\nchannels=3\n"

static const char *const networks[] = {
    /* YOLOv3-tiny's beginning, and a layer that a head reads as a later one does */
    LARGE_NET CONV(16, 3, 1) POOL CONV(32, 3, 1) POOL CONV(64, 3, 1)
        POOL CONV(128, 3, 1) "[route]\nlayers=-3\n" CONV(32, 1, 1) TAIL,
    /* darknet's residuals */
    LARGE_NET CONV(32, 3, 1) CONV(64, 3, 2) CONV(32, 1, 1)
        CONV(64, 3, 1) "[shortcut]\nfrom=-3\nactivation=linear\n" CONV(128, 3, 2) CONV(64, 1, 1)
            CONV(128, 3, 1) "[shortcut]\nfrom=-3\nactivation=linear\n" TAIL,
    /* halves, depthwise layers, and tensors that are joined in place */
    LARGE_NET CONV(32, 3, 2) CONV(64, 3, 1) "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" CONV(
        32, 3,
        1) "[convolutional]\nbatch_normalize=1\ngroups=32\nfilters=32\nsize=3\nstride=1\npad=1\n"
           "activation=leaky\n" CONV(32, 1, 1) "[route]\nlayers=-1,-3\n" CONV(
               64, 1, 1) "[route]\nlayers=-7,-1\n" POOL CONV(64, 3, 1) TAIL,
};

/* Where pictures are; each has another. */
static const bw_region frames[] = {
    {{20, 140}, {0, SIDE}}, {{0, SIDE}, {20, 140}},  {{35, 125}, {0, SIDE}},
    {{0, SIDE}, {35, 124}}, {{0, SIDE}, {0, SIDE}},  {{50, 111}, {33, 127}},
    {{0, 90}, {0, SIDE}},   {{71, SIDE}, {0, SIDE}}, {{80, 81}, {77, 78}},
};

enum { FRAMES = sizeof frames / sizeof *frames };

/* Of the padding: one image has another than its batch, and one batch another than those before. */
static uint8_t grey_of(int first, int image)
{
    return first == BATCH ? 77 : first == 0 && image == 1 ? 127 : 128;
}

static void fill_input(const bw_plan *plan, bw_executor *executor, int first)
{
    const bw_layout *input = &plan->input.layout;
    for (int image = 0; image < plan->batch; image++) {
        const bw_region *inside = &frames[(first + image) % FRAMES];
        uint8_t *pixels = bw_backend_cpu.input(executor, image);
        memset(pixels - bw_layout_bytes(input, bw_layout_origin(input)), 0,
               bw_layout_bytes(input, input->plane_stride));
        uint32_t random = (uint32_t)(first + image);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                for (int channel = 0; channel < 3; channel++) {
                    random = random * 1664525 + 1013904223;
                    bool in = y >= inside->rows.first && y < inside->rows.last &&
                              x >= inside->columns.first && x < inside->columns.last;
                    set_input(input, pixels,
                              (size_t)y * input->row_stride + (size_t)(x * input->lanes + channel),
                              in ? (uint8_t)(random >> 24) : grey_of(first, image));
                }
    }
}

/* All numbers of the heads, whose memory is the caller's. */
static uint8_t *copy_outputs(const bw_plan *plan, const bw_executor *executor, size_t *bytes)
{
    uint8_t *copy = NULL;
    *bytes = 0;
    for (int output = 0; output < plan->output_count; output++)
        for (int image = 0; image < plan->batch; image++) {
            bw_head_view view = bw_backend_cpu.output(executor, output, image);
            int planes = bw_layout_planes(&plan->outputs[output].layout);
            size_t row = (size_t)(view.width * view.lanes) * sizeof *view.data;
            copy = realloc(copy, *bytes + (size_t)(planes * view.height) * row);
            assert_non_null(copy);
            for (int line = 0; line < planes * view.height; line++, *bytes += row)
                memcpy(copy + *bytes,
                       view.data + (size_t)(line / view.height) * view.plane_stride +
                           (size_t)(line % view.height) * view.row_stride,
                       row);
        }
    return copy;
}

static uint8_t *run(const bw_plan *plan, bw_executor *executor, int first, bool framed,
                    size_t *bytes)
{
    fill_input(plan, executor, first);
    for (int image = 0; framed && image < plan->batch; image++)
        bw_backend_cpu.frame(executor, image, &frames[(first + image) % FRAMES]);
    check_ok(bw_backend_cpu.run(executor, plan->batch, NULL, &error));
    return copy_outputs(plan, executor, bytes);
}

/* An executor with threads of its own, to be closed by close_runner. */
typedef struct runner {
    bw_pool *pool;
    bw_executor *executor;
} runner;

static runner open_runner(const bw_plan *plan, int threads, int padding)
{
    runner made;
    check_ok(bw_pool_open(&made.pool, threads, &error));
    check_ok(bw_backend_cpu.open(&made.executor, plan, made.pool, padding, &error));
    return made;
}

static void close_runner(runner *of)
{
    bw_backend_cpu.close(&of->executor);
    bw_pool_close(&of->pool);
}

static void compare_runs(const bw_plan *plan, int threads)
{
    runner of = open_runner(plan, threads, BW_ALL_PADDING);
    for (int seen = 0; seen < BW_PADDING_PATIENCE; seen += BATCH) {
        size_t ignored;
        free(run(plan, of.executor, 0, true, &ignored));
    }
    for (int first = 0; first < FRAMES; first += BATCH) {
        size_t bytes, framed_bytes;
        uint8_t *whole = run(plan, of.executor, first, false, &bytes);
        uint8_t *framed = run(plan, of.executor, first, true, &framed_bytes);
        assert_int_equal(bytes, framed_bytes);
        assert_memory_equal(whole, framed, bytes);
        free(whole);
        free(framed);
    }
    close_runner(&of);
}

/* The steps that compute less for a picture of half the height. */
static int count_cut(const bw_plan *plan, int computed)
{
    const bw_kernel **kernels = calloc((size_t)plan->step_count, sizeof *kernels);
    bw_padding *padding;
    int count = 0;
    assert_non_null(kernels);
    for (int step = 0; step < plan->step_count; step++)
        kernels[step] = bw_kernel_find(plan->steps[step].kernel);
    check_ok(bw_padding_open(&padding, plan, kernels, SIZE_MAX, computed, &error));
    if (padding)
        bw_padding_frame(padding, 0, &(bw_region){{40, 120}, {0, SIDE}});
    for (int step = 0; padding && step < plan->step_count; step++)
        count += bw_padding_region(padding, step, 0) != NULL;
    bw_padding_close(&padding);
    free((void *)kernels);
    return count;
}

/* What a plan is made of: kernels for a processor, the cheapest or, with a number, any. */
typedef struct choice {
    uint32_t cpu, random;
} choice;

static const bw_kernel *choose(void *context, const bw_operation *operation, int step)
{
    (void)step;
    choice *of = context;
    const bw_kernel *kernel, *chosen = bw_kernel_choose(operation, of->cpu);
    uint32_t count = 0;
    for (int index = 0; of->random && (kernel = bw_kernel_at(index)); index++) {
        if ((kernel->needs & ~of->cpu) || !kernel->needs || !bw_kernel_accepts(kernel, operation))
            continue;
        of->random = of->random * 1664525 + 1013904223;
        if ((of->random >> 8) % ++count == 0)
            chosen = kernel;
    }
    return chosen;
}

static bw_plan lower_by_choice(const bw_graph *graph, choice how)
{
    bw_plan plan = {0};
    check_ok(bw_plan_lower_with(&plan, graph, BATCH, how.cpu, choose, &how, &error));
    return plan;
}

enum { WAYS = BW_SHARING_COUNT + 1 };

/* One way or the other, or both in turn. */
static void share(bw_plan *plan, int way)
{
    for (int step = 0; step < plan->step_count; step++)
        plan->steps[step].sharing = (bw_sharing)(way < BW_SHARING_COUNT ? way : step / 2 % 2);
}

static int check_plan(const bw_graph *graph, choice how)
{
    bw_plan plan = lower_by_choice(graph, how);
    int cut = count_cut(&plan, BW_ALL_PADDING);
    compare_runs(&plan, 1);
    for (int way = 0; how.random == 0 && way < WAYS; way++) {
        share(&plan, way);
        compare_runs(&plan, 2);
    }
    release(&plan);
    return cut;
}

static void import_rounding(bw_import *import, const char *text)
{
    import_text(import, text);
    quantize(&import->graph);
    for (size_t index = 0; index < import->graph.node_count; index++)
        import->graph.nodes[index].may_round = import->graph.nodes[index].op == BW_OP_CONV;
}

static void same_bits(void **state)
{
    static const uint32_t masks[] = {
        BW_CPU_AVX2,
        BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
        UINT32_MAX,
    };
    enum { LEAST_CUT = 3, CHOICES = 6 };
    const int *network = *state;
    bw_import import;
    import_rounding(&import, networks[*network]);
    for (size_t index = 0; index < sizeof masks / sizeof *masks; index++) {
        uint32_t cpu = masks[index] & bw_cpu_features();
        for (uint32_t number = 0; number < CHOICES; number++) {
            int cut = check_plan(&import.graph, (choice){cpu, number});
            assert_true(cpu & BW_CPU_AVX2 ? cut >= LEAST_CUT : cut == 0);
        }
    }
    bw_import_free(&import);
}

/* References look at nothing beyond a picture, and floats may differ in the last bits. */
static void whole_where_it_matters(void **state)
{
    (void)state;
    bw_import import;
    import_rounding(&import, networks[0]);
    assert_int_equal(check_plan(&import.graph, (choice){0, 0}), 0);
    bw_import_free(&import);
    import_text(&import, networks[0]);
    check_ok(bw_passes_run(&import.graph, &error));
    bw_plan floats;
    lower(&floats, &import.graph, bw_cpu_features());
    assert_int_equal(count_cut(&floats, BW_ALL_PADDING), 0);
    release(&floats);
    bw_import_free(&import);
}

/* ---- Some of the padding -------------------------------------------------------------------- */

static const int computed[] = {0, 5};

enum { COMPUTED = sizeof computed / sizeof *computed };

static bool same_numbers(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

/* Floats that were added in another order. */
static bool near_numbers(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += sizeof(float)) {
        float x, y;
        memcpy(&x, a + at, sizeof x);
        memcpy(&y, b + at, sizeof y);
        if (!(fabsf(x - y) <= 1e-3f * fmaxf(1.0f, fabsf(y))))
            return false;
    }
    return true;
}

/* Holds plans against one of references, which is slow: for every other batch from `first` on. */
static void compare_plans(const bw_plan *plans, int count, const bw_plan *references, int padding,
                          int first,
                          bool (*agree)(const uint8_t *a, const uint8_t *b, size_t bytes))
{
    runner truth = open_runner(references, 2, padding);
    for (; first < FRAMES; first += 2 * BATCH) {
        size_t bytes, wanted_bytes;
        uint8_t *wanted = run(references, truth.executor, first, true, &wanted_bytes);
        for (int index = 0; index < count; index++) {
            runner of = open_runner(&plans[index], 2, padding);
            uint8_t *numbers = run(&plans[index], of.executor, first, true, &bytes);
            assert_int_equal(bytes, wanted_bytes);
            assert_true(agree(numbers, wanted, bytes));
            free(numbers);
            close_runner(&of);
        }
        free(wanted);
    }
    close_runner(&truth);
}

static void near_as_references(void **state)
{
    enum { CHOICES = 3, LEAST_CUT = 5 };
    const int *network = *state;
    bw_import import;
    import_text(&import, networks[*network]);
    quantize(&import.graph);
    bw_plan references = lower_by_choice(&import.graph, (choice){0, 0});
    assert_int_equal(count_cut(&references, 0), 0);
    bw_plan plans[CHOICES];
    for (uint32_t number = 0; number < CHOICES; number++) {
        plans[number] = lower_by_choice(&import.graph, (choice){bw_cpu_features(), number});
        assert_true(count_cut(&plans[number], 0) >= LEAST_CUT ||
                    !(bw_cpu_features() & BW_CPU_AVX2));
    }
    for (int index = 0; index < COMPUTED; index++)
        compare_plans(plans, CHOICES, &references, computed[index], index * BATCH, same_numbers);
    for (int index = 0; index < CHOICES; index++)
        release(&plans[index]);
    release(&references);
    bw_import_free(&import);
}

static void near_floats_as_references(void **state)
{
    const int *network = *state;
    bw_import import;
    import_text(&import, networks[*network]);
    check_ok(bw_passes_run(&import.graph, &error));
    bw_plan references = lower_by_choice(&import.graph, (choice){0, 0});
    bw_plan plan = lower_by_choice(&import.graph, (choice){bw_cpu_features(), 0});
    compare_plans(&plan, 1, &references, 5, BATCH, near_numbers);
    release(&plan);
    release(&references);
    bw_import_free(&import);
}

/* Whether all but the first image of a run gave what all but the last gave of the run with the next
 * frames, where each has other neighbours. */
static bool same_but_moved(const bw_plan *plan, const uint8_t *numbers, const uint8_t *next)
{
    for (int output = 0; output < plan->output_count; output++) {
        const bw_layout *layout = &plan->outputs[output].layout;
        size_t pixels = (size_t)(layout->height * layout->width * bw_layout_planes(layout));
        size_t image = pixels * bw_layout_pixel_bytes(layout);
        if (memcmp(numbers + image, next, (BATCH - 1) * image) != 0)
            return false;
        numbers += BATCH * image;
        next += BATCH * image;
    }
    return true;
}

/* Neither neighbours nor threads matter. */
static void near_is_as_it_is(void **state)
{
    enum {
        FIRST = 2 * BATCH /* whose padding is one, as is that of the frames from the next on */
    };
    const int *network = *state;
    bw_import import;
    import_rounding(&import, networks[*network]);
    bw_plan plan = lower_by_choice(&import.graph, (choice){bw_cpu_features(), 0});
    size_t bytes, others;
    runner one = open_runner(&plan, 1, 5), together = open_runner(&plan, 2, 5);
    uint8_t *near = run(&plan, one.executor, FIRST, true, &bytes);
    uint8_t *next = run(&plan, one.executor, FIRST + 1, true, &others);
    assert_true(same_but_moved(&plan, near, next));
    free(next);
    for (int way = 0; way < WAYS; way++) {
        share(&plan, way);
        free(run(&plan, together.executor, 0, true, &others));
        uint8_t *same = run(&plan, together.executor, FIRST, true, &others);
        assert_memory_equal(near, same, bytes);
        free(same);
    }
    free(near);
    close_runner(&one);
    close_runner(&together);
    release(&plan);
    bw_import_free(&import);
}

int main(void)
{
    static int numbers[] = {0, 1, 2};
    const struct CMUnitTest tests[] = {
        {"as YOLOv3-tiny begins", same_bits, NULL, NULL, &numbers[0]},
        {"residuals", same_bits, NULL, NULL, &numbers[1]},
        {"halves and tensors joined", same_bits, NULL, NULL, &numbers[2]},
        cmocka_unit_test(whole_where_it_matters),
        {"near: as YOLOv3-tiny begins", near_as_references, NULL, NULL, &numbers[0]},
        {"near: residuals", near_as_references, NULL, NULL, &numbers[1]},
        {"near: halves and tensors joined", near_as_references, NULL, NULL, &numbers[2]},
        {"near: floats", near_floats_as_references, NULL, NULL, &numbers[1]},
        {"near: floats joined", near_floats_as_references, NULL, NULL, &numbers[2]},
        {"near: nothing else matters", near_is_as_it_is, NULL, NULL, &numbers[0]},
        {"near: nothing else matters to residuals", near_is_as_it_is, NULL, NULL, &numbers[1]},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
