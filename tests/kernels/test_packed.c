/**
 * Packed weights that come from outside: where they hold places in the input or counts, a kernel
 * must say whether they are sound. Nothing is computed here, so this needs no instruction set.
 */
#include <string.h>

#include "base/memory.h"
#include "every_kernel.h"
#include "trial.h"

enum { CASES = 12, ATTEMPTS = 1000, MOST_BYTES = 1 << 16, WORD = 4 };

static uint8_t *pack(const bw_kernel *kernel, const bw_operation *operation,
                     const test_problem *problem)
{
    bw_filters filters = problem_filters(problem);
    size_t bytes = kernel->packed_bytes(operation);
    uint8_t *packed = bw_aligned_alloc(bytes);
    assert_non_null(packed);
    kernel->pack(operation, &filters, packed);
    return packed;
}

/* What changes with the distance between rows and planes holds places. */
static bool holds_places(const bw_kernel *kernel, const test_problem *problem)
{
    const bw_operation *operation = &problem->test.operation;
    bw_operation wider = *operation;
    wider.in.row_stride += (size_t)wider.in.lanes;
    wider.in.plane_stride += (size_t)(wider.in.lanes * 64);
    size_t bytes = kernel->packed_bytes(operation);
    if (kernel->packed_bytes(&wider) != bytes)
        return false;
    uint8_t *one = pack(kernel, operation, problem), *other = pack(kernel, &wider, problem);
    bool same = memcmp(one, other, bytes) == 0;
    bw_aligned_free(one);
    bw_aligned_free(other);
    return !same;
}

static bool sound_with(const bw_kernel *kernel, const bw_operation *operation, uint8_t *packed,
                       size_t at, int byte)
{
    uint8_t kept[WORD];
    memcpy(kept, packed + at, WORD);
    memset(packed + at, byte, WORD);
    bool sound = kernel->packed_sound(operation, packed);
    memcpy(packed + at, kept, WORD);
    return sound;
}

/* Each four bytes are changed in turn, to what is too large and to what is negative. */
static void check_changes(const bw_kernel *kernel, const test_problem *problem)
{
    const bw_operation *operation = &problem->test.operation;
    size_t bytes = kernel->packed_bytes(operation);
    uint8_t *packed = pack(kernel, operation, problem);
    assert_true(kernel->packed_sound(operation, packed));
    int large = 0, negative = 0;
    for (size_t at = 0; at < bytes; at += WORD) {
        large += !sound_with(kernel, operation, packed, at, 0x7f);
        negative += !sound_with(kernel, operation, packed, at, 0x80);
    }
    int positions = operation->kernel_height * bw_layout_planes(&operation->in);
    assert_true(large >= positions);
    assert_true(negative >= positions);
    bw_aligned_free(packed);
}

static void check_kernel(const bw_kernel *kernel)
{
    random_source random = {5};
    int done = 0;
    for (int attempt = 0; attempt < ATTEMPTS && done < CASES; attempt++) {
        test_case test = case_random(&random, kernel->family, kernel->in, kernel->out);
        test.operation.may_round = kernel->rounds;
        if (!bw_kernel_accepts(kernel, &test.operation) ||
            kernel->packed_bytes(&test.operation) > MOST_BYTES)
            continue;
        test_problem problem = problem_make(&test);
        if (kernel->packed_sound)
            check_changes(kernel, &problem);
        else if (holds_places(kernel, &problem))
            fail_msg("the packed weights of %s hold places that nothing verifies", kernel->name);
        problem_free(&problem);
        done++;
    }
    assert_true(done > 0);
}

static void test_packed(void **state)
{
    const bw_kernel *kernel = *state;
    if (!kernel->packed_sound && (kernel->needs & ~bw_cpu_features()) != 0)
        skip();
    check_kernel(kernel);
}

/* Of general operators see test_plan_plain.c. */
static bool is_packed(const bw_kernel *kernel)
{
    return kernel->pack && kernel->family != BW_FAMILY_PLAIN;
}

int main(void)
{
    return test_every_kernel("packed weights", is_packed, test_packed);
}
