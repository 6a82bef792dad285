/**
 * The general operators on plain tensors: half precision, broadcasting, and what must be refused
 * before memory is taken. Their numbers are tested against ONNX's own cases and ONNX Runtime in
 * tests/golden/test_onnx_nodes.py.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/plain/operator.h"

enum { LIMIT = 1 << 20, MOST = 4 };

/* A call under construction; outputs own their memory. */
typedef struct trial {
    bw_plain_call call;
    bw_plain_tensor in[MOST], out[MOST];
    const bw_plain_tensor *inputs[MOST];
    bw_plain_tensor *outputs[MOST];
} trial;

static void begin(trial *t, int opset)
{
    *t = (trial){.call = {.opset = opset, .limit = LIMIT, .output_count = 1}};
    for (size_t index = 0; index < MOST; index++) {
        t->inputs[index] = &t->in[index];
        t->outputs[index] = &t->out[index];
    }
    t->call.inputs = t->inputs;
    t->call.outputs = t->outputs;
}

static void add(trial *t, bw_element type, const void *data, int rank, const int64_t *dims)
{
    bw_plain_tensor *in = &t->in[t->call.input_count++];
    *in = (bw_plain_tensor){.type = type, .rank = rank, .data = data};
    for (int axis = 0; axis < rank; axis++)
        in->dims[axis] = dims[axis];
}

static bw_status compute(trial *t, const char *name, bw_error *error)
{
    const bw_plain_operator *found = bw_plain_find(name, t->call.opset);
    assert_non_null(found);
    return bw_plain_compute(found, &t->call, error);
}

static void end(trial *t)
{
    for (size_t index = 0; index < MOST; index++)
        bw_plain_release(&t->out[index]);
}

#define DIMS(...)                                                                                  \
    (sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[])                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void test_every_half_survives(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        float value = bw_from_f16((uint16_t)bits);
        if (value == value)
            assert_int_equal(bw_to_f16(value), bits);
        else
            assert_int_equal(bw_to_f16(value) & 0x7e00, 0x7e00);
    }
    assert_int_equal(bw_to_f16(65519.0f), 0x7bff);
    assert_int_equal(bw_to_f16(65520.0f), 0x7c00);
    assert_int_equal(bw_to_f16(0x1p-25f), 0);
    assert_int_equal(bw_to_f16(0x1.8p-25f), 1);
}

static void test_broadcast_sum(void **state)
{
    (void)state;
    const int32_t column[] = {10, 20, 30}, row[] = {1, 2};
    const int32_t sums[] = {11, 12, 21, 22, 31, 32};
    trial t;
    begin(&t, 13);
    add(&t, BW_ELEMENT_I32, column, DIMS(3, 1));
    add(&t, BW_ELEMENT_I32, row, DIMS(2));
    check_ok(compute(&t, "Add", &error));
    assert_int_equal(t.out[0].rank, 2);
    assert_memory_equal(t.out[0].data, sums, sizeof sums);
    end(&t);
}

static void test_integer_division_never_traps(void **state)
{
    (void)state;
    const int64_t x[] = {INT64_MIN, 7, -7}, y[] = {-1, 0, 2}, quotients[] = {INT64_MIN, 0, -3};
    trial t;
    begin(&t, 13);
    add(&t, BW_ELEMENT_I64, x, DIMS(3));
    add(&t, BW_ELEMENT_I64, y, DIMS(3));
    check_ok(compute(&t, "Div", &error));
    assert_memory_equal(t.out[0].data, quotients, sizeof quotients);
    end(&t);
}

static void refuse(const char *name, const int64_t *dims, size_t rank, const int64_t *shape,
                   size_t count, bw_status wanted, const char *text)
{
    static const float zeros[64];
    trial t;
    begin(&t, 13);
    add(&t, BW_ELEMENT_F32, zeros, (int)rank, dims);
    add(&t, BW_ELEMENT_I64, shape, DIMS((int64_t)count));
    check_fails(compute(&t, name, &error), wanted, text);
    assert_null(t.out[0].block);
    end(&t);
}

static void test_hostile_shapes(void **state)
{
    (void)state;
    const int64_t one[] = {1}, six[] = {2, 3}, huge[] = {INT64_MAX, INT64_MAX};
    const int64_t negative[] = {-5, 3}, open[] = {-1, -1}, odd[] = {-1, 4};
    const int64_t large[] = {1000, 1000};
    refuse("Expand", one, 1, huge, 2, BW_ERROR_LIMIT, "limit");
    refuse("Expand", one, 1, large, 2, BW_ERROR_LIMIT, "limit");
    refuse("Expand", one, 1, negative, 2, BW_ERROR_FORMAT, "negative");
    refuse("Reshape", six, 2, huge, 2, BW_ERROR_LIMIT, "limit");
    refuse("Reshape", six, 2, negative, 2, BW_ERROR_FORMAT, "negative");
    refuse("Reshape", six, 2, open, 2, BW_ERROR_FORMAT, "two dimensions");
    refuse("Reshape", six, 2, odd, 2, BW_ERROR_FORMAT, "6 elements");
    refuse("Unsqueeze", six, 2, huge, 1, BW_ERROR_FORMAT, "axis");
}

static void test_hostile_counts(void **state)
{
    (void)state;
    const int64_t six[] = {2, 3}, huge[] = {INT64_MAX, 2}, below[] = {-1, 2};
    const int64_t pads[] = {0, INT64_MAX, 0, INT64_MAX}, cut[] = {-2, 0, -1, 0};
    refuse("Tile", six, 2, huge, 2, BW_ERROR_LIMIT, "too long");
    refuse("Tile", six, 2, below, 2, BW_ERROR_FORMAT, "negative");
    refuse("Pad", six, 2, pads, 4, BW_ERROR_FORMAT, "pads");
    refuse("Pad", six, 2, cut, 4, BW_ERROR_FORMAT, "pads");
    refuse("Gather", six, 2, huge, 2, BW_ERROR_FORMAT, "index");
    refuse("TopK", six, 2, huge, 1, BW_ERROR_FORMAT, "k is");
    refuse("Split", six, 2, huge, 1, BW_ERROR_FORMAT, "does not fit");
}

static void refuse_alone(const char *name, const int64_t *numbers, size_t inputs, bw_status wanted,
                         const char *text)
{
    trial t;
    begin(&t, 13);
    for (size_t index = 0; index < inputs; index++)
        add(&t, BW_ELEMENT_I64, &numbers[index], 0, NULL);
    check_fails(compute(&t, name, &error), wanted, text);
    end(&t);
}

static void test_hostile_ranges(void **state)
{
    (void)state;
    const int64_t far[] = {0, INT64_MAX, 1}, still[] = {0, 1, 0};
    const int64_t wide[] = {INT64_MIN, INT64_MAX, INT64_MAX}, fill[] = {INT64_MAX};
    refuse_alone("Range", far, 3, BW_ERROR_FORMAT, "from 0");
    refuse_alone("Range", still, 3, BW_ERROR_FORMAT, "steps of 0");
    refuse_alone("Range", wide, 3, BW_ERROR_LIMIT, "too long");
    refuse_alone("ConstantOfShape", fill, 1, BW_ERROR_LIMIT, "limit");
}

static void refuse_window(const char *name, const char *attribute, const int64_t *values,
                          size_t count, const char *text)
{
    static const float zeros[64];
    const int64_t kernel[] = {2, 2};
    const bw_plain_attribute attributes[] = {
        {.name = attribute, .kind = BW_PLAIN_INTS, .count = count, .integers = values},
        {.name = "kernel_shape", .kind = BW_PLAIN_INTS, .count = 2, .integers = kernel}};
    trial t;
    begin(&t, 13);
    add(&t, BW_ELEMENT_F32, zeros, DIMS(1, 1, 8, 8));
    if (strcmp(name, "MaxPool") != 0)
        add(&t, BW_ELEMENT_F32, zeros, DIMS(1, 1, 2, 2));
    t.call.attributes = attributes;
    t.call.attribute_count = 2;
    bw_error error = {0};
    if (compute(&t, name, &error) == BW_OK || !strstr(error.message, text))
        fail_msg("%s of %s: '%s' does not say '%s'", attribute, name, error.message, text);
    end(&t);
}

static void test_hostile_windows(void **state)
{
    (void)state;
    static const char *const names[] = {"Conv", "MaxPool", "ConvTranspose"};
    const int64_t zero[] = {0, 1}, below[] = {-1, 1}, huge[] = {INT64_MAX, 1};
    const int64_t most[] = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX};
    const int64_t three[] = {1, 1, 1};
    for (size_t index = 0; index < 3; index++) {
        refuse_window(names[index], "strides", zero, 2, "strides is 0");
        refuse_window(names[index], "strides", below, 2, "strides is -1");
        refuse_window(names[index], "dilations", huge, 2, "dilations is");
        refuse_window(names[index], "strides", three, 3, "3 numbers");
    }
    refuse_window("Conv", "pads", most, 4, "limit");
    refuse_window("MaxPool", "pads", most, 4, "limit");
    refuse_window("ConvTranspose", "pads", most, 4, "more than the picture");
    refuse_window("ConvTranspose", "output_shape", most, 2, "limit");
}

static void test_work_is_bounded(void **state)
{
    (void)state;
    trial t;
    begin(&t, 13);
    add(&t, BW_ELEMENT_F32, NULL, DIMS(100, 200));
    add(&t, BW_ELEMENT_F32, NULL, DIMS(200, 50));
    const bw_plain_operator *product = bw_plain_find("MatMul", 13);
    check_ok(bw_plain_infer(product, &t.call, &error));
    assert_true(bw_plain_work(product, &t.call) >= 100.0 * 200 * 50);
    assert_true(bw_plain_work(product, &t.call) < 2 * 100.0 * 200 * 50);
    end(&t);
}

static void test_unknown_values(void **state)
{
    (void)state;
    trial t;
    begin(&t, 13);
    add(&t, BW_ELEMENT_F32, NULL, DIMS(2, 3));
    add(&t, BW_ELEMENT_I64, NULL, DIMS(2));
    check_fails(compute(&t, "Reshape", &error), BW_ERROR_UNSUPPORTED, "the shape");
    check_fails(bw_plain_run(bw_plain_find("Relu", 13), &t.call, &error), BW_ERROR_UNSUPPORTED,
                "not known");
    end(&t);
}

/* Gelu's attribute on another operator, even on one without floats, changes nothing. */
static void test_attribute_of_another(void **state)
{
    (void)state;
    static const bool truths[] = {true, false};
    static const float numbers[] = {-1, 2};
    const bw_plain_attribute tanh = {
        .name = "approximate", .kind = BW_PLAIN_TEXT, .count = 1, .text = "tanh"};
    trial t;
    begin(&t, 13);
    t.call.attributes = &tanh;
    t.call.attribute_count = 1;
    add(&t, BW_ELEMENT_BOOL, truths, DIMS(2));
    check_ok(compute(&t, "Not", &error));
    assert_false(((const bool *)t.out[0].block)[0]);
    assert_true(((const bool *)t.out[0].block)[1]);
    end(&t);
    begin(&t, 13);
    t.call.attributes = &tanh;
    t.call.attribute_count = 1;
    add(&t, BW_ELEMENT_F32, numbers, DIMS(2));
    check_ok(compute(&t, "Relu", &error));
    assert_true(((const float *)t.out[0].block)[0] == 0);
    assert_true(((const float *)t.out[0].block)[1] == 2);
    end(&t);
}

static void test_table(void **state)
{
    (void)state;
    const bw_plain_operator *row;
    for (size_t index = 0; (row = bw_plain_operator_at(index)) != NULL; index++) {
        int newest = row->last_opset ? row->last_opset : 21;
        assert_ptr_equal(bw_plain_find(row->name, newest), row);
        assert_true(row->first_opset <= newest);
    }
    assert_null(bw_plain_find("Gelu", 19));
    assert_null(bw_plain_find("Attention", 21));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half_survives),
        cmocka_unit_test(test_broadcast_sum),
        cmocka_unit_test(test_integer_division_never_traps),
        cmocka_unit_test(test_hostile_shapes),
        cmocka_unit_test(test_hostile_counts),
        cmocka_unit_test(test_hostile_ranges),
        cmocka_unit_test(test_hostile_windows),
        cmocka_unit_test(test_work_is_bounded),
        cmocka_unit_test(test_unknown_values),
        cmocka_unit_test(test_attribute_of_another),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
