/** Rounding in order: the matrix's root, errors that are carried on, and bits that have a price. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "passes/quantize.h"

enum { ORDERED = 40, FILTERS = 50 };

static float numbers[FILTERS * ORDERED];

/* Bell-shaped: the sum of uniform ones. */
static void fill_numbers(uint32_t state)
{
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        numbers[index] = 0.0f;
        for (int term = 0; term < 6; term++) {
            state = state * 1664525u + 1013904223u;
            numbers[index] += (float)(state >> 8) / 8388608.0f - 1.0f;
        }
    }
}

static void fill_matrix(float matrix[ORDERED * ORDERED])
{
    for (size_t a = 0; a < ORDERED; a++) {
        for (size_t b = 0; b < ORDERED; b++)
            matrix[a * ORDERED + b] =
                a == b ? 1.1f : 0.9f / (1.0f + 0.1f * fabsf((float)a - (float)b));
    }
}

static void the_root_gives_the_matrix(void **state)
{
    (void)state;
    float matrix[ORDERED * ORDERED];
    double root[ORDERED * ORDERED];
    fill_matrix(matrix);
    assert_true(bw_find_root(root, matrix, ORDERED));
    for (size_t a = 0; a < ORDERED; a++) {
        for (size_t b = a; b < ORDERED; b++) {
            double sum = 0.0;
            for (size_t at = b; at < ORDERED; at++)
                sum += root[a * ORDERED + at] * root[b * ORDERED + at];
            assert_true(fabs(sum - (double)matrix[a * ORDERED + b]) < 1e-5);
        }
    }
    matrix[3 * ORDERED + 3] = -1.0f;
    assert_false(bw_find_root(root, matrix, ORDERED));
}

static double variance_in_order(const bw_filter *filter, const float *matrix)
{
    double sum = 0.0;
    for (size_t a = 0; a < ORDERED; a++) {
        for (size_t b = 0; b < ORDERED; b++)
            sum += (double)(matrix[a * ORDERED + b] *
                            (filter->weights[a] - (float)filter->integers[a] * filter->scale) *
                            (filter->weights[b] - (float)filter->integers[b] * filter->scale));
    }
    return sum;
}

/* Errors are carried on; what bits cost makes integers smaller. */
static void rounding_in_order_weighs_error_and_bits(void **state)
{
    (void)state;
    float matrix[ORDERED * ORDERED], scratch[ORDERED], lengths[BW_INTEGERS];
    double root[ORDERED * ORDERED], nearest = 0.0, ordered = 0.0, cheap = 0.0;
    int size = 0, cheap_size = 0;
    fill_numbers(17);
    fill_matrix(matrix);
    assert_true(bw_find_root(root, matrix, ORDERED));
    for (int index = 0; index < BW_INTEGERS; index++)
        lengths[index] = fabsf((float)(index - BW_INTEGER_ORIGIN));
    for (size_t filter = 0; filter < FILTERS; filter++) {
        int8_t integers[ORDERED];
        bw_filter one = {.weights = numbers + filter * ORDERED,
                         .integers = integers,
                         .count = ORDERED,
                         .scale = 0.3f,
                         .largest = 63.0f};
        for (size_t at = 0; at < ORDERED; at++)
            integers[at] = (int8_t)roundf(one.weights[at] / one.scale);
        nearest += variance_in_order(&one, matrix);
        bw_round_in_order(&one, 0, ORDERED, root, scratch);
        ordered += variance_in_order(&one, matrix);
        for (size_t at = 0; at < ORDERED; at++)
            size += abs(integers[at]);
        one.lengths = lengths;
        one.price = 0.05f;
        bw_round_in_order(&one, 0, ORDERED, root, scratch);
        double before = variance_in_order(&one, matrix);
        double left = bw_round_block(&one, 0, ORDERED, matrix, scratch);
        assert_true(fabs(left - variance_in_order(&one, matrix)) < 1e-3);
        cheap += before;
        for (size_t at = 0; at < ORDERED; at++)
            cheap_size += abs(integers[at]);
    }
    assert_true(ordered < 0.6 * nearest);
    assert_true(cheap > ordered && cheap_size < size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_gives_the_matrix),
        cmocka_unit_test(rounding_in_order_weighs_error_and_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
