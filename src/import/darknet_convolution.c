/**
 * Layers with learned numbers: [convolutional] and [batchnorm].
 */
#include <math.h>

#include "import/darknet.h"

static const float epsilon = 1e-5f;

typedef struct convolution {
    int filters, size, stride, padding, groups;
    bool normalise;
    bw_activation activation;
} convolution;

/* Options of AlexeyAB's darknet that change what the layer computes, with their neutral values. */
static void refuse_variants(bw_cfg_reader *options, int size)
{
    static const char *const keys[] = {
        "binary",       "xnor",           "bin_output", "flipped", "antialiasing",
        "dontload",     "dontloadscales", "sway",       "rotate",  "stretch",
        "stretch_sway", "deform",         "coordconv",  "reverse", "assisted_excitation",
    };
    for (size_t index = 0; index < sizeof keys / sizeof *keys; index++)
        bw_cfg_refuse(options, keys[index], 0.0f);
    if (size > 1)
        bw_cfg_refuse(options, "dilation", 1.0f);
    if (bw_cfg_has(options, "share_index"))
        bw_cfg_fail(options, bw_cfg_line(options, "share_index"), BW_ERROR_UNSUPPORTED,
                    "weights shared between layers (share_index) are not supported");
}

static bw_status read_convolution(bw_cfg_reader *options, int channels, convolution *out)
{
    enum { MOST_FILTERS = 1 << 24 };
    out->filters = bw_cfg_integer(options, "filters", 1, 1, MOST_FILTERS);
    out->size = bw_cfg_integer(options, "size", 1, 1, BW_DARKNET_WINDOW);
    out->stride = bw_darknet_read_stride(options);
    out->padding = bw_cfg_integer(options, "padding", 0, 0, BW_DARKNET_WINDOW);
    if (bw_cfg_integer(options, "pad", 0, 0, BW_DARKNET_WINDOW) > 0)
        out->padding = out->size / 2;
    out->groups = bw_cfg_integer(options, "groups", 1, 1, channels);
    out->normalise = bw_cfg_integer(options, "batch_normalize", 0, 0, 2) > 0;
    out->normalise |= bw_cfg_integer(options, "cbn", 0, 0, 1) > 0;
    out->activation = bw_darknet_read_activation(options, BW_LOGISTIC);
    refuse_variants(options, out->size);
    if (options->status == BW_OK && (channels % out->groups || out->filters % out->groups))
        bw_cfg_fail(options, bw_cfg_line(options, "groups"), BW_ERROR_FORMAT,
                    "%d groups do not divide %d input channels and %d filters evenly", out->groups,
                    channels, out->filters);
    return options->status;
}

/* Variances from which no root can be taken are damage. */
static bw_status check_variance(bw_darknet *net, const bw_constant *variance)
{
    for (size_t index = 0; index < variance->count; index++) {
        if (variance->data[index] + epsilon <= 0.0f)
            return bw_fail(net->error, BW_ERROR_FORMAT,
                           "'%s' holds a negative variance for layer %s (%s:%d): it is damaged or "
                           "belongs to another network",
                           net->weights.path, net->name, net->options.cfg->path,
                           net->options.section->line);
    }
    return BW_OK;
}

/* Takes scale, mean and variance of a batch norm, in the order in which files hold them. */
static bw_status take_batch_norm(bw_darknet *net, bw_node *node, size_t channels)
{
    bw_status status = bw_weights_take(&net->weights, &node->scale, channels, 1, 0, net->error);
    if (status == BW_OK)
        status = bw_weights_take(&net->weights, &node->mean, channels, 0, 0, net->error);
    if (status == BW_OK)
        status = bw_weights_take(&net->weights, &node->variance, channels, 1, 0, net->error);
    return status == BW_OK ? check_variance(net, &node->variance) : status;
}

/* The numbers of filters × taps weights, and of what each filter has besides; SIZE_MAX: too many.
 */
static size_t count_numbers(const convolution *layer, size_t taps, size_t *weights)
{
    size_t filters = (size_t)layer->filters, all;
    if (!bw_size_multiply(weights, filters, taps) ||
        !bw_size_add(&all, *weights, filters * (layer->normalise ? 4 : 1)))
        return SIZE_MAX;
    return all;
}

/* Random weights keep the spread of what flows through: He et al. 2015, for leaky activations. */
static float random_deviation(const convolution *layer, size_t taps)
{
    return sqrtf(1.6f / (float)taps) * (layer->normalise ? 1.0f : 0.3f);
}

static bw_status take_numbers(bw_darknet *net, const convolution *layer, int channels,
                              bw_node *conv, bw_node *norm)
{
    size_t taps = (size_t)(channels / layer->groups) * (size_t)layer->size * (size_t)layer->size;
    size_t filters = (size_t)layer->filters, weights;
    bw_constant *bias = layer->normalise ? &norm->shift : &conv->bias;
    bw_status status = bw_darknet_begin_weights(net, count_numbers(layer, taps, &weights));
    if (status == BW_OK)
        status = bw_weights_take(&net->weights, bias, filters, 0, 0, net->error);
    if (status == BW_OK && layer->normalise)
        status = take_batch_norm(net, norm, filters);
    if (status == BW_OK)
        status = bw_weights_take(&net->weights, &conv->weights, weights, 0,
                                 random_deviation(layer, taps), net->error);
    return status;
}

bw_status bw_darknet_convolutional(bw_darknet *net, int *tensor)
{
    convolution layer;
    int channels = bw_darknet_shape(net, *tensor).channels;
    bw_status status = read_convolution(&net->options, channels, &layer);
    if (status != BW_OK)
        return status;
    bw_node conv = {.op = BW_OP_CONV,
                    .attributes = {.kernel_height = layer.size,
                                   .kernel_width = layer.size,
                                   .stride = layer.stride,
                                   .pad_top = layer.padding,
                                   .pad_left = layer.padding,
                                   .pad_bottom = layer.padding,
                                   .pad_right = layer.padding,
                                   .groups = layer.groups,
                                   .channels = layer.filters}};
    bw_node norm = {.op = BW_OP_BATCH_NORM, .attributes = {.epsilon = epsilon}};
    status = bw_darknet_check(net, *tensor, &conv);
    if (status == BW_OK)
        status = take_numbers(net, &layer, channels, &conv, &norm);
    if (status == BW_OK)
        status = bw_darknet_append(net, tensor, &conv);
    if (status == BW_OK && layer.normalise)
        status = bw_darknet_append(net, tensor, &norm);
    return status == BW_OK ? bw_darknet_activate(net, tensor, layer.activation) : status;
}

static bw_status make_zeros(bw_darknet *net, bw_constant *out, size_t count)
{
    float *zeros = bw_arena_array(&net->graph->arena, count, sizeof *zeros);
    if (!zeros)
        return bw_fail_memory(net->error, count * sizeof *zeros, "the biases of a batch norm");
    *out = (bw_constant){zeros, count};
    return BW_OK;
}

/* AlexeyAB's darknet, which writes revision 5, stores biases; the original, revision 0, has none.
 */
bw_status bw_darknet_batchnorm(bw_darknet *net, int *tensor)
{
    size_t channels = (size_t)bw_darknet_shape(net, *tensor).channels;
    bool biased = net->weights.revision >= 5;
    bw_node node = {.op = BW_OP_BATCH_NORM, .attributes = {.epsilon = epsilon}};
    bw_status status = bw_darknet_begin_weights(net, channels * (biased ? 4 : 3));
    if (status == BW_OK && biased)
        status = bw_weights_take(&net->weights, &node.shift, channels, 0, 0, net->error);
    if (status == BW_OK && !biased)
        status = make_zeros(net, &node.shift, channels);
    if (status == BW_OK)
        status = take_batch_norm(net, &node, channels);
    return status == BW_OK ? bw_darknet_append(net, tensor, &node) : status;
}
