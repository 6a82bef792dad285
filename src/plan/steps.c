#include "plan/steps.h"

static const bw_family families[BW_OP_COUNT] = {
    [BW_OP_CONV] = BW_FAMILY_CONV,         [BW_OP_ACTIVATION] = BW_FAMILY_ACTIVATION,
    [BW_OP_MAX_POOL] = BW_FAMILY_MAX_POOL, [BW_OP_AVERAGE_POOL] = BW_FAMILY_AVERAGE_POOL,
    [BW_OP_ADD] = BW_FAMILY_ADD,           [BW_OP_CONCAT] = BW_FAMILY_COPY,
    [BW_OP_SLICE] = BW_FAMILY_COPY,        [BW_OP_UPSAMPLE] = BW_FAMILY_UPSAMPLE,
    [BW_OP_REORG] = BW_FAMILY_REORG,       [BW_OP_CONVERT] = BW_FAMILY_CONVERT,
    [BW_OP_MULTIPLY] = BW_FAMILY_MULTIPLY, [BW_OP_PLAIN] = BW_FAMILY_PLAIN,
};

static bool is_depthwise(const bw_operation *operation)
{
    return operation->groups > 1 && operation->groups == operation->in.channels &&
           operation->groups == operation->out.channels;
}

int bw_node_second(const bw_node *node)
{
    bool pairs = node->op == BW_OP_ADD || node->op == BW_OP_MULTIPLY;
    return pairs ? node->inputs[1] : node->residual;
}

int bw_node_written(const bw_seat *seats, const bw_node *node)
{
    int pooled = seats[node->output].pooled;
    return pooled == BW_NONE ? node->output : pooled;
}

bw_operation bw_node_operation(const bw_seat *seats, const bw_node *node, int input)
{
    const bw_attributes *a = &node->attributes;
    bw_operation operation = {
        .family = families[node->op],
        .in = seats[node->inputs[input]].layout,
        .out = seats[bw_node_written(seats, node)].layout,
        .kernel_height = a->kernel_height,
        .kernel_width = a->kernel_width,
        .stride = a->stride,
        .pad_top = a->pad_top,
        .pad_left = a->pad_left,
        .groups = a->groups,
        .activation = a->activation,
        .slope = a->slope,
        .may_round = node->may_round,
    };
    if (node->op == BW_OP_CONV && is_depthwise(&operation))
        operation.family = BW_FAMILY_DEPTHWISE;
    if (seats[node->output].pooled != BW_NONE)
        operation.family = BW_FAMILY_CONV_POOL;
    int second = bw_node_second(node);
    if (second != BW_NONE) {
        operation.has_second = true;
        operation.second = seats[second].layout;
    }
    return operation;
}
