/**
 * Average precision by VOC's and darknet's rules, the confusion matrix and verdicts, on cases small
 * enough to be worked out by hand.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/average.h"

static void assert_near(double value, double expected)
{
    if (fabs(value - expected) > 1e-12)
        fail_msg("%.15g is not %.15g", value, expected);
}

static bw_found_box found_box(double x, double side, double score)
{
    return (bw_found_box){{x, 0, side, side}, score, 0};
}

/* The average of one picture with two classes; `averages` has three. */
static void average(bw_average *averages, bw_rules rules, int points, const bw_truth_box *truth,
                    size_t truth_count, const bw_found_box *found, size_t found_count)
{
    bw_averaging *averaging;
    bw_average_options options;
    bw_average_options_init(&options);
    options.rules = rules;
    options.points = points;
    memset(averages, 0, 3 * sizeof *averages);
    check_ok(bw_averaging_open(&averaging, 2, &options, &error));
    check_ok(bw_averaging_add(averaging, truth, truth_count, found, found_count, &error));
    check_ok(bw_averaging_measure(averaging, averages, &error));
    bw_averaging_close(&averaging);
}

/* Right, wrong, right of three labelled boxes: precision 1, 1/2, 2/3. */
static void test_points(void **state)
{
    (void)state;
    bw_average averages[3];
    const bw_truth_box truth[] = {bw_truth_box_make(0, 0, 10, 10, 0),
                                  bw_truth_box_make(100, 0, 110, 10, 0),
                                  bw_truth_box_make(200, 0, 210, 10, 0)};
    const bw_found_box found[] = {found_box(100, 10, 0.3), found_box(50, 10, 0.6),
                                  found_box(0, 10, 0.9)};
    average(averages, BW_RULES_VOC, 0, truth, 3, found, 3);
    assert_near(averages[1].ap, (1 + 2.0 / 3) / 3);
    assert_near(averages[2].ap, -1);
    assert_near(averages[0].ap, averages[1].ap);
    assert_int_equal(averages[0].right, 2);
    assert_int_equal(averages[0].wrong, 1);
    assert_near(averages[0].overlaps, 2);
    average(averages, BW_RULES_VOC, 11, truth, 3, found, 3);
    assert_near(averages[1].ap, (4 + 3 * 2.0 / 3) / 11); /* recalls to 0.3, to 0.6, beyond */
    average(averages, BW_RULES_DARKNET, 101, truth, 3, found, 3);
    assert_near(averages[1].ap, (34 + 33 * 2.0 / 3) / 101);
    assert_near(averages[2].ap, 0); /* what is labelled nowhere lowers darknet's mean */
    assert_near(averages[0].ap, averages[1].ap / 2);
}

/* A box points at the labelled box that it overlaps most, taken or not: unlike COCO's. */
static void test_pointing(void **state)
{
    (void)state;
    bw_average averages[3];
    const bw_truth_box truth[] = {bw_truth_box_make(0, 0, 10, 10, 0),
                                  bw_truth_box_make(3, 0, 13, 10, 0)};
    const bw_found_box found[] = {found_box(0, 10, 0.9), found_box(1, 10, 0.8)};
    average(averages, BW_RULES_VOC, 0, truth, 2, found, 2);
    assert_int_equal(averages[1].right, 1);
    assert_int_equal(averages[1].wrong, 1);
    assert_near(averages[1].ap, 0.5);
}

/* An overlap of exactly the threshold is enough for VOC, not for darknet. */
static void test_threshold(void **state)
{
    (void)state;
    bw_average averages[3];
    const bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 0);
    const bw_found_box found = {{0, 0, 10, 5}, 0.9, 0};
    average(averages, BW_RULES_VOC, 0, &truth, 1, &found, 1);
    assert_near(averages[1].ap, 1);
    average(averages, BW_RULES_DARKNET, 0, &truth, 1, &found, 1);
    assert_near(averages[1].ap, 0);
}

/* What points at a difficult box counts neither way; darknet asks for them last. */
static void test_difficult(void **state)
{
    (void)state;
    bw_average averages[3];
    bw_truth_box truth[] = {bw_truth_box_make(0, 0, 10, 10, 0), bw_truth_box_make(4, 0, 14, 10, 0)};
    truth[0].difficult = true;
    const bw_found_box found[] = {found_box(0, 10, 0.9), found_box(1, 10, 0.8),
                                  found_box(4, 10, 0.7)};
    average(averages, BW_RULES_VOC, 0, truth, 2, found, 3);
    assert_int_equal(averages[1].instances, 1);
    assert_int_equal(averages[1].found, 1);
    assert_near(averages[1].ap, 1);
    average(averages, BW_RULES_DARKNET, 0, truth, 2, found, 3);
    assert_int_equal(averages[1].found, 2); /* the second overlaps the easy one by 7/13 */
    assert_int_equal(averages[1].right, 1);
    assert_int_equal(averages[1].wrong, 1);
}

static void test_nothing(void **state)
{
    (void)state;
    bw_average averages[3];
    const bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 0);
    average(averages, BW_RULES_VOC, 0, NULL, 0, NULL, 0);
    assert_near(averages[0].ap, -1);
    average(averages, BW_RULES_DARKNET, 11, NULL, 0, NULL, 0);
    assert_near(averages[0].ap, 0);
    average(averages, BW_RULES_VOC, 11, &truth, 1, NULL, 0);
    assert_near(averages[0].ap, 0);
}

static void test_refused(void **state)
{
    (void)state;
    bw_averaging *averaging;
    bw_average_options options;
    bw_average_options_init(&options);
    options.points = 1;
    check_fails(bw_averaging_open(&averaging, 2, &options, &error), BW_ERROR_ARGUMENT, "1 points");
    options.points = 11;
    options.iou = 1.5;
    check_fails(bw_averaging_open(&averaging, 2, &options, &error), BW_ERROR_ARGUMENT, "1.5");
}

/* A cat taken for a dog, a dog found twice, one missed, one on the background, one too unsure. */
static void test_confusion(void **state)
{
    (void)state;
    enum { CAT, DOG, BACKGROUND };
    size_t counts[9] = {0};
    bw_confusion confusion = {2, 0.25, 0.45, counts};
    bw_truth_box truth[] = {
        bw_truth_box_make(0, 0, 10, 10, CAT), bw_truth_box_make(100, 0, 110, 10, DOG),
        bw_truth_box_make(200, 0, 210, 10, DOG), bw_truth_box_make(300, 0, 310, 10, CAT)};
    truth[3].difficult = true;
    const bw_found_box found[] = {{{0, 0, 10, 10}, 0.9, DOG},   {{101, 0, 10, 10}, 0.9, DOG},
                                  {{100, 0, 10, 10}, 0.5, DOG}, {{500, 0, 10, 10}, 0.4, CAT},
                                  {{200, 0, 10, 10}, 0.2, DOG}, {{300, 0, 10, 10}, 0.9, CAT}};
    check_ok(bw_confusion_add(&confusion, truth, 4, found, 6, &error));
    const size_t expected[9] = {[3 * DOG + CAT] = 1,
                                [3 * DOG + DOG] = 1,
                                [3 * DOG + BACKGROUND] = 1,
                                [3 * CAT + BACKGROUND] = 1,
                                [3 * BACKGROUND + DOG] = 1};
    assert_memory_equal(counts, expected, sizeof counts);
}

static void test_pairs(void **state)
{
    (void)state;
    bw_truth_box truth[] = {bw_truth_box_make(0, 0, 10, 10, 0),
                            bw_truth_box_make(100, 0, 110, 10, 1),
                            bw_truth_box_make(300, 0, 310, 10, 0)};
    truth[2].crowd = true;
    const bw_found_box found[] = {{{0, 0, 10, 10}, 0.5, 0},
                                  {{0, 0, 10, 10}, 0.9, 0},
                                  {{100, 0, 10, 10}, 0.9, 0},
                                  {{301, 1, 2, 2}, 0.9, 0}};
    size_t taken[4];
    bool ignored[4];
    check_ok(bw_eval_pair(truth, 3, found, 4, 2, taken, ignored, &error));
    assert_int_equal(taken[0], 3); /* the better one has it */
    assert_int_equal(taken[1], 0);
    assert_int_equal(taken[2], 3); /* of another class */
    assert_true(!ignored[0] && !ignored[1] && !ignored[2] && ignored[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),    cmocka_unit_test(test_pointing),
        cmocka_unit_test(test_threshold), cmocka_unit_test(test_difficult),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_pairs),     cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
