#include "plan/lanes.h"

enum { PIXEL_BYTES = 64, WIDE_CHANNELS = 32 };

static bool is_picture(const bw_graph *graph, int tensor)
{
    return graph->nodes[graph->tensors[tensor].producer].op == BW_OP_INPUT;
}

static bool is_convolution(const bw_node *node)
{
    return node->op == BW_OP_CONV && node->attributes.groups == 1;
}

/* General operators, and the conversions that lead to and from them. */
static bool meets_dense(const bw_graph *graph, const bw_node *node)
{
    return graph->tensors[node->output].dense || graph->tensors[node->inputs[0]].dense;
}

static bool is_wide(const bw_graph *graph)
{
    uint64_t all = 0, wide = 0;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        const bw_tensor *in = is_convolution(node) ? &graph->tensors[node->inputs[0]] : NULL;
        if (!in || in->format.type == BW_F32)
            continue;
        uint64_t macs = bw_node_macs(graph, node);
        all += macs;
        if (in->shape.channels >= WIDE_CHANNELS &&
            graph->tensors[node->output].shape.channels >= WIDE_CHANNELS)
            wide += macs;
    }
    return wide > all / 2;
}

/* What a tensor would have if it stood alone. */
static int lanes_alone(const bw_graph *graph, int tensor, bool wide)
{
    const bw_tensor *of = &graph->tensors[tensor];
    if (of->dense)
        return 1;
    if (is_picture(graph, tensor))
        return BW_IMAGE_LANES;
    int most = wide && of->format.type != BW_F32 ? PIXEL_BYTES / (int)bw_type_size(of->format.type)
                                                 : BW_LANES;
    int lanes = BW_LANES;
    while (lanes < most && lanes < of->shape.channels)
        lanes *= 2;
    return lanes;
}

/* The most lanes with which the parts of a concatenation or slice can stand in place. */
static int lanes_in_place(const bw_graph *graph, const bw_node *node)
{
    int lanes = PIXEL_BYTES, half = PIXEL_BYTES / 2, channel = 0;
    if (node->op == BW_OP_SLICE)
        return node->attributes.first_channel % lanes == half ? half : lanes;
    for (int input = 0; node->op == BW_OP_CONCAT && input < node->input_count; input++) {
        lanes = channel % PIXEL_BYTES == half ? half : lanes;
        channel += graph->tensors[node->inputs[input]].shape.channels;
    }
    return lanes;
}

static bool lower_to(bw_seat *seats, const bw_graph *graph, int tensor, int lanes)
{
    if (tensor == BW_NONE || is_picture(graph, tensor) || seats[tensor].layout.lanes <= lanes)
        return false;
    seats[tensor].layout.lanes = lanes;
    return true;
}

/* Makes the tensors of a node agree; whether any changed. */
static bool agree(bw_seat *seats, const bw_graph *graph, const bw_node *node)
{
    int lanes = lanes_in_place(graph, node);
    lanes = seats[node->output].layout.lanes < lanes ? seats[node->output].layout.lanes : lanes;
    for (int input = 0; input < node->input_count; input++) {
        int own = seats[node->inputs[input]].layout.lanes;
        lanes = own < lanes && !is_picture(graph, node->inputs[input]) ? own : lanes;
    }
    bool changed = lower_to(seats, graph, node->output, lanes);
    changed = lower_to(seats, graph, node->residual, lanes) || changed;
    for (int input = 0; input < node->input_count; input++)
        changed = lower_to(seats, graph, node->inputs[input], lanes) || changed;
    return changed;
}

void bw_choose_lanes(bw_seat *seats, const bw_graph *graph, uint32_t cpu)
{
    bool wide = (cpu & BW_CPU_AMX) != 0 && is_wide(graph), changed = true;
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++)
        seats[tensor].layout.lanes = lanes_alone(graph, (int)tensor, wide);
    while (changed) {
        changed = false;
        for (size_t index = 0; index < graph->node_count; index++) {
            const bw_node *node = &graph->nodes[index];
            if (node->op != BW_OP_INPUT && node->op != BW_OP_REORG && !is_convolution(node) &&
                !meets_dense(graph, node))
                changed = agree(seats, graph, node) || changed;
        }
    }
}
