/**
 * Every kernel of the list that this machine can run, and those over emulated instructions, against
 * the reference of its family, on shapes of published networks and on shapes and numbers at random.
 */
#include <stdio.h>

#include "every_kernel.h"
#include "trial.h"

enum { CASES = 120, ATTEMPTS = 3000, LEAST_CASES = 10 };

/* The reference takes about two operations a nanosecond; larger cases would test nothing more. */
static bool small_enough(const test_case *test)
{
    const bw_layout *out = &test->operation.out;
    double outputs = (double)out->channels * out->height * out->width * test->images;
    return outputs * (1.0 + case_terms(&test->operation)) < 4e6;
}

static void check_random(const bw_kernel *kernel)
{
    random_source random = {1};
    int done = 0;
    for (int attempt = 0; attempt < ATTEMPTS && done < CASES; attempt++) {
        test_case test = case_random(&random, kernel->family, kernel->in, kernel->out);
        test.operation.may_round = kernel->rounds;
        if (!bw_kernel_accepts(kernel, &test.operation) || !small_enough(&test))
            continue;
        assert_true(trial_passes(&test, kernel));
        done++;
    }
    if (done < LEAST_CASES)
        fail_msg("%s accepted only %d of %d cases", kernel->name, done, ATTEMPTS);
}

static void check_published(const bw_kernel *kernel)
{
    test_case test;
    for (int index = 0; case_published(&test, index, kernel->in, kernel->out); index++) {
        test.operation.may_round = kernel->rounds;
        if (test.operation.family == kernel->family && bw_kernel_accepts(kernel, &test.operation))
            assert_true(trial_passes(&test, kernel));
    }
}

/* The largest sums of bytes, up to the last bit that some kernels have for them. */
static void check_extreme(const bw_kernel *kernel)
{
    test_case test;
    for (int index = 0; case_extreme(&test, index, kernel->in, kernel->out); index++) {
        test.operation.may_round = kernel->rounds;
        if (kernel->in == BW_U8 && bw_kernel_accepts(kernel, &test.operation))
            assert_true(trial_passes(&test, kernel));
    }
}

static void test_kernel(void **state)
{
    const bw_kernel *kernel = *state;
    if ((kernel->needs & ~bw_cpu_features()) != 0) {
        print_message("%s needs what this processor lacks\n", kernel->name);
        skip();
    }
    check_random(kernel);
    check_published(kernel);
    check_extreme(kernel);
}

/* General operators have cases of their own, in test_plain.c. */
static bool has_cases(const bw_kernel *kernel)
{
    return kernel->family != BW_FAMILY_PLAIN;
}

int main(void)
{
    return test_every_kernel("kernels", has_cases, test_kernel);
}
