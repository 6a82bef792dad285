/**
 * Weights files: both headers, the order of the numbers, files that do not fit; random weights.
 */
#include "test_import.h"

#include <math.h>

/* Layer 0: 2 filters of 1 × 1 × 3 with batch norm, 14 numbers. Layer 1: 18 + 36 numbers. */
static const char network[] = NET "[convolutional]\nbatch_normalize=1\nfilters=2\n"
                                  "activation=linear\n" TAIL;
enum { NUMBERS = 14 + 54, HEADER = 20, OLD_HEADER = 16 };

typedef struct weights_file {
    int32_t version[3];
    char rest[4 * (NUMBERS + 9)];
    size_t size;
} weights_file;

/* A file whose numbers are 1, 2, 3 …, `count` of them. */
static weights_file make_file(int major, int minor, int revision, size_t count)
{
    weights_file file = {.version = {major, minor, revision}};
    size_t header = major * 10 + minor >= 2 ? HEADER : OLD_HEADER;
    size_t at = header - sizeof file.version;
    for (size_t index = 0; index < count; index++) {
        float value = (float)(index + 1);
        memcpy(file.rest + at + 4 * index, &value, sizeof value);
    }
    file.size = header + 4 * count;
    return file;
}

static void set_number(weights_file *file, size_t index, float value)
{
    memcpy(file->rest + HEADER - sizeof file->version + 4 * index, &value, sizeof value);
}

static bw_status import_with(bw_import *import, const char *text, const weights_file *file,
                             bw_error *error)
{
    return import_bytes(import, text, strlen(text), file, file->size, error);
}

static void expect_order(const weights_file *file)
{
    bw_import import;
    bw_error error = {0};
    if (import_with(&import, network, file, &error) != BW_OK)
        fail_msg("%s", error.message);
    const bw_node *norm = find_node(&import.graph, BW_OP_BATCH_NORM, 0);
    const bw_node *conv = find_node(&import.graph, BW_OP_CONV, 0);
    assert_true(norm->shift.data[0] == 1.0f && norm->shift.data[1] == 2.0f);
    assert_true(norm->scale.data[0] == 3.0f && norm->mean.data[0] == 5.0f);
    assert_true(norm->variance.data[1] == 8.0f);
    assert_true(conv->weights.data[0] == 9.0f && conv->weights.data[5] == 14.0f);
    conv = find_node(&import.graph, BW_OP_CONV, 1);
    assert_true(conv->bias.data[0] == 15.0f && conv->weights.data[0] == 33.0f);
    assert_true(conv->weights.data[35] == 68.0f);
    const char *data = (const char *)conv->weights.data;
    assert_true(data > (const char *)file && data < (const char *)file + file->size);
    bw_import_free(&import);
}

static void test_order(void **state)
{
    (void)state;
    weights_file file = make_file(0, 2, 5, NUMBERS);
    expect_order(&file);
    file = make_file(1, 0, 0, NUMBERS);
    expect_order(&file);
    file = make_file(0, 1, 0, NUMBERS);
    expect_order(&file);
}

static void expect_weights_failure(const weights_file *file, bw_status status, const char *message)
{
    bw_import import;
    bw_error error = {0};
    assert_int_equal(import_with(&import, network, file, &error), status);
    assert_string_equal(error.message, message);
    assert_null(import.graph.nodes);
}

static void test_wrong_length(void **state)
{
    (void)state;
    weights_file file = make_file(0, 2, 0, NUMBERS - 4);
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' ends after 64 numbers, layer 1 convolutional "
                           "(test.cfg:9) needs 4 more: these weights are cut off, or belong to "
                           "another network");
    file = make_file(0, 2, 0, 0);
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' ends after 0 numbers, layer 0 convolutional "
                           "(test.cfg:5) needs 14 more: these weights are cut off, or belong to "
                           "another network");
    file = make_file(0, 2, 0, NUMBERS + 3);
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' has 3 numbers more than the 68 that the network uses: "
                           "these weights belong to another network");
    file = make_file(0, 2, 0, NUMBERS);
    file.size -= 2;
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' ends within a number: it is cut short or no darknet "
                           "weights file");
}

static void test_wrong_header(void **state)
{
    (void)state;
    weights_file file = make_file(0, 2, 0, NUMBERS);
    file.size = 15;
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' has 15 bytes, too few for the header of a darknet "
                           "weights file");
    file.size = 16;
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' ends within a number: it is cut short or no darknet "
                           "weights file");
    file = make_file(2000, 2, 0, NUMBERS);
    expect_weights_failure(&file, BW_ERROR_UNSUPPORTED,
                           "'test.weights' holds transposed weights, which are not supported, or "
                           "is no darknet weights file");
    file = make_file(0, INT32_MAX, 0, 0);
    expect_weights_failure(&file, BW_ERROR_UNSUPPORTED,
                           "'test.weights' holds transposed weights, which are not supported, or "
                           "is no darknet weights file");
    file = make_file(-1, 2, 0, NUMBERS);
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' does not begin as a darknet weights file does");
}

static void test_damaged_numbers(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t index = 0; index < sizeof bad / sizeof *bad; index++) {
        weights_file file = make_file(0, 2, 0, NUMBERS);
        set_number(&file, 40, bad[index]);
        expect_weights_failure(&file, BW_ERROR_FORMAT,
                               "'test.weights' holds infinities or NaN for layer 1 convolutional "
                               "(test.cfg:9): it is damaged or belongs to another network");
    }
    weights_file file = make_file(0, 2, 0, NUMBERS);
    set_number(&file, 6, -2.0f);
    expect_weights_failure(&file, BW_ERROR_FORMAT,
                           "'test.weights' holds a negative variance for layer 0 convolutional "
                           "(test.cfg:5): it is damaged or belongs to another network");
}

/* A [batchnorm] section has biases in AlexeyAB's files alone, which are of revision 5. */
static void test_batchnorm(void **state)
{
    (void)state;
    static const char text[] = NET "[batchnorm]\n" TAIL;
    enum { CONV = 18 + 54 };
    bw_import import;
    bw_error error = {0};
    weights_file file = make_file(0, 2, 5, 12);
    assert_int_equal(import_with(&import, text, &file, &error), BW_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "needs 72 more"));
    float numbers[5 + 12 + CONV] = {0};
    for (int index = 0; index < 12; index++)
        numbers[5 + index] = (float)(index + 1);
    memcpy(numbers, &(int32_t[]){0, 2, 5}, 12);
    assert_int_equal(import_bytes(&import, text, strlen(text), numbers, sizeof numbers, &error),
                     BW_OK);
    const bw_node *node = find_node(&import.graph, BW_OP_BATCH_NORM, 0);
    assert_true(node->shift.data[0] == 1.0f && node->scale.data[0] == 4.0f);
    assert_true(node->mean.data[0] == 7.0f && node->variance.data[2] == 12.0f);
    bw_import_free(&import);
    memcpy(numbers, &(int32_t[]){0, 2, 0}, 12);
    assert_int_equal(import_bytes(&import, text, strlen(text), numbers,
                                  sizeof numbers - 3 * sizeof *numbers, &error),
                     BW_OK);
    node = find_node(&import.graph, BW_OP_BATCH_NORM, 0);
    assert_true(node->shift.data[0] == 0.0f && node->scale.data[0] == 1.0f);
    assert_true(node->mean.data[0] == 4.0f && node->variance.data[2] == 9.0f);
    bw_import_free(&import);
}

static void import_random(bw_import *import, const char *text, uint64_t seed)
{
    bw_limits limits = {.layers = 10, .tensor_bytes = 1 << 24};
    bw_error error = {0};
    bw_source source = {
        .path = "r.cfg", .text = text, .size = strlen(text), .seed = seed, .limits = &limits};
    if (bw_import_model(import, &source, &error) != BW_OK)
        fail_msg("%s", error.message);
}

static const char wide[] =
    NET "[convolutional]\nbatch_normalize=1\nfilters=400\nsize=3\npad=1\n" TAIL;

static void test_random_is_reproducible(void **state)
{
    (void)state;
    bw_import first, again, other;
    import_random(&first, wide, 7);
    import_random(&again, wide, 7);
    import_random(&other, wide, 8);
    const bw_constant *a = &find_node(&first.graph, BW_OP_CONV, 0)->weights;
    const bw_constant *b = &find_node(&again.graph, BW_OP_CONV, 0)->weights;
    const bw_constant *c = &find_node(&other.graph, BW_OP_CONV, 0)->weights;
    assert_memory_equal(a->data, b->data, a->count * sizeof(float));
    assert_memory_not_equal(a->data, c->data, a->count * sizeof(float));
    const bw_constant *next = &find_node(&first.graph, BW_OP_CONV, 1)->weights;
    assert_memory_not_equal(a->data, next->data, 1000 * sizeof(float));
    bw_import_free(&first);
    bw_import_free(&again);
    bw_import_free(&other);
}

/* The values themselves are part of the promise: the same on every machine. */
static void test_random_values(void **state)
{
    (void)state;
    bw_import import;
    import_random(&import, wide, 7);
    const bw_constant *weights = &find_node(&import.graph, BW_OP_CONV, 0)->weights;
    double sum = 0, squares = 0;
    for (size_t index = 0; index < weights->count; index++) {
        sum += (double)weights->data[index];
        squares += (double)weights->data[index] * (double)weights->data[index];
    }
    double count = (double)weights->count, deviation = sqrt(1.6 / 27);
    assert_int_equal(weights->count, 400 * 27);
    assert_true(fabs(sum / count) < 0.03 * deviation);
    assert_true(fabs(sqrt(squares / count) / deviation - 1) < 0.03);
    const bw_node *norm = find_node(&import.graph, BW_OP_BATCH_NORM, 0);
    assert_true(norm->scale.data[399] == 1.0f && norm->variance.data[399] == 1.0f);
    assert_true(norm->shift.data[399] == 0.0f && norm->mean.data[399] == 0.0f);
    assert_float_equal(weights->data[0], -0.0114841016f, 1e-8f);
    assert_float_equal(weights->data[10799], -0.127393107f, 1e-7f);
    bw_import_free(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),         cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_wrong_header),  cmocka_unit_test(test_damaged_numbers),
        cmocka_unit_test(test_batchnorm),     cmocka_unit_test(test_random_is_reproducible),
        cmocka_unit_test(test_random_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
