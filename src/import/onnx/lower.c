/**
 * The importer of ONNX files.
 */
#include "import/onnx/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/plain.h"

enum { LEAST_OPSET = 7 };

/* What of the file outlives the import. */
typedef struct onnx_owner {
    bw_onnx_file file;
    bw_side side;
    bw_onnx_evaluation *values;
    int64_t sizes[2]; /* see bw_onnx_lowering */
} onnx_owner;

bw_shape bw_onnx_shape(const bw_onnx_lowering *lowering, int tensor)
{
    return lowering->graph->tensors[tensor].shape;
}

/* What the node at hand reads first: ", which reads 1 × 3 × 416 × 416", or nothing. */
static void describe_input(const bw_onnx_lowering *lowering, char *text, size_t size)
{
    const bw_onnx_node *node = lowering->node;
    const bw_plain_tensor *known =
        node->input_count ? bw_onnx_evaluation_value(lowering->values, node->inputs[0]) : NULL;
    size_t length = 0;
    *text = '\0';
    for (int axis = 0; known && axis < known->rank && length < size; axis++) {
        int written = snprintf(text + length, size - length, "%s%lld",
                               axis ? " × " : ", which reads ", (long long)known->dims[axis]);
        length += written > 0 ? (size_t)written : 0;
    }
}

bw_status bw_onnx_decline(bw_onnx_lowering *lowering, const char *format, ...)
{
    char why[240], input[80];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    describe_input(lowering, input, sizeof input);
    return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED, "node '%.80s' (%.40s%s): %s",
                   lowering->label, lowering->node->op, input, why);
}

bw_status bw_onnx_append_tensor(bw_onnx_lowering *lowering, int *tensor, const bw_node *node,
                                const int *inputs, int count)
{
    bw_node copy = *node;
    copy.name = lowering->label;
    copy.inputs = bw_arena_array(&lowering->scratch, (size_t)count, sizeof *copy.inputs);
    if (!copy.inputs)
        return bw_fail_memory(lowering->error, (size_t)count * sizeof *inputs, "a node");
    memcpy(copy.inputs, inputs, (size_t)count * sizeof *inputs);
    copy.input_count = count;
    copy.residual = BW_NONE;
    return bw_graph_add(lowering->graph, tensor, &copy, lowering->error);
}

bw_status bw_onnx_append(bw_onnx_lowering *lowering, const bw_node *node, const int *inputs,
                         int count)
{
    int tensor;
    bw_status status = bw_onnx_append_tensor(lowering, &tensor, node, inputs, count);
    if (status == BW_OK)
        bw_onnx_output_item(lowering, 0, (bw_onnx_item){.role = BW_ONNX_PICTURE, .tensor = tensor});
    return status;
}

static const struct {
    const char *op;
    bw_onnx_handler *lower;
    bool eager; /* worth turning dense tensors into pictures for */
} handlers[] = {
    {"Conv", bw_onnx_conv, true},
    {"BatchNormalization", bw_onnx_batch_norm, true},
    {"Relu", bw_onnx_relu, false},
    {"LeakyRelu", bw_onnx_leaky, false},
    {"PRelu", bw_onnx_prelu, false},
    {"Sigmoid", bw_onnx_sigmoid, false},
    {"Silu", bw_onnx_silu, false},
    {"Swish", bw_onnx_silu, false},
    {"Mish", bw_onnx_mish, false},
    {"Softplus", bw_onnx_softplus, false},
    {"Tanh", bw_onnx_tanh, false},
    {"Clip", bw_onnx_clip, false},
    {"HardSigmoid", bw_onnx_hard_sigmoid, false},
    {"HardSwish", bw_onnx_hard_swish, false},
    {"Identity", bw_onnx_identity, false},
    {"Dropout", bw_onnx_identity, false},
    {"Add", bw_onnx_sum, false},
    {"Mul", bw_onnx_product, false},
    {"Sub", bw_onnx_difference, false},
    {"Div", bw_onnx_quotient, false},
    {"MaxPool", bw_onnx_max_pool, true},
    {"AveragePool", bw_onnx_average_pool, true},
    {"Pad", bw_onnx_pad, false},
    {"GlobalAveragePool", bw_onnx_global_pool, true},
    {"ReduceMean", bw_onnx_reduce_mean, false},
    {"Resize", bw_onnx_resize, true},
    {"Upsample", bw_onnx_resize, true},
    {"Concat", bw_onnx_join_channels, false},
    {"Split", bw_onnx_split, false},
    {"Slice", bw_onnx_cut, false},
    {"Reshape", bw_onnx_reshape_reorg, false},
    {"Transpose", bw_onnx_transpose_reorg, false},
    {"QuantizeLinear", bw_onnx_to_bytes, false},
    {"DequantizeLinear", bw_onnx_from_bytes, false},
    {"MatMul", bw_onnx_matrix_product, true},
    {"Gemm", bw_onnx_gemm, true},
};

/* ---- the walk ------------------------------------------------------------------------------- */

static bw_status add_result(bw_onnx_lowering *lowering, const char *name)
{
    int tensor;
    bw_status status = bw_onnx_picture_named(lowering, name, &tensor);
    if (status != BW_OK || tensor == BW_NONE)
        return status;
    for (size_t index = 0; index < lowering->result_count; index++) {
        if (lowering->results[index] == tensor)
            return BW_OK;
    }
    if (!bw_array_reserve((void **)&lowering->results, &lowering->result_capacity,
                          lowering->result_count + 1, sizeof *lowering->results))
        return bw_fail_memory(lowering->error, sizeof *lowering->results, "the results");
    lowering->results[lowering->result_count++] = tensor;
    return BW_OK;
}

/* The node becomes a part of the tail. */
static bw_status give_up(bw_onnx_lowering *lowering)
{
    const bw_onnx_node *node = lowering->node;
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < node->input_count; index++)
        status = add_result(lowering, node->inputs[index]);
    for (size_t index = 0; index < node->output_count; index++)
        bw_onnx_output_item(lowering, index, (bw_onnx_item){.role = BW_ONNX_TAIL});
    return status;
}

static bool reads_tail(const bw_onnx_lowering *lowering)
{
    for (size_t index = 0; index < lowering->node->input_count; index++) {
        if (bw_onnx_input_item(lowering, index)->role == BW_ONNX_TAIL)
            return true;
    }
    return false;
}

static bw_onnx_handler *find_handler(const bw_onnx_node *node, bool *eager)
{
    bool known = node->domain[0] == '\0' || strcmp(node->domain, "ai.onnx") == 0;
    for (size_t index = 0; known && index < sizeof handlers / sizeof *handlers; index++) {
        if (strcmp(handlers[index].op, node->op) == 0) {
            *eager = handlers[index].eager;
            return handlers[index].lower;
        }
    }
    return NULL;
}

void bw_onnx_begin_node(bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    lowering->node = node;
    lowering->label = node->name[0] ? node->name : node->output_count ? node->outputs[0] : node->op;
}

static bw_status name_numbers(bw_onnx_lowering *lowering, const char *name,
                              const bw_plain_tensor *value)
{
    bw_onnx_tensor *numbers = bw_arena_alloc(&lowering->scratch, sizeof *numbers);
    if (!numbers)
        return bw_fail_memory(lowering->error, sizeof *numbers, "a constant");
    bw_onnx_parsed_tensor(numbers, value, name);
    bw_onnx_name_item(
        lowering, name,
        (bw_onnx_item){.role = BW_ONNX_NUMBERS, .numbers = numbers, .node = lowering->node});
    return BW_OK;
}

/* Whether constants have decided all that the node gives; it is then numbers. */
static bool is_folded(const bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    bool known = node->output_count > 0;
    for (size_t index = 0; known && index < node->output_count; index++) {
        const bw_plain_tensor *value =
            bw_onnx_evaluation_value(lowering->values, node->outputs[index]);
        known = !node->outputs[index][0] || (value && value->data);
    }
    return known;
}

static bw_status name_outputs(bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < node->output_count; index++) {
        const char *name = node->outputs[index];
        if (*name)
            status = name_numbers(lowering, name, bw_onnx_evaluation_value(lowering->values, name));
    }
    return status;
}

/* Dense tensors are turned into pictures for what is worth it only. */
static bool takes(const bw_onnx_lowering *lowering, bool eager)
{
    for (size_t index = 0; !eager && index < lowering->node->input_count; index++) {
        bw_onnx_role role = bw_onnx_input_item(lowering, index)->role;
        eager = role != BW_ONNX_DENSE && role != BW_ONNX_NUMBERS && role != BW_ONNX_ABSENT;
    }
    return eager;
}

static bool is_inner(const bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    for (size_t index = 0; index < node->output_count; index++) {
        if (bw_onnx_item_named(lowering, node->outputs[index])->inner)
            return true;
    }
    return false;
}

bool bw_onnx_is_inner(const bw_onnx_lowering *lowering)
{
    return lowering->complete || is_inner(lowering, lowering->node);
}

static bw_status lower_fast(bw_onnx_lowering *lowering)
{
    bool eager = false;
    bw_onnx_handler *lower = find_handler(lowering->node, &eager);
    if (lower && takes(lowering, eager))
        return lower(lowering);
    if (lower && bw_onnx_reads_rows(lowering))
        return bw_onnx_by_rows(lowering);
    if (lower)
        return bw_onnx_decline(lowering, "what it reads comes from general operators");
    return bw_onnx_decline(lowering, "there is no such operation in the engine's networks");
}

static bw_status lower_node(bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    bw_onnx_begin_node(lowering, node);
    if (is_folded(lowering, node))
        return name_outputs(lowering, node);
    if (reads_tail(lowering))
        return give_up(lowering);
    bw_status status = lower_fast(lowering);
    if (status != BW_ERROR_UNSUPPORTED)
        return status;
    if (bw_onnx_is_inner(lowering)) {
        lowering->why = *lowering->error;
        status = bw_onnx_general(lowering);
    }
    if (status != BW_ERROR_UNSUPPORTED || lowering->complete)
        return status;
    if (lowering->reason.status == BW_OK)
        lowering->reason = *lowering->error;
    return give_up(lowering);
}

static size_t count_names(const bw_onnx_graph *graph)
{
    size_t count = graph->constant_count + graph->input_count;
    for (size_t index = 0; index < graph->node_count; index++)
        count += graph->nodes[index].output_count + graph->nodes[index].input_count;
    return count;
}

static bw_status add_values(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    int tensor;
    bw_status status = bw_onnx_reserve_items(lowering, count_names(graph));
    for (size_t index = 0; status == BW_OK && index < graph->constant_count; index++) {
        const bw_onnx_tensor *numbers = &graph->constants[index];
        const bw_plain_tensor *value = bw_onnx_evaluation_value(lowering->values, numbers->name);
        if (value && value->data)
            status = name_numbers(lowering, numbers->name, value);
        else
            bw_onnx_name_item(lowering, numbers->name,
                              (bw_onnx_item){.role = BW_ONNX_NUMBERS, .numbers = numbers});
    }
    if (status == BW_OK)
        status = bw_graph_add_input(lowering->graph, &tensor, lowering->picture, lowering->error);
    if (status == BW_OK)
        bw_onnx_name_item(lowering, lowering->input->name,
                          (bw_onnx_item){.role = BW_ONNX_PICTURE, .tensor = tensor});
    if (status == BW_OK && lowering->second)
        status = name_numbers(lowering, lowering->second->name,
                              bw_onnx_evaluation_value(lowering->values, lowering->second->name));
    return status;
}

/* A convolution of several filters belongs to the network; the one of a distribution head, which
 * has one, does not. */
static bool is_body(const bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    bool conv = strcmp(node->op, "Conv") == 0 || strcmp(node->op, "ConvTranspose") == 0;
    const bw_plain_tensor *weights =
        conv && node->input_count > 1 ? bw_onnx_evaluation_value(lowering->values, node->inputs[1])
                                      : NULL;
    return weights && weights->rank > 2 && weights->dims[0] > 1;
}

static void mark_inner(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    for (size_t at = graph->node_count; at-- > 0;) {
        const bw_onnx_node *node = &graph->nodes[at];
        if (!is_body(lowering, node) && !is_inner(lowering, node))
            continue;
        for (size_t index = 0; index < node->input_count; index++)
            bw_onnx_mark_inner(lowering, node->inputs[index]);
    }
}

/* The outputs as they are. */
static bw_status add_outputs(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->output_count; index++) {
        int tensor;
        bw_plain_tensor kind;
        status = bw_onnx_dense_named(lowering, graph->outputs[index].name, &tensor, &kind);
        if (status == BW_OK)
            status = bw_graph_add_output(lowering->graph, tensor, &(bw_head){0}, lowering->error);
    }
    return status;
}

static bw_status find_heads(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < graph->output_count; index++)
        status = add_result(lowering, graph->outputs[index].name);
    if (status == BW_OK)
        status = bw_onnx_recognise_heads(lowering);
    return status == BW_OK ? bw_onnx_choose_names(lowering) : status;
}

static bw_status walk(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_status status = add_values(lowering);
    if (status == BW_OK)
        status = bw_onnx_read_names(lowering);
    if (status == BW_OK)
        mark_inner(lowering);
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++)
        status = lower_node(lowering, &graph->nodes[index]);
    lowering->out->layers = (int)graph->node_count;
    if (status != BW_OK)
        return status;
    if (lowering->whole)
        return bw_onnx_add_whole_heads(lowering);
    return lowering->complete ? add_outputs(lowering) : find_heads(lowering);
}

/* Lowers as a whole what a first walk has not recognised. */
static bw_status walk_whole(bw_onnx_lowering *lowering)
{
    bw_graph *graph = lowering->graph;
    uint64_t limit = graph->tensor_limit;
    bw_graph_free(graph);
    bw_graph_init(graph, limit);
    bw_arena_free(&lowering->scratch);
    bw_warnings_free(&lowering->general);
    free(lowering->results);
    *lowering = (bw_onnx_lowering){.file = lowering->file,
                                   .side = lowering->side,
                                   .values = lowering->values,
                                   .out = lowering->out,
                                   .graph = graph,
                                   .complete = true,
                                   .whole = true,
                                   .input = lowering->input,
                                   .picture = lowering->picture,
                                   .second = lowering->second,
                                   .sizes = lowering->sizes,
                                   .error = lowering->error};
    return walk(lowering);
}

/* The network up to what its convolutions give, or where its outputs are boxes all of it. */
static bw_status walk_as_needed(bw_onnx_lowering *lowering)
{
    if (lowering->complete)
        return walk(lowering);
    if (bw_onnx_is_told_whole(lowering))
        return walk_whole(lowering);
    bw_status status = walk(lowering);
    bool again = status == BW_ERROR_UNSUPPORTED && bw_onnx_may_be_whole(lowering);
    return again ? walk_whole(lowering) : status;
}

static bw_status lower_file(bw_import *out, const bw_source *source, onnx_owner *owner,
                            bw_error *error)
{
    const bw_onnx_file *file = &owner->file;
    bw_onnx_lowering lowering = {.file = file,
                                 .side = &owner->side,
                                 .out = out,
                                 .graph = &out->graph,
                                 .complete = source->raw,
                                 .wanted = {source->height, source->width},
                                 .sizes = owner->sizes,
                                 .error = error};
    bw_status status = BW_OK;
    if (file->opset < LEAST_OPSET)
        status = bw_fail(error, BW_ERROR_UNSUPPORTED,
                         "its operator set is %lld; %d and newer are read: convert it with "
                         "onnx.version_converter",
                         (long long)file->opset, LEAST_OPSET);
    if (status == BW_OK)
        status = bw_onnx_fold(&lowering, &owner->values);
    if (status == BW_OK)
        status = walk_as_needed(&lowering);
    if (status == BW_OK)
        status = bw_warnings_finish(&lowering.general, &out->general, error);
    bw_warnings_free(&lowering.general);
    bw_arena_free(&lowering.scratch);
    free(lowering.results);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", file->path);
}

static void close_owner(void *memory)
{
    onnx_owner *owner = memory;
    bw_onnx_evaluation_close(&owner->values);
    bw_onnx_close(&owner->file);
    bw_side_free(&owner->side);
    free(owner);
}

/* Reads the side file; without one nothing is said, and its path is still told in messages. */
static bw_status read_side(bw_side *out, const bw_source *source, bw_error *error)
{
    const char *path = source->side_path ? source->side_path : "a file NAME.boxwright beside it";
    if (source->side)
        return bw_side_parse(out, path, source->side, source->side_size, error);
    *out = (bw_side){.path = path};
    return BW_OK;
}

static bw_status run_onnx(bw_import *out, const bw_source *source, bw_error *error)
{
    bw_error own = {0};
    onnx_owner *owner = calloc(1, sizeof *owner);
    if (!owner)
        return bw_fail_memory(error, sizeof *owner, "an ONNX file");
    bw_onnx_file *file = &owner->file;
    bw_graph_init(&out->graph, source->limits->tensor_bytes);
    out->owner = owner;
    out->close_owner = close_owner;
    bw_status status = read_side(&owner->side, source, &own);
    if (status == BW_OK)
        status = bw_onnx_parse(file, (const uint8_t *)source->text, source->size, source->path,
                               source->limits, &own);
    out->parts = file->mappings;
    out->part_count = file->mapping_count;
    if (status == BW_OK)
        status = lower_file(out, source, owner, &own);
    if (status != BW_OK && error)
        *error = own;
    return status;
}

static bool is_onnx(const bw_source *source)
{
    return !bw_import_is_text(source->text, source->size) &&
           bw_onnx_recognise((const uint8_t *)source->text, source->size);
}

const bw_importer bw_importer_onnx = {
    .name = "ONNX",
    .recognises = is_onnx,
    .run = run_onnx,
};
