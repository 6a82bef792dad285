/**
 * Layers that read the one before them and learn nothing.
 */
#include <string.h>

#include "import/darknet.h"

static void fail_activation(bw_cfg_reader *options, const char *word)
{
    char names[100] = "";
    size_t length = 0;
    for (int index = 0; index < BW_ACTIVATION_COUNT && length < sizeof names; index++) {
        int written = snprintf(names + length, sizeof names - length, "%s%s", index ? ", " : "",
                               bw_activation_name((bw_activation)index));
        length += written > 0 ? (size_t)written : 0;
    }
    bw_cfg_fail(options, bw_cfg_line(options, "activation"), BW_ERROR_UNSUPPORTED,
                "activation '%.40s' is not supported; supported are %s", word, names);
}

bw_activation bw_darknet_read_activation(bw_cfg_reader *options, bw_activation fallback)
{
    const char *word = bw_cfg_word(options, "activation", bw_activation_name(fallback));
    for (int index = 0; index < BW_ACTIVATION_COUNT; index++) {
        if (strcmp(word, bw_activation_name((bw_activation)index)) == 0)
            return (bw_activation)index;
    }
    fail_activation(options, word);
    return fallback;
}

bw_status bw_darknet_activate(bw_darknet *net, int *tensor, bw_activation activation)
{
    bw_node node = {
        .op = BW_OP_ACTIVATION,
        .attributes = {.activation = activation, .slope = bw_activation_slope(activation)}};
    return activation == BW_LINEAR ? BW_OK : bw_darknet_append(net, tensor, &node);
}

int bw_darknet_read_stride(bw_cfg_reader *options)
{
    int stride = bw_cfg_integer(options, "stride", 1, 1, BW_DARKNET_WINDOW);
    int across = bw_cfg_integer(options, "stride_x", stride, 1, BW_DARKNET_WINDOW);
    int down = bw_cfg_integer(options, "stride_y", stride, 1, BW_DARKNET_WINDOW);
    if (across != down)
        bw_cfg_fail(options, options->section->line, BW_ERROR_UNSUPPORTED,
                    "different strides across (%d) and down (%d) are not supported", across, down);
    return across;
}

bw_status bw_darknet_activation(bw_darknet *net, int *tensor)
{
    bw_activation activation = bw_darknet_read_activation(&net->options, BW_LINEAR);
    if (net->options.status != BW_OK)
        return net->options.status;
    return bw_darknet_activate(net, tensor, activation);
}

/* Dropout does nothing once training is over. */
bw_status bw_darknet_dropout(bw_darknet *net, int *tensor)
{
    (void)net;
    (void)tensor;
    return BW_OK;
}

/* `padding` is of both sides together; a window that saw padding alone would give −∞. */
bw_status bw_darknet_maxpool(bw_darknet *net, int *tensor)
{
    bw_cfg_reader *options = &net->options;
    int stride = bw_darknet_read_stride(options);
    int size = bw_cfg_integer(options, "size", stride, 1, BW_DARKNET_WINDOW);
    int padding = bw_cfg_integer(options, "padding", size - 1, 0, 2 * (size - 1));
    bw_cfg_refuse(options, "maxpool_depth", 0.0f);
    bw_cfg_refuse(options, "antialiasing", 0.0f);
    if (options->status != BW_OK)
        return options->status;
    int before = padding / 2, after = padding - before;
    bw_node node = {.op = BW_OP_MAX_POOL,
                    .attributes = {.kernel_height = size,
                                   .kernel_width = size,
                                   .stride = stride,
                                   .pad_top = before,
                                   .pad_left = before,
                                   .pad_bottom = after,
                                   .pad_right = after}};
    return bw_darknet_append(net, tensor, &node);
}

bw_status bw_darknet_avgpool(bw_darknet *net, int *tensor)
{
    bw_node node = {.op = BW_OP_AVERAGE_POOL};
    return bw_darknet_append(net, tensor, &node);
}

bw_status bw_darknet_upsample(bw_darknet *net, int *tensor)
{
    enum { LARGEST_FACTOR = 64 };
    bw_node node = {.op = BW_OP_UPSAMPLE};
    node.attributes.stride = bw_cfg_integer(&net->options, "stride", 2, 1, LARGEST_FACTOR);
    bw_cfg_refuse(&net->options, "scale", 1.0f);
    if (net->options.status != BW_OK)
        return net->options.status;
    return bw_darknet_append(net, tensor, &node);
}

bw_status bw_darknet_reorg(bw_darknet *net, int *tensor)
{
    enum { LARGEST_FACTOR = 64 };
    static const char *const variants[] = {"reverse", "flatten", "extra"};
    bw_node node = {.op = BW_OP_REORG};
    node.attributes.stride = bw_cfg_integer(&net->options, "stride", 1, 1, LARGEST_FACTOR);
    for (size_t index = 0; index < sizeof variants / sizeof *variants; index++)
        bw_cfg_refuse(&net->options, variants[index], 0.0f);
    if (net->options.status != BW_OK)
        return net->options.status;
    return bw_darknet_append(net, tensor, &node);
}
