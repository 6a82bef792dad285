/**
 * Nodes as general operators (kernels/plain) on dense tensors, and the ways between those and
 * pictures.
 */
#include <string.h>

#include "import/onnx/lower.h"
#include "import/onnx/plain.h"

enum { MOST_BETWEEN = 16 }; /* items between pictures and numbers, one made of the other */

/* ---- from one form to the other ------------------------------------------------------------- */

static bool is_between(bw_onnx_role role)
{
    return role == BW_ONNX_SOFTPLUS || role == BW_ONNX_TANH_SOFTPLUS || role == BW_ONNX_PATCH ||
           role == BW_ONNX_FOCUS || role == BW_ONNX_PADDED || role == BW_ONNX_SPLIT ||
           role == BW_ONNX_SORTED || role == BW_ONNX_QUANTIZED;
}

/* What is only half of a fast operation becomes a general operator after all. */
static bw_status complete(bw_onnx_lowering *lowering, const char *name)
{
    const bw_onnx_node *node = lowering->node;
    const char *label = lowering->label;
    const bw_onnx_item *item = bw_onnx_item_named(lowering, name);
    if (!is_between(item->role))
        return BW_OK;
    if (lowering->depth == MOST_BETWEEN)
        return bw_onnx_decline(lowering, "too much before it is undecided");
    const bw_error why = lowering->why;
    bw_onnx_begin_node(lowering, item->node);
    lowering->why = (bw_error){0};
    lowering->depth++;
    bw_status status = bw_onnx_general(lowering);
    lowering->depth--;
    lowering->why = why;
    lowering->node = node;
    lowering->label = label;
    return status;
}

static bw_status convert(bw_onnx_lowering *lowering, const char *name, int from, bool dense,
                         int *tensor)
{
    bw_onnx_item item = *bw_onnx_item_named(lowering, name);
    bw_node node = {.op = BW_OP_CONVERT, .attributes = {.dense = dense}};
    bw_status status = bw_onnx_append_tensor(lowering, tensor, &node, &from, 1);
    if (status != BW_OK)
        return status;
    item.twin = *tensor;
    bw_onnx_name_item(lowering, name, item);
    return BW_OK;
}

static const bw_plain_tensor *kind_of(const bw_onnx_lowering *lowering, const char *name)
{
    return bw_onnx_evaluation_value(lowering->values, name);
}

/* One variable input, one output, as a use of `operation` without attributes. */
static bw_status append_move(bw_onnx_lowering *lowering, int *tensor, const bw_plain_tensor *kind)
{
    bw_arena *arena = &lowering->graph->arena;
    bw_plain_use *use = bw_arena_alloc(arena, sizeof *use);
    bw_plain_operand *input = bw_arena_alloc(arena, sizeof *input);
    bw_plain_tensor *output = bw_arena_alloc(arena, sizeof *output);
    if (!use || !input || !output)
        return bw_fail_memory(lowering->error, sizeof *use, "an operator");
    *output = *kind;
    output->data = output->block = NULL;
    *input = (bw_plain_operand){.source = BW_PLAIN_VARIABLE, .tensor = *output};
    int opset = (int)lowering->file->opset, from = *tensor;
    *use = (bw_plain_use){.operation = bw_plain_find("Identity", opset),
                          .opset = opset,
                          .inputs = input,
                          .input_count = 1,
                          .outputs = output,
                          .output_count = 1};
    bw_node node = {.op = BW_OP_PLAIN, .plain = use};
    return bw_onnx_append_tensor(lowering, tensor, &node, &from, 1);
}

/* Whether a value can be a picture. */
static bool is_picture(const bw_plain_tensor *kind)
{
    return kind && kind->rank == 4 && kind->type == BW_ELEMENT_F32 && kind->dims[0] == 1;
}

bw_status bw_onnx_picture_named(bw_onnx_lowering *lowering, const char *name, int *tensor)
{
    bw_status status = BW_OK;
    bool inner = bw_onnx_item_named(lowering, name)->inner || lowering->complete;
    if (inner)
        status = complete(lowering, name);
    const bw_onnx_item *item = bw_onnx_item_named(lowering, name);
    const bw_plain_tensor *kind = kind_of(lowering, name);
    *tensor = item->role == BW_ONNX_PICTURE ? item->tensor : BW_NONE;
    if (status != BW_OK || item->role != BW_ONNX_DENSE || !is_picture(kind))
        return status;
    *tensor = item->twin;
    if (item->twin)
        return BW_OK;
    int from = item->tensor;
    if (!bw_shape_equal(bw_onnx_shape(lowering, from), bw_dense_shape(kind)))
        status = append_move(lowering, &from, kind);
    return status == BW_OK ? convert(lowering, name, from, false, tensor) : status;
}

bw_status bw_onnx_dense_named(bw_onnx_lowering *lowering, const char *name, int *tensor,
                              bw_plain_tensor *kind)
{
    bw_status status = complete(lowering, name);
    const bw_onnx_item *item = bw_onnx_item_named(lowering, name);
    const bw_plain_tensor *known = kind_of(lowering, name);
    if (status != BW_OK)
        return status;
    if ((item->role != BW_ONNX_PICTURE && item->role != BW_ONNX_DENSE) || !known)
        return bw_onnx_decline(lowering, "of '%.80s' nothing is known", name);
    *kind = *known;
    kind->data = kind->block = NULL;
    *tensor = item->tensor;
    if (item->role == BW_ONNX_DENSE)
        return BW_OK;
    *tensor = item->twin;
    return item->twin ? BW_OK : convert(lowering, name, item->tensor, true, tensor);
}

/* ---- a node --------------------------------------------------------------------------------- */

/* Whether the node gives its first input's numbers under another shape, or as they are. */
static bool only_reshapes(const bw_onnx_lowering *lowering)
{
    static const char *const reshapes[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze",
                                           "Identity"};
    const bw_onnx_node *node = lowering->node;
    const bw_plain_tensor *in = node->input_count ? kind_of(lowering, node->inputs[0]) : NULL;
    const bw_plain_tensor *out = node->output_count ? kind_of(lowering, node->outputs[0]) : NULL;
    if (!in || !out || in->type != out->type || node->output_count != 1)
        return false;
    bool same = strcmp(node->op, "Cast") == 0;
    for (size_t index = 0; !same && index < sizeof reshapes / sizeof *reshapes; index++)
        same = strcmp(node->op, reshapes[index]) == 0;
    return same;
}

/* Rows stay what they are where the last dimension does. */
static bool keeps_rows(const bw_onnx_lowering *lowering)
{
    const bw_plain_tensor *in = kind_of(lowering, lowering->node->inputs[0]);
    const bw_plain_tensor *out = kind_of(lowering, lowering->node->outputs[0]);
    return in->rank > 0 && out->rank > 0 && in->dims[in->rank - 1] == out->dims[out->rank - 1];
}

static bw_status reshape(bw_onnx_lowering *lowering)
{
    int tensor = BW_NONE;
    bw_plain_tensor kind;
    int rows = keeps_rows(lowering) ? bw_onnx_input_item(lowering, 0)->rows : 0;
    bw_status status = bw_onnx_dense_named(lowering, lowering->node->inputs[0], &tensor, &kind);
    if (status == BW_OK)
        bw_onnx_output_item(lowering, 0,
                            (bw_onnx_item){.role = BW_ONNX_DENSE, .tensor = tensor, .rows = rows});
    return status;
}

static bw_status read_constant(bw_onnx_lowering *lowering, bw_plain_operand *out,
                               const bw_onnx_item *item)
{
    const bw_plain_tensor *known = kind_of(lowering, item->name);
    out->source = BW_PLAIN_CONSTANT;
    if (!known || !known->data)
        return bw_onnx_plain_tensor(&out->tensor, &lowering->graph->arena, item->numbers,
                                    lowering->error);
    out->tensor = *known;
    out->tensor.block = NULL;
    return BW_OK;
}

/* The inputs of the node: variable ones also as tensors of the graph, in their order. */
static bw_status read_inputs(bw_onnx_lowering *lowering, bw_plain_use *use, int *tensors,
                             int *count)
{
    const bw_onnx_node *node = lowering->node;
    bw_status status = BW_OK;
    *count = 0;
    for (size_t index = 0; status == BW_OK && index < use->input_count; index++) {
        bw_plain_operand *input = &use->inputs[index];
        const bw_onnx_item *item = bw_onnx_input_item(lowering, index);
        if (!node->inputs[index][0])
            continue;
        if (item->role == BW_ONNX_NUMBERS) {
            status = read_constant(lowering, input, item);
            continue;
        }
        status =
            bw_onnx_dense_named(lowering, node->inputs[index], &tensors[*count], &input->tensor);
        input->source = BW_PLAIN_VARIABLE;
        input->place = (size_t)(*count)++;
    }
    return status;
}

/* Leaves out what no operator that is usable reads. */
static bw_status read_attributes(bw_onnx_lowering *lowering, bw_plain_use *use)
{
    const bw_plain_attribute *read;
    size_t count, kept = 0;
    bw_arena *arena = &lowering->graph->arena;
    bw_status status =
        bw_onnx_plain_attributes(&read, &count, arena, lowering->node, lowering->error);
    if (status != BW_OK)
        return status;
    bw_plain_attribute *list = bw_arena_array(arena, count, sizeof *list);
    if (!list)
        return bw_fail_memory(lowering->error, count * sizeof *list, "attributes");
    for (size_t index = 0; index < count; index++) {
        if (read[index].kind != BW_PLAIN_TENSOR)
            list[kept++] = read[index];
    }
    use->attributes = list;
    use->attribute_count = kept;
    return BW_OK;
}

static bw_status infer(bw_onnx_lowering *lowering, bw_plain_use *use)
{
    bw_error why = {0};
    bw_status status =
        bw_plain_use_infer(use, use->outputs, NULL, lowering->graph->tensor_limit, &why);
    if (status == BW_ERROR_MEMORY || status == BW_ERROR_LIMIT)
        return bw_fail(lowering->error, status, "node '%.80s': %s", lowering->label, why.message);
    if (status != BW_OK)
        return bw_onnx_decline(lowering, "%s", why.message);
    for (size_t index = 0; index < use->output_count; index++) {
        if (bw_plain_count(&use->outputs[index]) == 0)
            return bw_onnx_decline(lowering, "it gives an empty tensor");
        if (BW_PLAIN_HALVES >> use->outputs[index].type & 1)
            return bw_onnx_decline(lowering, "it gives %s, which is computed in float32 here",
                                   bw_element_name(use->outputs[index].type));
    }
    return BW_OK;
}

/* A node of the graph for each output that has a name. */
static bw_status append_outputs(bw_onnx_lowering *lowering, const bw_plain_use *use,
                                const int *tensors, int count)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < use->output_count; index++) {
        int tensor;
        bw_plain_use *own = bw_arena_alloc(&lowering->graph->arena, sizeof *own);
        if (!own)
            return bw_fail_memory(lowering->error, sizeof *own, "an operator");
        if (!lowering->node->outputs[index][0])
            continue;
        *own = *use;
        own->kept = index;
        bw_node node = {.op = BW_OP_PLAIN, .plain = own};
        status = bw_onnx_append_tensor(lowering, &tensor, &node, tensors, count);
        if (status == BW_OK)
            bw_onnx_output_item(lowering, index,
                                (bw_onnx_item){.role = BW_ONNX_DENSE, .tensor = tensor});
    }
    return status;
}

/* Half of an operation is expressible by itself; it is what reads it that is not. */
static bw_status tell(bw_onnx_lowering *lowering)
{
    if (lowering->why.status == BW_OK)
        bw_fail(&lowering->why, BW_ERROR_UNSUPPORTED,
                "node '%.80s' (%.40s): what follows is no operation that it could be a part of",
                lowering->label, lowering->node->op);
    return bw_warnings_add(&lowering->general, lowering->error, "%s", lowering->why.message);
}

static bw_status append_operator(bw_onnx_lowering *lowering, bw_plain_use *use)
{
    const bw_onnx_node *node = lowering->node;
    int *tensors = bw_arena_array(&lowering->scratch, node->input_count, sizeof *tensors), count;
    use->inputs = bw_arena_array(&lowering->graph->arena, node->input_count, sizeof *use->inputs);
    use->outputs =
        bw_arena_array(&lowering->graph->arena, node->output_count, sizeof *use->outputs);
    if (!tensors || !use->inputs || !use->outputs)
        return bw_fail_memory(lowering->error, sizeof *use, "an operator");
    use->input_count = node->input_count;
    use->output_count = node->output_count;
    bw_status status = read_attributes(lowering, use);
    if (status == BW_OK)
        status = read_inputs(lowering, use, tensors, &count);
    if (status == BW_OK && count == 0)
        status =
            bw_onnx_decline(lowering, "its inputs are constants that take too long to compute");
    if (status == BW_OK)
        status = infer(lowering, use);
    if (status == BW_OK)
        status = append_outputs(lowering, use, tensors, count);
    return status == BW_OK ? tell(lowering) : status;
}

bw_status bw_onnx_general(bw_onnx_lowering *lowering)
{
    const bw_onnx_node *node = lowering->node;
    bw_plain_use use = {.operation = bw_onnx_plain_operator(node, lowering->file->opset),
                        .opset = (int)lowering->file->opset};
    if (!use.operation)
        return bw_onnx_decline(lowering, "there is no such operator here in operator set %lld",
                               (long long)lowering->file->opset);
    if (!bw_plain_usable(use.operation))
        return bw_onnx_decline(lowering, "the size of what it gives depends on the picture");
    if (node->input_count > BW_PLAIN_OPERANDS || node->output_count > BW_PLAIN_OPERANDS)
        return bw_onnx_decline(lowering, "it has more than %d inputs or outputs",
                               BW_PLAIN_OPERANDS);
    if (only_reshapes(lowering))
        return reshape(lowering);
    return append_operator(lowering, &use);
}
