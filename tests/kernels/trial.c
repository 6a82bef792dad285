#include "trial.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"

enum { THREADS = 3 };

/* A kernel with all that it needs for its runs on one problem. */
typedef struct trial {
    const bw_kernel *kernel;
    const test_problem *problem;
    bw_operands operands;
    guarded packed, scratch[THREADS];
    test_tensor in, out;
} trial;

/* ---- the problem ---- */

static float *random_numbers(random_source *random, fill kind, size_t count)
{
    float *numbers = malloc((count ? count : 1) * sizeof *numbers);
    if (!numbers)
        exit(1);
    fill_numbers(random, kind, numbers, count);
    return numbers;
}

test_problem problem_make(const test_case *test)
{
    random_source random = {test->seed};
    const bw_operation *operation = &test->operation;
    test_problem made = {.test = *test};
    made.in = tensor_make(&test->in, test->images);
    tensor_fill(&made.in, &random, test->in_fill);
    made.out = tensor_make(&test->out, test->images);
    if (operation->has_second) {
        made.second = tensor_make(&test->second, test->images);
        tensor_fill(&made.second, &random, test->second_fill);
    }
    if (operation->family == BW_FAMILY_COPY)
        tensor_fill(&made.out, &random, FILL_ORDINARY);
    if (test->second_is_out)
        memcpy(made.out.block, made.second.block, made.out.elements * sizeof(float));
    if (test->in_is_out)
        memcpy(made.out.block, made.in.block, made.out.elements * sizeof(float));
    made.weights = random_numbers(&random, test->weight_fill, case_weights(operation));
    made.bias = random_numbers(&random, test->weight_fill, (size_t)operation->out.channels);
    return made;
}

void problem_free(test_problem *problem)
{
    tensor_free(&problem->in);
    tensor_free(&problem->second);
    tensor_free(&problem->out);
    free(problem->weights);
    free(problem->bias);
}

const bw_kernel *reference_of(bw_family family)
{
    char name[64];
    snprintf(name, sizeof name, "%s_f32_ref", family_name(family));
    return bw_kernel_find(name);
}

/* ---- running ---- */

static trial bench_make(const test_problem *problem, const bw_kernel *kernel)
{
    const test_case *test = &problem->test;
    const bw_operation *operation = &test->operation;
    trial made = {.kernel = kernel, .problem = problem};
    made.out = tensor_copy(&problem->out);
    made.in = tensor_copy(&problem->in);
    made.operands.images = test->images;
    made.operands.out = made.out.first;
    made.operands.in = test->in_is_out ? made.out.first : made.in.first;
    if (operation->has_second)
        made.operands.second = test->second_is_out ? made.out.first : problem->second.first;
    if (kernel->packed_bytes) {
        made.packed = guarded_make(kernel->packed_bytes(operation));
        kernel->pack(operation, problem->weights, test->has_bias ? problem->bias : NULL,
                     made.packed.bytes);
        made.operands.weights = made.packed.bytes;
    }
    for (int worker = 0; worker < THREADS && kernel->scratch_bytes; worker++)
        made.scratch[worker] = guarded_make(kernel->scratch_bytes(operation));
    return made;
}

static void bench_free(trial *bench)
{
    guarded_free(&bench->packed);
    for (int worker = 0; worker < THREADS; worker++)
        guarded_free(&bench->scratch[worker]);
    tensor_free(&bench->in);
}

static void run_units(void *context, int first, int last, int worker)
{
    trial *bench = context;
    bench->kernel->run(&bench->problem->test.operation, &bench->operands, first, last,
                       bench->scratch[worker].bytes);
}

/* Cuts the units in pieces and runs every second piece, then the others from the end. */
static void run_split(trial *bench, int units)
{
    random_source random = {bench->problem->test.seed};
    int cuts[9] = {0, [8] = units};
    for (int cut = 1; cut < 8; cut++)
        cuts[cut] = random_between(&random, cuts[cut - 1], units);
    for (int piece = 1; piece < 8; piece += 2)
        run_units(bench, cuts[piece], cuts[piece + 1], piece % THREADS);
    for (int piece = 6; piece >= 0; piece -= 2)
        run_units(bench, cuts[piece], cuts[piece + 1], piece % THREADS);
}

static void run_threads(trial *bench, int units)
{
    bw_pool *pool;
    bw_error error;
    if (bw_pool_open(&pool, THREADS, &error) != BW_OK) {
        fputs(error.message, stderr);
        exit(1);
    }
    bw_pool_run(pool, run_units, bench, units, 1);
    bw_pool_close(&pool);
}

static bool complain(const trial *bench, const char *what)
{
    printf("%s: %s\n", bench->kernel->name, what);
    case_print(&bench->problem->test);
    return false;
}

static bool same_bits(const test_tensor *a, const test_tensor *b)
{
    return memcmp(a->block, b->block, a->elements * sizeof(float)) == 0;
}

static bool memory_intact(const trial *bench)
{
    if (bench->kernel->packed_bytes && !guarded_intact(&bench->packed))
        return complain(bench, "wrote beside its packed weights");
    for (int worker = 0; worker < THREADS && bench->kernel->scratch_bytes; worker++) {
        if (!guarded_intact(&bench->scratch[worker]))
            return complain(bench, "wrote beside its scratch memory");
    }
    return same_bits(&bench->in, &bench->problem->in) || complain(bench, "wrote to its input");
}

bool trial_run(test_tensor *result, const test_problem *problem, const bw_kernel *kernel,
               run_order order)
{
    trial bench = bench_make(problem, kernel);
    int units = kernel->units(&problem->test.operation, problem->test.images);
    if (order == ORDER_WHOLE)
        run_units(&bench, 0, units, 0);
    else if (order == ORDER_SPLIT)
        run_split(&bench, units);
    else
        run_threads(&bench, units);
    bool good = memory_intact(&bench) && (units > 0 || complain(&bench, "has no units"));
    *result = bench.out;
    bench_free(&bench);
    return good;
}

/* ---- comparing ---- */

/* The sums of the terms' magnitudes: the operation itself, on magnitudes, without activation. */
static test_tensor magnitudes_of(const test_problem *original)
{
    test_problem magnitudes = problem_make(&original->test);
    bw_operation *operation = &magnitudes.test.operation;
    operation->activation = BW_LINEAR;
    tensor_magnitudes(&magnitudes.in);
    tensor_magnitudes(&magnitudes.out);
    if (operation->has_second)
        tensor_magnitudes(&magnitudes.second);
    for (size_t index = 0; index < case_weights(operation); index++)
        magnitudes.weights[index] = fabsf(magnitudes.weights[index]);
    for (int channel = 0; channel < operation->out.channels; channel++)
        magnitudes.bias[channel] = fabsf(magnitudes.bias[channel]);
    test_tensor result;
    if (!trial_run(&result, &magnitudes, reference_of(operation->family), ORDER_WHOLE))
        exit(1);
    problem_free(&magnitudes);
    return result;
}

/* Every channel's magnitudes become the largest of its picture: what a transform mixes. */
static void spread_magnitudes(test_tensor *magnitudes)
{
    const bw_layout *layout = &magnitudes->place.layout;
    size_t pixels = (size_t)layout->height * (size_t)layout->width;
    for (int index = 0; index < magnitudes->images * layout->channels; index++) {
        int image = index / layout->channels, channel = index % layout->channels;
        float largest = 0.0f;
        for (size_t pass = 0; pass < 2 * pixels; pass++) {
            int y = (int)(pass % pixels) / layout->width, x = (int)(pass % pixels) % layout->width;
            float *at = &magnitudes->block[tensor_at(magnitudes, image, channel, y, x)];
            if (pass < pixels)
                largest = *at > largest ? *at : largest;
            else
                *at = largest;
        }
    }
}

static bool is_exact(bw_family family)
{
    return family == BW_FAMILY_MAX_POOL || family == BW_FAMILY_COPY ||
           family == BW_FAMILY_UPSAMPLE || family == BW_FAMILY_REORG;
}

/* The difference that is allowed where the reference gives `wanted`. */
static double allowed(const trial *bench, float wanted, float magnitude)
{
    const bw_operation *operation = &bench->problem->test.operation;
    if (is_exact(operation->family))
        return 0.0;
    double factor = bench->kernel->tolerance > 0.0f ? (double)bench->kernel->tolerance : 1.0;
    double terms = case_terms(operation), steepness = 1.1;
    double rounding = terms > 0.0 ? (4.0 + 2.0 * sqrt(terms)) * (double)magnitude : 0.0;
    double smooth = 8.0 * (fabs((double)wanted) + (operation->has_second ? (double)magnitude : 0));
    double tiny = (terms + 1.0) * 2.0 * (double)FLT_TRUE_MIN;
    bool piecewise = operation->activation <= BW_LEAKY;
    return (double)FLT_EPSILON * (steepness * factor * rounding + (piecewise ? 0.0 : smooth)) +
           (piecewise ? tiny * factor : (double)FLT_MIN);
}

static bool wrong(const trial *bench, const test_tensor *result, const test_tensor *wanted,
                  size_t index, double limit)
{
    const bw_layout *layout = &result->place.layout;
    ptrdiff_t at = (ptrdiff_t)index - (result->first - result->block);
    printf(
        "%s: %.9g instead of %.9g, more than %.3g apart, at element %td (image stride %zu, plane "
        "stride %zu, row stride %zu)\n",
        bench->kernel->name, (double)result->block[index], (double)wanted->block[index], limit, at,
        layout->image_stride, layout->plane_stride, layout->row_stride);
    case_print(&bench->problem->test);
    return false;
}

/* COPY leaves the borders of planes alone that it does not touch. */
static bool border_right(float value, float wanted)
{
    return value == 0.0f && wanted == 0.0f;
}

static bool element_right(const trial *bench, const test_tensor *result, const test_tensor *wanted,
                          const test_tensor *magnitudes, size_t index)
{
    float value = result->block[index], expected = wanted->block[index];
    double limit = 0.0;
    bool good = true;
    switch ((element)result->kinds[index]) {
    case ELEMENT_REAL:
        limit = allowed(bench, expected, magnitudes->block[index]);
        good = fabs((double)value - (double)expected) <= limit;
        break;
    case ELEMENT_SPARE: good = isfinite(value); break;
    case ELEMENT_BORDER: good = border_right(value, expected); break;
    case ELEMENT_OUTSIDE:
        good = memcmp(&value, &bench->problem->out.block[index], sizeof value) == 0;
        break;
    case ELEMENT_GAP: break;
    }
    return good || wrong(bench, result, wanted, index, limit);
}

static bool result_right(const trial *bench, const test_tensor *result, const test_tensor *wanted)
{
    test_tensor magnitudes = magnitudes_of(bench->problem);
    if (bench->kernel->tolerance > 0.0f)
        spread_magnitudes(&magnitudes);
    bool good = true;
    for (size_t index = 0; good && index < result->elements; index++)
        good = element_right(bench, result, wanted, &magnitudes, index);
    tensor_free(&magnitudes);
    return good;
}

static bool order_matters(const test_problem *problem, const bw_kernel *kernel,
                          const test_tensor *whole, run_order order)
{
    test_tensor other;
    trial bench = {.kernel = kernel, .problem = problem};
    bool good = trial_run(&other, problem, kernel, order);
    if (good && !same_bits(whole, &other))
        good = complain(&bench, order == ORDER_SPLIT ? "gives other bits when its units are split"
                                                     : "gives other bits in several threads");
    tensor_free(&other);
    return !good;
}

bool trial_passes(const test_case *test, const bw_kernel *kernel)
{
    test_problem problem = problem_make(test);
    trial bench = {.kernel = kernel, .problem = &problem};
    test_tensor result, wanted;
    bool good = trial_run(&wanted, &problem, reference_of(kernel->family), ORDER_WHOLE);
    good = trial_run(&result, &problem, kernel, ORDER_WHOLE) && good;
    good = good && result_right(&bench, &result, &wanted);
    good = good && !order_matters(&problem, kernel, &result, ORDER_SPLIT);
    if (test->seed % 4 == 0)
        good = good && !order_matters(&problem, kernel, &result, ORDER_THREADS);
    tensor_free(&result);
    tensor_free(&wanted);
    problem_free(&problem);
    return good;
}
