/** What is written as ONNX: protobuf's wire format, and what is refused. */
#include "check.h"

#include <string.h>
#include <unistd.h>

#include "export/export.h"
#include "export/protobuf.h"

static void expect_bytes(const bw_proto *proto, const char *bytes, size_t size)
{
    assert_false(proto->failed);
    assert_int_equal(proto->count, size);
    assert_memory_equal(proto->bytes, bytes, size);
}

static void writes_fields(void **state)
{
    (void)state;
    bw_proto proto = {0};
    bw_proto_number(&proto, 1, 300);
    bw_proto_number(&proto, 20, 0);
    bw_proto_float(&proto, 2, 1.0f);
    bw_proto_text(&proto, 3, "ab");
    expect_bytes(&proto,
                 "\x08\xac\x02\xa0\x01\x00\x15\x00\x00\x80\x3f\x1a\x02"
                 "ab",
                 15);
    bw_proto_free(&proto);
}

static void writes_negative_numbers_in_ten_bytes(void **state)
{
    (void)state;
    bw_proto proto = {0};
    bw_proto_number(&proto, 3, (uint64_t)-1);
    expect_bytes(&proto, "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    bw_proto_free(&proto);
}

static void wraps_messages(void **state)
{
    (void)state;
    bw_proto proto = {0};
    bw_proto_number(&proto, 1, 1);
    size_t outer = proto.count;
    bw_proto_number(&proto, 2, 2);
    size_t inner = proto.count;
    bw_proto_wrap(&proto, 4, inner);
    bw_proto_wrap(&proto, 5, outer);
    expect_bytes(&proto, "\x08\x01\x2a\x04\x10\x02\x22\x00", 8);
    bw_proto_free(&proto);
}

static void wraps_long_messages(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text);
    bw_proto proto = {0};
    bw_proto_bytes(&proto, 1, text, sizeof text);
    bw_proto_wrap(&proto, 2, 0);
    assert_int_equal(proto.count, 206);
    assert_memory_equal(proto.bytes, "\x12\xcb\x01\x0a\xc8\x01xx", 8);
    assert_int_equal(proto.bytes[205], 'x');
    bw_proto_free(&proto);
}

static const char *const names[] = {"thing"};

static bw_status export_graph(const bw_graph *graph, bw_error *error)
{
    bw_onnx_options options;
    bw_onnx_options_init(&options);
    bw_export what = {.graph = graph,
                      .names = names,
                      .classes = 1,
                      .fingerprint = "0",
                      .resize = BW_RESIZE_LETTERBOX,
                      .options = &options};
    return bw_export_onnx("test_export.onnx", &what, error);
}

/* A graph of one node that reads the input. */
static void make_graph(bw_graph *graph, int channels, bw_node *node)
{
    int input, output;
    bw_head head = {.classes = 1, .anchors = 1, .anchor = {{1, 1}}, .scale_xy = 1};
    bw_graph_init(graph, 1 << 20);
    check_ok(bw_graph_add_input(graph, &input, (bw_shape){1, 1, channels}, &error));
    node->inputs = &input;
    node->input_count = 1;
    node->residual = BW_NONE;
    check_ok(bw_graph_add(graph, &output, node, &error));
    check_ok(bw_graph_add_output(graph, output, &head, &error));
}

static void refuses_what_protobuf_cannot_hold(void **state)
{
    (void)state;
    enum { SIDE = 1 << 15 };
    static const float never_read;
    bw_graph graph;
    bw_node conv = {
        .op = BW_OP_CONV,
        .name = "0 wide",
        .weights = {&never_read, (size_t)SIDE * SIDE},
        .attributes = {
            .kernel_height = 1, .kernel_width = 1, .stride = 1, .groups = 1, .channels = SIDE}};
    make_graph(&graph, SIDE, &conv);
    check_fails(export_graph(&graph, &error), BW_ERROR_LIMIT, "2 GiB");
    assert_int_not_equal(access("test_export.onnx", F_OK), 0);
    bw_graph_free(&graph);
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    bw_graph graph;
    bw_node norm = {.op = BW_OP_BATCH_NORM, .name = "0 norm"};
    make_graph(&graph, 6, &norm);
    check_fails(export_graph(&graph, &error), BW_ERROR_UNSUPPORTED, "layer 0 norm");
    bw_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_fields),
        cmocka_unit_test(writes_negative_numbers_in_ten_bytes),
        cmocka_unit_test(wraps_messages),
        cmocka_unit_test(wraps_long_messages),
        cmocka_unit_test(refuses_what_protobuf_cannot_hold),
        cmocka_unit_test(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
