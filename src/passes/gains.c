#include "passes/gains.h"

static size_t channels_of(const bw_graph *graph, int tensor)
{
    return (size_t)graph->tensors[tensor].shape.channels;
}

/* The share of a channel's numbers that are above zero; all, where nothing was seen. */
static float positive_share(const bw_histogram *channel)
{
    double above = 0.0, all = 0.0;
    for (int bin = 0; bin < BW_HISTOGRAM_BINS; bin++) {
        all += (double)channel->counts[bin];
        above += bin >= BW_HISTOGRAM_BINS / 2 ? (double)channel->counts[bin] : 0.0;
    }
    return all > 0.0 ? (float)(above / all) : 1.0f;
}

/* What a node's activation leaves of the power of an error, on average. */
static float activation_gain(const bw_node *node, const bw_histogram *channel)
{
    const bw_attributes *a = &node->attributes;
    float slope = a->activation == BW_LEAKY ? a->slope : 0.0f;
    if (a->activation != BW_LEAKY && a->activation != BW_RELU)
        return 1.0f;
    float share = positive_share(channel);
    return share + (1.0f - share) * slope * slope;
}

float bw_gain_before(const bw_node *conv, const bw_statistics *statistics, float *const *gains,
                     size_t channel)
{
    return gains[conv->output][channel] *
           activation_gain(conv, &statistics[conv->output].channels[channel]);
}

static void pass_convolution(float **gains, const bw_graph *graph, const bw_node *node,
                             const float *after)
{
    const bw_attributes *a = &node->attributes;
    size_t window = (size_t)a->kernel_height * (size_t)a->kernel_width;
    size_t inputs = channels_of(graph, node->inputs[0]) / (size_t)a->groups;
    size_t filters = (size_t)(a->channels / a->groups), weight = 0;
    float *before = gains[node->inputs[0]], pixels = (float)(a->stride * a->stride);
    for (size_t filter = 0; filter < (size_t)a->channels; filter++) {
        for (size_t input = 0; input < inputs; input++) {
            float squares = 0.0f;
            for (size_t end = weight + window; weight < end; weight++)
                squares += node->weights.data[weight] * node->weights.data[weight];
            before[filter / filters * inputs + input] += squares * after[filter] / pixels;
        }
    }
}

/* Output pixels that one of the input reaches, of operations that treat channels alike. */
static float reach(const bw_graph *graph, const bw_node *node)
{
    bw_shape in = graph->tensors[node->inputs[0]].shape, out = graph->tensors[node->output].shape;
    float share = (float)out.height * (float)out.width / ((float)in.height * (float)in.width);
    return node->op == BW_OP_AVERAGE_POOL ? share * share : share;
}

static void pass_channels(float **gains, const bw_graph *graph, const bw_node *node,
                          const float *after)
{
    bool slice = node->op == BW_OP_SLICE;
    size_t from = 0, to = slice ? (size_t)node->attributes.first_channel : 0;
    for (int input = 0; input < node->input_count; input++) {
        size_t count = channels_of(graph, slice ? node->output : node->inputs[input]);
        for (size_t channel = 0; channel < count; channel++)
            gains[node->inputs[input]][to + channel] += after[from + channel] * reach(graph, node);
        from += node->op == BW_OP_CONCAT ? count : 0;
    }
}

/* Darknet's reorganisation deals channels out over pixels, general operators do who knows what: all
 * channels have the mean gain. */
static void pass_mean(float **gains, const bw_graph *graph, const bw_node *node, const float *after)
{
    size_t many = channels_of(graph, node->output);
    float sum = 0.0f;
    for (size_t channel = 0; channel < many; channel++)
        sum += after[channel];
    for (int input = 0; input < node->input_count; input++) {
        size_t few = channels_of(graph, node->inputs[input]);
        for (size_t channel = 0; channel < few; channel++)
            gains[node->inputs[input]][channel] += sum / (float)many;
    }
}

/* Adds to the gains of what a node reads, given those of what it writes. */
static void pass_node(float **gains, const bw_graph *graph, const bw_node *node,
                      const bw_statistics *statistics, float *after)
{
    for (size_t channel = 0; channel < channels_of(graph, node->output); channel++) {
        float own = gains[node->output][channel];
        after[channel] = own * activation_gain(node, &statistics[node->output].channels[channel]);
        if (node->residual != BW_NONE)
            gains[node->residual][channel] += own;
    }
    switch (node->op) {
    case BW_OP_INPUT: return;
    case BW_OP_CONV: pass_convolution(gains, graph, node, after); return;
    case BW_OP_PLAIN:
    case BW_OP_REORG: pass_mean(gains, graph, node, after); return;
    case BW_OP_BATCH_NORM:
    case BW_OP_ACTIVATION:
    case BW_OP_MAX_POOL:
    case BW_OP_AVERAGE_POOL:
    case BW_OP_ADD:
    case BW_OP_MULTIPLY:
    case BW_OP_CONCAT:
    case BW_OP_SLICE:
    case BW_OP_UPSAMPLE:
    case BW_OP_CONVERT:
    case BW_OP_COUNT: pass_channels(gains, graph, node, after); return;
    }
}

/* The largest number of channels that a tensor has, for scratch. */
static size_t most_channels(const bw_graph *graph)
{
    size_t most = 0;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        most = channels_of(graph, (int)tensor) > most ? channels_of(graph, (int)tensor) : most;
    return most;
}

bw_status bw_noise_gains(float ***out, bw_graph *graph, const bw_statistics *statistics,
                         bw_error *error)
{
    float **gains = bw_arena_array(&graph->arena, graph->tensor_count, sizeof *gains);
    float *after = bw_arena_array(&graph->arena, most_channels(graph), sizeof *after);
    bool good = gains && after;
    for (size_t tensor = 0; good && tensor < graph->tensor_count; tensor++) {
        gains[tensor] =
            bw_arena_array(&graph->arena, channels_of(graph, (int)tensor), sizeof **gains);
        good = gains[tensor] != NULL;
    }
    if (!good)
        return bw_fail_memory(error, graph->tensor_count * sizeof *gains, "a pass");
    for (size_t index = 0; index < graph->output_count; index++) {
        int head = graph->outputs[index].tensor;
        for (size_t channel = 0; channel < channels_of(graph, head); channel++)
            gains[head][channel] += 1.0f;
    }
    for (size_t index = graph->node_count; index-- > 0;)
        pass_node(gains, graph, &graph->nodes[index], statistics, after);
    *out = gains;
    return BW_OK;
}
