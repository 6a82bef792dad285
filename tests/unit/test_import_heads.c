/**
 * Detection heads of darknet networks.
 */
#include "test_import.h"

#define CONV(filters) "[convolutional]\nfilters=" #filters "\nactivation=linear\n"

static void test_yolo(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import,
                NET CONV(14) "[yolo]\nmask=2,0\nanchors=1,2, 3.5,4, 5,6\nnum=3\nclasses=2\n"
                             "scale_x_y=1.05\nnms_kind=diounms\nbeta_nms=0.6\n");
    assert_null(import.warnings);
    assert_int_equal(import.graph.output_count, 1);
    const bw_output *output = &import.graph.outputs[0];
    const bw_head *head = &output->head;
    assert_int_equal(output->tensor, find_node(&import.graph, BW_OP_CONV, 0)->output);
    assert_int_equal(head->kind, BW_HEAD_YOLO);
    assert_int_equal(head->form, BW_HEAD_RAW);
    assert_int_equal(head->classes, 2);
    assert_int_equal(head->anchors, 2);
    assert_true(head->anchor[0][0] == 5.0f && head->anchor[0][1] == 6.0f);
    assert_true(head->anchor[1][0] == 1.0f && head->anchor[1][1] == 2.0f);
    assert_true(head->scale_xy == 1.05f);
    assert_int_equal(head->nms, BW_NMS_DIOU);
    bw_import_free(&import);
}

static void test_yolo_defaults(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET CONV(50) "[yolo]\nanchors=1,2, 3,4\nnum=2\nnew_coords=1\n");
    const bw_head *head = &import.graph.outputs[0].head;
    assert_int_equal(head->form, BW_HEAD_SCALED);
    assert_int_equal(head->classes, 20);
    assert_int_equal(head->anchors, 2);
    assert_true(head->anchor[1][1] == 4.0f);
    assert_true(head->scale_xy == 1.0f);
    assert_int_equal(head->nms, BW_NMS_AUTO);
    bw_import_free(&import);
}

static void test_region(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET CONV(16) "[region]\nanchors=0.5,0.25,7.75,8\nnum=2\nclasses=3\n"
                                      "coords=4\nsoftmax=1\nbias_match=1\nthresh=.6\nrescore=1\n");
    assert_null(import.warnings);
    const bw_head *head = &import.graph.outputs[0].head;
    assert_int_equal(head->kind, BW_HEAD_REGION);
    assert_int_equal(head->form, BW_HEAD_RAW);
    assert_int_equal(head->classes, 3);
    assert_int_equal(head->anchors, 2);
    assert_true(head->anchor[1][0] == 7.75f);
    assert_true(head->scale_xy == 1.0f);
    bw_import_free(&import);
}

/* Two heads, the second read through a [route] that steps over the first. */
static void test_two_heads(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET CONV(8) TAIL "[route]\nlayers=-3\n" TAIL);
    assert_int_equal(import.graph.output_count, 2);
    assert_int_equal(import.layers, 6);
    const bw_node *last = find_node(&import.graph, BW_OP_CONV, 2);
    assert_string_equal(last->name, "4 convolutional");
    assert_int_equal(last->inputs[0], find_node(&import.graph, BW_OP_CONV, 0)->output);
    bw_import_free(&import);
}

static void test_reading_a_head(void **state)
{
    (void)state;
    expect_failure(NET TAIL CONV(18), BW_ERROR_UNSUPPORTED,
                   "test.cfg:13: [convolutional] reads the boxes of the [yolo] before it");
    expect_failure(NET TAIL HEAD, BW_ERROR_UNSUPPORTED,
                   "test.cfg:13: [yolo] reads the boxes of the [yolo] before it");
    expect_failure(NET TAIL "[route]\nlayers=0,-1\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:14: layer 2 route reads layer -1, the boxes of a [yolo]");
}

static void expect_head_failure(const char *section, bw_status status, const char *message)
{
    char text[500];
    snprintf(text, sizeof text, NET CONV(18) "%s", section);
    expect_failure(text, status, message);
}

static void test_yolo_failures(void **state)
{
    (void)state;
    expect_head_failure("[yolo]\nanchors=1,2,3,4\nnum=2\nclasses=80\n", BW_ERROR_FORMAT,
                        "test.cfg:8: layer 0 gives 18 channels, but [yolo] needs 2 × (5 + 80) = "
                        "170");
    expect_head_failure("[yolo]\nanchors=1,2,3\nnum=2\n", BW_ERROR_FORMAT,
                        "test.cfg:9: [yolo] has 3 numbers as anchors, but num=2 needs 4");
    expect_head_failure("[yolo]\nnum=2\n", BW_ERROR_FORMAT,
                        "test.cfg:8: [yolo] has 0 numbers as anchors, but num=2 needs 4");
    expect_head_failure("[yolo]\nanchors=1,0\n", BW_ERROR_FORMAT,
                        "test.cfg:9: anchor side 0 is not between 0 and 65536");
    expect_head_failure("[yolo]\nanchors=1,nan\n", BW_ERROR_FORMAT, "test.cfg:9: 'anchors'");
    expect_head_failure("[yolo]\nanchors=1,2,3,4\nnum=2\nmask=0,2\n", BW_ERROR_FORMAT,
                        "test.cfg:11: mask names anchor 2, but there are only 2 (from 0)");
    expect_head_failure("[yolo]\nanchors=1,2,3,4\nnum=2\nmask=-1\n", BW_ERROR_FORMAT,
                        "test.cfg:11: mask names anchor -1");
    expect_head_failure("[yolo]\nanchors=1,2\nmask=\n", BW_ERROR_FORMAT, "test.cfg:10: 'mask'");
    expect_head_failure("[yolo]\nanchors=1,2\nclasses=0\n", BW_ERROR_FORMAT,
                        "test.cfg:10: 'classes'");
    expect_head_failure("[yolo]\nanchors=1,2\nclasses=2000000000\n", BW_ERROR_FORMAT,
                        "test.cfg:10: 'classes'");
    expect_head_failure("[yolo]\nanchors=1,2\nscale_x_y=0\n", BW_ERROR_FORMAT,
                        "test.cfg:10: 'scale_x_y'");
    expect_head_failure("[yolo]\nanchors=1,2\nnms_kind=cornersnms\n", BW_ERROR_UNSUPPORTED,
                        "test.cfg:10: nms_kind 'cornersnms' is not supported");
    expect_head_failure("[yolo]\nnum=17\nanchors=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                        "1,1,1,1,1,1,1,1,1\n",
                        BW_ERROR_UNSUPPORTED, "test.cfg:9: 17 anchors a head are not supported");
    expect_failure(NET TAIL "[route]\nlayers=-2\n[yolo]\nanchors=1,2\nnum=1\nclasses=13\n",
                   BW_ERROR_UNSUPPORTED,
                   "test.cfg:18: this head has 13 classes and the first one 1");
}

static void test_region_failures(void **state)
{
    (void)state;
    expect_head_failure("[region]\nanchors=1,2\nclasses=13\n", BW_ERROR_UNSUPPORTED,
                        "test.cfg:8: [region] without softmax=1 is not supported");
    expect_head_failure("[region]\nanchors=1,2\nclasses=13\nsoftmax=1\ncoords=5\n",
                        BW_ERROR_UNSUPPORTED, "test.cfg:12: 'coords=5' of [region]");
    expect_head_failure("[region]\nanchors=1,2\nsoftmax=1\ntree=9k.tree\n", BW_ERROR_UNSUPPORTED,
                        "test.cfg:11: a tree of classes (YOLO9000) is not supported");
    expect_head_failure("[region]\nanchors=1,2\nsoftmax=1\n", BW_ERROR_FORMAT,
                        "test.cfg:8: layer 0 gives 18 channels, but [region] needs 1 × (5 + 20) = "
                        "25");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yolo),
        cmocka_unit_test(test_yolo_defaults),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_two_heads),
        cmocka_unit_test(test_reading_a_head),
        cmocka_unit_test(test_yolo_failures),
        cmocka_unit_test(test_region_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
