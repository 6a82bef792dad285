#include "prune/channels.h"

#include <assert.h>
#include <stdlib.h>

/* Classes while they grow: a forest whose roots are the first channels of their classes. */
typedef struct forest {
    const bw_graph *graph;
    const size_t *first;
    size_t *parents;
    bool *fixed; /* of roots */
} forest;

static size_t root_of(const forest *f, size_t channel)
{
    while (f->parents[channel] != channel) {
        f->parents[channel] = f->parents[f->parents[channel]];
        channel = f->parents[channel];
    }
    return channel;
}

static void tie(forest *f, size_t a, size_t b)
{
    a = root_of(f, a);
    b = root_of(f, b);
    size_t low = a < b ? a : b, high = a < b ? b : a;
    f->parents[high] = low;
    f->fixed[low] = f->fixed[low] || f->fixed[high];
}

/* Ties `count` channels of two tensors, one by one. */
static void tie_run(forest *f, int a, int first_a, int b, int first_b, int count)
{
    for (int channel = 0; channel < count; channel++)
        tie(f, f->first[a] + (size_t)(first_a + channel),
            f->first[b] + (size_t)(first_b + channel));
}

static int channels_of(const forest *f, int tensor)
{
    return f->graph->tensors[tensor].shape.channels;
}

static void fix(forest *f, int tensor)
{
    for (int channel = 0; channel < channels_of(f, tensor); channel++)
        f->fixed[root_of(f, f->first[tensor] + (size_t)channel)] = true;
}

static void tie_groups(forest *f, const bw_node *conv)
{
    int groups = conv->attributes.groups, in = conv->inputs[0], out = conv->output;
    int read = channels_of(f, in) / groups, written = channels_of(f, out) / groups;
    for (int group = 0; group < groups; group++) {
        size_t leader = f->first[in] + (size_t)(group * read);
        for (int channel = 1; channel < read; channel++)
            tie(f, leader, leader + (size_t)channel);
        for (int channel = 0; channel < written; channel++)
            tie(f, leader, f->first[out] + (size_t)(group * written + channel));
    }
}

static void tie_conv(forest *f, const bw_node *conv)
{
    if (conv->attributes.groups > 1)
        tie_groups(f, conv);
    if (conv->residual != BW_NONE)
        tie_run(f, conv->residual, 0, conv->output, 0, channels_of(f, conv->output));
}

static void tie_concat(forest *f, const bw_node *node)
{
    int at = 0;
    for (int input = 0; input < node->input_count; input++) {
        int tensor = node->inputs[input], count = channels_of(f, tensor);
        tie_run(f, tensor, 0, node->output, at, count);
        at += count;
    }
}

/* What general operators read, whose channels may mean anything. */
static void fix_inputs(forest *f, const bw_node *node)
{
    for (int input = 0; input < node->input_count; input++) {
        if (node->inputs[input] >= 0)
            fix(f, node->inputs[input]);
    }
}

static void tie_node(forest *f, const bw_node *node)
{
    if (f->graph->tensors[node->output].dense) {
        fix_inputs(f, node);
        return;
    }
    switch (node->op) {
    case BW_OP_INPUT: fix(f, node->output); return;
    case BW_OP_CONV: tie_conv(f, node); return;
    case BW_OP_CONCAT: tie_concat(f, node); return;
    case BW_OP_SLICE:
        tie_run(f, node->inputs[0], node->attributes.first_channel, node->output, 0,
                node->attributes.channels);
        return;
    case BW_OP_REORG:
        fix(f, node->inputs[0]);
        fix(f, node->output);
        return;
    case BW_OP_PLAIN: fix_inputs(f, node); return;
    case BW_OP_ADD:
    case BW_OP_MULTIPLY:
    case BW_OP_BATCH_NORM:
    case BW_OP_ACTIVATION:
    case BW_OP_MAX_POOL:
    case BW_OP_AVERAGE_POOL:
    case BW_OP_UPSAMPLE:
    case BW_OP_CONVERT:
    case BW_OP_COUNT: break;
    }
    for (int input = 0; input < node->input_count; input++)
        tie_run(f, node->inputs[input], 0, node->output, 0, channels_of(f, node->output));
}

static void tie_all(forest *f)
{
    for (size_t index = 0; index < f->graph->node_count; index++)
        tie_node(f, &f->graph->nodes[index]);
    for (size_t tensor = 0; tensor < f->graph->tensor_count; tensor++) {
        if (f->graph->tensors[tensor].dense)
            fix(f, (int)tensor);
    }
    for (size_t index = 0; index < f->graph->output_count; index++)
        fix(f, f->graph->outputs[index].tensor);
}

/* Numbers the classes, and says for each where it lies: a digest of the tensors in their order. */
static void number(bw_channel_classes *classes, forest *f, uint64_t *places)
{
    for (size_t tensor = 0; tensor < f->graph->tensor_count; tensor++) {
        for (size_t channel = f->first[tensor]; channel < f->first[tensor + 1]; channel++) {
            size_t root = root_of(f, channel);
            int id = root == channel ? classes->count++ : classes->of[root];
            classes->of[channel] = id;
            if (root == channel)
                classes->families[id] = f->fixed[root] ? BW_NONE : 0;
            places[id] = (places[id] ^ (tensor + 1)) * 0x9e3779b97f4a7c15u;
            places[id] ^= places[id] >> 29;
        }
    }
}

/* A family for each place. */
static void find_families(bw_channel_classes *classes, const uint64_t *places)
{
    for (int id = 0; id < classes->count; id++) {
        int earlier = id - 1;
        if (classes->families[id] == BW_NONE)
            continue;
        while (earlier >= 0 &&
               (classes->families[earlier] == BW_NONE || places[earlier] != places[id]))
            earlier--;
        classes->families[id] = earlier >= 0 ? classes->families[earlier] : classes->family_count++;
    }
}

static size_t count_channels(bw_channel_classes *classes, const bw_graph *graph)
{
    size_t count = 0;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        classes->first[tensor] = count;
        count += (size_t)graph->tensors[tensor].shape.channels;
    }
    classes->first[graph->tensor_count] = count;
    return count;
}

bw_status bw_find_channel_classes(bw_channel_classes *classes, const bw_graph *graph,
                                  bw_arena *arena, bw_error *error)
{
    *classes = (bw_channel_classes){0};
    classes->first = bw_arena_array(arena, graph->tensor_count + 1, sizeof *classes->first);
    if (!classes->first)
        return bw_fail_memory(error, graph->tensor_count * sizeof(size_t), "pruning");
    size_t count = count_channels(classes, graph);
    assert(count > 0);
    forest f = {graph, classes->first, calloc(count, sizeof(size_t)), calloc(count, sizeof(bool))};
    uint64_t *places = calloc(count, sizeof *places);
    classes->of = bw_arena_array(arena, count, sizeof *classes->of);
    classes->families = bw_arena_array(arena, count, sizeof *classes->families);
    bool good = f.parents && f.fixed && places && classes->of && classes->families;
    for (size_t channel = 0; good && channel < count; channel++)
        f.parents[channel] = channel;
    if (good) {
        tie_all(&f);
        number(classes, &f, places);
        find_families(classes, places);
    }
    free(f.parents);
    free(f.fixed);
    free(places);
    return good ? BW_OK : bw_fail_memory(error, count * sizeof(uint64_t), "pruning");
}
