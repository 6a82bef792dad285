/**
 * Steps computed in part: every kernel of bytes that a backend may give a region of a step gives
 * the bytes there that it gives as a part of the whole, and writes nothing but the region and a
 * border around it.
 */
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

static bool is_within(const bw_interval *of, int at, int around)
{
    return at >= of->first - around && at < of->last + around;
}

static void compare(const test_problem *problem, const bw_kernel *kernel, const bw_region *region,
                    const test_tensor *whole, const test_tensor *part)
{
    const bw_layout *out = &problem->test.operation.out;
    for (int image = 0; image < problem->test.images; image++)
        for (int channel = 0; channel < out->channels; channel++)
            for (int y = 0; y < out->height; y++)
                for (int x = 0; x < out->width; x++) {
                    size_t at = tensor_at(whole, image, channel, y, x);
                    bool inside =
                             is_within(&region->rows, y, 0) && is_within(&region->columns, x, 0),
                         beside = is_within(&region->rows, y, out->border) &&
                                  is_within(&region->columns, x, out->border);
                    if (inside ? tensor_same_bits(part, whole, at)
                               : beside || tensor_same_bits(part, &problem->out, at))
                        continue;
                    case_print(&problem->test);
                    fail_msg(
                        "%s: rows %d to %d and columns %d to %d alone differ from the whole at "
                        "image %d, channel %d, row %d, column %d",
                        kernel->name, region->rows.first, region->rows.last, region->columns.first,
                        region->columns.last, image, channel, y, x);
                }
}

/* False where the kernel does not compute that part. */
static bool check_case(const test_case *test, const bw_kernel *kernel, random_source *random)
{
    const bw_operation *operation = &test->operation;
    if (!bw_kernel_accepts(kernel, operation) || !bw_region_possible(kernel, operation))
        return false;
    bw_region any = {random_interval(random, operation->out.height),
                     random_interval(random, operation->out.width)};
    bw_region region = bw_region_tiled(operation, &any);
    bw_operation part = bw_region_operation(operation, &region);
    if (!bw_kernel_accepts(kernel, &part))
        return false;
    test_problem problem = problem_make(test);
    test_tensor whole;
    assert_true(trial_run(&whole, &problem, kernel, ORDER_WHOLE));
    test_tensor alone = run_part(&problem, kernel, &region);
    compare(&problem, kernel, &region, &whole, &alone);
    tensor_free(&whole);
    tensor_free(&alone);
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
    return kernel->needs != 0 && kernel->in == BW_U8 && kernel->out == BW_U8 &&
           (bw_family_is_dense(kernel->family) || kernel->family == BW_FAMILY_DEPTHWISE ||
            kernel->family == BW_FAMILY_MAX_POOL);
}

int main(void)
{
    return test_every_kernel("regions", has_regions, test_kernel);
}
