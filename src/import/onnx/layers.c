/**
 * Convolutions, normalisation, pooling, enlarging.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "import/onnx/lower.h"

/* Sides of windows whose holes are filled up with zeros, and of those that means are taken over. */
enum { LARGEST_HOLED = 13, LARGEST_MEAN = 32, LARGEST_PADDING = 64 };

/* A window as our graph has it, and the rest of what a node says about it. */
typedef struct window_shape {
    int kernel[2], pad[4]; /* pad: top, left, bottom, right; kernel: with its holes */
    int stride, hole[2];   /* hole: the dilation, down and across */
} window_shape;

static bw_status read_kernel(bw_onnx_lowering *lowering, window_shape *out,
                             const bw_onnx_ints *kernel)
{
    for (int axis = 0; axis < 2; axis++) {
        if (kernel->values[axis] < 1 || kernel->values[axis] > 4096)
            return bw_onnx_decline(lowering, "a window of %lld × %lld makes no sense",
                                   (long long)kernel->values[0], (long long)kernel->values[1]);
        out->kernel[axis] = (int)kernel->values[axis];
    }
    return BW_OK;
}

static bw_status read_stride(bw_onnx_lowering *lowering, window_shape *out)
{
    bw_onnx_ints strides, dilations;
    bw_status status = bw_onnx_read_ints(lowering, &strides, "strides", 0);
    if (status == BW_OK)
        status = bw_onnx_read_ints(lowering, &dilations, "dilations", 0);
    if (status != BW_OK)
        return status;
    for (size_t axis = 0; axis < 2; axis++) {
        int64_t hole = dilations.count == 2 ? dilations.values[axis] : 1;
        int64_t reach = hole < 1 || hole > 4096 ? LARGEST_HOLED : (out->kernel[axis] - 1) * hole;
        if (hole != 1 && reach >= LARGEST_HOLED)
            return bw_onnx_decline(lowering,
                                   "windows with holes (dilations of %lld) that are as "
                                   "large are not filled up",
                                   (long long)hole);
        out->hole[axis] = (int)hole;
        out->kernel[axis] = (int)((out->kernel[axis] - 1) * hole) + 1;
    }
    out->stride = 1;
    if (strides.count == 0)
        return BW_OK;
    if (strides.count != 2 || strides.values[0] != strides.values[1] || strides.values[0] < 1 ||
        strides.values[0] > 4096)
        return bw_onnx_decline(lowering, "strides must be the same down and across");
    out->stride = (int)strides.values[0];
    return BW_OK;
}

/* Padding that keeps ⌈side / stride⌉: the odd pixel goes to the end, or to the start. */
static void pad_to_same(window_shape *out, bw_shape in, bool lower)
{
    int sides[2] = {in.height, in.width};
    assert(out->stride > 0);
    for (int axis = 0; axis < 2; axis++) {
        int count = bw_divide_up(sides[axis], out->stride);
        int all = (count - 1) * out->stride + out->kernel[axis] - sides[axis];
        all = all > 0 ? all : 0;
        out->pad[axis] = lower ? (all + 1) / 2 : all / 2;
        out->pad[axis + 2] = all - out->pad[axis];
    }
}

static bw_status read_padding(bw_onnx_lowering *lowering, window_shape *out, bw_shape in)
{
    bw_onnx_ints pads;
    const char *automatic = bw_onnx_word_of(lowering, "auto_pad", "NOTSET");
    bw_status status = bw_onnx_read_ints(lowering, &pads, "pads", 0);
    if (status != BW_OK)
        return status;
    if (strncmp(automatic, "SAME", 4) == 0) {
        pad_to_same(out, in, strcmp(automatic, "SAME_LOWER") == 0);
        return BW_OK;
    }
    if (strcmp(automatic, "VALID") == 0 || pads.count == 0)
        return BW_OK;
    for (size_t side = 0; side < 4; side++) {
        if (pads.count != 4 || pads.values[side] < 0 || pads.values[side] > 4096)
            return bw_onnx_decline(lowering, "its padding makes no sense");
        out->pad[side] = (int)pads.values[side];
    }
    return BW_OK;
}

static bw_status read_window(bw_onnx_lowering *lowering, window_shape *out,
                             const bw_onnx_ints *kernel, bw_shape in)
{
    *out = (window_shape){0};
    bw_status status = read_kernel(lowering, out, kernel);
    if (status == BW_OK)
        status = read_stride(lowering, out);
    return status == BW_OK ? read_padding(lowering, out, in) : status;
}

static bw_attributes attributes_of(const window_shape *from)
{
    return (bw_attributes){.kernel_height = from->kernel[0],
                           .kernel_width = from->kernel[1],
                           .stride = from->stride,
                           .pad_top = from->pad[0],
                           .pad_left = from->pad[1],
                           .pad_bottom = from->pad[2],
                           .pad_right = from->pad[3]};
}

bw_status bw_onnx_floats(bw_onnx_lowering *lowering, bw_constant *out,
                         const bw_onnx_tensor *numbers)
{
    if (numbers->type != BW_ONNX_F32)
        return bw_onnx_decline(lowering, "'%.80s' is not of 32-bit floats (data type %lld)",
                               numbers->name, (long long)numbers->type);
    for (size_t index = 0; index < numbers->count; index++) {
        if (!isfinite(bw_onnx_real(numbers, index)))
            return bw_fail(lowering->error, BW_ERROR_FORMAT,
                           "node '%.80s': number %zu of '%.80s' is not finite", lowering->label,
                           index, numbers->name);
    }
    *out = (bw_constant){(const float *)(const void *)numbers->data, numbers->count};
    if ((uintptr_t)numbers->data % sizeof(float) == 0)
        return BW_OK;
    float *copy = bw_arena_array(&lowering->graph->arena, numbers->count, sizeof *copy);
    if (!copy)
        return bw_fail_memory(lowering->error, numbers->size, "weights");
    memcpy(copy, numbers->data, numbers->size);
    out->data = copy;
    return BW_OK;
}

/* ---- convolutions --------------------------------------------------------------------------- */

/**
 * Space to depth and then a window is one window of twice the size and stride: the weight at
 * (2y + dy, 2x + dx) for channel c is that at (y, x) for channel c of the patch from (dy, dx).
 */
static bw_status unfold_focus(bw_onnx_lowering *lowering, bw_node *node, const bw_onnx_item *focus)
{
    bw_attributes *a = &node->attributes;
    size_t height = (size_t)a->kernel_height, width = (size_t)a->kernel_width;
    size_t channels = (size_t)bw_onnx_shape(lowering, focus->tensor).channels;
    size_t window = height * width, filters = (size_t)a->channels;
    float *weights = bw_arena_array(&lowering->graph->arena, node->weights.count, sizeof *weights);
    if (!weights)
        return bw_fail_memory(lowering->error, node->weights.count * sizeof *weights, "weights");
    for (size_t at = 0; at < filters * 4 * channels * window; at++) {
        size_t x = at % width, y = at / width % height;
        size_t channel = at / window % channels, patch = at / window / channels % 4;
        size_t filter = at / window / channels / 4;
        size_t row = 2 * y + (size_t)focus->order[patch] / 2;
        size_t column = 2 * x + (size_t)focus->order[patch] % 2;
        weights[((filter * channels + channel) * 2 * height + row) * 2 * width + column] =
            node->weights.data[at];
    }
    node->weights.data = weights;
    a->kernel_height *= 2;
    a->kernel_width *= 2;
    a->stride *= 2;
    a->pad_top *= 2;
    a->pad_left *= 2;
    a->pad_bottom *= 2;
    a->pad_right *= 2;
    return BW_OK;
}

/* A window with holes is a larger one with zeros in them. */
static bw_status fill_holes(bw_onnx_lowering *lowering, bw_node *node, const window_shape *window)
{
    size_t height = (size_t)window->kernel[0], width = (size_t)window->kernel[1];
    size_t down = (size_t)window->hole[0], across = (size_t)window->hole[1];
    size_t rows = (height - 1) / down + 1, columns = (width - 1) / across + 1;
    size_t planes = node->weights.count / (rows * columns);
    if (down == 1 && across == 1)
        return BW_OK;
    float *weights =
        bw_arena_array(&lowering->graph->arena, planes * height, width * sizeof *weights);
    if (!weights)
        return bw_fail_memory(lowering->error, planes * height * width * sizeof *weights,
                              "weights");
    memset(weights, 0, planes * height * width * sizeof *weights);
    for (size_t at = 0; at < node->weights.count; at++) {
        size_t x = at % columns, y = at / columns % rows, plane = at / columns / rows;
        weights[(plane * height + y * down) * width + x * across] = node->weights.data[at];
    }
    node->weights = (bw_constant){weights, planes * height * width};
    return BW_OK;
}

static bw_status read_filters(bw_onnx_lowering *lowering, bw_node *node, int channels)
{
    const bw_onnx_tensor *weights, *bias;
    bw_status status = bw_onnx_input_numbers(lowering, 1, &weights);
    if (status == BW_OK)
        status = bw_onnx_input_numbers(lowering, 2, &bias);
    if (status != BW_OK)
        return status;
    int64_t groups = bw_onnx_int(lowering, "group", 1);
    if (!weights || weights->rank != 4)
        return bw_onnx_decline(lowering,
                               "only convolutions of two dimensions are supported; its "
                               "weights have %d",
                               weights ? weights->rank - 2 : 0);
    bool fits = groups >= 1 && groups <= channels && channels % groups == 0 &&
                weights->dims[1] == channels / groups && weights->dims[0] <= 1 << 24 &&
                weights->dims[0] % groups == 0 && weights->count > 0;
    if (!fits)
        return bw_onnx_decline(lowering,
                               "weights of %lld × %lld × %lld × %lld do not fit %d channels in "
                               "%lld groups",
                               (long long)weights->dims[0], (long long)weights->dims[1],
                               (long long)weights->dims[2], (long long)weights->dims[3], channels,
                               (long long)groups);
    if (bias && (int64_t)bias->count != weights->dims[0])
        return bw_onnx_decline(lowering, "it has %zu biases for %lld filters", bias->count,
                               (long long)weights->dims[0]);
    node->attributes.groups = (int)groups;
    node->attributes.channels = (int)weights->dims[0];
    status = bw_onnx_floats(lowering, &node->weights, weights);
    if (status == BW_OK)
        status = bw_onnx_filter_steps(lowering, &node->steps, node->attributes.channels);
    return status == BW_OK && bias ? bw_onnx_floats(lowering, &node->bias, bias) : status;
}

/* The shape that a convolution reads, where its input is completed by it. */
static bw_shape shape_read(const bw_onnx_lowering *lowering, const bw_onnx_item *item, int tensor)
{
    bw_shape in = bw_onnx_shape(lowering, tensor);
    const int *pads = item->order;
    if (item->role == BW_ONNX_FOCUS)
        return (bw_shape){in.height / 2, in.width / 2, in.channels * 4};
    if (item->role == BW_ONNX_PADDED)
        return (bw_shape){in.height + pads[0] + pads[2], in.width + pads[1] + pads[3], in.channels};
    return in;
}

/* Windows and filters of a convolution that reads such a shape. */
static bw_status read_convolution(bw_onnx_lowering *lowering, bw_node *node, bw_shape in,
                                  const bw_onnx_item *item)
{
    window_shape window;
    bw_status status = read_filters(lowering, node, in.channels);
    if (status != BW_OK)
        return status;
    const bw_onnx_tensor *weights = bw_onnx_input_item(lowering, 1)->numbers;
    bw_onnx_ints kernel = {.count = 2, .values = {weights->dims[2], weights->dims[3]}};
    status = read_window(lowering, &window, &kernel, in);
    if (status != BW_OK)
        return status;
    for (int side = 0; side < 4 && item->role == BW_ONNX_PADDED; side++)
        window.pad[side] += item->order[side];
    int groups = node->attributes.groups, filters = node->attributes.channels;
    node->attributes = attributes_of(&window);
    node->attributes.groups = groups;
    node->attributes.channels = filters;
    return fill_holes(lowering, node, &window);
}

bw_status bw_onnx_conv(bw_onnx_lowering *lowering)
{
    bw_onnx_item focus = *bw_onnx_input_item(lowering, 0);
    bool focused = focus.role == BW_ONNX_FOCUS, whole = focused || focus.role == BW_ONNX_PADDED;
    int tensor = focus.tensor;
    bw_status status = whole ? BW_OK : bw_onnx_input_picture(lowering, 0, &tensor);
    if (status != BW_OK)
        return status;
    bw_node node = {.op = BW_OP_CONV};
    status = read_convolution(lowering, &node, shape_read(lowering, &focus, tensor), &focus);
    if (status != BW_OK)
        return status;
    int groups = node.attributes.groups;
    if (focused && groups != 1)
        return bw_onnx_decline(lowering, "groups after a focus layer are not supported");
    if (focused)
        status = unfold_focus(lowering, &node, &focus);
    return status == BW_OK ? bw_onnx_append(lowering, &node, &tensor, 1) : status;
}

bw_status bw_onnx_batch_norm(bw_onnx_lowering *lowering)
{
    int tensor;
    bw_node node = {.op = BW_OP_BATCH_NORM};
    bw_constant *const parts[] = {&node.scale, &node.shift, &node.mean, &node.variance};
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    for (size_t index = 0; status == BW_OK && index < 4; index++) {
        const bw_onnx_tensor *numbers;
        status = bw_onnx_input_numbers(lowering, index + 1, &numbers);
        if (status != BW_OK)
            break;
        if (!numbers || (int)numbers->count != bw_onnx_shape(lowering, tensor).channels)
            return bw_onnx_decline(lowering, "it needs one number a channel in each of four lists");
        status = bw_onnx_floats(lowering, parts[index], numbers);
    }
    if (status != BW_OK)
        return status;
    node.attributes.epsilon = bw_onnx_float(lowering, "epsilon", 1e-5f);
    return bw_onnx_append(lowering, &node, &tensor, 1);
}

/* ---- pooling -------------------------------------------------------------------------------- */

/* A last window that hangs over the edge counts where sizes are rounded up. */
static void round_up(window_shape *window, bw_shape in)
{
    int sides[2] = {in.height, in.width};
    assert(window->stride > 0);
    for (int axis = 0; axis < 2; axis++) {
        int room = sides[axis] + window->pad[axis] + window->pad[axis + 2] - window->kernel[axis];
        int rest = room > 0 ? room % window->stride : 0;
        int start = room - rest + window->stride;
        if (rest && start < sides[axis] + window->pad[axis])
            window->pad[axis + 2] += window->stride - rest;
    }
}

/* The picture that the node pools, and over which windows. */
static bw_status read_pool(bw_onnx_lowering *lowering, int *tensor, window_shape *window)
{
    bw_onnx_ints kernel;
    bw_status status = bw_onnx_input_picture(lowering, 0, tensor);
    if (status == BW_OK)
        status = bw_onnx_read_ints(lowering, &kernel, "kernel_shape", 0);
    if (status == BW_OK && kernel.count != 2)
        status = bw_onnx_decline(lowering, "only windows of two dimensions are supported");
    return status == BW_OK
               ? read_window(lowering, window, &kernel, bw_onnx_shape(lowering, *tensor))
               : status;
}

bw_status bw_onnx_max_pool(bw_onnx_lowering *lowering)
{
    int tensor;
    window_shape window;
    bw_status status = read_pool(lowering, &tensor, &window);
    if (status != BW_OK)
        return status;
    if (lowering->node->output_count > 1)
        return bw_onnx_decline(lowering, "its indices are not computed");
    if (bw_onnx_int(lowering, "ceil_mode", 0))
        round_up(&window, bw_onnx_shape(lowering, tensor));
    bw_node node = {.op = BW_OP_MAX_POOL, .attributes = attributes_of(&window)};
    return bw_onnx_append(lowering, &node, &tensor, 1);
}

/* A mean over windows that lie within the picture, or count what they see beside it as zeros, is a
 * depthwise convolution. */
static bw_status append_mean(bw_onnx_lowering *lowering, const window_shape *window, int tensor)
{
    int channels = bw_onnx_shape(lowering, tensor).channels;
    size_t area = (size_t)window->kernel[0] * (size_t)window->kernel[1];
    size_t count = area * (size_t)channels;
    float *weights = bw_arena_array(&lowering->graph->arena, count, sizeof *weights);
    if (!weights)
        return bw_fail_memory(lowering->error, count * sizeof *weights, "weights");
    for (size_t index = 0; index < count; index++)
        weights[index] = 1.0f / (float)area;
    bw_node node = {
        .op = BW_OP_CONV, .attributes = attributes_of(window), .weights = {weights, count}};
    node.attributes.groups = node.attributes.channels = channels;
    return bw_onnx_append(lowering, &node, &tensor, 1);
}

bw_status bw_onnx_average_pool(bw_onnx_lowering *lowering)
{
    int tensor;
    window_shape window;
    bw_status status = read_pool(lowering, &tensor, &window);
    if (status != BW_OK)
        return status;
    window_shape rounded = window;
    if (bw_onnx_int(lowering, "ceil_mode", 0))
        round_up(&rounded, bw_onnx_shape(lowering, tensor));
    bool padded = window.pad[0] || window.pad[1] || window.pad[2] || window.pad[3];
    bool zeros = !padded || bw_onnx_int(lowering, "count_include_pad", 0);
    if (!zeros || memcmp(&rounded, &window, sizeof window) != 0 || window.hole[0] != 1 ||
        window.hole[1] != 1 || window.kernel[0] > LARGEST_MEAN || window.kernel[1] > LARGEST_MEAN)
        return bw_onnx_decline(lowering, "a mean over windows that are large, have holes or leave "
                                         "the picture is not supported");
    return append_mean(lowering, &window, tensor);
}

/* Zeros around a picture, which the convolution that follows can have for its own padding. */
bw_status bw_onnx_pad(bw_onnx_lowering *lowering)
{
    int tensor;
    bw_onnx_ints pads;
    const bw_onnx_tensor *value = NULL;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status == BW_OK)
        status = bw_onnx_read_ints(lowering, &pads, "pads", 1);
    if (status == BW_OK)
        status = bw_onnx_input_numbers(lowering, 2, &value);
    if (status != BW_OK)
        return status;
    double number = value && value->count == 1 && value->type == BW_ONNX_F32
                        ? bw_onnx_real(value, 0)
                        : (double)bw_onnx_float(lowering, "value", 0.0f);
    bool fits = pads.count == 8 &&
                strcmp(bw_onnx_word_of(lowering, "mode", "constant"), "constant") == 0 &&
                number == 0.0 && lowering->node->input_count < 4 && bw_onnx_is_inner(lowering);
    bw_onnx_item item = {.role = BW_ONNX_PADDED, .tensor = tensor};
    static const size_t places[4] = {2, 3, 6, 7};
    for (size_t side = 0; fits && side < 4; side++) {
        int64_t width = pads.values[places[side]], other = pads.values[side / 2 * 4 + side % 2];
        fits = width >= 0 && width <= LARGEST_PADDING && other == 0;
        item.order[side] = fits ? (int)width : 0;
    }
    if (!fits)
        return bw_onnx_decline(lowering, "only zeros around rows and columns are supported");
    bw_onnx_output_item(lowering, 0, item);
    return BW_OK;
}

bw_status bw_onnx_global_pool(bw_onnx_lowering *lowering)
{
    int tensor;
    bw_node node = {.op = BW_OP_AVERAGE_POOL};
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    return status == BW_OK ? bw_onnx_append(lowering, &node, &tensor, 1) : status;
}

/* The mean over rows and columns, dimensions kept, is the global pool. */
bw_status bw_onnx_reduce_mean(bw_onnx_lowering *lowering)
{
    bw_onnx_ints axes;
    bw_status status = bw_onnx_read_ints(lowering, &axes, "axes", 1);
    if (status != BW_OK)
        return status;
    bool rows = false, columns = false;
    for (size_t index = 0; index < axes.count; index++) {
        rows |= axes.values[index] == 2 || axes.values[index] == -2;
        columns |= axes.values[index] == 3 || axes.values[index] == -1;
    }
    if (axes.count != 2 || !rows || !columns || !bw_onnx_int(lowering, "keepdims", 1))
        return bw_onnx_decline(lowering, "only means over whole pictures are supported");
    return bw_onnx_global_pool(lowering);
}

/* ---- enlarging ------------------------------------------------------------------------------ */

/* Whether each pixel is repeated `factor` times, which several pairs of modes come to. */
static bool repeats(const bw_onnx_lowering *lowering, int factor)
{
    if (strcmp(bw_onnx_word_of(lowering, "mode", "nearest"), "nearest") != 0)
        return false;
    if (strcmp(lowering->node->op, "Upsample") == 0 || lowering->file->opset < 11)
        return true;
    const char *place = bw_onnx_word_of(lowering, "coordinate_transformation_mode", "half_pixel");
    const char *nearest = bw_onnx_word_of(lowering, "nearest_mode", "round_prefer_floor");
    bool rounded = strncmp(nearest, "round", 5) == 0;
    if (strcmp(place, "asymmetric") == 0)
        return strcmp(nearest, "floor") == 0 ||
               (factor == 2 && strcmp(nearest, "round_prefer_floor") == 0);
    return rounded &&
           (strcmp(place, "half_pixel") == 0 || strcmp(place, "pytorch_half_pixel") == 0);
}

/* The factor from numbers: scales [1, 1, f, f], or sizes [N, C, H × f, W × f]. 0: none. */
static int factor_of(const bw_onnx_tensor *numbers, bw_shape in)
{
    bool sizes = numbers->type != BW_ONNX_F32;
    double sides[2] = {sizes ? in.height : 1.0, sizes ? in.width : 1.0}, factors[2];
    if (numbers->count != 4)
        return 0;
    for (size_t axis = 0; axis < 2; axis++) {
        double value =
            sizes ? (double)bw_onnx_whole(numbers, 2 + axis) : bw_onnx_real(numbers, 2 + axis);
        factors[axis] = value / sides[axis];
    }
    if (!sizes && (bw_onnx_real(numbers, 0) != 1.0 || bw_onnx_real(numbers, 1) != 1.0))
        return 0;
    bool whole = factors[0] == factors[1] && factors[0] >= 1.0 && factors[0] <= 64.0 &&
                 factors[0] == floor(factors[0]);
    return whole ? (int)factors[0] : 0;
}

/* Scales or sizes, wherever the operator set puts them. */
static bw_status find_factor(bw_onnx_lowering *lowering, bw_shape in, int *factor)
{
    bool early = lowering->file->opset < 11;
    const bw_onnx_attribute *scales = bw_onnx_find_attribute(lowering->node, "scales");
    *factor = 0;
    if (scales && scales->kind == BW_ONNX_FLOATS_VALUE && scales->count == 4) {
        bw_onnx_tensor numbers = {.name = "scales",
                                  .type = BW_ONNX_F32,
                                  .count = 4,
                                  .data = (const uint8_t *)scales->floats};
        *factor = factor_of(&numbers, in);
        return BW_OK;
    }
    for (size_t input = early ? 1 : 2; input <= (early ? 1u : 3u); input++) {
        const bw_onnx_tensor *numbers;
        bw_status status = bw_onnx_input_numbers(lowering, input, &numbers);
        if (status != BW_OK)
            return status;
        if (numbers && numbers->count)
            *factor = factor_of(numbers, in);
    }
    return BW_OK;
}

bw_status bw_onnx_resize(bw_onnx_lowering *lowering)
{
    int tensor, factor = 0;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status == BW_OK)
        status = find_factor(lowering, bw_onnx_shape(lowering, tensor), &factor);
    if (status != BW_OK)
        return status;
    if (factor == 0 || !repeats(lowering, factor))
        return bw_onnx_decline(lowering, "only enlarging by a whole factor, by the nearest pixel, "
                                         "is supported");
    bw_node node = {.op = BW_OP_UPSAMPLE, .attributes = {.stride = factor}};
    return bw_onnx_append(lowering, &node, &tensor, 1);
}
