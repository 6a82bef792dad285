/**
 * The sections of layers: an operation of the graph a function, found by a table.
 */
#include <math.h>
#include <stdarg.h>

#include "export/darknet.h"

static const float epsilon = 1e-5f;

enum { MOST_PARTS = 64 };

typedef bw_status section_writer(bw_darknet_file *file, const bw_node *node);

bw_status bw_darknet_refuse(const bw_darknet_file *file, const bw_node *node, const char *format,
                            ...)
{
    char why[240];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    return bw_fail(file->error, BW_ERROR_UNSUPPORTED,
                   "layer %s (%s) cannot be written for darknet: %s; ONNX takes it (--to onnx)",
                   node->name, bw_op_name(node->op), why);
}

/* ---- Layers --------------------------------------------------------------------------------- */

static void begin(const bw_darknet_file *file, const char *name)
{
    fprintf(file->cfg, "\n[%s]\n", name);
}

/* Ends a section, which gives `tensor`. */
static bw_status end(bw_darknet_file *file, int tensor)
{
    file->layers[tensor] = file->count++;
    file->previous = tensor;
    return BW_OK;
}

static bw_status find_layer(const bw_darknet_file *file, const bw_node *node, int tensor,
                            int *layer)
{
    *layer = file->layers[tensor];
    if (*layer != BW_NONE)
        return BW_OK;
    return bw_darknet_refuse(file, node, "it reads the picture, which only the first layer can");
}

bw_status bw_darknet_read_tensor(bw_darknet_file *file, const bw_node *node, int tensor)
{
    int layer;
    if (tensor == file->previous)
        return BW_OK;
    bw_status status = find_layer(file, node, tensor, &layer);
    if (status != BW_OK)
        return status;
    begin(file, "route");
    fprintf(file->cfg, "layers=%d\n", layer);
    return end(file, tensor);
}

/* ---- Activations ---------------------------------------------------------------------------- */

static bw_status write_activation_key(const bw_darknet_file *file, const bw_node *node)
{
    const bw_attributes *a = &node->attributes;
    const char *name = bw_activation_name(a->activation);
    if (a->activation == BW_HARD_LOGISTIC || a->activation == BW_HARD_SWISH)
        return bw_darknet_refuse(file, node, "darknet has no activation such as %s", name);
    float usual = bw_activation_slope(a->activation);
    if (usual > 0.0f && fabsf(a->slope - usual) > 1e-6f)
        return bw_darknet_refuse(file, node, "its number is %g, and darknet's %s has %g",
                                 (double)a->slope, name, (double)usual);
    fprintf(file->cfg, "activation=%s\n", name);
    return BW_OK;
}

/* The only reader of the tensor, if it is of that operation and comes into this section. */
static const bw_node *take_in(const bw_darknet_file *file, int tensor, bw_op op)
{
    int reader = file->uses[tensor] == 1 ? file->readers[tensor] : BW_NONE;
    if (reader == BW_NONE || file->what->graph->nodes[reader].op != op)
        return NULL;
    file->done[reader] = true;
    return &file->what->graph->nodes[reader];
}

/* The key of the node's own activation, or of the one that follows; returns where it ends. */
static bw_status write_activation_of(const bw_darknet_file *file, const bw_node *node, int *tensor)
{
    const bw_node *after = NULL;
    if (node->attributes.activation == BW_LINEAR && node->residual == BW_NONE)
        after = take_in(file, *tensor, BW_OP_ACTIVATION);
    if (after)
        *tensor = after->output;
    return write_activation_key(file, after ? after : node);
}

static bw_status write_activation(bw_darknet_file *file, const bw_node *node)
{
    bw_status status = bw_darknet_read_tensor(file, node, node->inputs[0]);
    if (status != BW_OK)
        return status;
    begin(file, "activation");
    status = write_activation_key(file, node);
    return status == BW_OK ? end(file, node->output) : status;
}

/* ---- Weights -------------------------------------------------------------------------------- */

static bw_status add_numbers(bw_darknet_file *file, const float *numbers, size_t count)
{
    if (!bw_array_reserve((void **)&file->spans, &file->span_capacity, file->span_count + 1,
                          sizeof *file->spans))
        return bw_fail_memory(file->error, sizeof *file->spans, "a weights file");
    file->spans[file->span_count++] = (bw_span){numbers, count * sizeof *numbers};
    return BW_OK;
}

/* Numbers that differ from `from` by what each of `minus` and `plus` are; either may be none. */
static bw_status add_sums(bw_darknet_file *file, const float *from, const float *minus, float plus,
                          size_t count)
{
    float *numbers = bw_arena_array(&file->arena, count, sizeof *numbers);
    if (!numbers)
        return bw_fail_memory(file->error, count * sizeof *numbers, "a weights file");
    for (size_t index = 0; index < count; index++)
        numbers[index] = (from ? from[index] : 0.0f) - (minus ? minus[index] : 0.0f) + plus;
    return add_numbers(file, numbers, count);
}

/* A normalisation of x + bias, with darknet's own ε. */
static bw_status add_normalisation(bw_darknet_file *file, const bw_node *norm, const float *bias)
{
    size_t count = norm->scale.count;
    float more = norm->attributes.epsilon - epsilon;
    bool own = fabsf(more) < 1e-9f;
    for (size_t index = 0; index < count; index++) {
        if (!(norm->variance.data[index] + more + epsilon > 0.0f))
            return bw_darknet_refuse(file, norm, "its variance and ε of %g leave no root",
                                     (double)norm->attributes.epsilon);
    }
    bw_status status = add_numbers(file, norm->shift.data, count);
    if (status == BW_OK)
        status = add_numbers(file, norm->scale.data, count);
    if (status == BW_OK)
        status = bias ? add_sums(file, norm->mean.data, bias, 0.0f, count)
                      : add_numbers(file, norm->mean.data, count);
    if (status != BW_OK)
        return status;
    return own ? add_numbers(file, norm->variance.data, count)
               : add_sums(file, norm->variance.data, NULL, more, count);
}

static bw_status add_filters(bw_darknet_file *file, const bw_node *conv, const bw_node *norm)
{
    size_t filters = (size_t)conv->attributes.channels;
    const float *bias = conv->bias.data;
    bw_status status = norm   ? add_normalisation(file, norm, bias)
                       : bias ? add_numbers(file, bias, filters)
                              : add_sums(file, NULL, NULL, 0.0f, filters);
    return status == BW_OK ? add_numbers(file, conv->weights.data, conv->weights.count) : status;
}

/* ---- Sections ------------------------------------------------------------------------------- */

/* [shortcut]: adds `other` to the last layer. */
static bw_status write_shortcut(bw_darknet_file *file, const bw_node *node, int other, int tensor)
{
    int layer;
    bw_status status = find_layer(file, node, other, &layer);
    if (status != BW_OK)
        return status;
    begin(file, "shortcut");
    fprintf(file->cfg, "from=%d\n", layer - file->count);
    if (node->op == BW_OP_ADD)
        status = write_activation_of(file, node, &tensor);
    else
        fputs("activation=linear\n", file->cfg);
    return status == BW_OK ? end(file, tensor) : status;
}

static bw_status check_window(const bw_darknet_file *file, const bw_node *node)
{
    const bw_attributes *a = &node->attributes;
    if (a->kernel_height != a->kernel_width)
        return bw_darknet_refuse(file, node, "its window is %d × %d, and darknet's are square",
                                 a->kernel_height, a->kernel_width);
    bool even = a->pad_top == a->pad_left && a->pad_bottom == a->pad_right &&
                (node->op == BW_OP_MAX_POOL || a->pad_top == a->pad_bottom);
    if (even)
        return BW_OK;
    return bw_darknet_refuse(file, node,
                             "it pads %d above, %d left, %d below, %d right, and darknet pads all "
                             "sides alike",
                             a->pad_top, a->pad_left, a->pad_bottom, a->pad_right);
}

static void write_padding_key(const bw_darknet_file *file, const bw_attributes *a)
{
    if (a->pad_top == a->kernel_height / 2)
        fputs("pad=1\n", file->cfg);
    else
        fprintf(file->cfg, "padding=%d\n", a->pad_top);
}

static bw_status write_conv(bw_darknet_file *file, const bw_node *node)
{
    const bw_attributes *a = &node->attributes;
    int tensor = node->output;
    bw_status status = check_window(file, node);
    if (status == BW_OK)
        status = bw_darknet_read_tensor(file, node, node->inputs[0]);
    if (status != BW_OK)
        return status;
    const bw_node *norm = NULL;
    if (a->activation == BW_LINEAR && node->residual == BW_NONE)
        norm = take_in(file, tensor, BW_OP_BATCH_NORM);
    tensor = norm ? norm->output : tensor;
    begin(file, "convolutional");
    if (norm)
        fputs("batch_normalize=1\n", file->cfg);
    fprintf(file->cfg, "filters=%d\nsize=%d\nstride=%d\n", a->channels, a->kernel_height,
            a->stride);
    write_padding_key(file, a);
    if (a->groups > 1)
        fprintf(file->cfg, "groups=%d\n", a->groups);
    status = write_activation_of(file, node, &tensor);
    if (status == BW_OK)
        status = add_filters(file, node, norm);
    if (status == BW_OK)
        status = end(file, tensor);
    return status == BW_OK && node->residual != BW_NONE
               ? write_shortcut(file, node, node->residual, tensor)
               : status;
}

static bw_status write_batch_norm(bw_darknet_file *file, const bw_node *node)
{
    bw_status status = bw_darknet_read_tensor(file, node, node->inputs[0]);
    if (status == BW_OK)
        status = add_normalisation(file, node, NULL);
    if (status != BW_OK)
        return status;
    begin(file, "batchnorm");
    return end(file, node->output);
}

/* Darknet's `padding` is of both sides together, the smaller half in front. */
static bw_status write_max_pool(bw_darknet_file *file, const bw_node *node)
{
    const bw_attributes *a = &node->attributes;
    int size = a->kernel_height, padding = a->pad_top + a->pad_bottom;
    bw_status status = check_window(file, node);
    if (status == BW_OK && (a->pad_top != padding / 2 || padding > 2 * (size - 1)))
        status = bw_darknet_refuse(file, node, "it pads %d in front and %d behind", a->pad_top,
                                   a->pad_bottom);
    if (status == BW_OK)
        status = bw_darknet_read_tensor(file, node, node->inputs[0]);
    if (status != BW_OK)
        return status;
    begin(file, "maxpool");
    fprintf(file->cfg, "size=%d\nstride=%d\n", size, a->stride);
    if (padding != size - 1)
        fprintf(file->cfg, "padding=%d\n", padding);
    return end(file, node->output);
}

static bw_status write_average_pool(bw_darknet_file *file, const bw_node *node)
{
    bw_status status = bw_darknet_read_tensor(file, node, node->inputs[0]);
    if (status != BW_OK)
        return status;
    begin(file, "avgpool");
    return end(file, node->output);
}

static bw_status write_scaling(bw_darknet_file *file, const bw_node *node)
{
    bw_status status = bw_darknet_read_tensor(file, node, node->inputs[0]);
    if (status != BW_OK)
        return status;
    begin(file, node->op == BW_OP_REORG ? "reorg" : "upsample");
    fprintf(file->cfg, "stride=%d\n", node->attributes.stride);
    return end(file, node->output);
}

static bw_status write_add(bw_darknet_file *file, const bw_node *node)
{
    int first = node->inputs[0], other = node->inputs[1];
    if (other == file->previous) {
        other = first;
        first = node->inputs[1];
    }
    bw_status status = bw_darknet_read_tensor(file, node, first);
    return status == BW_OK ? write_shortcut(file, node, other, node->output) : status;
}

/* [route] to several layers; the parts are checked to be few. */
static bw_status write_route(bw_darknet_file *file, const int *layers, int count, int tensor)
{
    begin(file, "route");
    for (int index = 0; index < count; index++)
        fprintf(file->cfg, "%s%d", index ? "," : "layers=", layers[index]);
    fputc('\n', file->cfg);
    return end(file, tensor);
}

static bw_status write_concat(bw_darknet_file *file, const bw_node *node)
{
    int layers[MOST_PARTS];
    bw_status status = BW_OK;
    if (node->input_count > MOST_PARTS)
        return bw_darknet_refuse(file, node, "it joins %d tensors, and %d are the most",
                                 node->input_count, MOST_PARTS);
    for (int input = 0; status == BW_OK && input < node->input_count; input++)
        status = find_layer(file, node, node->inputs[input], &layers[input]);
    return status == BW_OK ? write_route(file, layers, node->input_count, node->output) : status;
}

static int common_divisor(int a, int b)
{
    while (b > 0) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A slice is one of `groups` even parts of the channels, or several of them joined. */
static bw_status write_slice(bw_darknet_file *file, const bw_node *node)
{
    const bw_attributes *a = &node->attributes;
    int all = file->what->graph->tensors[node->inputs[0]].shape.channels, layer;
    int part = common_divisor(common_divisor(a->channels, a->first_channel), all);
    int count = a->channels / part, layers[MOST_PARTS];
    if (count > MOST_PARTS)
        return bw_darknet_refuse(file, node,
                                 "it takes channels %d to %d of %d, which are no even parts",
                                 a->first_channel, a->first_channel + a->channels - 1, all);
    bw_status status = find_layer(file, node, node->inputs[0], &layer);
    for (int index = 0; status == BW_OK && index < count; index++) {
        begin(file, "route");
        fprintf(file->cfg, "layers=%d\ngroups=%d\ngroup_id=%d\n", layer, all / part,
                a->first_channel / part + index);
        layers[index] = file->count;
        status = end(file, node->output);
    }
    return status == BW_OK && count > 1 ? write_route(file, layers, count, node->output) : status;
}

static section_writer *const writers[BW_OP_COUNT] = {
    [BW_OP_CONV] = write_conv,         [BW_OP_BATCH_NORM] = write_batch_norm,
    [BW_OP_MAX_POOL] = write_max_pool, [BW_OP_AVERAGE_POOL] = write_average_pool,
    [BW_OP_ADD] = write_add,           [BW_OP_ACTIVATION] = write_activation,
    [BW_OP_CONCAT] = write_concat,     [BW_OP_SLICE] = write_slice,
    [BW_OP_UPSAMPLE] = write_scaling,  [BW_OP_REORG] = write_scaling,
};

bw_status bw_darknet_write_node(bw_darknet_file *file, size_t index)
{
    const bw_node *node = &file->what->graph->nodes[index];
    if (file->done[index])
        return BW_OK;
    file->done[index] = true;
    if (writers[node->op])
        return writers[node->op](file, node);
    return bw_darknet_refuse(file, node, "darknet has no such layer");
}
