#include "cases.h"

#include <math.h>
#include <stdio.h>

#include "kernels/quantize.h"

/* The plain facts of a case, from which the layouts and pads follow. */
typedef struct facts {
    bw_family family;
    int height, width, inputs, outputs;
    int kernel_height, kernel_width, stride;
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups;
    bw_activation activation;
    bool residual;
    bw_type in, out;
} facts;

const char *family_name(bw_family family)
{
    static const char *const names[BW_FAMILY_COUNT] = {
        [BW_FAMILY_CONV] = "conv",
        [BW_FAMILY_DEPTHWISE] = "depthwise",
        [BW_FAMILY_MAX_POOL] = "max_pool",
        [BW_FAMILY_AVERAGE_POOL] = "average_pool",
        [BW_FAMILY_ADD] = "add",
        [BW_FAMILY_ACTIVATION] = "activation",
        [BW_FAMILY_COPY] = "copy",
        [BW_FAMILY_UPSAMPLE] = "upsample",
        [BW_FAMILY_REORG] = "reorg",
        [BW_FAMILY_CONVERT] = "convert",
        [BW_FAMILY_MULTIPLY] = "multiply",
        [BW_FAMILY_PLAIN] = "plain",
        [BW_FAMILY_CONV_POOL] = "conv_pool",
    };
    return names[family];
}

size_t case_weights(const bw_operation *operation)
{
    size_t window = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    size_t channels = (size_t)operation->out.channels;
    if (bw_family_is_dense(operation->family))
        return channels * (size_t)(operation->in.channels / operation->groups) * window;
    return operation->family == BW_FAMILY_DEPTHWISE ? channels * window : 0;
}

double case_terms(const bw_operation *operation)
{
    double window = (double)operation->kernel_height * operation->kernel_width;
    switch (operation->family) {
    case BW_FAMILY_CONV:
    case BW_FAMILY_CONV_POOL: return window * operation->in.channels / operation->groups;
    case BW_FAMILY_DEPTHWISE: return window;
    case BW_FAMILY_AVERAGE_POOL: return (double)operation->in.height * operation->in.width;
    case BW_FAMILY_ADD: return 2.0;
    case BW_FAMILY_MULTIPLY: return 1.0;
    case BW_FAMILY_MAX_POOL:
    case BW_FAMILY_ACTIVATION:
    case BW_FAMILY_COPY:
    case BW_FAMILY_UPSAMPLE:
    case BW_FAMILY_REORG:
    case BW_FAMILY_CONVERT:
    case BW_FAMILY_PLAIN:
    case BW_FAMILY_COUNT: break;
    }
    return 0.0;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Sizes that find mistakes: one, around the widths of blocks, and any. */
static int random_size(random_source *random)
{
    static const int edges[] = {1, 1, 2, 3, 7, 8, 9, 12, 13, 16, 17, 20};
    if (random_once_in(random, 2))
        return edges[random_between(random, 0, (int)(sizeof edges / sizeof *edges) - 1)];
    return random_between(random, 1, 26);
}

static int random_channels(random_source *random)
{
    static const int edges[] = {1, 3, 8, 15, 16, 17, 24, 32, 33, 48, 64, 80, 96};
    if (random_once_in(random, 2))
        return edges[random_between(random, 0, (int)(sizeof edges / sizeof *edges) - 1)];
    return random_between(random, 1, 70);
}

static int random_kernel(random_source *random)
{
    static const int common[] = {1, 3, 3, 3, 5};
    if (random_once_in(random, 4))
        return random_between(random, 1, 7);
    return common[random_between(random, 0, 4)];
}

static void random_pads(random_source *random, facts *shape)
{
    bool same = !random_once_in(random, 4);
    shape->pad_top = same ? shape->kernel_height / 2 : random_between(random, 0, 2);
    shape->pad_left = same ? shape->kernel_width / 2 : random_between(random, 0, 2);
    shape->pad_bottom = same ? shape->pad_top : random_between(random, 0, 2);
    shape->pad_right = same ? shape->pad_left : random_between(random, 0, 2);
    shape->height = larger(shape->height, shape->kernel_height - shape->pad_top);
    shape->width = larger(shape->width, shape->kernel_width - shape->pad_left);
}

static void random_window(random_source *random, facts *shape)
{
    shape->kernel_height = shape->kernel_width = random_kernel(random);
    if (random_once_in(random, 8))
        shape->kernel_width = random_kernel(random);
    shape->stride = random_once_in(random, 3) ? 2 : random_once_in(random, 12) ? 3 : 1;
    random_pads(random, shape);
}

static facts random_conv(random_source *random)
{
    facts made = {.family = BW_FAMILY_CONV, .groups = 1};
    made.height = random_size(random);
    made.width = random_size(random);
    random_window(random, &made);
    made.inputs = random_once_in(random, 5) ? 3 : random_channels(random);
    if (made.inputs == 3 && random_once_in(random, 2)) /* pictures are wide */
        made.width += random_between(random, 24, 70);
    made.outputs = random_channels(random);
    if (random_once_in(random, 8)) {
        bool many = random_once_in(random, 2);
        made.groups = many ? random_between(random, 5, 20) : random_between(random, 2, 4);
        made.inputs = made.groups * (many ? random_between(random, 1, 9) : made.inputs);
        made.outputs = made.groups * (many ? random_between(random, 1, 9) : made.outputs);
    }
    return made;
}

static facts random_depthwise(random_source *random)
{
    facts made = {.family = BW_FAMILY_DEPTHWISE};
    made.height = random_size(random);
    made.width = random_size(random);
    random_window(random, &made);
    made.inputs = made.outputs = made.groups = random_channels(random);
    return made;
}

/* Darknet's pools: the whole padding is size - 1, most of it after the picture. */
static facts random_max_pool(random_source *random)
{
    static const int kernels[] = {2, 2, 3, 5, 9, 13};
    facts made = {.family = BW_FAMILY_MAX_POOL};
    made.height = random_size(random);
    made.width = random_size(random);
    made.inputs = made.outputs = random_channels(random);
    made.kernel_height = made.kernel_width = kernels[random_between(random, 0, 5)];
    if (random_once_in(random, 6))
        made.kernel_height = random_between(random, 1, 6);
    made.stride = random_between(random, 1, 3);
    made.pad_top = (made.kernel_height - 1) / 2;
    made.pad_left = (made.kernel_width - 1) / 2;
    made.pad_bottom = made.kernel_height - 1 - made.pad_top;
    made.pad_right = made.kernel_width - 1 - made.pad_left;
    if (random_once_in(random, 3)) {
        made.pad_top = made.pad_left = made.pad_bottom = made.pad_right = 0;
        made.height = larger(made.height, made.kernel_height);
        made.width = larger(made.width, made.kernel_width);
    }
    return made;
}

/* Of one group, with two rows and columns of sums at least. */
static facts random_conv_pool(random_source *random)
{
    facts made = random_conv(random);
    made.family = BW_FAMILY_CONV_POOL;
    made.groups = 1;
    made.height += made.kernel_height + made.stride;
    made.width += made.kernel_width + made.stride;
    return made;
}

static facts random_shape(random_source *random, bw_family family)
{
    if (family == BW_FAMILY_CONV_POOL)
        return random_conv_pool(random);
    if (family == BW_FAMILY_CONV)
        return random_conv(random);
    if (family == BW_FAMILY_DEPTHWISE)
        return random_depthwise(random);
    if (family == BW_FAMILY_MAX_POOL)
        return random_max_pool(random);
    facts made = {.family = family};
    made.height = random_size(random);
    made.width = random_size(random);
    made.inputs = made.outputs = random_channels(random);
    if (family == BW_FAMILY_UPSAMPLE || family == BW_FAMILY_REORG)
        made.stride = random_between(random, 1, 3);
    if (family == BW_FAMILY_REORG) {
        made.height *= made.stride;
        made.width *= made.stride;
        made.inputs *= made.stride * made.stride;
        made.outputs = made.inputs * made.stride * made.stride;
    }
    return made;
}

static bool has_windows(bw_family family)
{
    return bw_family_is_dense(family) || family == BW_FAMILY_DEPTHWISE ||
           family == BW_FAMILY_MAX_POOL;
}

static int output_size(int size, int before, int after, int kernel, int stride)
{
    return larger((size + before + after - kernel) / stride + 1, 1);
}

static void output_sizes(const facts *shape, int *height, int *width)
{
    *height = shape->height;
    *width = shape->width;
    if (has_windows(shape->family)) {
        *height = output_size(shape->height, shape->pad_top, shape->pad_bottom,
                              shape->kernel_height, shape->stride);
        *width = output_size(shape->width, shape->pad_left, shape->pad_right, shape->kernel_width,
                             shape->stride);
    } else if (shape->family == BW_FAMILY_AVERAGE_POOL) {
        *height = *width = 1;
    } else if (shape->family == BW_FAMILY_UPSAMPLE) {
        *height *= shape->stride;
        *width *= shape->stride;
    } else if (shape->family == BW_FAMILY_REORG) {
        *height /= shape->stride;
        *width /= shape->stride;
    }
}

/* The border that convolution's windows reach into; pools do without. */
static int needed_border(const facts *shape, int height, int width)
{
    if (!bw_family_is_dense(shape->family) && shape->family != BW_FAMILY_DEPTHWISE)
        return 0;
    int bottom = (height - 1) * shape->stride + shape->kernel_height - shape->pad_top;
    int right = (width - 1) * shape->stride + shape->kernel_width - shape->pad_left;
    int after = larger(bottom - shape->height, right - shape->width);
    return larger(larger(shape->pad_top, shape->pad_left), after);
}

static bw_operation operation_of(const facts *shape)
{
    return (bw_operation){
        .family = shape->family,
        .kernel_height = shape->kernel_height,
        .kernel_width = shape->kernel_width,
        .stride = shape->stride,
        .pad_top = shape->pad_top,
        .pad_left = shape->pad_left,
        .groups = shape->groups,
        .activation = shape->activation,
        .slope = bw_activation_slope(shape->activation),
        .has_second = shape->residual,
    };
}

/* Planes of bytes or halves may be wider than those of floats. */
static int random_lanes(random_source *random, bw_type type)
{
    static const int wide[] = {BW_LANES, 2 * BW_LANES, 4 * BW_LANES};
    if (type == BW_F32 || !random_once_in(random, 4))
        return BW_LANES;
    return wide[random_between(random, 0, 2)];
}

static int input_lanes(random_source *random, const facts *shape)
{
    bool image = bw_family_is_dense(shape->family) && shape->groups == 1 && shape->inputs == 3;
    image = image || (shape->family == BW_FAMILY_CONVERT && shape->inputs <= BW_IMAGE_LANES);
    return image && !random_once_in(random, 4) ? BW_IMAGE_LANES : random_lanes(random, shape->in);
}

static int output_lanes(random_source *random, const facts *shape, int input_lanes)
{
    bool same = shape->family != BW_FAMILY_CONVERT && shape->in == shape->out &&
                input_lanes != BW_IMAGE_LANES;
    return same ? input_lanes : random_lanes(random, shape->out);
}

static bool moves_numbers(bw_family family)
{
    return family == BW_FAMILY_MAX_POOL || family == BW_FAMILY_COPY ||
           family == BW_FAMILY_UPSAMPLE || family == BW_FAMILY_REORG;
}

/* A scale of some multiple of `middle`. */
static bw_format random_format(random_source *random, bw_type type, double middle)
{
    static const int edges[] = {0, 255, 128, 1};
    if (type != BW_U8)
        return (bw_format){.type = type};
    double factor = pow(2.0, random_between(random, -30, 30) / 20.0);
    int zero_point = random_once_in(random, 2) ? random_between(random, 0, 255)
                                               : edges[random_between(random, 0, 3)];
    return (bw_format){type, (float)(middle * factor), zero_point};
}

/* Scales for which the numbers are of magnitude one, sums of weights of about 0.3 too. */
static void random_formats(random_source *random, test_case *test, const facts *shape)
{
    double terms = case_terms(&test->operation), one = 1.0 / 64.0;
    bool sums = case_weights(&test->operation) > 0;
    test->in.layout.format = random_format(random, shape->in, sums ? one / sqrt(terms) / 0.3 : one);
    test->second.layout.format = random_format(random, shape->in, one);
    test->out.layout.format = moves_numbers(shape->family) ? test->in.layout.format
                                                           : random_format(random, shape->out, one);
}

static void settle_layouts(test_case *test)
{
    test->operation.in = test->in.layout;
    test->operation.out = test->out.layout;
    if (test->operation.has_second)
        test->operation.second = test->second.layout;
}

static placement random_place(random_source *random, int height, int width, int channels, int lanes)
{
    int border = random_between(random, 0, 3);
    return placement_random(random, height, width, channels, lanes, border);
}

/* COPY: the whole input to a place in the output, or a run of the input to the whole output. */
static void random_copy(random_source *random, test_case *test, const facts *shape)
{
    int channels = shape->inputs, more = random_between(random, 0, 40);
    int offset = random_once_in(random, 2) ? random_between(random, 0, more)
                                           : random_between(random, 0, 3) * BW_LANES;
    bool slice = random_once_in(random, 2);
    int whole = larger(channels + more, offset + 1);
    int lanes = random_lanes(random, shape->in);
    test->in = random_place(random, shape->height, shape->width, slice ? whole : channels, lanes);
    test->out = random_place(random, shape->height, shape->width, slice ? channels : whole, lanes);
    test->operation.first_channel = slice ? offset : 0;
    test->operation.out_channel = slice ? 0 : offset;
}

static void random_places(random_source *random, test_case *test, const facts *shape)
{
    int height, width;
    output_sizes(shape, &height, &width);
    int least = needed_border(shape, height, width);
    if (shape->family == BW_FAMILY_CONV_POOL) {
        height /= 2;
        width /= 2;
    }
    int border = random_once_in(random, 10) ? random_between(random, 0, 3)
                                            : least + random_between(random, 0, 1);
    int lanes = input_lanes(random, shape), out_lanes = output_lanes(random, shape, lanes);
    test->in = placement_random(random, shape->height, shape->width, shape->inputs, lanes, border);
    test->out = random_place(random, height, width, shape->outputs, out_lanes);
    if (shape->family == BW_FAMILY_MULTIPLY && random_once_in(random, 2))
        height = width = 1;
    test->second = random_place(random, height, width, shape->outputs, out_lanes);
}

static fill random_fill(random_source *random)
{
    return random_once_in(random, 3) ? (fill)random_between(random, 0, FILL_COUNT - 1)
                                     : FILL_ORDINARY;
}

static void random_rest(random_source *random, test_case *test)
{
    bw_operation *operation = &test->operation;
    test->images = random_once_in(random, 2) ? 1 : random_between(random, 1, 3);
    test->in_fill = random_fill(random);
    test->second_fill = random_fill(random);
    test->weight_fill = random_fill(random);
    test->has_bias = !random_once_in(random, 4);
    test->seed = (uint64_t)random_between(random, 0, 1 << 30);
    bool same_types = test->in.layout.format.type == test->out.layout.format.type;
    bool sums = operation->family != BW_FAMILY_MULTIPLY;
    if (operation->has_second && sums && same_types && random_once_in(random, 3)) {
        test->second_is_out = true;
        test->second = test->out;
    } else if ((operation->family == BW_FAMILY_ADD || operation->family == BW_FAMILY_ACTIVATION) &&
               random_once_in(random, 3)) {
        test->in_is_out = true;
        test->in = test->out;
    }
}

/* What is known of a layer's sums before its weights are drawn. */
static void settle_sums(test_case *test)
{
    bw_operation *operation = &test->operation;
    if (bw_family_is_dense(operation->family) && operation->in.format.type == BW_U8)
        operation->sum_bits =
            bw_count_bits(bw_sum_terms(operation) * UINT8_MAX * largest_integer(test->weight_fill));
}

test_case case_random(random_source *random, bw_family family, bw_type in, bw_type out)
{
    facts shape = random_shape(random, family);
    shape.in = in;
    shape.out = out;
    if (bw_family_is_dense(family) || family == BW_FAMILY_DEPTHWISE || family == BW_FAMILY_ADD ||
        family == BW_FAMILY_ACTIVATION)
        shape.activation = (bw_activation)random_between(random, 0, BW_ACTIVATION_COUNT - 1);
    bool convolution = family == BW_FAMILY_CONV || family == BW_FAMILY_DEPTHWISE;
    shape.residual = family == BW_FAMILY_ADD || family == BW_FAMILY_MULTIPLY ||
                     (convolution && random_once_in(random, 3));
    test_case test = {.operation = operation_of(&shape)};
    if (family == BW_FAMILY_COPY)
        random_copy(random, &test, &shape);
    else
        random_places(random, &test, &shape);
    settle_layouts(&test);
    random_formats(random, &test, &shape);
    random_rest(random, &test);
    settle_layouts(&test);
    settle_sums(&test);
    return test;
}

static facts square_window(bw_family family, int size, int inputs, int outputs, int kernel,
                           int stride)
{
    int pad = family == BW_FAMILY_MAX_POOL ? (kernel - 1) / 2 : kernel / 2;
    return (facts){family,
                   size,
                   size,
                   inputs,
                   outputs,
                   kernel,
                   kernel,
                   stride,
                   pad,
                   pad,
                   pad,
                   pad,
                   bw_family_is_dense(family) ? 1 : inputs,
                   BW_LEAKY,
                   false,
                   BW_F32,
                   BW_F32};
}

bool case_published(test_case *made, int index, bw_type in, bw_type out)
{
    static const struct {
        bw_family family;
        int size, inputs, outputs, kernel, stride;
    } layers[] = {
        {BW_FAMILY_CONV, 96, 3, 8, 3, 2},          {BW_FAMILY_CONV, 64, 3, 32, 3, 1},
        {BW_FAMILY_CONV, 40, 24, 136, 1, 1},       {BW_FAMILY_CONV, 26, 128, 64, 3, 1},
        {BW_FAMILY_CONV, 26, 64, 128, 3, 2},       {BW_FAMILY_CONV, 13, 192, 96, 3, 1},
        {BW_FAMILY_CONV, 13, 256, 255, 1, 1},      {BW_FAMILY_CONV, 52, 32, 16, 3, 1},
        {BW_FAMILY_DEPTHWISE, 160, 8, 8, 3, 1},    {BW_FAMILY_DEPTHWISE, 160, 24, 24, 3, 2},
        {BW_FAMILY_DEPTHWISE, 80, 32, 32, 3, 1},   {BW_FAMILY_DEPTHWISE, 40, 48, 48, 3, 1},
        {BW_FAMILY_DEPTHWISE, 20, 136, 136, 3, 1}, {BW_FAMILY_DEPTHWISE, 10, 224, 224, 3, 1},
        {BW_FAMILY_DEPTHWISE, 10, 96, 96, 5, 1},   {BW_FAMILY_DEPTHWISE, 20, 120, 120, 5, 1},
        {BW_FAMILY_DEPTHWISE, 20, 136, 136, 3, 2}, {BW_FAMILY_MAX_POOL, 13, 64, 64, 5, 1},
        {BW_FAMILY_MAX_POOL, 13, 64, 64, 9, 1},    {BW_FAMILY_MAX_POOL, 19, 64, 64, 13, 1},
        {BW_FAMILY_MAX_POOL, 104, 24, 24, 2, 2},   {BW_FAMILY_MAX_POOL, 76, 16, 16, 13, 1},
        {BW_FAMILY_CONV_POOL, 96, 3, 16, 3, 1},    {BW_FAMILY_CONV_POOL, 52, 16, 32, 3, 1},
        {BW_FAMILY_CONV_POOL, 26, 48, 72, 3, 1},   {BW_FAMILY_CONV_POOL, 14, 128, 32, 1, 1},
        {BW_FAMILY_CONV_POOL, 50, 32, 32, 3, 1},   {BW_FAMILY_CONV, 50, 32, 24, 3, 1},
        {BW_FAMILY_CONV, 57, 16, 40, 3, 1},
    };
    if (index < 0 || index >= (int)(sizeof layers / sizeof *layers))
        return false;
    random_source random = {(uint64_t)index};
    facts shape = square_window(layers[index].family, layers[index].size, layers[index].inputs,
                                layers[index].outputs, layers[index].kernel, layers[index].stride);
    shape.in = in;
    shape.out = out;
    test_case test = {.operation = operation_of(&shape), .images = 1, .seed = (uint64_t)index};
    random_places(&random, &test, &shape);
    settle_layouts(&test);
    random_formats(&random, &test, &shape);
    test.has_bias = true;
    settle_layouts(&test);
    settle_sums(&test);
    *made = test;
    return true;
}

bool case_extreme(test_case *made, int index, bw_type in, bw_type out)
{
    static const struct {
        int inputs;
        fill weights, in;
    } sums[] = {{115, FILL_MOST, FILL_MOST},
                {115, FILL_LEAST, FILL_MOST},
                {115, FILL_LARGE, FILL_LARGE},
                {114, FILL_MOST, FILL_LARGE},
                {114, FILL_LEAST, FILL_LARGE}};
    if (index < 0 || index >= (int)(sizeof sums / sizeof *sums))
        return false;
    random_source random = {(uint64_t)index};
    facts shape = square_window(BW_FAMILY_CONV, 9, sums[index].inputs, 33, 3, 1);
    shape.in = in;
    shape.out = out;
    test_case test = {.operation = operation_of(&shape), .images = 1, .seed = (uint64_t)index};
    random_places(&random, &test, &shape);
    settle_layouts(&test);
    random_formats(&random, &test, &shape);
    test.weight_fill = sums[index].weights;
    test.in_fill = sums[index].in;
    settle_layouts(&test);
    settle_sums(&test);
    *made = test;
    return true;
}

static void print_layout(const char *name, const placement *place)
{
    const bw_layout *layout = &place->layout;
    printf("  %s: height %d, width %d, channels %d, lanes %d, border %d, strides %zu %zu %zu, "
           "%d planes before, %s, scale %g, zero point %d\n",
           name, layout->height, layout->width, layout->channels, layout->lanes, layout->border,
           layout->row_stride, layout->plane_stride, layout->image_stride, place->before,
           bw_type_name(layout->format.type), (double)layout->format.scale,
           layout->format.zero_point);
}

void case_print(const test_case *test)
{
    const bw_operation *operation = &test->operation;
    printf("  family %s, kernel %d × %d, stride %d, pad top %d, left %d, groups %d\n",
           family_name(operation->family), operation->kernel_height, operation->kernel_width,
           operation->stride, operation->pad_top, operation->pad_left, operation->groups);
    printf("  activation %s, slope %g, first channel %d, out channel %d\n",
           bw_activation_name(operation->activation), (double)operation->slope,
           operation->first_channel, operation->out_channel);
    print_layout("in", &test->in);
    if (operation->has_second)
        print_layout("second", &test->second);
    print_layout("out", &test->out);
    printf("  images %d, fills: in %s, second %s, weights %s; %s, second is out %d, in is out %d, "
           "seed %llu\n",
           test->images, fill_name(test->in_fill), fill_name(test->second_fill),
           fill_name(test->weight_fill), test->has_bias ? "bias" : "no bias", test->second_is_out,
           test->in_is_out, (unsigned long long)test->seed);
}
