/**
 * NodeProto and AttributeProto.
 */
#include <assert.h>
#include <string.h>

#include "import/onnx/parser.h"

enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT = 2,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_TEXT = 4,
    ATTRIBUTE_TENSOR = 5,
    ATTRIBUTE_GRAPH = 6,
    ATTRIBUTE_FLOATS = 7,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TEXTS = 9,
    ATTRIBUTE_KIND = 20
};

/* The numbers of a list: packed, or a field each. */
static size_t count_numbers(const bw_wire_field *message, uint32_t number)
{
    bw_wire wire = bw_wire_open(message->bytes, message->size);
    bw_wire_field field;
    size_t count = 0;
    while (bw_wire_next(&wire, &field)) {
        if (field.number != number)
            continue;
        if (field.type != BW_WIRE_BYTES) {
            count++;
        } else if (number == ATTRIBUTE_FLOATS) {
            count += field.size / 4;
        } else {
            for (size_t index = 0; index < field.size; index++)
                count += !(field.bytes[index] & 0x80);
        }
    }
    return count;
}

static void read_packed(bw_onnx_attribute *out, float *floats, int64_t *ints, size_t *done,
                        const bw_wire_field *field)
{
    bw_wire wire = bw_wire_open(field->bytes, field->size);
    uint64_t value;
    if (floats) {
        for (size_t at = 0; at + 4 <= field->size && *done < out->count; at += 4)
            memcpy(&floats[(*done)++], field->bytes + at, 4);
        return;
    }
    while (*done < out->count && bw_wire_varint(&wire, &value))
        ints[(*done)++] = (int64_t)value;
}

static bw_status read_numbers(bw_onnx_parser *parser, bw_onnx_attribute *out,
                              const bw_wire_field *message, uint32_t number)
{
    bool real = number == ATTRIBUTE_FLOATS;
    size_t count = count_numbers(message, number), done = 0;
    float *floats = NULL;
    int64_t *ints = NULL;
    bw_status status = real ? bw_onnx_make_list(parser, (void **)&floats, count, sizeof *floats)
                            : bw_onnx_make_list(parser, (void **)&ints, count, sizeof *ints);
    if (status != BW_OK)
        return status;
    assert(count == 0 || floats || ints);
    out->count = count;
    out->floats = floats;
    out->ints = ints;
    bw_wire wire = bw_wire_open(message->bytes, message->size);
    bw_wire_field field;
    while (bw_wire_next(&wire, &field)) {
        if (field.number != number || done == count)
            continue;
        if (field.type == BW_WIRE_BYTES)
            read_packed(out, floats, ints, &done, &field);
        else if (real)
            floats[done++] = bw_wire_float(field.value);
        else
            ints[done++] = (int64_t)field.value;
    }
    return done == count ? BW_OK : bw_onnx_damaged(parser, "a list of numbers");
}

static bw_status read_texts(bw_onnx_parser *parser, const char *const **out, size_t *count,
                            const bw_wire_field *message, uint32_t number)
{
    const char **list = NULL;
    bw_wire wire = bw_wire_open(message->bytes, message->size);
    bw_wire_field field;
    size_t wanted = bw_onnx_count_fields(message->bytes, message->size, number), done = 0;
    bw_status status = bw_onnx_make_list(parser, (void **)&list, wanted, sizeof *list);
    while (status == BW_OK && done < wanted && bw_wire_next(&wire, &field)) {
        if (field.number == number)
            status = bw_onnx_copy_text(parser, &list[done++], &field);
    }
    *out = list;
    *count = done;
    return status;
}

/* One number, where the list has one. */
static bw_status read_single(bw_onnx_parser *parser, bw_onnx_attribute *out,
                             const bw_wire_field *field)
{
    float *real = NULL;
    int64_t *whole = NULL;
    bw_status status = BW_OK;
    if (field->number == ATTRIBUTE_FLOAT) {
        status = bw_onnx_make_list(parser, (void **)&real, 1, sizeof *real);
        if (real)
            *real = bw_wire_float(field->value);
        out->floats = real;
    } else {
        status = bw_onnx_make_list(parser, (void **)&whole, 1, sizeof *whole);
        if (whole)
            *whole = (int64_t)field->value;
        out->ints = whole;
    }
    out->count = 1;
    return status;
}

static bw_status read_tensor(bw_onnx_parser *parser, bw_onnx_attribute *out,
                             const bw_wire_field *field)
{
    bw_onnx_tensor *tensor;
    bw_status status = bw_onnx_make_list(parser, (void **)&tensor, 1, sizeof *tensor);
    out->tensor = tensor;
    return status == BW_OK ? bw_onnx_read_tensor(parser, tensor, field->bytes, field->size)
                           : status;
}

static bw_status read_graph(bw_onnx_parser *parser, bw_onnx_attribute *out,
                            const bw_wire_field *field, int depth)
{
    bw_onnx_graph *graph;
    bw_status status = bw_onnx_make_list(parser, (void **)&graph, 1, sizeof *graph);
    out->graph = graph;
    return status == BW_OK ? bw_onnx_read_graph(parser, graph, field->bytes, field->size, depth + 1)
                           : status;
}

/* The field that holds the value, by the kind. */
static uint32_t value_field(bw_onnx_kind kind)
{
    static const uint32_t fields[] = {
        [BW_ONNX_FLOAT_VALUE] = ATTRIBUTE_FLOAT, [BW_ONNX_INT_VALUE] = ATTRIBUTE_INT,
        [BW_ONNX_TEXT_VALUE] = ATTRIBUTE_TEXT,   [BW_ONNX_TENSOR_VALUE] = ATTRIBUTE_TENSOR,
        [BW_ONNX_GRAPH_VALUE] = ATTRIBUTE_GRAPH, [BW_ONNX_FLOATS_VALUE] = ATTRIBUTE_FLOATS,
        [BW_ONNX_INTS_VALUE] = ATTRIBUTE_INTS,   [BW_ONNX_TEXTS_VALUE] = ATTRIBUTE_TEXTS,
    };
    return fields[kind];
}

/* Files of the first versions leave the kind out: the field that is there tells it. */
static bw_onnx_kind guess_kind(uint32_t field)
{
    for (int kind = BW_ONNX_FLOAT_VALUE; kind <= BW_ONNX_TEXTS_VALUE; kind++) {
        if (value_field((bw_onnx_kind)kind) == field)
            return (bw_onnx_kind)kind;
    }
    return BW_ONNX_OTHER_VALUE;
}

static bw_status read_header(bw_onnx_parser *parser, bw_onnx_attribute *out,
                             const bw_wire_field *message, bw_wire_field *value)
{
    bw_wire wire = bw_wire_open(message->bytes, message->size);
    bw_wire_field field;
    bw_onnx_kind guess = BW_ONNX_OTHER_VALUE;
    bw_status status = BW_OK;
    bool told = false;
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (field.number == ATTRIBUTE_NAME)
            status = bw_onnx_copy_text(parser, &out->name, &field);
        if (field.number == ATTRIBUTE_KIND) {
            told = true;
            out->kind = field.value <= BW_ONNX_TEXTS_VALUE ? (bw_onnx_kind)field.value
                                                           : BW_ONNX_OTHER_VALUE;
        }
        if (guess_kind(field.number) != BW_ONNX_OTHER_VALUE)
            guess = guess_kind(field.number);
    }
    if (!told)
        out->kind = guess;
    wire = bw_wire_open(message->bytes, message->size);
    *value = (bw_wire_field){0};
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (out->kind != BW_ONNX_OTHER_VALUE && field.number == value_field(out->kind))
            *value = field;
    }
    return wire.failed ? bw_onnx_damaged(parser, "an attribute") : status;
}

static bw_status read_attribute(bw_onnx_parser *parser, bw_onnx_attribute *out,
                                const bw_wire_field *message, int depth)
{
    bw_wire_field value;
    *out = (bw_onnx_attribute){.name = ""};
    bw_status status = read_header(parser, out, message, &value);
    if (status != BW_OK)
        return status;
    bool bytes = value.type == BW_WIRE_BYTES && value.bytes;
    switch (out->kind) {
    case BW_ONNX_FLOAT_VALUE: /* a value of 0 need not be written */
        value.number = ATTRIBUTE_FLOAT;
        return read_single(parser, out, &value);
    case BW_ONNX_INT_VALUE: value.number = ATTRIBUTE_INT; return read_single(parser, out, &value);
    case BW_ONNX_FLOATS_VALUE: return read_numbers(parser, out, message, ATTRIBUTE_FLOATS);
    case BW_ONNX_INTS_VALUE: return read_numbers(parser, out, message, ATTRIBUTE_INTS);
    case BW_ONNX_TEXT_VALUE:
        return read_texts(parser, &out->texts, &out->count, message, ATTRIBUTE_TEXT);
    case BW_ONNX_TEXTS_VALUE:
        return read_texts(parser, &out->texts, &out->count, message, ATTRIBUTE_TEXTS);
    case BW_ONNX_TENSOR_VALUE:
        return bytes ? read_tensor(parser, out, &value) : bw_onnx_damaged(parser, "an attribute");
    case BW_ONNX_GRAPH_VALUE:
        return bytes ? read_graph(parser, out, &value, depth)
                     : bw_onnx_damaged(parser, "an attribute");
    case BW_ONNX_OTHER_VALUE: break;
    }
    return BW_OK;
}

static bw_status read_attributes(bw_onnx_parser *parser, bw_onnx_node *out,
                                 const bw_wire_field *message, int depth)
{
    bw_onnx_attribute *list = NULL;
    bw_wire wire = bw_wire_open(message->bytes, message->size);
    bw_wire_field field;
    size_t count = bw_onnx_count_fields(message->bytes, message->size, NODE_ATTRIBUTE);
    bw_status status = bw_onnx_make_list(parser, (void **)&list, count, sizeof *list);
    out->attributes = list;
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (field.number != NODE_ATTRIBUTE)
            continue;
        status = field.type == BW_WIRE_BYTES
                     ? read_attribute(parser, &list[out->attribute_count++], &field, depth)
                     : bw_onnx_damaged(parser, "an attribute");
    }
    return status;
}

bw_status bw_onnx_read_node(bw_onnx_parser *parser, bw_onnx_node *out, const bw_wire_field *message,
                            int depth)
{
    bw_wire wire = bw_wire_open(message->bytes, message->size);
    bw_wire_field field;
    bw_status status = BW_OK;
    *out = (bw_onnx_node){.name = "", .op = "", .domain = ""};
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (field.number == NODE_NAME)
            status = bw_onnx_copy_text(parser, &out->name, &field);
        if (field.number == NODE_OP)
            status = bw_onnx_copy_text(parser, &out->op, &field);
        if (field.number == NODE_DOMAIN)
            status = bw_onnx_copy_text(parser, &out->domain, &field);
    }
    if (wire.failed)
        return bw_onnx_damaged(parser, "a node");
    if (status == BW_OK)
        status = read_texts(parser, &out->inputs, &out->input_count, message, NODE_INPUT);
    if (status == BW_OK)
        status = read_texts(parser, &out->outputs, &out->output_count, message, NODE_OUTPUT);
    return status == BW_OK ? read_attributes(parser, out, message, depth) : status;
}

const bw_onnx_attribute *bw_onnx_find_attribute(const bw_onnx_node *node, const char *name)
{
    for (size_t index = 0; index < node->attribute_count; index++) {
        if (strcmp(node->attributes[index].name, name) == 0)
            return &node->attributes[index];
    }
    return NULL;
}
