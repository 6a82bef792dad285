/**
 * Steps computed in part: every kernel that a backend may give a region of a step reads nothing but
 * what it is said to read, and writes nothing but the region and a border around it. It gives there
 * what it gives as a part of the whole: where it reads bytes, the same ones; kernels that round
 * where tiles are those of the whole, and elsewhere what their reference gives for a region that
 * has nothing around it.
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/regions.h"
#include "every_kernel.h"
#include "trial.h"

enum { CASES = 150, ATTEMPTS = 6000, LEAST_CASES = 5 };

/* Some of `size` rows or columns. */
static bw_interval random_interval(random_source *random, int size)
{
    int first = random_between(random, 0, size - 1);
    return (bw_interval){first, random_between(random, first + 1, size)};
}

static bool is_within(const bw_interval *of, int at, int around)
{
    return at >= of->first - around && at < of->last + around;
}

/* Sets all of a tensor, its border too, that is not of a region: bytes to `byte`. */
static void set_beyond(test_tensor *tensor, const bw_region *region, int byte)
{
    const bw_layout *layout = &tensor->place.layout;
    const bw_region all = bw_region_bordered(layout);
    for (int image = 0; image < tensor->images; image++)
        for (int plane = 0; plane < bw_layout_planes(layout); plane++)
            for (int y = all.rows.first; y < all.rows.last; y++)
                for (int x = all.columns.first; x < all.columns.last; x++) {
                    if (is_within(&region->rows, y, 0) && is_within(&region->columns, x, 0))
                        continue;
                    size_t at = tensor_at(tensor, image, plane * layout->lanes, y, x);
                    memset((uint8_t *)tensor->block + bw_layout_bytes(layout, at), byte,
                           bw_layout_pixel_bytes(layout));
                }
}

/* What the kernel writes where it is given a region: the rest is as it was. */
static test_tensor run_part(const test_problem *problem, const bw_kernel *kernel,
                            const bw_region *region)
{
    const test_case *test = &problem->test;
    const bw_operation *whole = &test->operation;
    bw_operation part = bw_region_operation(whole, region);
    bw_region_offsets by = bw_region_offsets_of(whole, region);
    test_tensor out = tensor_copy(&problem->out);
    bw_operands operands = {.in = (const uint8_t *)problem->in.first + by.in,
                            .out = (uint8_t *)out.first + by.out,
                            .images = test->images};
    if (whole->has_second)
        operands.second =
            (const uint8_t *)(test->second_is_out ? out.first : problem->second.first) + by.second;
    guarded packed = {0}, scratch = {0};
    if (kernel->packed_bytes) {
        bw_filters filters = problem_filters(problem);
        assert_int_equal(kernel->packed_bytes(&part), kernel->packed_bytes(whole));
        packed = guarded_make(kernel->packed_bytes(whole));
        kernel->pack(whole, &filters, packed.bytes);
        operands.weights = packed.bytes;
    }
    if (kernel->scratch_bytes)
        scratch = guarded_make(kernel->scratch_bytes(&part));
    kernel->run(&part, &operands, 0, kernel->units(&part, test->images), scratch.bytes);
    assert_true(!kernel->packed_bytes || guarded_intact(&packed));
    assert_true(!kernel->scratch_bytes || guarded_intact(&scratch));
    guarded_free(&packed);
    guarded_free(&scratch);
    return out;
}

/* Whether an element of two results is the same, or nearly. */
typedef bool agreement(const test_tensor *a, const test_tensor *b, size_t at);

static bool are_near(const test_tensor *a, const test_tensor *b, size_t at)
{
    float x = tensor_number(a, at), y = tensor_number(b, at), allowed = 0.02f;
    return fabsf(x - y) <= allowed * fmaxf(1.0f, fmaxf(fabsf(x), fabsf(y))) ||
           tensor_same_bits(a, b, at);
}

/* Compares what stands in the region; beside it, that is as it was but in a border. */
static void compare(const test_problem *problem, const bw_kernel *kernel, const bw_region *region,
                    const test_tensor *wanted, const test_tensor *part, agreement *agrees)
{
    const bw_layout *out = &problem->test.operation.out;
    for (int image = 0; image < problem->test.images; image++)
        for (int channel = 0; channel < out->channels; channel++)
            for (int y = 0; y < out->height; y++)
                for (int x = 0; x < out->width; x++) {
                    size_t at = tensor_at(wanted, image, channel, y, x);
                    bool inside =
                             is_within(&region->rows, y, 0) && is_within(&region->columns, x, 0),
                         beside = is_within(&region->rows, y, out->border) &&
                                  is_within(&region->columns, x, out->border);
                    if (inside ? agrees(part, wanted, at)
                               : beside || tensor_same_bits(part, &problem->out, at))
                        continue;
                    case_print(&problem->test);
                    fail_msg("%s: rows %d to %d and columns %d to %d alone give %g, and not %g, at "
                             "image %d, channel %d, row %d, column %d",
                             kernel->name, region->rows.first, region->rows.last,
                             region->columns.first, region->columns.last,
                             (double)tensor_number(part, at), (double)tensor_number(wanted, at),
                             image, channel, y, x);
                }
}

static bool same_tiles(const bw_operation *operation, const bw_region *region)
{
    bw_region tiled = bw_region_tiled(operation, region);
    return bw_region_equals(region, &tiled);
}

/* The same part as one of the whole. */
static void compare_with_whole(const test_problem *problem, const bw_kernel *kernel,
                               const bw_region *region, const test_tensor *part)
{
    test_tensor whole;
    assert_true(trial_run(&whole, problem, kernel, ORDER_WHOLE));
    compare(problem, kernel, region, &whole, part,
            kernel->in == BW_U8 ? tensor_same_bits : are_near);
    tensor_free(&whole);
}

/* The reference looks at nothing beyond the part; there may be the zero point as well. */
static void compare_with_reference(test_problem *problem, const bw_kernel *kernel,
                                   const bw_region *region)
{
    const bw_operation *whole = &problem->test.operation;
    bw_operation cut = bw_region_operation(whole, region);
    const int pool = bw_pool_side(whole);
    const int step = pool * whole->stride;
    const int top = region->rows.first * step, left = region->columns.first * step;
    bw_region inputs = {{top, top + cut.in.height}, {left, left + cut.in.width}};
    set_beyond(&problem->in, &inputs, whole->in.format.zero_point);
    const bw_kernel *reference = reference_of(kernel->family, kernel->in, kernel->out, true);
    test_tensor wanted = run_part(problem, reference, region);
    test_tensor part = run_part(problem, kernel, region);
    compare(problem, kernel, region, &wanted, &part, tensor_same_bits);
    tensor_free(&wanted);
    tensor_free(&part);
}

/* What the kernel is not said to read makes no difference. */
static void spoil_the_rest(test_problem *problem, const bw_kernel *kernel, const bw_region *region,
                           const test_tensor *part)
{
    enum { NOT_A_NUMBER = 0xFF };
    const bw_operation *operation = &problem->test.operation;
    bw_region read = bw_region_read(kernel, operation, region);
    set_beyond(&problem->in, &read, NOT_A_NUMBER);
    if (operation->has_second && !problem->test.second_is_out)
        set_beyond(&problem->second, region, NOT_A_NUMBER);
    test_tensor again = run_part(problem, kernel, region);
    compare(problem, kernel, region, part, &again, tensor_same_bits);
    tensor_free(&again);
}

/* False where the kernel does not compute that part. */
static bool check_case(const test_case *test, const bw_kernel *kernel, random_source *random)
{
    const bw_operation *operation = &test->operation;
    if (!bw_kernel_accepts(kernel, operation) || !bw_region_possible(operation))
        return false;
    bw_region region = {random_interval(random, operation->out.height),
                        random_interval(random, operation->out.width)};
    if (random_once_in(random, 2))
        region = bw_region_tiled(operation, &region);
    bw_operation cut = bw_region_operation(operation, &region);
    if (!bw_kernel_accepts(kernel, &cut))
        return false;
    test_problem problem = problem_make(test);
    test_tensor part = run_part(&problem, kernel, &region);
    const bool tiled = same_tiles(operation, &region);
    if (!kernel->rounds || tiled)
        compare_with_whole(&problem, kernel, &region, &part);
    spoil_the_rest(&problem, kernel, &region, &part);
    if (kernel->rounds && !tiled)
        compare_with_reference(&problem, kernel, &region);
    tensor_free(&part);
    problem_free(&problem);
    return true;
}

static void test_kernel(void **state)
{
    const bw_kernel *kernel = *state;
    if ((kernel->needs & ~bw_cpu_features()) != 0) {
        print_message("%s needs what this processor lacks\n", kernel->name);
        skip();
    }
    random_source random = {7};
    int done = 0;
    for (int attempt = 0; attempt < ATTEMPTS && done < CASES; attempt++) {
        test_case test = case_random(&random, kernel->family, kernel->in, kernel->out);
        test.operation.may_round = kernel->rounds;
        done += check_case(&test, kernel, &random);
    }
    if (done < LEAST_CASES)
        fail_msg("%s took only %d regions", kernel->name, done);
}

static bool has_regions(const bw_kernel *kernel)
{
    return bw_region_suits(kernel) &&
           (bw_family_is_dense(kernel->family) || kernel->family == BW_FAMILY_DEPTHWISE ||
            kernel->family == BW_FAMILY_MAX_POOL);
}

int main(void)
{
    return test_every_kernel("regions", has_regions, test_kernel);
}
