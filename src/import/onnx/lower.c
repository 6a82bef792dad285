/**
 * The importer of ONNX files.
 */
#include "import/onnx/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_OPSET = 7, DEFAULT_SIDE = 640, LARGEST_SIDE = 1 << 16 };

/* What of the file outlives the import. */
typedef struct onnx_owner {
    bw_onnx_file file;
    bw_side side;
} onnx_owner;

bw_shape bw_onnx_shape(const bw_onnx_lowering *lowering, int tensor)
{
    return lowering->graph->tensors[tensor].shape;
}

/* What the node at hand reads first: ", which reads 1 × 3 × 416 × 416", or nothing. */
static void describe_input(const bw_onnx_lowering *lowering, char *text, size_t size)
{
    const bw_onnx_item *item = bw_onnx_input_item(lowering, 0);
    *text = '\0';
    if (item->role == BW_ONNX_PICTURE) {
        bw_shape shape = bw_onnx_shape(lowering, item->tensor);
        snprintf(text, size, ", which reads 1 × %d × %d × %d", shape.channels, shape.height,
                 shape.width);
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

static bw_status lower_constant(bw_onnx_lowering *lowering)
{
    const bw_onnx_attribute *value = bw_onnx_find_attribute(lowering->node, "value");
    if (!value || !value->tensor)
        return bw_onnx_decline(lowering, "a constant without a tensor is not supported");
    bw_onnx_output_item(lowering, 0,
                        (bw_onnx_item){.role = BW_ONNX_NUMBERS, .numbers = value->tensor});
    return BW_OK;
}

/* The shape of a picture is known: batches of one. */
static bw_status lower_shape(bw_onnx_lowering *lowering)
{
    int tensor;
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status != BW_OK)
        return status;
    bw_onnx_tensor *numbers = bw_arena_alloc(&lowering->scratch, sizeof *numbers);
    int64_t *sides = bw_arena_array(&lowering->scratch, 4, sizeof *sides);
    if (!numbers || !sides)
        return bw_fail_memory(lowering->error, sizeof *numbers, "a shape");
    bw_shape shape = bw_onnx_shape(lowering, tensor);
    sides[0] = 1;
    sides[1] = shape.channels;
    sides[2] = shape.height;
    sides[3] = shape.width;
    *numbers = (bw_onnx_tensor){.name = lowering->label,
                                .type = BW_ONNX_I64,
                                .rank = 1,
                                .dims = {4},
                                .count = 4,
                                .data = (const uint8_t *)sides,
                                .size = 4 * sizeof *sides};
    bw_onnx_output_item(lowering, 0, (bw_onnx_item){.role = BW_ONNX_NUMBERS, .numbers = numbers});
    return BW_OK;
}

static const struct {
    const char *op;
    bw_onnx_handler *lower;
} handlers[] = {
    {"Conv", bw_onnx_conv},
    {"BatchNormalization", bw_onnx_batch_norm},
    {"Relu", bw_onnx_relu},
    {"LeakyRelu", bw_onnx_leaky},
    {"PRelu", bw_onnx_prelu},
    {"Sigmoid", bw_onnx_sigmoid},
    {"Silu", bw_onnx_silu},
    {"Swish", bw_onnx_silu},
    {"Mish", bw_onnx_mish},
    {"Softplus", bw_onnx_softplus},
    {"Tanh", bw_onnx_tanh},
    {"Clip", bw_onnx_clip},
    {"Identity", bw_onnx_identity},
    {"Dropout", bw_onnx_identity},
    {"Add", bw_onnx_sum},
    {"Mul", bw_onnx_product},
    {"MaxPool", bw_onnx_max_pool},
    {"GlobalAveragePool", bw_onnx_global_pool},
    {"ReduceMean", bw_onnx_reduce_mean},
    {"Resize", bw_onnx_resize},
    {"Upsample", bw_onnx_resize},
    {"Concat", bw_onnx_join_channels},
    {"Split", bw_onnx_split},
    {"Slice", bw_onnx_cut},
    {"Constant", lower_constant},
    {"Shape", lower_shape},
};

/* ---- the walk ------------------------------------------------------------------------------- */

static bw_status add_result(bw_onnx_lowering *lowering, const bw_onnx_item *item)
{
    if (item->role != BW_ONNX_PICTURE)
        return BW_OK;
    for (size_t index = 0; index < lowering->result_count; index++) {
        if (lowering->results[index] == item->tensor)
            return BW_OK;
    }
    if (!bw_array_reserve((void **)&lowering->results, &lowering->result_capacity,
                          lowering->result_count + 1, sizeof *lowering->results))
        return bw_fail_memory(lowering->error, sizeof *lowering->results, "the results");
    lowering->results[lowering->result_count++] = item->tensor;
    return BW_OK;
}

/* The node becomes a part of the tail. */
static bw_status give_up(bw_onnx_lowering *lowering)
{
    const bw_onnx_node *node = lowering->node;
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < node->input_count; index++)
        status = add_result(lowering, bw_onnx_input_item(lowering, index));
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

static bw_onnx_handler *find_handler(const bw_onnx_node *node)
{
    bool known = node->domain[0] == '\0' || strcmp(node->domain, "ai.onnx") == 0;
    for (size_t index = 0; known && index < sizeof handlers / sizeof *handlers; index++) {
        if (strcmp(handlers[index].op, node->op) == 0)
            return handlers[index].lower;
    }
    return NULL;
}

/* A node of the tail that reads pictures or the tail; constants alone make no tail. */
static bw_status lower_node(bw_onnx_lowering *lowering, const bw_onnx_node *node)
{
    lowering->node = node;
    lowering->label = node->name[0] ? node->name : node->output_count ? node->outputs[0] : node->op;
    if (reads_tail(lowering))
        return give_up(lowering);
    bw_onnx_handler *lower = find_handler(node);
    bw_status status = lower ? lower(lowering)
                             : bw_onnx_decline(lowering, "there is no such operation in the "
                                                         "engine's networks");
    if (status != BW_ERROR_UNSUPPORTED)
        return status;
    if (lowering->reason.status == BW_OK)
        lowering->reason = *lowering->error;
    return give_up(lowering);
}

static size_t count_names(const bw_onnx_graph *graph)
{
    size_t count = graph->constant_count + graph->input_count;
    for (size_t index = 0; index < graph->node_count; index++)
        count += graph->nodes[index].output_count;
    return count;
}

static bool is_constant(const bw_onnx_lowering *lowering, const char *name)
{
    return bw_onnx_item_named(lowering, name)->role == BW_ONNX_NUMBERS;
}

/* A side that the file leaves open is that of the metadata ("[640, 480]"), or 640. */
static int open_side(const bw_onnx_lowering *lowering, int axis)
{
    const char *text = bw_onnx_find_metadata(lowering->file, "imgsz");
    int sides[2] = {0, 0};
    if (text && sscanf(text, "[%d, %d]", &sides[0], &sides[1]) == 2 && sides[axis] > 0)
        return sides[axis];
    return DEFAULT_SIDE;
}

static bw_status add_input(bw_onnx_lowering *lowering, const bw_onnx_value *value)
{
    bw_error *error = lowering->error;
    int sides[2], tensor;
    bool pictures = value->rank == 4 && value->type == BW_ONNX_F32 &&
                    (value->dims[1] == 3 || value->dims[1] == -1);
    for (int axis = 0; pictures && axis < 2; axis++) {
        int64_t side = value->dims[2 + axis];
        pictures = side <= LARGEST_SIDE && side != 0;
        sides[axis] = side > 0 && pictures ? (int)side : open_side(lowering, axis);
    }
    if (!pictures)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "input '%.80s' is not float[N, 3, height, width]: pictures of three "
                       "channels are what networks take here",
                       value->name);
    bw_status status =
        bw_graph_add_input(lowering->graph, &tensor, (bw_shape){sides[0], sides[1], 3}, error);
    if (status == BW_OK)
        bw_onnx_name_item(lowering, value->name,
                          (bw_onnx_item){.role = BW_ONNX_PICTURE, .tensor = tensor});
    return status;
}

static bw_status add_values(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_status status = bw_onnx_reserve_items(lowering, count_names(graph));
    for (size_t index = 0; status == BW_OK && index < graph->constant_count; index++) {
        const bw_onnx_tensor *numbers = &graph->constants[index];
        bw_onnx_name_item(lowering, numbers->name,
                          (bw_onnx_item){.role = BW_ONNX_NUMBERS, .numbers = numbers});
    }
    for (size_t index = 0; status == BW_OK && index < graph->input_count; index++) {
        const bw_onnx_value *value = &graph->inputs[index];
        if (is_constant(lowering, value->name))
            continue; /* older files list their constants among the inputs */
        if (lowering->graph->node_count > 0)
            return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                           "it has a second input, '%.80s'; only the picture is given here",
                           value->name);
        status = add_input(lowering, value);
    }
    if (status == BW_OK && lowering->graph->node_count == 0)
        status = bw_fail(lowering->error, BW_ERROR_UNSUPPORTED, "it has no input");
    return status;
}

static bw_status walk(bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    bw_status status = add_values(lowering);
    if (status == BW_OK)
        status = bw_onnx_read_names(lowering);
    for (size_t index = 0; status == BW_OK && index < graph->node_count; index++)
        status = lower_node(lowering, &graph->nodes[index]);
    for (size_t index = 0; status == BW_OK && index < graph->output_count; index++)
        status = add_result(lowering, bw_onnx_item_named(lowering, graph->outputs[index].name));
    lowering->out->layers = (int)graph->node_count;
    if (status == BW_OK)
        status = bw_onnx_recognise_heads(lowering);
    return status == BW_OK ? bw_onnx_choose_names(lowering) : status;
}

static bw_status lower_file(bw_import *out, const onnx_owner *owner, bw_error *error)
{
    const bw_onnx_file *file = &owner->file;
    bw_onnx_lowering lowering = {
        .file = file, .side = &owner->side, .out = out, .graph = &out->graph, .error = error};
    bw_status status = BW_OK;
    if (file->opset < LEAST_OPSET)
        status = bw_fail(error, BW_ERROR_UNSUPPORTED,
                         "its operator set is %lld; %d and newer are read: convert it with "
                         "onnx.version_converter",
                         (long long)file->opset, LEAST_OPSET);
    if (status == BW_OK)
        status = walk(&lowering);
    bw_arena_free(&lowering.scratch);
    free(lowering.results);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", file->path);
}

static void close_owner(void *memory)
{
    onnx_owner *owner = memory;
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
        status = lower_file(out, owner, &own);
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
