/**
 * A small network that mixes what the engine has kernels for with general operators, for tests:
 * dense tensors of several types, several inputs and outputs, constants, attributes of each kind.
 */
#ifndef BW_TESTS_PLAIN_GRAPH_H
#define BW_TESTS_PLAIN_GRAPH_H

#include <stdio.h>
#include <stdlib.h>

#include "passes/passes.h"
#include "plan/plan.h"

enum { PLAIN_SIDE = 8, PLAIN_CHANNELS = 6, PLAIN_OPSET = 13 };

static inline void plain_require(bw_status status, const bw_error *error)
{
    if (status == BW_OK)
        return;
    fprintf(stderr, "%s\n", error->message);
    abort();
}

static inline int plain_add(bw_graph *graph, const bw_node *node, const int *inputs, int count)
{
    bw_error error;
    bw_node copy = *node;
    int tensor, list[4];
    for (int index = 0; index < count; index++)
        list[index] = inputs[index];
    copy.name = node->plain ? node->plain->operation->name : "layer";
    copy.inputs = list;
    copy.input_count = count;
    copy.residual = BW_NONE;
    plain_require(bw_graph_add(graph, &tensor, &copy, &error), &error);
    return tensor;
}

static inline int plain_conv(bw_graph *graph, int input, int filters)
{
    int channels = graph->tensors[input].shape.channels;
    size_t count = (size_t)(filters * channels);
    float *weights = bw_arena_array(&graph->arena, count, sizeof *weights);
    for (size_t index = 0; index < count; index++)
        weights[index] = (float)(index * 7 % 11) / 11.0f - 0.4f;
    bw_node node = {.op = BW_OP_CONV,
                    .attributes = {.kernel_height = 1,
                                   .kernel_width = 1,
                                   .stride = 1,
                                   .groups = 1,
                                   .channels = filters,
                                   .activation = BW_LEAKY,
                                   .slope = 0.5f},
                    .weights = {weights, count}};
    return plain_add(graph, &node, &input, 1);
}

static inline int plain_convert(bw_graph *graph, int input, bool dense)
{
    bw_node node = {.op = BW_OP_CONVERT, .attributes = {.dense = dense}};
    return plain_add(graph, &node, &input, 1);
}

static inline bw_plain_operand plain_constant(bw_element type, int rank, int64_t first,
                                              const void *data)
{
    bw_plain_operand operand = {BW_PLAIN_CONSTANT, {.type = type, .rank = rank, .data = data}, 0};
    for (int axis = 0; axis < rank; axis++)
        operand.tensor.dims[axis] = axis == (rank == 4) ? first : 1;
    return operand;
}

/** Adds an operator that reads `inputs`, of which the variable ones are `tensors`; one is kept. */
static inline int plain_operator(bw_graph *graph, const char *name,
                                 const bw_plain_attribute *attributes, size_t attribute_count,
                                 const bw_plain_operand *inputs, size_t input_count,
                                 const int *tensors, size_t outputs, size_t kept,
                                 bw_plain_operand *result)
{
    bw_error error;
    bw_plain_use draft = {.operation = bw_plain_find(name, PLAIN_OPSET),
                          .opset = PLAIN_OPSET,
                          .attributes = attributes,
                          .attribute_count = attribute_count,
                          .inputs = (bw_plain_operand *)(uintptr_t)inputs,
                          .input_count = input_count,
                          .outputs = bw_arena_array(&graph->arena, outputs, sizeof *draft.outputs),
                          .output_count = outputs,
                          .kept = kept};
    bw_plain_use *use = bw_plain_use_copy(&graph->arena, &draft);
    int variable = 0;
    for (size_t index = 0; index < input_count; index++) {
        if (use->inputs[index].source == BW_PLAIN_VARIABLE)
            use->inputs[index].place = (size_t)variable++;
    }
    plain_require(bw_plain_use_infer(use, use->outputs, NULL, 1 << 20, &error), &error);
    *result = (bw_plain_operand){BW_PLAIN_VARIABLE, use->outputs[kept], 0};
    bw_node node = {.op = BW_OP_PLAIN, .plain = use};
    return plain_add(graph, &node, tensors, variable);
}

/** The graph, its constants static; to be freed. */
static inline void plain_graph(bw_graph *graph)
{
    static const int64_t perm[] = {0, 1, 3, 2}, axis[] = {1}, count[] = {PLAIN_CHANNELS};
    static const float factors[PLAIN_CHANNELS] = {0.5f, 1.0f, 1.5f, 2.0f, -1.0f, 0.25f};
    const bw_plain_attribute transposed = {"perm", BW_PLAIN_INTS, 4, .integers = perm};
    const bw_plain_attribute along = {"axis", BW_PLAIN_INT, 1, .integers = axis};
    bw_error error;
    int picture, tensors[4];
    bw_graph_init(graph, 1 << 24);
    plain_require(
        bw_graph_add_input(graph, &picture, (bw_shape){PLAIN_SIDE, PLAIN_SIDE, 3}, &error), &error);
    tensors[0] = plain_convert(graph, plain_conv(graph, picture, PLAIN_CHANNELS), true);
    bw_plain_operand parts[3] = {
        {BW_PLAIN_VARIABLE, {.rank = 4, .dims = {1, PLAIN_CHANNELS, PLAIN_SIDE, PLAIN_SIDE}}, 0}};
    tensors[1] =
        plain_operator(graph, "Transpose", &transposed, 1, parts, 1, tensors, 1, 0, &parts[1]);
    bw_plain_operand joined[3], best[3], product[2] = {{0}};
    int both = plain_operator(graph, "Concat", &along, 1, parts, 2, tensors, 1, 0, &joined[0]);
    joined[1] = plain_constant(BW_ELEMENT_I64, 1, 1, count);
    int places = plain_operator(graph, "TopK", &along, 1, joined, 2, &both, 2, 1, &best[1]);
    best[0] = joined[0];
    int gathered = plain_operator(graph, "GatherElements", &along, 1, best, 2,
                                  (int[]){both, places}, 1, 0, &product[0]);
    product[1] = plain_constant(BW_ELEMENT_F32, 4, PLAIN_CHANNELS, factors);
    int scaled = plain_operator(graph, "Mul", NULL, 0, product, 2, &gathered, 1, 0, &parts[2]);
    int head = plain_conv(graph, plain_convert(graph, scaled, false), 7);
    bw_head yolo = {.kind = BW_HEAD_YOLO,
                    .classes = 2,
                    .anchors = 1,
                    .anchor = {{10.0f, 14.0f}},
                    .scale_xy = 1.0f};
    plain_require(bw_graph_add_output(graph, head, &yolo, &error), &error);
    plain_require(bw_passes_run(graph, &error), &error);
}

/** A plan of a graph as above, for two pictures; to be freed as a plan that was calloc'ed. */
static inline bw_plan *plain_plan(const bw_graph *graph, uint32_t cpu)
{
    static const char *const names[] = {"one", "two"};
    bw_error error;
    bw_plan *plan = calloc(1, sizeof *plan);
    plain_require(bw_plan_lower(plan, graph, 2, cpu, &error), &error);
    plan->settings = "";
    plan->model = (bw_model_info){.width = PLAIN_SIDE,
                                  .height = PLAIN_SIDE,
                                  .classes = 2,
                                  .names = names,
                                  .head = "",
                                  .pictures = "",
                                  .resize = BW_RESIZE_STRETCH};
    return plan;
}

#endif
