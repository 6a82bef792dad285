/**
 * Shape inference: an operation a function, found by a table.
 */
#include "graph/graph.h"

/* Larger kernels, strides and pads than this mean a damaged file. */
enum { LARGEST_WINDOW = 4096 };

typedef bw_status infer_function(const bw_graph *graph, const bw_node *node, bw_shape *out,
                                 bw_error *error);

static bw_shape input_shape(const bw_graph *graph, const bw_node *node, int input)
{
    return graph->tensors[node->inputs[input]].shape;
}

static bw_status check_range(const bw_node *node, const char *what, int value, int least, int most,
                             bw_error *error)
{
    if (value >= least && value <= most)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "layer %s has a %s of %d; it must be %d to %d",
                   node->name, what, value, least, most);
}

static bw_status check_window(const bw_node *node, bw_error *error)
{
    const bw_attributes *a = &node->attributes;
    const struct {
        const char *what;
        int value, least;
    } checks[] = {
        {"kernel height", a->kernel_height, 1},
        {"kernel width", a->kernel_width, 1},
        {"stride", a->stride, 1},
        {"padding", a->pad_top, 0},
        {"padding", a->pad_left, 0},
        {"padding", a->pad_bottom, 0},
        {"padding", a->pad_right, 0},
    };
    for (size_t index = 0; index < sizeof checks / sizeof *checks; index++) {
        bw_status status = check_range(node, checks[index].what, checks[index].value,
                                       checks[index].least, LARGEST_WINDOW, error);
        if (status != BW_OK)
            return status;
    }
    return BW_OK;
}

/* The size of a windowed output: ⌊(in + pads − kernel) / stride⌋ + 1. */
static bw_status slide(const bw_node *node, bw_shape in, bw_shape *out, bw_error *error)
{
    const bw_attributes *a = &node->attributes;
    int height = in.height + a->pad_top + a->pad_bottom - a->kernel_height;
    int width = in.width + a->pad_left + a->pad_right - a->kernel_width;
    if (height < 0 || width < 0)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s has a window of %d × %d, larger than its padded input of %d × %d",
                       node->name, a->kernel_height, a->kernel_width,
                       in.height + a->pad_top + a->pad_bottom,
                       in.width + a->pad_left + a->pad_right);
    out->height = height / a->stride + 1;
    out->width = width / a->stride + 1;
    return BW_OK;
}

static bw_status infer_conv(const bw_graph *graph, const bw_node *node, bw_shape *out,
                            bw_error *error)
{
    const bw_attributes *a = &node->attributes;
    bw_shape in = input_shape(graph, node, 0);
    bw_status status = check_window(node, error);
    if (status == BW_OK)
        status = check_range(node, "number of filters", a->channels, 1, 1 << 24, error);
    if (status == BW_OK)
        status = check_range(node, "number of groups", a->groups, 1, in.channels, error);
    if (status != BW_OK)
        return status;
    if (in.channels % a->groups != 0 || a->channels % a->groups != 0)
        return bw_fail(
            error, BW_ERROR_FORMAT,
            "layer %s has %d groups, which divide its %d channels or %d filters unevenly",
            node->name, a->groups, in.channels, a->channels);
    out->channels = a->channels;
    return slide(node, in, out, error);
}

static bw_status infer_pool(const bw_graph *graph, const bw_node *node, bw_shape *out,
                            bw_error *error)
{
    bw_shape in = input_shape(graph, node, 0);
    bw_status status = check_window(node, error);
    out->channels = in.channels;
    return status == BW_OK ? slide(node, in, out, error) : status;
}

static bw_status infer_average_pool(const bw_graph *graph, const bw_node *node, bw_shape *out,
                                    bw_error *error)
{
    (void)error;
    *out = (bw_shape){1, 1, input_shape(graph, node, 0).channels};
    return BW_OK;
}

static bw_status infer_same(const bw_graph *graph, const bw_node *node, bw_shape *out,
                            bw_error *error)
{
    (void)error;
    *out = input_shape(graph, node, 0);
    return BW_OK;
}

static bw_status infer_add(const bw_graph *graph, const bw_node *node, bw_shape *out,
                           bw_error *error)
{
    bw_shape a = input_shape(graph, node, 0), b = input_shape(graph, node, 1);
    if (!bw_shape_equal(a, b))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s adds tensors of different shapes, %d × %d × %d and %d × %d × %d",
                       node->name, a.height, a.width, a.channels, b.height, b.width, b.channels);
    *out = a;
    return BW_OK;
}

static bw_status infer_multiply(const bw_graph *graph, const bw_node *node, bw_shape *out,
                                bw_error *error)
{
    bw_shape a = input_shape(graph, node, 0), b = input_shape(graph, node, 1);
    bool pixel = b.height == 1 && b.width == 1 && a.channels == b.channels;
    if (!pixel && !bw_shape_equal(a, b))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s multiplies %d × %d × %d by %d × %d × %d, which is neither of that "
                       "shape nor a factor for each channel",
                       node->name, a.height, a.width, a.channels, b.height, b.width, b.channels);
    *out = a;
    return BW_OK;
}

static bw_status infer_concat(const bw_graph *graph, const bw_node *node, bw_shape *out,
                              bw_error *error)
{
    bw_shape first = input_shape(graph, node, 0);
    int64_t channels = 0;
    for (int input = 0; input < node->input_count; input++) {
        bw_shape shape = input_shape(graph, node, input);
        if (shape.height != first.height || shape.width != first.width)
            return bw_fail(error, BW_ERROR_FORMAT,
                           "layer %s joins pictures of different sizes, %d × %d and %d × %d",
                           node->name, first.height, first.width, shape.height, shape.width);
        channels += shape.channels;
    }
    if (channels > INT32_MAX)
        return bw_fail(error, BW_ERROR_LIMIT, "layer %s joins too many channels", node->name);
    *out = (bw_shape){first.height, first.width, (int)channels};
    return BW_OK;
}

static bw_status infer_slice(const bw_graph *graph, const bw_node *node, bw_shape *out,
                             bw_error *error)
{
    const bw_attributes *a = &node->attributes;
    *out = input_shape(graph, node, 0);
    if (a->first_channel < 0 || a->channels < 1 || a->channels > out->channels ||
        a->first_channel > out->channels - a->channels)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s takes %d channels from number %d of a tensor that has %d",
                       node->name, a->channels, a->first_channel, out->channels);
    out->channels = a->channels;
    return BW_OK;
}

static bw_status infer_upsample(const bw_graph *graph, const bw_node *node, bw_shape *out,
                                bw_error *error)
{
    int factor = node->attributes.stride;
    *out = input_shape(graph, node, 0);
    bw_status status = check_range(node, "factor", factor, 1, 64, error);
    if (status != BW_OK)
        return status;
    if (out->height > (1 << 24) || out->width > (1 << 24))
        return bw_fail(error, BW_ERROR_LIMIT, "layer %s enlarges too large a picture", node->name);
    out->height *= factor;
    out->width *= factor;
    return BW_OK;
}

static bw_status infer_reorg(const bw_graph *graph, const bw_node *node, bw_shape *out,
                             bw_error *error)
{
    int factor = node->attributes.stride;
    bw_shape in = input_shape(graph, node, 0);
    bw_status status = check_range(node, "stride", factor, 1, 64, error);
    if (status != BW_OK)
        return status;
    int cells = factor * factor;
    if (in.height % factor || in.width % factor || in.channels % cells ||
        in.channels > INT32_MAX / cells)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s cannot reorganise %d × %d × %d by a stride of %d", node->name,
                       in.height, in.width, in.channels, factor);
    *out = (bw_shape){in.height / factor, in.width / factor, in.channels * cells};
    return BW_OK;
}

enum { LARGEST_ROW = 1 << 20, ROW = 1 << 16 };

bw_shape bw_dense_shape(const bw_plain_tensor *tensor)
{
    bool picture = tensor->rank == 4 && tensor->type == BW_ELEMENT_F32 && tensor->dims[0] == 1;
    for (int axis = 1; picture && axis < 4; axis++)
        picture = tensor->dims[axis] <= LARGEST_ROW;
    if (picture)
        return (bw_shape){(int)tensor->dims[2], (int)tensor->dims[3], (int)tensor->dims[1]};
    size_t words = (bw_plain_bytes(tensor) + sizeof(float) - 1) / sizeof(float);
    if (words <= LARGEST_ROW)
        return (bw_shape){1, (int)words, 1};
    size_t rows = (words + ROW - 1) / ROW;
    return (bw_shape){rows > INT32_MAX ? INT32_MAX : (int)rows, ROW, 1};
}

/* A tensor may be read under another shape of as many numbers. */
static bool holds(bw_shape shape, const bw_plain_tensor *tensor)
{
    bw_shape wanted = bw_dense_shape(tensor);
    uint64_t rows = (uint64_t)shape.height * (uint64_t)shape.channels;
    return rows * (uint64_t)shape.width ==
           (uint64_t)wanted.height * (uint64_t)wanted.channels * (uint64_t)wanted.width;
}

static bw_status infer_plain(const bw_graph *graph, const bw_node *node, bw_shape *out,
                             bw_error *error)
{
    const bw_plain_use *use = node->plain;
    for (size_t index = 0; index < use->input_count; index++) {
        const bw_plain_operand *input = &use->inputs[index];
        bool fits = input->source != BW_PLAIN_VARIABLE ||
                    (input->place < (size_t)node->input_count &&
                     holds(input_shape(graph, node, (int)input->place), &input->tensor));
        if (!fits)
            return bw_fail(error, BW_ERROR_FORMAT,
                           "layer %s (%s) was made for an input of another size", node->name,
                           use->operation->name);
    }
    *out = bw_dense_shape(&use->outputs[use->kept]);
    return BW_OK;
}

static const struct {
    infer_function *infer;
    int least_inputs, most_inputs;
} rules[BW_OP_COUNT] = {
    [BW_OP_CONV] = {infer_conv, 1, 1},
    [BW_OP_BATCH_NORM] = {infer_same, 1, 1},
    [BW_OP_ACTIVATION] = {infer_same, 1, 1},
    [BW_OP_MAX_POOL] = {infer_pool, 1, 1},
    [BW_OP_AVERAGE_POOL] = {infer_average_pool, 1, 1},
    [BW_OP_ADD] = {infer_add, 2, 2},
    [BW_OP_MULTIPLY] = {infer_multiply, 2, 2},
    [BW_OP_CONCAT] = {infer_concat, 1, 4096},
    [BW_OP_SLICE] = {infer_slice, 1, 1},
    [BW_OP_UPSAMPLE] = {infer_upsample, 1, 1},
    [BW_OP_REORG] = {infer_reorg, 1, 1},
    [BW_OP_CONVERT] = {infer_same, 1, 1},
    [BW_OP_PLAIN] = {infer_plain, 1, BW_PLAIN_OPERANDS},
};

bw_status bw_graph_infer(const bw_graph *graph, const bw_node *node, bw_shape *shape,
                         bw_error *error)
{
    if ((unsigned)node->op >= BW_OP_COUNT || !rules[node->op].infer)
        return bw_fail(error, BW_ERROR_ARGUMENT, "layer %s has no known operation", node->name);
    if (node->input_count < rules[node->op].least_inputs ||
        node->input_count > rules[node->op].most_inputs)
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s has %d inputs, which is not what %s takes",
                       node->name, node->input_count, bw_op_name(node->op));
    for (int input = 0; input < node->input_count; input++) {
        if (node->inputs[input] < 0 || (size_t)node->inputs[input] >= graph->tensor_count)
            return bw_fail(error, BW_ERROR_FORMAT, "layer %s reads a tensor that does not exist",
                           node->name);
    }
    return rules[node->op].infer(graph, node, shape, error);
}
