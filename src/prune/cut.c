#include "prune/cut.h"

/* One convolution at work: what is kept of what it reads and writes. */
typedef struct surgery {
    const bw_channel_classes *classes;
    const bool *kept;
    const bw_graph *whole;
    const bw_node *before; /* the node of `whole` */
} surgery;

int bw_kept_channels(const bw_channel_classes *classes, const bool *kept, int tensor, int first,
                     int count)
{
    int sum = 0;
    for (int channel = first; channel < first + count; channel++)
        sum += kept[bw_class_of(classes, tensor, channel)];
    return sum;
}

static void cut_slice(bw_node *node, const bw_channel_classes *classes, const bool *kept)
{
    bw_attributes *a = &node->attributes;
    int from = node->inputs[0], first = a->first_channel;
    a->channels = bw_kept_channels(classes, kept, from, first, a->channels);
    a->first_channel = bw_kept_channels(classes, kept, from, 0, first);
}

/* `read` is how many channels the node's input had. A group stays whole or goes. */
static void cut_conv(bw_node *node, int read, int left, int written)
{
    bw_attributes *a = &node->attributes;
    if (a->groups > 1)
        a->groups = left / (read / a->groups);
    a->channels = written;
}

void bw_cut_shapes(bw_graph *graph, const bw_channel_classes *classes, const bool *kept)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        bw_shape *shape = &graph->tensors[node->output].shape;
        int written = bw_kept_channels(classes, kept, node->output, 0, shape->channels);
        if (node->op == BW_OP_SLICE)
            cut_slice(node, classes, kept);
        if (node->op == BW_OP_CONV) {
            size_t in = (size_t)node->inputs[0];
            cut_conv(node, (int)(classes->first[in + 1] - classes->first[in]),
                     graph->tensors[in].shape.channels, written);
        }
        shape->channels = written;
    }
}

/* The numbers of a constant that has one an output channel. */
static bool cut_row(bw_constant *constant, bw_arena *arena, const surgery *s)
{
    size_t count = 0;
    if (!constant->data)
        return true;
    float *left = bw_arena_array(arena, constant->count, sizeof *left);
    for (size_t channel = 0; left && channel < constant->count; channel++) {
        if (s->kept[bw_class_of(s->classes, s->before->output, (int)channel)])
            left[count++] = constant->data[channel];
    }
    *constant = (bw_constant){left, count};
    return left != NULL;
}

/* Copies what is left of the filter of output channel `channel`; returns the end of the copy. */
static float *cut_filter(float *to, const surgery *s, int channel)
{
    const bw_attributes *a = &s->before->attributes;
    int in = s->before->inputs[0], window = a->kernel_height * a->kernel_width;
    int read = s->whole->tensors[in].shape.channels / a->groups;
    int group = channel / (a->channels / a->groups);
    const float *from = s->before->weights.data + (size_t)channel * (size_t)read * (size_t)window;
    for (int index = 0; index < read; index++, from += window) {
        if (!s->kept[bw_class_of(s->classes, in, group * read + index)])
            continue;
        for (int at = 0; at < window; at++)
            *to++ = from[at];
    }
    return to;
}

static bool cut_filters(bw_node *node, bw_arena *arena, const surgery *s)
{
    float *left = bw_arena_array(arena, node->weights.count, sizeof *left), *end = left;
    for (int channel = 0; left && channel < s->before->attributes.channels; channel++) {
        if (s->kept[bw_class_of(s->classes, node->output, channel)])
            end = cut_filter(end, s, channel);
    }
    node->weights = (bw_constant){left, (size_t)(end - left)};
    return left != NULL;
}

bw_status bw_cut_weights(bw_graph *graph, const bw_graph *whole, const bw_channel_classes *classes,
                         const bool *kept, bw_error *error)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        bw_node *node = &graph->nodes[index];
        surgery s = {classes, kept, whole, &whole->nodes[index]};
        bool good =
            cut_row(&node->scale, &graph->arena, &s) && cut_row(&node->shift, &graph->arena, &s) &&
            cut_row(&node->mean, &graph->arena, &s) && cut_row(&node->variance, &graph->arena, &s);
        if (good && node->op == BW_OP_CONV)
            good = cut_row(&node->bias, &graph->arena, &s) && cut_filters(node, &graph->arena, &s);
        if (!good)
            return bw_fail_memory(error, node->weights.count * sizeof(float), "pruned weights");
    }
    return bw_graph_verify(graph, error);
}
