#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/quantize.h"
#include "plan/arrange.h"
#include "plan/plan.h"
#include "plan/share.h"
#include "plan/steps.h"

enum { SMALL_WEIGHTS = 8 << 20 }; /* bytes that stay in the cache from image to image */

typedef struct lowering {
    bw_plan *plan;
    const bw_graph *graph;
    bw_seat *seats;
    const bw_node **sources; /* for each step, the node whose weights it packs */
    bw_kernel_chooser *choose;
    void *context; /* of the chooser */
    uint32_t cpu;
    bool pack;
} lowering;

/* The step that computes a node from its input number `input`, operands and kernel included. */
static bw_step make_step(const lowering *state, const bw_node *node, int input)
{
    const bw_seat *in = &state->seats[node->inputs[input]];
    const bw_seat *out = &state->seats[bw_node_written(state->seats, node)];
    bw_step step = {.layer = node->name, .in = in->offset, .out = out->offset};
    step.operation = bw_node_operation(state->seats, node, input);
    int second = bw_node_second(node);
    if (second != BW_NONE)
        step.second = state->seats[second].offset;
    step.macs = bw_node_macs(state->graph, node);
    step.error = state->graph->tensors[node->output].error;
    step.pruned = state->graph->tensors[node->output].pruned;
    return step;
}

static bw_status add_step(lowering *state, const bw_step *wanted, const bw_node *node,
                          bw_error *error)
{
    bw_step step = *wanted;
    if (node->op == BW_OP_CONV && node->integers)
        step.operation.sum_bits = bw_sum_bits(&step.operation, node->integers);
    const bw_kernel *kernel =
        state->choose(state->context, &step.operation, state->plan->step_count);
    if (!kernel)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "layer %s: no kernel computes a %s like this",
                       node->name, bw_op_name(node->op));
    step.layer = bw_arena_text(&state->plan->arena, node->name, strlen(node->name));
    if (!step.layer)
        return bw_fail_memory(error, strlen(node->name), "a step of the plan");
    step.kernel = kernel->name;
    state->plan->cpu_features |= kernel->needs;
    state->sources[state->plan->step_count] = node;
    state->plan->steps[state->plan->step_count++] = step;
    return BW_OK;
}

/* Only the parts that do not already stand inside the result are copied. */
static bw_status lower_concat(lowering *state, const bw_node *node, bw_error *error)
{
    int channel = 0;
    bw_status status = BW_OK;
    for (int input = 0; status == BW_OK && input < node->input_count; input++) {
        const bw_seat *part = &state->seats[node->inputs[input]];
        bool in_place = part->host == node->output && part->host_channel == channel;
        if (!in_place) {
            bw_step step = make_step(state, node, input);
            step.operation.out_channel = channel;
            status = add_step(state, &step, node, error);
        }
        channel += part->layout.channels;
    }
    return status;
}

static bw_status lower_slice(lowering *state, const bw_node *node, bw_error *error)
{
    if (state->seats[node->output].host == node->inputs[0])
        return BW_OK;
    bw_step step = make_step(state, node, 0);
    step.operation.first_channel = node->attributes.first_channel;
    return add_step(state, &step, node, error);
}

/* The step has the operator's description for its own, places in the arena instead of tensors. */
static bw_status lower_plain(lowering *state, const bw_node *node, bw_error *error)
{
    bw_plain_use *use = bw_plain_use_copy(&state->plan->arena, node->plain);
    if (!use)
        return bw_fail_memory(error, sizeof *use, "a step of the plan");
    for (size_t index = 0; index < use->input_count; index++) {
        bw_plain_operand *input = &use->inputs[index];
        if (input->source == BW_PLAIN_VARIABLE)
            input->place = state->seats[node->inputs[input->place]].offset;
    }
    bw_plain_use_place(use);
    bw_step step = make_step(state, node, 0);
    step.operation.plain = use;
    return add_step(state, &step, node, error);
}

/* Whether the convolution before a pool computes it. */
static bool is_joined(const lowering *state, const bw_node *node)
{
    return node->op == BW_OP_MAX_POOL && state->seats[node->inputs[0]].pooled == node->output;
}

static bw_status lower_node(lowering *state, const bw_node *node, bw_error *error)
{
    if (is_joined(state, node))
        return BW_OK;
    switch (node->op) {
    case BW_OP_INPUT: return BW_OK;
    case BW_OP_CONCAT: return lower_concat(state, node, error);
    case BW_OP_SLICE: return lower_slice(state, node, error);
    case BW_OP_PLAIN: return lower_plain(state, node, error);
    default: {
        bw_step step = make_step(state, node, 0);
        return add_step(state, &step, node, error);
    }
    }
}

static size_t count_steps(const bw_graph *graph)
{
    size_t count = 0;
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        count += node->op == BW_OP_CONCAT ? (size_t)node->input_count : 1;
    }
    return count;
}

static bw_port port_of(const lowering *state, int tensor)
{
    return (bw_port){state->seats[tensor].layout, state->seats[tensor].offset};
}

static bw_status lower_ports(lowering *state, bw_error *error)
{
    bw_plan *plan = state->plan;
    const bw_graph *graph = state->graph;
    size_t count = graph->output_count;
    plan->outputs = bw_arena_array(&plan->arena, count, sizeof *plan->outputs);
    plan->heads = bw_arena_array(&plan->arena, count, sizeof *plan->heads);
    if (!plan->outputs || !plan->heads)
        return bw_fail_memory(error, count * sizeof *plan->heads, "the plan's outputs");
    plan->output_count = (int)count;
    for (size_t index = 0; index < count; index++) {
        plan->outputs[index] = port_of(state, graph->outputs[index].tensor);
        plan->heads[index] = graph->outputs[index].head;
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        if (graph->nodes[index].op == BW_OP_INPUT)
            plan->input = port_of(state, graph->nodes[index].output);
    }
    return BW_OK;
}

static size_t packed_bytes(const bw_step *step)
{
    const bw_kernel *kernel = bw_kernel_find(step->kernel);
    return kernel->packed_bytes ? kernel->packed_bytes(&step->operation) : 0;
}

static bw_status place_weights(bw_plan *plan, bw_error *error)
{
    size_t total = 0;
    for (int index = 0; index < plan->step_count; index++) {
        plan->steps[index].weights = total;
        if (!bw_size_add(&total, total,
                         bw_round_up(packed_bytes(&plan->steps[index]), BW_ALIGNMENT)))
            return bw_fail(error, BW_ERROR_LIMIT, "the packed weights are too large");
    }
    plan->weight_bytes = total;
    return BW_OK;
}

/* Of an image's tensors that a step reads and writes. */
static size_t operand_bytes(const bw_operation *operation)
{
    size_t bytes = bw_layout_own_bytes(&operation->in) + bw_layout_own_bytes(&operation->out);
    return operation->has_second ? bytes + bw_layout_own_bytes(&operation->second) : bytes;
}

static void share_steps(bw_plan *plan)
{
    for (int index = 0; index < plan->step_count; index++) {
        bw_step *step = &plan->steps[index];
        bool small = plan->weight_bytes <= SMALL_WEIGHTS ||
                     packed_bytes(step) <= operand_bytes(&step->operation);
        step->sharing = small ? BW_SHARE_IMAGES : BW_SHARE_STEPS;
    }
}

static bw_status pack_weights(lowering *state, bw_error *error)
{
    bw_plan *plan = state->plan;
    plan->packed = bw_large_alloc(plan->weight_bytes);
    plan->weights = plan->packed;
    if (!plan->packed)
        return bw_fail_memory(error, plan->weight_bytes, "packed weights");
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        const bw_kernel *kernel = bw_kernel_find(step->kernel);
        const bw_node *node = state->sources[index];
        assert(node);
        bw_filters filters = {node->weights.data, node->integers, node->scales, node->bias.data};
        if (kernel->pack)
            kernel->pack(&step->operation, &filters, plan->packed + step->weights);
    }
    return bw_share_store(plan, state->sources, error);
}

static bw_status lower_all(lowering *state, bw_error *error)
{
    bw_status status = bw_arrange(state->seats, &state->plan->arena_bytes, state->graph,
                                  state->plan->batch, state->cpu, error);
    for (size_t index = 0; status == BW_OK && index < state->graph->node_count; index++)
        status = lower_node(state, &state->graph->nodes[index], error);
    if (status == BW_OK)
        status = lower_ports(state, error);
    if (status == BW_OK)
        status = place_weights(state->plan, error);
    if (status == BW_OK)
        share_steps(state->plan);
    return status == BW_OK && state->pack ? pack_weights(state, error) : status;
}

static bw_status lower(lowering *state, int batch, bw_error *error)
{
    bw_plan *plan = state->plan;
    size_t steps = count_steps(state->graph);
    plan->batch = batch;
    plan->steps = bw_arena_array(&plan->arena, steps, sizeof *plan->steps);
    state->seats = malloc(state->graph->tensor_count * sizeof *state->seats);
    state->sources = calloc(steps + 1, sizeof(bw_node *));
    bw_status status = BW_OK;
    if (!plan->steps || !state->seats || !state->sources)
        status = bw_fail_memory(error, steps * sizeof *plan->steps, "the plan");
    else
        status = lower_all(state, error);
    free(state->seats);
    free((void *)state->sources);
    return status;
}

bw_status bw_plan_lower_with(bw_plan *plan, const bw_graph *graph, int batch, uint32_t cpu,
                             bw_kernel_chooser *choose, void *context, bw_error *error)
{
    lowering state = {plan, graph, .choose = choose, .context = context, .cpu = cpu, .pack = true};
    return lower(&state, batch, error);
}

bw_status bw_plan_outline(bw_plan *plan, const bw_graph *graph, int batch, uint32_t cpu,
                          bw_kernel_chooser *choose, void *context, bw_error *error)
{
    lowering state = {plan, graph, .choose = choose, .context = context, .cpu = cpu};
    return lower(&state, batch, error);
}

static const bw_kernel *choose_cheapest(void *context, const bw_operation *operation, int step)
{
    (void)step;
    return bw_kernel_choose(operation, *(const uint32_t *)context);
}

bw_status bw_plan_lower(bw_plan *plan, const bw_graph *graph, int batch, uint32_t cpu,
                        bw_error *error)
{
    return bw_plan_lower_with(plan, graph, batch, cpu, choose_cheapest, &cpu, error);
}

bw_status bw_plan_outline_cheapest(bw_plan **out, const bw_graph *graph, uint32_t cpu,
                                   bw_error *error)
{
    bw_plan *plan = *out = calloc(1, sizeof *plan);
    if (!plan)
        return bw_fail_memory(error, sizeof *plan, "a plan");
    bw_status status = bw_plan_outline(plan, graph, 1, cpu, choose_cheapest, &cpu, error);
    if (status != BW_OK)
        bw_plan_close(out);
    return status;
}

double bw_plan_time(const bw_plan *plan)
{
    double time = 0.0;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        time += bw_kernel_time(bw_kernel_find(step->kernel), &step->operation);
    }
    return time;
}

const char *bw_sharing_name(bw_sharing sharing)
{
    return sharing == BW_SHARE_IMAGES ? "images" : "steps";
}

void bw_plan_share(bw_plan *plan, bw_sharing sharing)
{
    for (int index = 0; index < plan->step_count; index++)
        plan->steps[index].sharing = sharing;
}

const char *bw_plan_sharing(const bw_plan *plan)
{
    int images = 0;
    for (int index = 0; index < plan->step_count; index++)
        images += plan->steps[index].sharing == BW_SHARE_IMAGES;
    if (images > 0 && images < plan->step_count)
        return "both";
    return bw_sharing_name(images > 0 ? BW_SHARE_IMAGES : BW_SHARE_STEPS);
}
