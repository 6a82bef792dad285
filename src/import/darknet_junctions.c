/**
 * Layers that read others by their number: [route] and [shortcut].
 */
#include <string.h>

#include "import/darknet.h"

enum { MOST_LAYERS = 64 };

/* The tensor of layer `number`; a negative one counts back from the layer at hand. */
static int find_layer(bw_darknet *net, const char *key, int number)
{
    bw_cfg_reader *options = &net->options;
    int index = number < 0 ? net->count + number : number;
    if (index < 0 || index >= net->count) {
        bw_cfg_fail(options, bw_cfg_line(options, key), BW_ERROR_FORMAT,
                    "layer %s reads layer %d, but there are %d layers before it", net->name, number,
                    net->count);
        return BW_NONE;
    }
    const bw_darknet_layer *layer = &net->layers[index];
    if (layer->kind->is_head)
        bw_cfg_fail(options, bw_cfg_line(options, key), BW_ERROR_UNSUPPORTED,
                    "layer %s reads layer %d, the boxes of a [%s]; name the layer before that",
                    net->name, number, layer->kind->name);
    return layer->tensor;
}

/* Reads a list of layers into `tensors`; returns how many, 0 with a failure for none. */
static int read_layers(bw_darknet *net, const char *key, int tensors[MOST_LAYERS])
{
    bw_cfg_reader *options = &net->options;
    int count = bw_cfg_integers(options, key, tensors, MOST_LAYERS);
    if (count == 0)
        bw_cfg_fail(options, options->section->line, BW_ERROR_FORMAT, "[%s] lacks the key '%s'",
                    options->section->name, key);
    for (int index = 0; index < count; index++)
        tensors[index] = find_layer(net, key, tensors[index]);
    return count;
}

static bw_status slice(bw_darknet *net, int *tensor, int first, int channels)
{
    if (channels == bw_darknet_shape(net, *tensor).channels)
        return BW_OK;
    bw_node node = {.op = BW_OP_SLICE,
                    .attributes = {.first_channel = first, .channels = channels}};
    return bw_darknet_append(net, tensor, &node);
}

static bw_status concatenate(bw_darknet *net, int *tensor, int *inputs, int count)
{
    *tensor = inputs[0];
    if (count == 1)
        return BW_OK;
    bw_node node = {.op = BW_OP_CONCAT, .inputs = inputs, .input_count = count};
    return bw_darknet_append(net, tensor, &node);
}

/* Replaces a tensor by group `group` of its channels. */
static bw_status take_group(bw_darknet *net, int *tensor, int groups, int group)
{
    int channels = bw_darknet_shape(net, *tensor).channels;
    if (channels % groups != 0)
        return bw_cfg_fail(&net->options, bw_cfg_line(&net->options, "groups"), BW_ERROR_FORMAT,
                           "%d groups do not divide %d channels evenly", groups, channels);
    return slice(net, tensor, group * (channels / groups), channels / groups);
}

bw_status bw_darknet_route(bw_darknet *net, int *tensor)
{
    enum { MOST_GROUPS = 1 << 16 };
    bw_cfg_reader *options = &net->options;
    int inputs[MOST_LAYERS];
    int count = read_layers(net, "layers", inputs);
    int groups = bw_cfg_integer(options, "groups", 1, 1, MOST_GROUPS);
    int group = bw_cfg_integer(options, "group_id", 0, 0, groups - 1);
    bw_status status = options->status;
    for (int index = 0; status == BW_OK && index < count; index++)
        status = take_group(net, &inputs[index], groups, group);
    return status == BW_OK ? concatenate(net, tensor, inputs, count) : status;
}

/*
 * Adds `other` to `*tensor`. Where one has fewer channels, darknet adds those that both have and
 * leaves the rest of `*tensor` as it is.
 */
static bw_status add_overlap(bw_darknet *net, int *tensor, int other)
{
    bw_shape shape = bw_darknet_shape(net, *tensor), added = bw_darknet_shape(net, other);
    if (shape.height != added.height || shape.width != added.width)
        return bw_cfg_fail(&net->options, bw_cfg_line(&net->options, "from"), BW_ERROR_UNSUPPORTED,
                           "layer %s adds pictures of different sizes, %d × %d and %d × %d, which "
                           "is not supported",
                           net->name, shape.height, shape.width, added.height, added.width);
    int shared = shape.channels < added.channels ? shape.channels : added.channels;
    int sum[2] = {*tensor, other}, rest = *tensor;
    bw_status status = slice(net, &sum[0], 0, shared);
    if (status == BW_OK)
        status = slice(net, &sum[1], 0, shared);
    bw_node node = {.op = BW_OP_ADD, .inputs = sum, .input_count = 2};
    if (status == BW_OK)
        status = bw_darknet_append(net, tensor, &node);
    if (status != BW_OK || shared == shape.channels)
        return status;
    status = slice(net, &rest, shared, shape.channels - shared);
    int parts[2] = {*tensor, rest};
    return status == BW_OK ? concatenate(net, tensor, parts, 2) : status;
}

bw_status bw_darknet_shortcut(bw_darknet *net, int *tensor)
{
    bw_cfg_reader *options = &net->options;
    int inputs[MOST_LAYERS];
    int count = read_layers(net, "from", inputs);
    bw_activation activation = bw_darknet_read_activation(options, BW_LINEAR);
    const char *weights = bw_cfg_word(options, "weights_type", "none");
    if (strcmp(weights, "none") != 0)
        bw_cfg_fail(options, bw_cfg_line(options, "weights_type"), BW_ERROR_UNSUPPORTED,
                    "a weighted sum (weights_type=%.40s) is not supported", weights);
    bw_cfg_refuse(options, "alpha", 1.0f);
    bw_cfg_refuse(options, "beta", 1.0f);
    bw_status status = options->status;
    for (int index = 0; status == BW_OK && index < count; index++)
        status = add_overlap(net, tensor, inputs[index]);
    return status == BW_OK ? bw_darknet_activate(net, tensor, activation) : status;
}
