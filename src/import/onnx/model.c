/**
 * ModelProto and GraphProto: the file's frame.
 */
#include "import/onnx/model.h"

#include <stdlib.h>
#include <string.h>

#include "import/onnx/parser.h"

enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    MODEL_FUNCTIONS = 25,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_CONSTANT = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_VALUE = 13,
    OBJECTS_A_LAYER = 64 /* of the budget: nodes, names, constants, attributes */
};

bw_status bw_onnx_damaged(const bw_onnx_parser *parser, const char *what)
{
    return bw_fail(parser->error, BW_ERROR_FORMAT,
                   "%s is damaged or cut off; it is no valid protobuf", what);
}

bw_status bw_onnx_spend(bw_onnx_parser *parser, size_t count)
{
    if (count > parser->budget)
        return bw_fail(parser->error, BW_ERROR_LIMIT,
                       "it has more nodes, names and constants than the limit of layers allows");
    parser->budget -= count;
    return BW_OK;
}

bw_status bw_onnx_copy_text(bw_onnx_parser *parser, const char **out, const bw_wire_field *field)
{
    if (field->type != BW_WIRE_BYTES || memchr(field->bytes, 0, field->size))
        return bw_onnx_damaged(parser, "a name");
    *out = bw_arena_text(parser->arena, (const char *)field->bytes, field->size);
    return *out ? BW_OK : bw_fail_memory(parser->error, field->size, "a name");
}

bw_status bw_onnx_make_list(bw_onnx_parser *parser, void **out, size_t count, size_t size)
{
    bw_status status = bw_onnx_spend(parser, count);
    *out = NULL;
    if (status != BW_OK || count == 0)
        return status;
    *out = bw_arena_array(parser->arena, count, size);
    return *out ? BW_OK : bw_fail_memory(parser->error, count * size, "an ONNX graph");
}

size_t bw_onnx_count_fields(const uint8_t *bytes, size_t size, uint32_t number)
{
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    size_t count = 0;
    while (bw_wire_next(&wire, &field))
        count += field.number == number;
    return wire.failed ? 0 : count;
}

/* ---- values --------------------------------------------------------------------------------- */

/* A message inside a message: the last of that number, which need not be there. */
static bw_wire find_message(const uint8_t *bytes, size_t size, uint32_t number, bool *failed)
{
    bw_wire wire = bw_wire_open(bytes, size), found = bw_wire_open(NULL, 0);
    bw_wire_field field;
    while (bw_wire_next(&wire, &field)) {
        if (field.number == number && field.type == BW_WIRE_BYTES)
            found = bw_wire_open(field.bytes, field.size);
    }
    *failed |= wire.failed;
    return found;
}

static bw_status read_dimension(bw_onnx_parser *parser, bw_onnx_value *out,
                                const bw_wire_field *dimension)
{
    bw_wire wire = bw_wire_open(dimension->bytes, dimension->size);
    bw_wire_field field;
    bw_status status = BW_OK;
    if (out->rank == BW_ONNX_RANK)
        return bw_fail(parser->error, BW_ERROR_UNSUPPORTED,
                       "value '%s' has more than %d dimensions", out->name, BW_ONNX_RANK);
    out->dims[out->rank] = -1;
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (field.number == 1 && field.type == BW_WIRE_NUMBER && field.value <= INT64_MAX)
            out->dims[out->rank] = (int64_t)field.value;
        if (field.number == 2)
            status = bw_onnx_copy_text(parser, &out->symbols[out->rank], &field);
    }
    out->rank++;
    return wire.failed ? bw_onnx_damaged(parser, "a shape") : status;
}

/* TypeProto.Tensor: elem_type, shape. */
static bw_status read_type(bw_onnx_parser *parser, bw_onnx_value *out, bw_wire tensor)
{
    bw_wire_field field;
    bw_status status = BW_OK;
    while (status == BW_OK && bw_wire_next(&tensor, &field)) {
        if (field.number == 1 && field.type == BW_WIRE_NUMBER)
            out->type = (int64_t)field.value;
        if (field.number != 2 || field.type != BW_WIRE_BYTES)
            continue;
        bw_wire shape = bw_wire_open(field.bytes, field.size);
        out->rank = 0;
        while (status == BW_OK && bw_wire_next(&shape, &field)) {
            if (field.number == 1 && field.type == BW_WIRE_BYTES)
                status = read_dimension(parser, out, &field);
        }
        tensor.failed |= shape.failed;
    }
    return tensor.failed ? bw_onnx_damaged(parser, "a type") : status;
}

static bw_status read_value(bw_onnx_parser *parser, bw_onnx_value *out, const bw_wire_field *field)
{
    bw_wire wire = bw_wire_open(field->bytes, field->size);
    bw_wire_field part;
    bool failed = false;
    bw_status status = BW_OK;
    *out = (bw_onnx_value){.name = "", .rank = -1};
    while (status == BW_OK && bw_wire_next(&wire, &part)) {
        if (part.number == 1)
            status = bw_onnx_copy_text(parser, &out->name, &part);
    }
    bw_wire type = find_message(field->bytes, field->size, 2, &failed);
    bw_wire tensor = find_message(type.at, (size_t)(type.end - type.at), 1, &failed);
    if (status == BW_OK && (failed || wire.failed))
        status = bw_onnx_damaged(parser, "the description of a value");
    return status == BW_OK ? read_type(parser, out, tensor) : status;
}

/* ---- graphs --------------------------------------------------------------------------------- */

/* The graph's lists, which are filled one field after the other. */
typedef struct lists {
    bw_onnx_node *nodes;
    bw_onnx_tensor *constants;
    bw_onnx_value *inputs, *outputs, *values;
} lists;

static bw_status make_lists(bw_onnx_parser *parser, lists *all, const uint8_t *bytes, size_t size)
{
    const struct {
        uint32_t number;
        void **list;
        size_t size;
    } rows[] = {
        {GRAPH_NODE, (void **)&all->nodes, sizeof *all->nodes},
        {GRAPH_CONSTANT, (void **)&all->constants, sizeof *all->constants},
        {GRAPH_INPUT, (void **)&all->inputs, sizeof *all->inputs},
        {GRAPH_OUTPUT, (void **)&all->outputs, sizeof *all->outputs},
        {GRAPH_VALUE, (void **)&all->values, sizeof *all->values},
    };
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < sizeof rows / sizeof *rows; index++)
        status = bw_onnx_make_list(parser, rows[index].list,
                                   bw_onnx_count_fields(bytes, size, rows[index].number),
                                   rows[index].size);
    return status;
}

static bw_status read_graph_field(bw_onnx_parser *parser, bw_onnx_graph *out, lists *all,
                                  const bw_wire_field *field, int depth)
{
    bool message = field->type == BW_WIRE_BYTES;
    switch (field->number) {
    case GRAPH_NAME: return bw_onnx_copy_text(parser, &out->name, field);
    case GRAPH_NODE:
        return message ? bw_onnx_read_node(parser, &all->nodes[out->node_count++], field, depth)
                       : bw_onnx_damaged(parser, "a node");
    case GRAPH_CONSTANT:
        return message ? bw_onnx_read_tensor(parser, &all->constants[out->constant_count++],
                                             field->bytes, field->size)
                       : bw_onnx_damaged(parser, "a constant");
    case GRAPH_INPUT: return read_value(parser, &all->inputs[out->input_count++], field);
    case GRAPH_OUTPUT: return read_value(parser, &all->outputs[out->output_count++], field);
    case GRAPH_VALUE: return read_value(parser, &all->values[out->value_count++], field);
    case 15:
        return bw_fail(parser->error, BW_ERROR_UNSUPPORTED, "sparse constants are not supported");
    default: return BW_OK;
    }
}

static bool is_whole(bw_wire wire)
{
    bw_wire_field field;
    while (bw_wire_next(&wire, &field))
        ;
    return !wire.failed;
}

bw_status bw_onnx_read_graph(bw_onnx_parser *parser, bw_onnx_graph *out, const uint8_t *bytes,
                             size_t size, int depth)
{
    lists all = {0};
    if (depth > BW_ONNX_DEPTH)
        return bw_fail(parser->error, BW_ERROR_LIMIT, "its graphs are nested more than %d deep",
                       BW_ONNX_DEPTH);
    bw_status status = make_lists(parser, &all, bytes, size);
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    *out = (bw_onnx_graph){.name = "",
                           .nodes = all.nodes,
                           .constants = all.constants,
                           .inputs = all.inputs,
                           .outputs = all.outputs,
                           .values = all.values};
    if (status == BW_OK && !is_whole(wire)) /* its lists have room for nothing */
        status = bw_onnx_damaged(parser, "a graph");
    while (status == BW_OK && bw_wire_next(&wire, &field))
        status = read_graph_field(parser, out, &all, &field, depth);
    return status;
}

/* ---- the model ------------------------------------------------------------------------------ */

static void read_opset(bw_onnx_file *file, const bw_wire_field *field)
{
    bw_wire wire = bw_wire_open(field->bytes, field->size);
    bw_wire_field part;
    bool is_default = true;
    int64_t version = 0;
    while (bw_wire_next(&wire, &part)) {
        if (part.number == 1 && part.type == BW_WIRE_BYTES)
            is_default = part.size == 0 || (part.size == 7 && !memcmp(part.bytes, "ai.onnx", 7));
        if (part.number == 2 && part.type == BW_WIRE_NUMBER)
            version = (int64_t)part.value;
    }
    if (is_default && !wire.failed)
        file->opset = version;
}

static bw_status read_model_field(bw_onnx_parser *parser, bw_onnx_entry *metadata,
                                  const bw_wire_field *field)
{
    bw_onnx_file *file = parser->file;
    switch (field->number) {
    case MODEL_IR_VERSION: file->ir_version = (int64_t)field->value; return BW_OK;
    case MODEL_PRODUCER: return bw_onnx_copy_text(parser, &file->producer, field);
    case MODEL_PRODUCER_VERSION: return bw_onnx_copy_text(parser, &file->producer_version, field);
    case MODEL_OPSET: read_opset(file, field); return BW_OK;
    case MODEL_METADATA:
        return bw_onnx_read_entry(parser, &metadata[file->metadata_count++], field);
    case MODEL_GRAPH:
        if (field->type != BW_WIRE_BYTES || file->graph.name)
            return bw_onnx_damaged(parser, "the graph");
        return bw_onnx_read_graph(parser, &file->graph, field->bytes, field->size, 0);
    case MODEL_FUNCTIONS:
        return bw_fail(parser->error, BW_ERROR_UNSUPPORTED,
                       "functions of its own are not supported; inline them "
                       "(onnx.inliner.inline_local_functions)");
    default: return BW_OK;
    }
}

static bw_status read_model(bw_onnx_parser *parser, const uint8_t *bytes, size_t size)
{
    bw_onnx_file *file = parser->file;
    bw_onnx_entry *metadata = NULL;
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    bw_status status =
        bw_onnx_make_list(parser, (void **)&metadata,
                          bw_onnx_count_fields(bytes, size, MODEL_METADATA), sizeof *metadata);
    file->metadata = metadata;
    if (status == BW_OK && !is_whole(wire))
        status = bw_onnx_damaged(parser, "the file");
    while (status == BW_OK && bw_wire_next(&wire, &field))
        status = read_model_field(parser, metadata, &field);
    if (status == BW_OK && !file->graph.name)
        status = bw_fail(parser->error, BW_ERROR_FORMAT, "it holds no graph");
    return status;
}

static bw_onnx_parser make_parser(bw_arena *arena, const bw_limits *limits, bw_error *error)
{
    uint64_t layers = limits->layers < UINT32_MAX ? limits->layers : UINT32_MAX;
    return (bw_onnx_parser){.arena = arena,
                            .budget = (layers + 1) * OBJECTS_A_LAYER,
                            .tensor_bytes = limits->tensor_bytes,
                            .error = error};
}

bw_status bw_onnx_parse(bw_onnx_file *out, const uint8_t *bytes, size_t size, const char *path,
                        const bw_limits *limits, bw_error *error)
{
    *out = (bw_onnx_file){.path = path ? path : "", .producer = "", .producer_version = ""};
    bw_onnx_parser parser = make_parser(&out->arena, limits, error);
    parser.file = out;
    parser.path = path;
    bw_status status = read_model(&parser, bytes, size);
    if (status == BW_OK)
        return BW_OK;
    bw_onnx_close(out);
    return path ? bw_fail_prefix(error, status, "%s", path) : status;
}

bw_status bw_onnx_parse_tensor(bw_onnx_tensor *out, bw_arena *arena, const uint8_t *bytes,
                               size_t size, const bw_limits *limits, bw_error *error)
{
    bw_onnx_parser parser = make_parser(arena, limits, error);
    return bw_onnx_read_tensor(&parser, out, bytes, size);
}

void bw_onnx_close(bw_onnx_file *file)
{
    for (size_t index = 0; index < file->mapping_count; index++)
        bw_unmap_file(&file->mappings[index]);
    free(file->mappings);
    free(file->mapping_names);
    bw_arena_free(&file->arena);
    *file = (bw_onnx_file){0};
}

bool bw_onnx_recognise(const uint8_t *bytes, size_t size)
{
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    bool graph = false;
    while (bw_wire_next(&wire, &field)) {
        if (field.number > MODEL_FUNCTIONS + 1)
            return false;
        graph |= field.number == MODEL_GRAPH && field.type == BW_WIRE_BYTES;
    }
    /* A file that was cut off begins like one and is better told so than not known. */
    return graph || (size > 1 && bytes[0] == 0x08 && bytes[1] > 2 && bytes[1] < 32);
}

const char *bw_onnx_find_metadata(const bw_onnx_file *file, const char *key)
{
    for (size_t index = 0; index < file->metadata_count; index++) {
        if (strcmp(file->metadata[index].key, key) == 0)
            return file->metadata[index].value;
    }
    return NULL;
}
