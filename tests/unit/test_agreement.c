/**
 * The agreement of two networks' boxes, on cases small enough to be counted by hand.
 */
#include "check.h"

#include <math.h>

#include "agreement.h"

/* Adds a picture of these boxes. */
static void add(bw_agreement *agreement, bw_detection *expected, size_t expected_count,
                bw_detection *found, size_t found_count)
{
    bw_detections left = {expected, expected_count, expected_count};
    bw_detections right = {found, found_count, found_count};
    check_ok(bw_agreement_add(agreement, &left, &right, &error));
}

static bw_detection square(float left, float side, float score, int32_t class_id)
{
    return (bw_detection){left, 0, left + side, side, score, class_id};
}

static void check_f1(const bw_agreement *agreement, double wanted)
{
    if (fabs(bw_agreement_f1(agreement) - wanted) > 1e-12)
        fail_msg("F1 is %.15g, not %.15g", bw_agreement_f1(agreement), wanted);
}

static void same_boxes_agree(void **state)
{
    (void)state;
    bw_agreement agreement = {0};
    bw_detection boxes[] = {square(0, 10, 0.9f, 0), square(50, 10, 0.5f, 1)};
    add(&agreement, boxes, 2, boxes, 2);
    check_f1(&agreement, 1);
    assert_int_equal(agreement.agreed, 2);
}

static void class_and_overlap_count(void **state)
{
    (void)state;
    bw_agreement agreement = {0};
    bw_detection expected[] = {square(0, 10, 0.9f, 0), square(50, 10, 0.5f, 0)};
    /* Another class; then an IoU of 60 / 140; then one of exactly 1/2, of a half as wide. */
    bw_detection other[] = {square(0, 10, 0.9f, 1), square(54, 10, 0.5f, 0)};
    bw_detection half[] = {{0, 0, 5, 10, 0.3f, 0}};
    add(&agreement, expected, 2, other, 2);
    assert_int_equal(agreement.agreed, 0);
    check_f1(&agreement, 0);
    add(&agreement, expected, 1, half, 1);
    assert_int_equal(agreement.agreed, 1);
    check_f1(&agreement, 2.0 / 6);
    assert_int_equal(agreement.pictures, 2);
}

/* Two boxes on one: the second is too much, and lowers precision alone. */
static void each_box_is_taken_once(void **state)
{
    (void)state;
    bw_agreement agreement = {0};
    bw_detection expected[] = {square(0, 10, 0.9f, 0)};
    bw_detection found[] = {square(1, 10, 0.9f, 0), square(0, 10, 0.8f, 0)};
    add(&agreement, expected, 1, found, 2);
    assert_int_equal(agreement.agreed, 1);
    check_f1(&agreement, 2.0 / 3);
}

/* The better box takes what it overlaps most, and leaves its neighbour to the next one. */
static void the_nearest_is_taken(void **state)
{
    (void)state;
    bw_agreement agreement = {0};
    bw_detection expected[] = {square(2, 10, 0.9f, 0), square(0, 10, 0.8f, 0)};
    bw_detection found[] = {square(0, 10, 0.9f, 0), square(3, 10, 0.8f, 0)};
    add(&agreement, expected, 2, found, 2);
    assert_int_equal(agreement.agreed, 2);
}

static void nothing_agrees_with_nothing(void **state)
{
    (void)state;
    bw_agreement agreement = {0};
    bw_detection boxes[] = {square(0, 10, 0.9f, 0)};
    add(&agreement, NULL, 0, NULL, 0);
    check_f1(&agreement, 1);
    add(&agreement, boxes, 1, NULL, 0);
    check_f1(&agreement, 0);
    add(&agreement, NULL, 0, boxes, 1);
    check_f1(&agreement, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_boxes_agree),
        cmocka_unit_test(class_and_overlap_count),
        cmocka_unit_test(each_box_is_taken_once),
        cmocka_unit_test(the_nearest_is_taken),
        cmocka_unit_test(nothing_agrees_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
