/**
 * The core of evaluation on cases small enough to be worked out by hand.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "eval/eval.h"

/* The figures of an evaluation of at most three classes; closes it. */
static void measure(bw_figures *figures, bw_eval *eval, double confidence)
{
    memset(figures, 0, 4 * sizeof *figures);
    check_ok(bw_eval_measure(eval, confidence, figures, &error));
    bw_eval_close(&eval);
}

static bw_eval *open_eval(int classes)
{
    bw_eval *eval;
    check_ok(bw_eval_open(&eval, classes, &error));
    return eval;
}

static void add(bw_eval *eval, const bw_truth_box *truth, size_t truth_count,
                const bw_found_box *found, size_t found_count)
{
    check_ok(bw_eval_add(eval, truth, truth_count, found, found_count, &error));
}

static bw_found_box found_box(double x, double y, double side, double score)
{
    return (bw_found_box){{x, y, side, side}, score, 0};
}

static void assert_near(double value, double expected)
{
    if (fabs(value - expected) > 1e-12)
        fail_msg("%.15g is not %.15g", value, expected);
}

static void test_perfect(void **state)
{
    (void)state;
    bw_figures figures[4];
    double summary[12];
    bw_eval *eval = open_eval(3);
    const bw_truth_box truth[] = {bw_truth_box_make(10, 10, 60, 60, 0),
                                  bw_truth_box_make(10, 10, 20, 20, 2)};
    const bw_found_box found[] = {{{10, 10, 10, 10}, 0.5, 2}, {{10, 10, 50, 50}, 0.9, 0}};
    add(eval, truth, 2, found, 2);
    add(eval, NULL, 0, NULL, 0);
    measure(figures, eval, 0.6);
    bw_figures_summarize(summary, figures);
    const double expected[12] = {1, 1, 1, 1, 1, -1, 1, 1, 1, 1, 1, -1};
    for (int i = 0; i < 12; i++)
        assert_near(summary[i], expected[i]);
    assert_int_equal(figures[0].images, 2);
    assert_int_equal(figures[0].instances, 2);
    assert_int_equal(figures[1].images, 1);
    assert_near(figures[2].ap[0][0], -1); /* nothing is labelled */
    assert_near(figures[0].best.f1, 1);
    assert_near(figures[0].best.confidence, 0.5);
    assert_near(figures[0].given.recall, 0.5);
    assert_near(figures[0].given.precision, 0.5);
}

/* Two of three labelled boxes are found, with a wrong box between: precision 1, 1/2, 2/3. */
static void test_curve(void **state)
{
    (void)state;
    bw_figures figures[4];
    bw_eval *eval = open_eval(1);
    const bw_truth_box truth[] = {bw_truth_box_make(0, 0, 10, 10, 0),
                                  bw_truth_box_make(100, 0, 110, 10, 0),
                                  bw_truth_box_make(200, 0, 210, 10, 0)};
    const bw_found_box found[] = {found_box(100, 0, 10, 0.3), found_box(50, 50, 10, 0.6),
                                  found_box(0, 0, 10, 0.9)};
    add(eval, truth, 3, found, 3);
    measure(figures, eval, 0.5);
    /* Recalls 0 to 0.33 have precision 1, those to 0.66 have 2/3, the rest none. */
    assert_near(figures[0].ap[0][0], (34 + 33 * 2.0 / 3) / 101);
    assert_near(figures[0].ar[0][0], 2.0 / 3);
    assert_near(figures[0].ar1[0], 1.0 / 3);
    assert_near(figures[0].given.precision, 0.5);
    assert_near(figures[0].given.recall, 1.0 / 3);
    assert_near(figures[0].best.f1, 2.0 / 3);
}

/* The IoU of 2/3 counts at 0.50 to 0.65 only. */
static void test_thresholds(void **state)
{
    (void)state;
    bw_figures figures[4];
    bw_eval *eval = open_eval(1);
    const bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 0);
    const bw_found_box found = {{0, 2, 10, 10}, 0.9, 0};
    add(eval, &truth, 1, &found, 1);
    measure(figures, eval, 0);
    for (int threshold = 0; threshold < BW_OVERLAPS; threshold++)
        assert_near(figures[0].ap[0][threshold], threshold < 4 ? 1 : 0);
}

/* A crowd takes any number of boxes, which then count neither way. */
static void test_crowd(void **state)
{
    (void)state;
    bw_figures figures[4];
    bw_eval *eval = open_eval(1);
    bw_truth_box truth[] = {bw_truth_box_make(0, 0, 100, 100, 0),
                            bw_truth_box_make(300, 300, 340, 340, 0)};
    truth[0].crowd = true;
    const bw_found_box found[] = {found_box(0, 0, 10, 0.9), found_box(50, 50, 10, 0.8),
                                  found_box(300, 300, 40, 0.1)};
    add(eval, truth, 2, found, 3);
    measure(figures, eval, 0);
    assert_int_equal(figures[0].instances, 1);
    assert_near(figures[0].ap[0][9], 1);
    assert_near(figures[0].best.precision, 1);
}

/* Equal scores keep the order of adding, here right before wrong and wrong before right. */
static void test_ties(void **state)
{
    (void)state;
    bw_figures figures[4];
    const bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 0);
    const bw_found_box right = found_box(0, 0, 10, 0.5), wrong = found_box(90, 90, 10, 0.5);
    for (int order = 0; order < 2; order++) {
        bw_eval *eval = open_eval(1);
        if (order == 1)
            add(eval, NULL, 0, &wrong, 1);
        add(eval, &truth, 1, &right, 1);
        if (order == 0)
            add(eval, NULL, 0, &wrong, 1);
        measure(figures, eval, 0);
        assert_near(figures[0].ap[0][0], order == 0 ? 1 : 0.5);
        assert_near(figures[0].best.precision, 0.5);
    }
}

/* The 101st box of a class does not count, whatever it finds. */
static void test_depth(void **state)
{
    (void)state;
    bw_figures figures[4];
    bw_found_box found[BW_EVAL_DEPTH + 1];
    const bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 0);
    for (int i = 0; i < BW_EVAL_DEPTH; i++)
        found[i] = found_box(50 + i, 50, 10, 0.5);
    found[BW_EVAL_DEPTH] = found_box(0, 0, 10, 0.5);
    bw_eval *eval = open_eval(1);
    add(eval, &truth, 1, found, BW_EVAL_DEPTH + 1);
    measure(figures, eval, 0);
    assert_near(figures[0].ar[0][0], 0);
    found[BW_EVAL_DEPTH].score = 0.6;
    eval = open_eval(1);
    add(eval, &truth, 1, found, BW_EVAL_DEPTH + 1);
    measure(figures, eval, 0);
    assert_near(figures[0].ar[0][0], 1);
}

static void test_refused(void **state)
{
    (void)state;
    bw_eval *eval = open_eval(2);
    bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 2);
    bw_found_box found = found_box(0, 0, 10, 0.5);
    check_fails(bw_eval_add(eval, &truth, 1, NULL, 0, &error), BW_ERROR_ARGUMENT, "class 2 of 2");
    found.score = (double)NAN;
    check_fails(bw_eval_add(eval, NULL, 0, &found, 1, &error), BW_ERROR_ARGUMENT, "finite");
    found = (bw_found_box){{0, 0, (double)INFINITY, 1}, 1, 0};
    check_fails(bw_eval_add(eval, NULL, 0, &found, 1, &error), BW_ERROR_ARGUMENT, "finite");
    bw_eval_close(&eval);
    check_fails(bw_eval_open(&eval, 0, &error), BW_ERROR_ARGUMENT, "0 classes");
    assert_null(eval);
}

static void test_pictures(void **state)
{
    (void)state;
    const bw_truth_box truth = bw_truth_box_make(0, 0, 10, 10, 1);
    const bw_detection detection = {0, 2, 10, 12, 0.7f, 1};
    const bw_eval_picture pictures[] = {{&detection, 1, &truth, 1}, {NULL, 0, NULL, 0}};
    double ap, ap50;
    check_ok(bw_eval_pictures(&ap, &ap50, pictures, 2, 80, &error));
    assert_near(ap, 0.4);
    assert_near(ap50, 1);
    check_ok(bw_eval_pictures(&ap, &ap50, pictures + 1, 1, 80, &error));
    assert_near(ap, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_perfect),    cmocka_unit_test(test_curve),
        cmocka_unit_test(test_thresholds), cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_ties),       cmocka_unit_test(test_depth),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
