/**
 * The reference kernels against definitions written another way: over plain arrays in the order
 * channel, row, column, in double precision.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "trial.h"

enum { CASES = 150 };

/* One image as a plain array. */
typedef struct plain_picture {
    int channels, height, width;
    double *numbers;
} plain_picture;

static plain_picture picture_make(int channels, int height, int width)
{
    plain_picture made = {channels, height, width, NULL};
    made.numbers = calloc((size_t)channels * (size_t)height * (size_t)width, sizeof(double));
    assert_non_null(made.numbers);
    return made;
}

static double *at(const plain_picture *picture, int channel, int y, int x)
{
    return &picture->numbers[(channel * picture->height + y) * picture->width + x];
}

static plain_picture picture_of(const test_tensor *tensor, int image)
{
    const bw_layout *layout = &tensor->place.layout;
    plain_picture made = picture_make(layout->channels, layout->height, layout->width);
    for (int channel = 0; channel < made.channels; channel++) {
        for (int y = 0; y < made.height; y++) {
            for (int x = 0; x < made.width; x++)
                *at(&made, channel, y, x) =
                    (double)tensor_number(tensor, tensor_at(tensor, image, channel, y, x));
        }
    }
    return made;
}

/* The input with its pads written out, all of them `filling`. */
static plain_picture padded(const bw_operation *operation, const plain_picture *in,
                            const plain_picture *out, double filling)
{
    int height = (out->height - 1) * operation->stride + operation->kernel_height;
    int width = (out->width - 1) * operation->stride + operation->kernel_width;
    plain_picture made = picture_make(in->channels, height, width);
    for (int index = 0; index < in->channels * height * width; index++)
        made.numbers[index] = filling;
    for (int channel = 0; channel < in->channels; channel++) {
        for (int y = 0; y < in->height; y++) {
            for (int x = 0; x < in->width; x++) {
                int row = y + operation->pad_top, column = x + operation->pad_left;
                if (row < height && column < width)
                    *at(&made, channel, row, column) = *at(in, channel, y, x);
            }
        }
    }
    return made;
}

/* Adds one weight's products to a whole channel of the output. */
static void add_products(const bw_operation *operation, const plain_picture *in, int input, int row,
                         int column, double weight, plain_picture *out, int output)
{
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++)
            *at(out, output, y, x) += weight * *at(in, input, y * operation->stride + row,
                                                   x * operation->stride + column);
    }
}

/* Weights are rounded like the numbers that they meet, those of depthwise convolutions excepted. */
static double weight_of(const bw_operation *operation, float weight)
{
    bool halves = operation->in.format.type == BW_BF16 && operation->family != BW_FAMILY_DEPTHWISE;
    return (double)(halves ? bw_from_bf16(bw_to_bf16(weight)) : weight);
}

static void convolve(const test_problem *problem, const plain_picture *in, plain_picture *out)
{
    const bw_operation *operation = &problem->test.operation;
    int groups = operation->groups, inputs = in->channels / groups;
    plain_picture wide = padded(operation, in, out, 0.0);
    const float *weight = problem->weights;
    for (int output = 0; output < out->channels; output++) {
        for (int index = 0; index < out->height * out->width && problem->test.has_bias; index++)
            *at(out, output, 0, index) = (double)problem->bias[output];
        int first = output * groups / out->channels * inputs;
        for (int input = first; input < first + inputs; input++) {
            for (int row = 0; row < operation->kernel_height; row++) {
                for (int column = 0; column < operation->kernel_width; column++)
                    add_products(operation, &wide, input, row, column,
                                 weight_of(operation, *weight++), out, output);
            }
        }
    }
    free(wide.numbers);
}

static void pool(const bw_operation *operation, const plain_picture *in, plain_picture *out)
{
    plain_picture wide = padded(operation, in, out, -(double)FLT_MAX);
    for (int index = 0; index < out->channels * out->height * out->width; index++) {
        int channel = index / (out->height * out->width);
        int y = index / out->width % out->height * operation->stride;
        int x = index % out->width * operation->stride;
        double largest = -(double)INFINITY;
        for (int row = y; row < y + operation->kernel_height; row++) {
            for (int column = x; column < x + operation->kernel_width; column++)
                largest = fmax(largest, *at(&wide, channel, row, column));
        }
        out->numbers[index] = largest;
    }
    free(wide.numbers);
}

static void average(const plain_picture *in, plain_picture *out)
{
    int area = in->height * in->width;
    for (int channel = 0; channel < in->channels; channel++) {
        for (int index = 0; index < area; index++)
            out->numbers[channel] += in->numbers[channel * area + index] / area;
    }
}

static void upsample(const bw_operation *operation, const plain_picture *in, plain_picture *out)
{
    for (int channel = 0; channel < out->channels; channel++) {
        for (int y = 0; y < out->height; y++) {
            for (int x = 0; x < out->width; x++)
                *at(out, channel, y, x) =
                    *at(in, channel, y / operation->stride, x / operation->stride);
        }
    }
}

/* Darknet's index map from the input's shape to a shape of less depth and more picture. */
static void reorganise(const bw_operation *operation, const plain_picture *in, plain_picture *out)
{
    int stride = operation->stride, depth = in->channels / (stride * stride);
    int width = in->width, height = in->height;
    for (int k = 0; k < in->channels; k++) {
        for (int j = 0; j < height; j++) {
            for (int i = 0; i < width; i++) {
                int offset = k / depth;
                int x = i * stride + offset % stride, y = j * stride + offset / stride;
                int from = x + width * stride * (y + height * stride * (k % depth));
                out->numbers[i + width * (j + height * k)] = in->numbers[from];
            }
        }
    }
}

static void copy(const bw_operation *operation, const plain_picture *in, plain_picture *out)
{
    size_t area = (size_t)in->height * (size_t)in->width;
    int from = operation->first_channel, to = operation->out_channel;
    for (; from < in->channels && to < out->channels; from++, to++)
        memcpy(at(out, to, 0, 0), at(in, from, 0, 0), area * sizeof(double));
}

static double activate(bw_activation activation, double slope, double x)
{
    switch (activation) {
    case BW_RELU: return fmax(x, 0.0);
    case BW_LEAKY: return x < 0.0 ? slope * x : x;
    case BW_LOGISTIC: return 1.0 / (1.0 + exp(-x));
    case BW_SWISH: return x / (1.0 + exp(-x));
    case BW_MISH: return x * tanh(log1p(exp(x)));
    case BW_CLIPPED: return fmin(fmax(x, 0.0), slope);
    case BW_HARD_LOGISTIC: return fmin(fmax(slope * x + 0.5, 0.0), 1.0);
    case BW_HARD_SWISH: return x * fmin(fmax(slope * x + 0.5, 0.0), 1.0);
    case BW_LINEAR:
    case BW_ACTIVATION_COUNT: break;
    }
    return x;
}

/* A convolution with its activation, then the maximum of each 2 × 2. */
static void convolve_pool(const test_problem *problem, const plain_picture *in, plain_picture *out)
{
    const bw_operation *operation = &problem->test.operation;
    plain_picture large = picture_make(out->channels, 2 * out->height, 2 * out->width);
    convolve(problem, in, &large);
    for (int index = 0; index < large.channels * large.height * large.width; index++)
        large.numbers[index] =
            activate(operation->activation, (double)operation->slope, large.numbers[index]);
    for (int index = 0; index < out->channels * out->height * out->width; index++) {
        int channel = index / (out->height * out->width);
        int y = 2 * (index / out->width % out->height), x = 2 * (index % out->width);
        out->numbers[index] =
            fmax(fmax(*at(&large, channel, y, x), *at(&large, channel, y, x + 1)),
                 fmax(*at(&large, channel, y + 1, x), *at(&large, channel, y + 1, x + 1)));
    }
    free(large.numbers);
}

static void multiply(const test_problem *problem, int image, plain_picture *out)
{
    plain_picture second = picture_of(&problem->second, image);
    for (int channel = 0; channel < out->channels; channel++) {
        for (int y = 0; y < out->height; y++) {
            for (int x = 0; x < out->width; x++)
                *at(out, channel, y, x) *=
                    *at(&second, channel, y % second.height, x % second.width);
        }
    }
    free(second.numbers);
}

static void finish(const test_problem *problem, int image, plain_picture *out)
{
    const bw_operation *operation = &problem->test.operation;
    bool sum = operation->family == BW_FAMILY_ADD;
    plain_picture second = {0};
    if (operation->family == BW_FAMILY_MULTIPLY)
        multiply(problem, image, out);
    else if (operation->has_second)
        second = picture_of(&problem->second, image);
    for (int index = 0; index < out->channels * out->height * out->width; index++) {
        double x = out->numbers[index], other = second.numbers ? second.numbers[index] : 0.0;
        out->numbers[index] =
            activate(operation->activation, (double)operation->slope, sum ? x + other : x) +
            (sum ? 0.0 : other);
    }
    free(second.numbers);
}

static plain_picture expected(const test_problem *problem, int image)
{
    const bw_operation *operation = &problem->test.operation;
    plain_picture in = picture_of(&problem->in, image), out;
    if (operation->family == BW_FAMILY_COPY)
        out = picture_of(&problem->out, image);
    else
        out = picture_make(operation->out.channels, operation->out.height, operation->out.width);
    switch (operation->family) {
    case BW_FAMILY_CONV:
    case BW_FAMILY_DEPTHWISE: convolve(problem, &in, &out); break;
    case BW_FAMILY_CONV_POOL: convolve_pool(problem, &in, &out); break;
    case BW_FAMILY_MAX_POOL: pool(operation, &in, &out); break;
    case BW_FAMILY_AVERAGE_POOL: average(&in, &out); break;
    case BW_FAMILY_ADD:
    case BW_FAMILY_ACTIVATION:
    case BW_FAMILY_CONVERT:
    case BW_FAMILY_MULTIPLY:
        memcpy(out.numbers, in.numbers,
               sizeof(double) * (size_t)(in.channels * in.height * in.width));
        break;
    case BW_FAMILY_COPY: copy(operation, &in, &out); break;
    case BW_FAMILY_UPSAMPLE: upsample(operation, &in, &out); break;
    case BW_FAMILY_REORG: reorganise(operation, &in, &out); break;
    case BW_FAMILY_PLAIN: /* against ONNX's own cases, in tests/golden */
    case BW_FAMILY_COUNT: break;
    }
    if (operation->family != BW_FAMILY_CONV_POOL)
        finish(problem, image, &out);
    free(in.numbers);
    return out;
}

/* What bytes can stand for. */
static double saturated(bw_format format, double number)
{
    if (format.type != BW_U8)
        return number;
    double low = -(double)format.scale * format.zero_point;
    return fmin(fmax(number, low), low + 255.0 * (double)format.scale);
}

/* Sums in single precision, of at most some thousand numbers of magnitude one; half a step of
 * bytes, or a unit in the last place of bfloat16. */
static void compare(const test_problem *problem, const test_tensor *result, int image)
{
    plain_picture wanted = expected(problem, image);
    bw_format format = result->place.layout.format;
    double step = format.type == BW_U8 ? 0.5 * (double)format.scale : 0.0;
    double relative = format.type == BW_BF16 ? 0x1p-8 : 1e-5;
    for (int channel = 0; channel < wanted.channels; channel++) {
        for (int y = 0; y < wanted.height; y++) {
            for (int x = 0; x < wanted.width; x++) {
                double value =
                    (double)tensor_number(result, tensor_at(result, image, channel, y, x));
                double right = saturated(format, *at(&wanted, channel, y, x));
                if (fabs(value - right) > 1e-4 + relative * fabs(right) + step) {
                    case_print(&problem->test);
                    fail_msg("%g instead of %g: image %d, channel %d, row %d, column %d", value,
                             right, image, channel, y, x);
                }
            }
        }
    }
    free(wanted.numbers);
}

static void check_case(test_case *test, const bw_kernel *reference)
{
    test->in_fill = test->second_fill = test->weight_fill = FILL_ORDINARY;
    test_problem problem = problem_make(test);
    test_tensor result;
    assert_true(trial_run(&result, &problem, reference, ORDER_WHOLE));
    for (int image = 0; image < test->images; image++)
        compare(&problem, &result, image);
    tensor_free(&result);
    problem_free(&problem);
}

static void check_reference(bw_family family, bw_type in, bw_type out)
{
    random_source random = {2};
    const bw_kernel *reference = reference_of(family, in, out, false);
    assert_non_null(reference);
    int done = 0;
    for (int index = 0; index < CASES; index++) {
        test_case test = case_random(&random, family, in, out);
        if (!bw_kernel_accepts(reference, &test.operation))
            continue;
        check_case(&test, reference);
        done++;
    }
    assert_true(done > CASES / 2);
}

static void test_family(void **state)
{
    bw_family family = (bw_family)(intptr_t)*state;
    for (bw_type type = BW_F32; type < BW_TYPE_COUNT; type++) {
        bool missing = (family == BW_FAMILY_CONVERT && type == BW_BF16) ||
                       (family == BW_FAMILY_CONV_POOL && type != BW_U8);
        if (!missing)
            assert_non_null(reference_of(family, type, type, false));
    }
    for (bw_type in = BW_F32; in < BW_TYPE_COUNT; in++) {
        for (bw_type out = BW_F32; out < BW_TYPE_COUNT; out++) {
            if (reference_of(family, in, out, false))
                check_reference(family, in, out);
        }
    }
}

/* The squares of the numbers of all images, or of their difference from another's. */
static double squares(const test_tensor *of, const test_tensor *from)
{
    const bw_layout *layout = &of->place.layout;
    double sum = 0.0;
    for (int image = 0; image < of->images; image++) {
        for (int index = 0; index < layout->channels * layout->height * layout->width; index++) {
            int pixel = index % (layout->height * layout->width);
            size_t at = tensor_at(of, image, index / (layout->height * layout->width),
                                  pixel / layout->width, pixel % layout->width);
            double other = from ? (double)tensor_number(from, at) : 0.0;
            sum += pow((double)tensor_number(of, at) - other, 2.0);
        }
    }
    return sum;
}

/* What rounding twice changes in the sums of a layer: some hundredths of them, where numbers are as
 * unlike their neighbours as random ones. */
static void test_rounded(void **state)
{
    (void)state;
    const bw_kernel *exact = reference_of(BW_FAMILY_CONV, BW_U8, BW_F32, false),
                    *rounded = reference_of(BW_FAMILY_CONV, BW_U8, BW_F32, true);
    random_source random = {4};
    double difference = 0.0, size = 0.0;
    int done = 0;
    for (int index = 0; index < 40 * CASES && done < CASES; index++) {
        test_case test = case_random(&random, BW_FAMILY_CONV, BW_U8, BW_F32);
        test.operation.may_round = true;
        test.operation.activation = BW_LINEAR;
        test.in_fill = test.second_fill = test.weight_fill = FILL_ORDINARY;
        if (!bw_kernel_accepts(rounded, &test.operation) || test.operation.has_second)
            continue;
        test.has_bias = false;
        test_problem problem = problem_make(&test);
        test_tensor wanted, result;
        assert_true(trial_run(&wanted, &problem, exact, ORDER_WHOLE));
        assert_true(trial_run(&result, &problem, rounded, ORDER_WHOLE));
        double off = squares(&result, &wanted), all = squares(&wanted, NULL);
        if (off > 0.6 * 0.6 * all) {
            case_print(&test);
            fail_msg("rounding changes %.3f of the sums", sqrt(off / all));
        }
        difference += off;
        size += all;
        tensor_free(&wanted);
        tensor_free(&result);
        problem_free(&problem);
        done++;
    }
    assert_int_equal(done, CASES);
    print_message("rounding changes %.3f of all sums\n", sqrt(difference / size));
    assert_true(difference > 0.0 && difference < 0.1 * 0.1 * size);
}

/* The example that darknet's order is known by: 4 channels of 2 × 2, stride 2. */
static void test_reorg_order(void **state)
{
    (void)state;
    bw_operation operation = {.family = BW_FAMILY_REORG, .stride = 2};
    operation.in = bw_layout_make(2, 2, 4, BW_LANES, 0);
    operation.out = bw_layout_make(1, 1, 16, BW_LANES, 0);
    float in[4 * BW_LANES] = {0}, out[BW_LANES];
    for (int number = 0; number < 16; number++)
        in[number % 4 * BW_LANES + number / 4] = (float)number;
    bw_operands operands = {.in = in, .out = out, .images = 1};
    reference_of(BW_FAMILY_REORG, BW_F32, BW_F32, false)->run(&operation, &operands, 0, 1, NULL);
    static const float wanted[16] = {0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15};
    for (int number = 0; number < 16; number++)
        assert_float_equal(out[number], wanted[number], 0.0f);
}

int main(void)
{
    struct CMUnitTest tests[BW_FAMILY_PLAIN + 2];
    for (intptr_t family = 0; family < BW_FAMILY_PLAIN; family++)
        tests[family] = (struct CMUnitTest){family_name((bw_family)family), test_family, NULL, NULL,
                                            (void *)family};
    tests[BW_FAMILY_PLAIN] = (struct CMUnitTest)cmocka_unit_test(test_reorg_order);
    tests[BW_FAMILY_PLAIN + 1] = (struct CMUnitTest)cmocka_unit_test(test_rounded);
    return cmocka_run_group_tests_name("reference kernels", tests, NULL, NULL);
}
