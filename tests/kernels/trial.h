/**
 * One kernel run on one case, and everything that can be wrong with it.
 *
 * A kernel's result may differ from the reference's by an amount that follows from the operation:
 * the rounding of a sum of n terms, (4 + 2 √n) units in the last place of the sum of the terms'
 * magnitudes, through the activation; a kernel's `tolerance` multiplies it. Where the output is
 * bfloat16, one unit in its last place is added, as either result is rounded once more. Families
 * that only move or compare numbers must be equal, and where bytes are read or written, all bits.
 */
#ifndef BW_TESTS_KERNELS_TRIAL_H
#define BW_TESTS_KERNELS_TRIAL_H

#include "cases.h"

/** The tensors and numbers of a case. */
typedef struct test_problem {
    test_case test;
    test_tensor in, second, out; /* out: as it is before the run */
    float *weights, *bias;
    int8_t *integers; /* where the input is bytes: weight = integer × scale */
    float *scales;
} test_problem;

test_problem problem_make(const test_case *test);
void problem_free(test_problem *problem);

/** The problem's weights as a kernel packs them. */
bw_filters problem_filters(const test_problem *problem);

/** Runs `kernel` over all units in one call, or split at random and out of order; the result. */
typedef enum run_order { ORDER_WHOLE, ORDER_SPLIT, ORDER_THREADS } run_order;

/**
 * Runs the kernel and leaves the memory of the output in `*result`, the caller's. False, with the
 * report printed, when it wrote beside its scratch, its weights or its output.
 */
bool trial_run(test_tensor *result, const test_problem *problem, const bw_kernel *kernel,
               run_order order);

/** The reference kernel of a family and types. */
const bw_kernel *reference_of(bw_family family, bw_type in, bw_type out, bool rounds);

/** Compares a kernel with the reference in every respect; prints the report of a failure. */
bool trial_passes(const test_case *test, const bw_kernel *kernel);

#endif
