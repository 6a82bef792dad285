/**
 * Nodes, constants and values of an ONNX graph.
 */
#include <stdlib.h>
#include <string.h>

#include "export/onnx.h"

/* Fields of ONNX's messages, from onnx.proto. */
enum {
    GRAPH_NODE = 1,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OPERATION = 4,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT = 2,
    ATTRIBUTE_INTEGER = 3,
    ATTRIBUTE_TEXT = 4,
    ATTRIBUTE_INTEGERS = 8,
    ATTRIBUTE_TYPE = 20,
    TYPE_FLOAT = 1,
    TYPE_INTEGER = 2,
    TYPE_TEXT = 3,
    TYPE_INTEGERS = 7,
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_TYPE = 1,
    TENSOR_SHAPE = 2,
    SHAPE_SIZE = 1,
    SIZE_NUMBER = 1,
    SIZE_NAME = 2,
};

const char *bw_onnx_name(bw_onnx *onnx, const char *name, const char *part)
{
    const char *text = bw_arena_format(&onnx->arena, "%s.%s", name, part);
    onnx->failed |= !text;
    return text ? text : "";
}

void *bw_onnx_memory(bw_onnx *onnx, size_t count, size_t size)
{
    void *memory = bw_arena_array(&onnx->arena, count, size);
    onnx->failed |= !memory;
    return memory;
}

void bw_onnx_begin(bw_onnx *onnx, const char *operation, const char *const *inputs, int count)
{
    onnx->node = onnx->nodes.count;
    for (int input = 0; input < count; input++)
        bw_proto_text(&onnx->nodes, NODE_INPUT, inputs[input]);
    bw_proto_text(&onnx->nodes, NODE_OPERATION, operation);
}

static void end_attribute(bw_onnx *onnx, const char *key, int type, size_t start)
{
    bw_proto_text(&onnx->nodes, ATTRIBUTE_NAME, key);
    bw_proto_number(&onnx->nodes, ATTRIBUTE_TYPE, (uint64_t)type);
    bw_proto_wrap(&onnx->nodes, NODE_ATTRIBUTE, start);
}

void bw_onnx_integer(bw_onnx *onnx, const char *key, int64_t value)
{
    size_t start = onnx->nodes.count;
    bw_proto_number(&onnx->nodes, ATTRIBUTE_INTEGER, (uint64_t)value);
    end_attribute(onnx, key, TYPE_INTEGER, start);
}

void bw_onnx_integers(bw_onnx *onnx, const char *key, const int *values, int count)
{
    size_t start = onnx->nodes.count;
    for (int index = 0; index < count; index++)
        bw_proto_number(&onnx->nodes, ATTRIBUTE_INTEGERS, (uint64_t)values[index]);
    end_attribute(onnx, key, TYPE_INTEGERS, start);
}

void bw_onnx_number(bw_onnx *onnx, const char *key, float value)
{
    size_t start = onnx->nodes.count;
    bw_proto_float(&onnx->nodes, ATTRIBUTE_FLOAT, value);
    end_attribute(onnx, key, TYPE_FLOAT, start);
}

void bw_onnx_word(bw_onnx *onnx, const char *key, const char *word)
{
    size_t start = onnx->nodes.count;
    bw_proto_text(&onnx->nodes, ATTRIBUTE_TEXT, word);
    end_attribute(onnx, key, TYPE_TEXT, start);
}

const char *bw_onnx_end(bw_onnx *onnx, const char *name)
{
    bw_proto_text(&onnx->nodes, NODE_OUTPUT, name);
    bw_proto_text(&onnx->nodes, NODE_NAME, name);
    bw_proto_wrap(&onnx->nodes, GRAPH_NODE, onnx->node);
    return name;
}

const char *bw_onnx_map(bw_onnx *onnx, const char *operation, const char *name, const char *in)
{
    bw_onnx_begin(onnx, operation, &in, 1);
    return bw_onnx_end(onnx, name);
}

const char *bw_onnx_join(bw_onnx *onnx, const char *operation, const char *name, const char *a,
                         const char *b)
{
    bw_onnx_begin(onnx, operation, (const char *const[]){a, b}, 2);
    return bw_onnx_end(onnx, name);
}

const char *bw_onnx_add(bw_onnx *onnx, const bw_onnx_constant *constant)
{
    if (!bw_array_reserve((void **)&onnx->constants, &onnx->constant_capacity,
                          onnx->constant_count + 1, sizeof *onnx->constants))
        onnx->failed = true;
    else
        onnx->constants[onnx->constant_count++] = *constant;
    return constant->name;
}

const char *bw_onnx_list(bw_onnx *onnx, const char *name, const int64_t *values, int count)
{
    int64_t *copy = bw_onnx_memory(onnx, (size_t)count, sizeof *copy);
    if (copy)
        memcpy(copy, values, (size_t)count * sizeof *copy);
    return bw_onnx_add(onnx, &(bw_onnx_constant){name, BW_ONNX_INT64, {count}, 1, copy});
}

const char *bw_onnx_scalar(bw_onnx *onnx, const char *name, float value)
{
    float *copy = bw_onnx_memory(onnx, 1, sizeof *copy);
    if (copy)
        *copy = value;
    return bw_onnx_add(onnx, &(bw_onnx_constant){name, BW_ONNX_FLOAT, {0}, 0, copy});
}

const char *bw_onnx_slice(bw_onnx *onnx, const char *name, const char *in, int axis, int64_t first,
                          int64_t last)
{
    int64_t along = axis;
    const char *inputs[] = {in, bw_onnx_list(onnx, bw_onnx_name(onnx, name, "first"), &first, 1),
                            bw_onnx_list(onnx, bw_onnx_name(onnx, name, "last"), &last, 1),
                            bw_onnx_list(onnx, bw_onnx_name(onnx, name, "axis"), &along, 1)};
    bw_onnx_begin(onnx, "Slice", inputs, 4);
    return bw_onnx_end(onnx, name);
}

const char *bw_onnx_reshape(bw_onnx *onnx, const char *name, const char *in, const int64_t *sizes,
                            int count)
{
    return bw_onnx_join(onnx, "Reshape", name, in,
                        bw_onnx_list(onnx, bw_onnx_name(onnx, name, "shape"), sizes, count));
}

const char *bw_onnx_transpose(bw_onnx *onnx, const char *name, const char *in, const int *order,
                              int count)
{
    bw_onnx_begin(onnx, "Transpose", &in, 1);
    bw_onnx_integers(onnx, "perm", order, count);
    return bw_onnx_end(onnx, name);
}

const char *bw_onnx_concat(bw_onnx *onnx, const char *name, const char *const *inputs, int count,
                           int axis)
{
    bw_onnx_begin(onnx, "Concat", inputs, count);
    bw_onnx_integer(onnx, "axis", axis);
    return bw_onnx_end(onnx, name);
}

int64_t bw_onnx_batch(const bw_onnx *onnx)
{
    return onnx->what->options->dynamic_batch ? -1 : 1;
}

void bw_onnx_declare(bw_onnx *onnx, int field, const char *name, const int64_t *sizes, int rank)
{
    bw_proto *proto = &onnx->values;
    size_t value = proto->count;
    bw_proto_text(proto, VALUE_NAME, name);
    size_t type = proto->count;
    bw_proto_number(proto, TENSOR_TYPE, BW_ONNX_FLOAT);
    size_t shape = proto->count;
    for (int index = 0; index < rank; index++) {
        size_t size = proto->count;
        if (sizes[index] >= 0)
            bw_proto_number(proto, SIZE_NUMBER, (uint64_t)sizes[index]);
        else
            bw_proto_text(proto, SIZE_NAME, sizes[index] == -1 ? "batch" : "detections");
        bw_proto_wrap(proto, SHAPE_SIZE, size);
    }
    bw_proto_wrap(proto, TENSOR_SHAPE, shape);
    bw_proto_wrap(proto, TYPE_TENSOR, type);
    bw_proto_wrap(proto, VALUE_TYPE, type);
    bw_proto_wrap(proto, field, value);
}
