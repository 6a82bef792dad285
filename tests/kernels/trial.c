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

/*
 * Instructions that multiply bfloat16 take denormal numbers for zero, which then counts as the
 * rounding of a number of this magnitude.
 */
#define LEAST_HALF (FLT_MIN / FLT_EPSILON)

/* A kernel with all that it needs for its runs on one problem. */
typedef struct kernel_trial {
    const bw_kernel *kernel;
    const test_problem *problem;
    bw_operands operands;
    guarded packed, scratch[THREADS];
    int done[THREADS]; /* where each thread's last call ended */
    test_tensor in, out;
} kernel_trial;

/* ---- the problem ---------------------------------------------------------------------------- */

static float *random_numbers(random_source *random, fill kind, size_t count)
{
    float *numbers = malloc((count ? count : 1) * sizeof *numbers);
    if (!numbers)
        exit(1);
    fill_numbers(random, kind, numbers, count);
    return numbers;
}

static void random_bytes(random_source *random, test_problem *problem)
{
    const bw_operation *operation = &problem->test.operation;
    size_t count = case_weights(operation), channels = (size_t)operation->out.channels;
    problem->integers = malloc(count ? count : 1);
    problem->scales = random_numbers(random, FILL_ORDINARY, channels);
    if (!problem->integers)
        exit(1);
    fill_integers(random, problem->test.weight_fill, problem->integers, count);
    for (size_t channel = 0; channel < channels; channel++)
        problem->scales[channel] = (0.5f + fabsf(problem->scales[channel])) / 127.0f;
    for (size_t index = 0; index < count; index++)
        problem->weights[index] =
            (float)problem->integers[index] * problem->scales[index / (count / channels)];
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
    if (operation->family == BW_FAMILY_COPY) {
        tensor_fill(&made.out, &random, FILL_ORDINARY);
        tensor_spoil_border(&made.out);
    }
    if (test->second_is_out)
        memcpy(made.out.block, made.second.block, tensor_bytes(&made.out));
    if (test->in_is_out)
        memcpy(made.out.block, made.in.block, tensor_bytes(&made.out));
    made.weights = random_numbers(&random, test->weight_fill, case_weights(operation));
    bool bytes = operation->in.format.type == BW_U8;
    made.bias = random_numbers(&random, bytes ? FILL_ORDINARY : test->weight_fill,
                               (size_t)operation->out.channels);
    if (bytes)
        random_bytes(&random, &made);
    return made;
}

void problem_free(test_problem *problem)
{
    tensor_free(&problem->in);
    tensor_free(&problem->second);
    tensor_free(&problem->out);
    free(problem->weights);
    free(problem->bias);
    free(problem->integers);
    free(problem->scales);
}

bw_filters problem_filters(const test_problem *problem)
{
    return (bw_filters){.weights = problem->weights,
                        .integers = problem->integers,
                        .scales = problem->scales,
                        .bias = problem->test.has_bias ? problem->bias : NULL};
}

const bw_kernel *reference_of(bw_family family, bw_type in, bw_type out, bool rounds)
{
    static const char *const words[BW_TYPE_COUNT] = {"f32", "bf16", "u8"};
    char name[64];
    const char *end = rounds ? "rounded_ref" : "ref";
    if (in == out)
        snprintf(name, sizeof name, "%s_%s_%s", family_name(family), words[in], end);
    else
        snprintf(name, sizeof name, "%s_%s_%s_%s", family_name(family), words[in], words[out], end);
    return bw_kernel_find(name);
}

/* ---- running -------------------------------------------------------------------------------- */

static kernel_trial trial_make(const test_problem *problem, const bw_kernel *kernel)
{
    const test_case *test = &problem->test;
    const bw_operation *operation = &test->operation;
    kernel_trial made = {.kernel = kernel, .problem = problem};
    made.out = tensor_copy(&problem->out);
    made.in = tensor_copy(&problem->in);
    made.operands.images = test->images;
    made.operands.out = made.out.first;
    made.operands.in = test->in_is_out ? made.out.first : made.in.first;
    if (operation->has_second)
        made.operands.second = test->second_is_out ? made.out.first : problem->second.first;
    if (kernel->packed_bytes) {
        made.packed = guarded_make(kernel->packed_bytes(operation));
        bw_filters filters = problem_filters(problem);
        kernel->pack(operation, &filters, made.packed.bytes);
        made.operands.weights = made.packed.bytes;
    }
    for (int worker = 0; worker < THREADS && kernel->scratch_bytes; worker++)
        made.scratch[worker] = guarded_make(kernel->scratch_bytes(operation));
    return made;
}

static void trial_free(kernel_trial *trial)
{
    guarded_free(&trial->packed);
    for (int worker = 0; worker < THREADS; worker++)
        guarded_free(&trial->scratch[worker]);
    tensor_free(&trial->in);
}

static void run_units(void *context, int first, int last, int worker)
{
    kernel_trial *trial = context;
    bw_operands operands = trial->operands;
    operands.done = trial->done[worker];
    trial->kernel->run(&trial->problem->test.operation, &operands, first, last,
                       trial->scratch[worker].bytes);
    if (first < last)
        trial->done[worker] = last;
}

/* Cuts the units in pieces and runs every second piece, then the others from the end. */
static void run_split(kernel_trial *trial, int units)
{
    random_source random = {trial->problem->test.seed};
    int cuts[9] = {0, [8] = units};
    for (int cut = 1; cut < 8; cut++)
        cuts[cut] = random_between(&random, cuts[cut - 1], units);
    for (int piece = 1; piece < 8; piece += 2)
        run_units(trial, cuts[piece], cuts[piece + 1], piece % THREADS);
    for (int piece = 6; piece >= 0; piece -= 2)
        run_units(trial, cuts[piece], cuts[piece + 1], piece % THREADS);
}

static void run_threads(kernel_trial *trial, int units)
{
    bw_pool *pool;
    bw_error error;
    if (bw_pool_open(&pool, THREADS, &error) != BW_OK) {
        fputs(error.message, stderr);
        exit(1);
    }
    bw_pool_run(pool, run_units, trial, units, 1);
    bw_pool_close(&pool);
}

static bool complain(const kernel_trial *trial, const char *what)
{
    printf("%s: %s\n", trial->kernel->name, what);
    case_print(&trial->problem->test);
    return false;
}

static bool same_bits(const test_tensor *a, const test_tensor *b)
{
    return memcmp(a->block, b->block, tensor_bytes(a)) == 0;
}

static bool memory_intact(const kernel_trial *trial)
{
    if (trial->kernel->packed_bytes && !guarded_intact(&trial->packed))
        return complain(trial, "wrote beside its packed weights");
    for (int worker = 0; worker < THREADS && trial->kernel->scratch_bytes; worker++) {
        if (!guarded_intact(&trial->scratch[worker]))
            return complain(trial, "wrote beside its scratch memory");
    }
    return same_bits(&trial->in, &trial->problem->in) || complain(trial, "wrote to its input");
}

bool trial_run(test_tensor *result, const test_problem *problem, const bw_kernel *kernel,
               run_order order)
{
    kernel_trial trial = trial_make(problem, kernel);
    int units = kernel->units(&problem->test.operation, problem->test.images);
    if (order == ORDER_WHOLE)
        run_units(&trial, 0, units, 0);
    else if (order == ORDER_SPLIT)
        run_split(&trial, units);
    else
        run_threads(&trial, units);
    bool good = memory_intact(&trial) && (units > 0 || complain(&trial, "has no units"));
    *result = trial.out;
    trial_free(&trial);
    return good;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool reads_halves(const bw_operation *operation)
{
    return operation->in.format.type == BW_BF16;
}

/* The same problem in floats. */
static test_problem problem_of_floats(const test_problem *original)
{
    test_problem made = problem_make(&original->test);
    bw_operation *operation = &made.test.operation;
    tensor_to_floats(&made.in);
    tensor_to_floats(&made.out);
    operation->in = made.in.place.layout;
    operation->out = made.out.place.layout;
    if (operation->has_second) {
        tensor_to_floats(&made.second);
        operation->second = made.second.place.layout;
    }
    return made;
}

/* The sums of the terms' magnitudes: the operation itself, on magnitudes, without activation. */
static test_tensor magnitudes_of(const test_problem *original)
{
    float least = reads_halves(&original->test.operation) ? LEAST_HALF : 0.0f;
    test_problem magnitudes = problem_of_floats(original);
    bw_operation *operation = &magnitudes.test.operation;
    operation->activation = BW_LINEAR;
    tensor_magnitudes(&magnitudes.in, least);
    tensor_magnitudes(&magnitudes.out, least);
    if (operation->has_second)
        tensor_magnitudes(&magnitudes.second, least);
    for (size_t index = 0; index < case_weights(operation); index++)
        magnitudes.weights[index] = fmaxf(fabsf(magnitudes.weights[index]), least);
    for (int channel = 0; channel < operation->out.channels; channel++)
        magnitudes.bias[channel] = fabsf(magnitudes.bias[channel]);
    test_tensor result;
    if (!trial_run(&result, &magnitudes, reference_of(operation->family, BW_F32, BW_F32, false),
                   ORDER_WHOLE))
        exit(1);
    problem_free(&magnitudes);
    return result;
}

/* The largest magnitude of each channel of one image of the input. */
static void largest_inputs(const test_tensor *in, int image, float *largest)
{
    const bw_layout *layout = &in->place.layout;
    for (int channel = 0; channel < layout->channels; channel++) {
        largest[channel] = 0.0f;
        for (int y = 0; y < layout->height; y++) {
            for (int x = 0; x < layout->width; x++) {
                float value = fabsf(tensor_number(in, tensor_at(in, image, channel, y, x)));
                largest[channel] = value > largest[channel] ? value : largest[channel];
            }
        }
    }
}

/* All weights times the largest inputs: what a method mixes that transforms whole tiles. */
static float mixed_magnitude(const test_problem *problem, const float *largest, int channel)
{
    const bw_operation *operation = &problem->test.operation;
    size_t window = (size_t)(operation->kernel_height * operation->kernel_width);
    size_t inputs = (size_t)(operation->in.channels / operation->groups);
    int group = channel / (operation->out.channels / operation->groups);
    const float *weights = problem->weights + (size_t)channel * inputs * window;
    float sum = 0.0f;
    for (size_t input = 0; input < inputs; input++) {
        for (size_t tap = 0; tap < window; tap++)
            sum += fabsf(*weights++) * largest[(size_t)group * inputs + input];
    }
    return sum;
}

static void spread_magnitudes(const test_problem *problem, test_tensor *magnitudes)
{
    const bw_layout *out = &problem->test.operation.out;
    float *largest = malloc((size_t)problem->test.operation.in.channels * sizeof *largest);
    if (!largest)
        exit(1);
    for (int image = 0; image < magnitudes->images; image++) {
        largest_inputs(&problem->in, image, largest);
        for (int channel = 0; channel < out->channels; channel++) {
            float mixed = mixed_magnitude(problem, largest, channel);
            for (int pixel = 0; pixel < out->height * out->width; pixel++) {
                int y = pixel / out->width, x = pixel % out->width;
                size_t at = tensor_at(magnitudes, image, channel, y, x);
                tensor_set(magnitudes, at, tensor_number(magnitudes, at) + mixed);
            }
        }
    }
    free(largest);
}

/* Arithmetic on bytes is defined to the bit; so is the change of a number's format. */
static bool is_defined_to_the_bit(const bw_operation *operation)
{
    return operation->in.format.type == BW_U8 || operation->out.format.type == BW_U8 ||
           operation->family == BW_FAMILY_CONVERT;
}

static bool is_exact(bw_family family)
{
    return family == BW_FAMILY_MAX_POOL || family == BW_FAMILY_COPY ||
           family == BW_FAMILY_UPSAMPLE || family == BW_FAMILY_REORG;
}

/* The difference that is allowed where the reference gives `wanted`. */
static double allowed(const kernel_trial *trial, float wanted, float magnitude)
{
    const bw_operation *operation = &trial->problem->test.operation;
    if (is_exact(operation->family))
        return 0.0;
    double factor = trial->kernel->tolerance > 0.0f ? (double)trial->kernel->tolerance : 1.0;
    double terms = case_terms(operation);
    double steepness = operation->activation == BW_HARD_SWISH ? 1.5 : 1.1;
    double rounding = terms > 0.0 ? (4.0 + 2.0 * sqrt(terms)) * (double)magnitude : 0.0;
    double smooth = 8.0 * (fabs((double)wanted) + (operation->has_second ? (double)magnitude : 0));
    double least = (double)(reads_halves(operation) ? FLT_MIN : FLT_TRUE_MIN);
    double tiny = (terms + 1.0) * 2.0 * least;
    bool piecewise = operation->activation <= BW_LEAKY;
    double limit =
        (double)FLT_EPSILON * (steepness * factor * rounding + (piecewise ? 0.0 : smooth)) +
        (piecewise ? tiny * factor : (double)FLT_MIN);
    if (operation->out.format.type == BW_BF16)
        limit += 0x1p-7 * (fabs((double)wanted) + limit) + (double)FLT_MIN;
    return limit;
}

/* Says where an element is that is not as wanted. */
static bool wrong(const kernel_trial *trial, const test_tensor *result, const test_tensor *wanted,
                  size_t index, double limit)
{
    static const char *const kinds[] = {"outside the tensor", "a number", "a spare lane",
                                        "in the border", "beside a row"};
    const bw_layout *layout = &result->place.layout;
    ptrdiff_t at = (const uint8_t *)result->first - (const uint8_t *)result->block;
    at = (ptrdiff_t)index - at / (ptrdiff_t)bw_type_size(layout->format.type);
    printf("%s: %.9g instead of %.9g, more than %.3g apart, at element %td, %s",
           trial->kernel->name, (double)tensor_number(result, index),
           (double)tensor_number(wanted, index), limit, at, kinds[result->kinds[index]]);
    if (result->kinds[index] == ELEMENT_REAL) {
        size_t inside = (size_t)at % layout->image_stride, rest = inside % layout->plane_stride;
        size_t lanes = (size_t)layout->lanes, plane = inside / layout->plane_stride;
        printf(": image %zu, channel %zu, row %zu, column %zu", (size_t)at / layout->image_stride,
               plane * lanes + rest % lanes, rest / layout->row_stride,
               rest % layout->row_stride / lanes);
    }
    putchar('\n');
    case_print(&trial->problem->test);
    return false;
}

/* COPY leaves alone the planes that it does not reach. */
static bool is_copy(const kernel_trial *trial)
{
    return trial->kernel->family == BW_FAMILY_COPY;
}

/* `magnitudes` is NULL where all bits must be the reference's. */
static bool number_right(const kernel_trial *trial, const test_tensor *result,
                         const test_tensor *wanted, const test_tensor *magnitudes, size_t index,
                         double *limit)
{
    if (!magnitudes)
        return tensor_same_bits(result, wanted, index);
    float value = tensor_number(result, index), expected = tensor_number(wanted, index);
    *limit = allowed(trial, expected, tensor_number(magnitudes, index));
    return fabs((double)value - (double)expected) <= *limit;
}

static bool element_right(const kernel_trial *trial, const test_tensor *result,
                          const test_tensor *wanted, const test_tensor *magnitudes, size_t index)
{
    double limit = 0.0;
    bool good = true;
    switch ((element)result->kinds[index]) {
    case ELEMENT_REAL: good = number_right(trial, result, wanted, magnitudes, index, &limit); break;
    case ELEMENT_SPARE: good = isfinite(tensor_number(result, index)); break;
    case ELEMENT_BORDER:
        good = tensor_same_bits(result, wanted, index) &&
               (tensor_number(wanted, index) == 0.0f || is_copy(trial));
        break;
    case ELEMENT_OUTSIDE: good = tensor_same_bits(result, &trial->problem->out, index); break;
    case ELEMENT_GAP: break;
    }
    return good || wrong(trial, result, wanted, index, limit);
}

static bool all_right(const kernel_trial *trial, const test_tensor *result,
                      const test_tensor *wanted, const test_tensor *magnitudes)
{
    for (size_t index = 0; index < result->elements; index++) {
        if (!element_right(trial, result, wanted, magnitudes, index))
            return false;
    }
    return true;
}

static bool result_right(const kernel_trial *trial, const test_tensor *result,
                         const test_tensor *wanted)
{
    if (is_defined_to_the_bit(&trial->problem->test.operation))
        return all_right(trial, result, wanted, NULL);
    test_tensor magnitudes = magnitudes_of(trial->problem);
    if (trial->kernel->tolerance > 0.0f)
        spread_magnitudes(trial->problem, &magnitudes);
    bool good = all_right(trial, result, wanted, &magnitudes);
    tensor_free(&magnitudes);
    return good;
}

static bool order_matters(const test_problem *problem, const bw_kernel *kernel,
                          const test_tensor *whole, run_order order)
{
    test_tensor other;
    kernel_trial trial = {.kernel = kernel, .problem = problem};
    bool good = trial_run(&other, problem, kernel, order);
    if (good && !same_bits(whole, &other))
        good = complain(&trial, order == ORDER_SPLIT ? "gives other bits when its units are split"
                                                     : "gives other bits in several threads");
    tensor_free(&other);
    return !good;
}

bool trial_passes(const test_case *test, const bw_kernel *kernel)
{
    test_problem problem = problem_make(test);
    kernel_trial trial = {.kernel = kernel, .problem = &problem};
    test_tensor result, wanted;
    const bw_kernel *reference =
        reference_of(kernel->family, kernel->in, kernel->out, kernel->rounds);
    bool good = trial_run(&wanted, &problem, reference, ORDER_WHOLE);
    good = trial_run(&result, &problem, kernel, ORDER_WHOLE) && good;
    good = good && result_right(&trial, &result, &wanted);
    good = good && !order_matters(&problem, kernel, &result, ORDER_SPLIT);
    if (test->seed % 4 == 0)
        good = good && !order_matters(&problem, kernel, &result, ORDER_THREADS);
    tensor_free(&result);
    tensor_free(&wanted);
    problem_free(&problem);
    return good;
}
