/** ONNX files, parsed: what they hold, and what is refused. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/protobuf.h"
#include "import/onnx/model.h"
#include "import/onnx/wire.h"

static bw_limits limits(void)
{
    bw_limits result;
    bw_limits_init(&result);
    return result;
}

static void reads_fields(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "\x08\xac\x02\x15\x00\x00\x80\x3f\x1a\x02"
                                   "ab";
    bw_wire wire = bw_wire_open(bytes, sizeof bytes - 1);
    bw_wire_field field;
    assert_true(bw_wire_next(&wire, &field));
    assert_int_equal(field.number, 1);
    assert_int_equal(field.value, 300);
    assert_true(bw_wire_next(&wire, &field));
    assert_true(bw_wire_float(field.value) == 1.0f);
    assert_true(bw_wire_next(&wire, &field));
    assert_int_equal(field.size, 2);
    assert_memory_equal(field.bytes, "ab", 2);
    assert_false(bw_wire_next(&wire, &field));
    assert_false(wire.failed);
}

static void expect_damaged(const char *bytes, size_t size)
{
    bw_wire wire = bw_wire_open((const uint8_t *)bytes, size);
    bw_wire_field field;
    while (bw_wire_next(&wire, &field))
        ;
    assert_true(wire.failed);
}

static void refuses_damaged_fields(void **state)
{
    (void)state;
    expect_damaged("\x08", 1);                                              /* no value */
    expect_damaged("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12); /* too long a varint */
    expect_damaged("\x1a\x03"
                   "ab",
                   4);                 /* more bytes than there are */
    expect_damaged("\x15\x00\x00", 3); /* half a word */
    expect_damaged("\x0b", 1);         /* a group */
    expect_damaged("\x00\x01", 2);     /* field 0 */
    expect_damaged("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11); /* 2⁶⁴ − 1 bytes */
}

/* ---- a model -------------------------------------------------------------------------------- */

static void add_value(bw_proto *graph, int number, const char *name, int64_t height)
{
    size_t start = graph->count;
    bw_proto_text(graph, 1, name);
    size_t type = graph->count;
    bw_proto_number(graph, 1, BW_ONNX_F32);
    size_t shape = graph->count, dimension = graph->count;
    bw_proto_text(graph, 2, "batch");
    bw_proto_wrap(graph, 1, dimension);
    dimension = graph->count;
    bw_proto_number(graph, 1, (uint64_t)height);
    bw_proto_wrap(graph, 1, dimension);
    bw_proto_wrap(graph, 2, shape);
    bw_proto_wrap(graph, 1, type);
    bw_proto_wrap(graph, 2, type);
    bw_proto_wrap(graph, number, start);
}

static void add_attributes(bw_proto *node)
{
    size_t start = node->count;
    bw_proto_text(node, 1, "axes");
    bw_proto_number(node, 8, 3);
    bw_proto_number(node, 8, (uint64_t)-1);
    bw_proto_number(node, 20, BW_ONNX_INTS_VALUE);
    bw_proto_wrap(node, 5, start);
    start = node->count;
    bw_proto_text(node, 1, "alpha");
    bw_proto_float(node, 2, 0.5f);
    bw_proto_wrap(node, 5, start); /* no kind, as the first versions wrote it */
}

static void add_node(bw_proto *graph)
{
    size_t start = graph->count;
    bw_proto_text(graph, 1, "in");
    bw_proto_text(graph, 1, "");
    bw_proto_text(graph, 2, "out");
    bw_proto_text(graph, 3, "first");
    bw_proto_text(graph, 4, "Thing");
    add_attributes(graph);
    bw_proto_wrap(graph, 1, start);
}

static void add_constant(bw_proto *graph, const char *location)
{
    static const float numbers[] = {1.0f, 2.0f};
    size_t start = graph->count;
    bw_proto_number(graph, 1, 2);
    bw_proto_number(graph, 2, BW_ONNX_F32);
    bw_proto_text(graph, 8, "weight");
    if (location) {
        const char *const pairs[][2] = {{"location", location}, {"offset", "4"}, {"length", "8"}};
        for (size_t index = 0; index < 3; index++) {
            size_t entry = graph->count;
            bw_proto_text(graph, 1, pairs[index][0]);
            bw_proto_text(graph, 2, pairs[index][1]);
            bw_proto_wrap(graph, 13, entry);
        }
        bw_proto_number(graph, 14, 1);
    } else {
        bw_proto_bytes(graph, 9, numbers, sizeof numbers);
    }
    bw_proto_wrap(graph, 5, start);
}

static void write_model(bw_proto *model, const char *location)
{
    bw_proto_number(model, 1, 8);
    bw_proto_text(model, 2, "tests");
    size_t start = model->count;
    bw_proto_text(model, 2, "graph");
    add_node(model);
    add_constant(model, location);
    add_value(model, 11, "in", 7);
    add_value(model, 12, "out", 7);
    bw_proto_wrap(model, 7, start);
    start = model->count;
    bw_proto_number(model, 2, 13);
    bw_proto_wrap(model, 8, start);
    start = model->count;
    bw_proto_text(model, 1, "names");
    bw_proto_text(model, 2, "{0: 'cat'}");
    bw_proto_wrap(model, 14, start);
    assert_false(model->failed);
}

static void reads_a_model(void **state)
{
    (void)state;
    bw_proto model = {0};
    bw_onnx_file file;
    bw_limits most = limits();
    write_model(&model, NULL);
    assert_true(bw_onnx_recognise(model.bytes, model.count));
    check_ok(bw_onnx_parse(&file, model.bytes, model.count, NULL, &most, &error));
    assert_int_equal(file.opset, 13);
    assert_string_equal(file.producer, "tests");
    assert_string_equal(bw_onnx_find_metadata(&file, "names"), "{0: 'cat'}");
    assert_null(bw_onnx_find_metadata(&file, "stride"));
    const bw_onnx_graph *graph = &file.graph;
    assert_int_equal(graph->node_count, 1);
    assert_string_equal(graph->nodes[0].op, "Thing");
    assert_int_equal(graph->nodes[0].input_count, 2);
    assert_string_equal(graph->nodes[0].inputs[1], "");
    const bw_onnx_attribute *axes = bw_onnx_find_attribute(&graph->nodes[0], "axes");
    assert_int_equal(axes->count, 2);
    assert_int_equal(axes->ints[1], -1);
    const bw_onnx_attribute *alpha = bw_onnx_find_attribute(&graph->nodes[0], "alpha");
    assert_int_equal(alpha->kind, BW_ONNX_FLOAT_VALUE);
    assert_true(alpha->floats[0] == 0.5f);
    assert_int_equal(graph->constant_count, 1);
    assert_int_equal(graph->constants[0].count, 2);
    assert_true(graph->constants[0].data > model.bytes); /* borrowed */
    assert_true(graph->constants[0].data < model.bytes + model.count);
    assert_int_equal(graph->inputs[0].rank, 2);
    assert_int_equal(graph->inputs[0].dims[0], -1);
    assert_string_equal(graph->inputs[0].symbols[0], "batch");
    assert_int_equal(graph->inputs[0].dims[1], 7);
    bw_onnx_close(&file);
    bw_proto_free(&model);
}

static void refuses_a_model_cut_anywhere(void **state)
{
    (void)state;
    bw_proto model = {0};
    bw_limits most = limits();
    write_model(&model, NULL);
    for (size_t size = 0; size < model.count; size++) {
        bw_onnx_file file;
        bw_error error = {0};
        if (bw_onnx_parse(&file, model.bytes, size, NULL, &most, &error) == BW_OK)
            bw_onnx_close(&file); /* cut between two fields of the model */
        else
            assert_true(error.message[0] != '\0');
    }
    bw_proto_free(&model);
}

static void bounds_what_is_made(void **state)
{
    (void)state;
    bw_proto model = {0};
    bw_onnx_file file;
    bw_error error;
    bw_limits few = limits();
    few.layers = 0;
    size_t start = model.count;
    for (int index = 0; index < 1000; index++)
        bw_proto_bytes(&model, 1, "", 0);
    bw_proto_wrap(&model, 7, start);
    assert_int_equal(bw_onnx_parse(&file, model.bytes, model.count, NULL, &few, &error),
                     BW_ERROR_LIMIT);
    bw_proto_free(&model);
}

/* ---- tensors -------------------------------------------------------------------------------- */

static bw_status parse_tensor(bw_onnx_tensor *out, bw_arena *arena, const bw_proto *proto,
                              bw_error *error)
{
    bw_limits most = limits();
    return bw_onnx_parse_tensor(out, arena, proto->bytes, proto->count, &most, error);
}

static void decodes_numbers_that_are_not_raw(void **state)
{
    (void)state;
    static const int64_t wanted[] = {-1, 300};
    bw_arena arena = {0};
    bw_onnx_tensor tensor;
    bw_proto proto = {0};
    bw_proto_bytes(&proto, 1, "\x01\x02", 2); /* packed dimensions 1 × 2 */
    bw_proto_number(&proto, 2, BW_ONNX_I64);
    bw_proto_number(&proto, 7, (uint64_t)-1);
    bw_proto_bytes(&proto, 7, "\xac\x02", 2); /* and packed numbers after one that is not */
    check_ok(parse_tensor(&tensor, &arena, &proto, &error));
    assert_int_equal(tensor.rank, 2);
    assert_int_equal(tensor.count, 2);
    assert_memory_equal(tensor.data, wanted, sizeof wanted);
    bw_arena_free(&arena);
    bw_proto_free(&proto);
}

static void expect_refused_tensor(int64_t type, uint64_t dimension, bw_status status)
{
    bw_arena arena = {0};
    bw_onnx_tensor tensor;
    bw_proto proto = {0};
    bw_error error;
    bw_proto_number(&proto, 1, dimension);
    bw_proto_number(&proto, 1, dimension);
    bw_proto_number(&proto, 2, (uint64_t)type);
    bw_proto_bytes(&proto, 9, "abcd", 4);
    assert_int_equal(parse_tensor(&tensor, &arena, &proto, &error), status);
    bw_arena_free(&arena);
    bw_proto_free(&proto);
}

static void refuses_tensors_that_lie(void **state)
{
    (void)state;
    expect_refused_tensor(BW_ONNX_F32, 2, BW_ERROR_FORMAT);
    expect_refused_tensor(BW_ONNX_F32, (uint64_t)1 << 31, BW_ERROR_LIMIT);
    expect_refused_tensor(BW_ONNX_F32, (uint64_t)-1, BW_ERROR_FORMAT);
    expect_refused_tensor(8, 1, BW_ERROR_UNSUPPORTED); /* texts */
    expect_refused_tensor(0, 1, BW_ERROR_UNSUPPORTED);
}

/* ---- external data -------------------------------------------------------------------------- */

static bw_status parse_external(bw_onnx_file *file, const char *folder, const char *location,
                                bw_error *error)
{
    char path[256];
    bw_proto model = {0};
    bw_limits most = limits();
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    write_model(&model, location);
    bw_status status = bw_onnx_parse(file, model.bytes, model.count, path, &most, error);
    bw_proto_free(&model);
    return status;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    check_ok(bw_write_file(path, bytes, size, &error));
}

/* A folder with model data in it, and things that lead elsewhere. */
static void make_folder(char *folder, size_t size)
{
    static const float numbers[] = {0.0f, 3.0f, 4.0f};
    char path[300];
    snprintf(folder, size, "/tmp/boxwright-onnx-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data.bin", folder);
    write_file(path, numbers, sizeof numbers);
    snprintf(path, sizeof path, "%s/short.bin", folder);
    write_file(path, numbers, 8);
    snprintf(path, sizeof path, "%s/link.bin", folder);
    assert_int_equal(symlink("data.bin", path), 0);
    snprintf(path, sizeof path, "%s/away", folder);
    assert_int_equal(symlink("/tmp", path), 0);
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"data.bin", "short.bin", "link.bin", "away", "pipe"};
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", folder, names[index]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void maps_external_data(void **state)
{
    (void)state;
    static const float wanted[] = {3.0f, 4.0f};
    char folder[64];
    bw_onnx_file file;
    make_folder(folder, sizeof folder);
    check_ok(parse_external(&file, folder, "./data.bin", &error));
    assert_memory_equal(file.graph.constants[0].data, wanted, sizeof wanted);
    bw_onnx_close(&file);
    remove_folder(folder);
}

static void refuses_external_data_elsewhere(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "../data.bin", "away/../data.bin", "/etc/passwd", "link.bin",   "away/x",
        "pipe",        "short.bin",        "absent.bin",  "",           ".",
        "/",           "data.bin/",        "data.bin/x",  "//data.bin", "..",
    };
    char folder[64];
    make_folder(folder, sizeof folder);
    for (size_t index = 0; index < sizeof hostile / sizeof *hostile; index++) {
        bw_onnx_file file;
        bw_error error = {0};
        bw_status status = parse_external(&file, folder, hostile[index], &error);
        if (status == BW_OK)
            fail_msg("'%s' was taken", hostile[index]);
        assert_true(error.message[0] != '\0');
    }
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields),
        cmocka_unit_test(refuses_damaged_fields),
        cmocka_unit_test(reads_a_model),
        cmocka_unit_test(refuses_a_model_cut_anywhere),
        cmocka_unit_test(bounds_what_is_made),
        cmocka_unit_test(decodes_numbers_that_are_not_raw),
        cmocka_unit_test(refuses_tensors_that_lie),
        cmocka_unit_test(maps_external_data),
        cmocka_unit_test(refuses_external_data_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
