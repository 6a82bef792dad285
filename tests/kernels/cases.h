/**
 * Cases for the kernel tests: an operation, where its tensors lie, and what they hold.
 */
#ifndef BW_TESTS_KERNELS_CASES_H
#define BW_TESTS_KERNELS_CASES_H

#include "tensor.h"

typedef struct test_case {
    bw_operation operation;
    placement in, second, out; /* their layouts are the operation's */
    int images;
    fill in_fill, second_fill, weight_fill;
    bool has_bias;
    bool second_is_out; /* the residual is read where the result goes */
    bool in_is_out;     /* ADD and ACTIVATION only */
    uint64_t seed;      /* of the numbers */
} test_case;

/** A case of one family and types at random, edges and extremes among them. */
test_case case_random(random_source *random, bw_family family, bw_type in, bw_type out);

/** The `index`-th case with the shape of a layer of a published network. */
bool case_published(test_case *made, int index, bw_type in, bw_type out);

/** The `index`-th convolution whose sums are as large as its channels allow, or nearly. */
bool case_extreme(test_case *made, int index, bw_type in, bw_type out);

/** Number of weights; 0 for families without. */
size_t case_weights(const bw_operation *operation);

/** Products that one number of the output is the sum of, or 0. */
double case_terms(const bw_operation *operation);

/** Writes all parameters for the report of a failure. */
void case_print(const test_case *test);

const char *family_name(bw_family family);

#endif
