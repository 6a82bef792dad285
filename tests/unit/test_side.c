/** Side files: what they say, and that what they cannot say is refused by line. */
#include "check.h"

#include <string.h>

#include "import/side.h"

static bw_side side;
static bw_error failure;

static bw_status parse(const char *text)
{
    return bw_side_parse(&side, "net.boxwright", text, strlen(text), &failure);
}

static void reads_all_keys(void **state)
{
    (void)state;
    check_ok(parse("# a network\n"
                   "head = nanodet   # of the first form\r\n"
                   "\n"
                   "names = traffic light, cat\n"
                   "classes=2\n"
                   "order = bgr\nmean = 103.53, 116.28 123.675\nscale = 1/255\npadding = 0\n"
                   "placement = stretched\nsuppression = none\nstrides = 8, 16\n"
                   "anchors = 10,13, 16,30\nbins = 8\norigin = 0\nvariances = 0.1, 0.2\n"
                   "background = last\nscores = softmax"));
    assert_string_equal(side.head, "nanodet");
    assert_int_equal(side.head_line, 2);
    assert_int_equal(side.name_count, 2);
    assert_string_equal(side.names[0], "traffic light");
    assert_string_equal(side.names[1], "cat");
    assert_int_equal(side.classes, 2);
    assert_int_equal(side.order, BW_ORDER_BGR);
    assert_true(side.has_mean && side.mean[2] == 123.675f);
    assert_true(side.has_scale && side.deviation[1] == 255.0f);
    assert_true(side.has_padding && side.padding == 0.0f);
    assert_int_equal(side.placement, BW_RESIZE_STRETCH);
    assert_true(side.has_suppression && side.suppression == BW_NMS_NONE);
    assert_int_equal(side.stride_count, 2);
    assert_int_equal(side.anchor_count, 2);
    assert_true(side.anchors[3] == 30.0f);
    assert_int_equal(side.bins, 8);
    assert_true(side.has_origin && side.origin == 0.0f);
    assert_true(side.variance_count == 2 && side.variance[1] == 0.2f);
    assert_true(side.has_background && side.background == BW_BACKGROUND_LAST);
    assert_int_equal(side.scores, BW_SCORES_SOFTMAX);
    bw_side_free(&side);
}

static void says_nothing_when_empty(void **state)
{
    (void)state;
    check_ok(parse(""));
    assert_null(side.head);
    assert_int_equal(side.placement, BW_RESIZE_AUTO);
    assert_false(side.has_mean || side.has_scale || side.has_padding || side.has_suppression);
    bw_side_free(&side);
}

static void expect_refusal(const char *text, const char *words)
{
    assert_int_equal(parse(text), BW_ERROR_FORMAT);
    if (!strstr(failure.message, words))
        fail_msg("'%s' does not say '%s'", failure.message, words);
}

static void refuses_by_line(void **state)
{
    (void)state;
    expect_refusal("order = rgb\nancors = 1, 2\n", "net.boxwright:2: there is no key 'ancors'; the "
                                                   "nearest is 'anchors'");
    expect_refusal("order = rgb\norder = bgr\n", ":2: 'order' stands in line 1 already");
    expect_refusal("order rgb\n", ":1: 'order rgb' is no line of 'key = value'");
    expect_refusal("order =\n", "there is no value");
    expect_refusal("order = grb\n", "it is rgb or bgr");
    expect_refusal("mean = 1, 2\n", "one for each of three channels");
    expect_refusal("mean = 1, 2, 3, 4\n", "numbers between commas");
    expect_refusal("mean = nan\n", "numbers between commas");
    expect_refusal("scale = 1/0\n", "numbers between commas");
    expect_refusal("scale = 0\n", "scales are above 0");
    expect_refusal("padding = 256\n", "from 0 to 255");
    expect_refusal("anchors = 1, 2, 3\n", "pairs of width and height");
    expect_refusal("anchors = 1, -2\n", "sizes in pixels");
    expect_refusal("strides = 0\n", "from 1 on");
    expect_refusal("bins = 65\n", "distance of a side");
    expect_refusal("bins = 1.5\n", "distance of a side");
    expect_refusal("classes = 2\nnames = a\n", "1 names for 2 classes");
    expect_refusal("names = a,,b\n", "a name is empty");
    expect_refusal("placement = left\n", "centred, corner or stretched");
    expect_refusal("variances = 1\n", "two numbers");
    assert_int_equal(bw_side_parse(&side, "x", "a\0b", 3, &failure), BW_ERROR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_keys),
        cmocka_unit_test(says_nothing_when_empty),
        cmocka_unit_test(refuses_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
