/**
 * The exporter of ONNX: the model's file, put together from its parts.
 *
 *     [ model's head | graph's head | nodes | values | constant's head | its data | … | metadata ]
 *
 * Only what stands before and between the constants is made in memory.
 */
#include "export/onnx.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Fields of ONNX's messages, from onnx.proto. */
enum {
    MODEL_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    OPSET_VERSION = 2,
    GRAPH_NAME = 2,
    GRAPH_CONSTANT = 5,
    GRAPH_INPUT = 11,
    CONSTANT_SIZE = 1,
    CONSTANT_TYPE = 2,
    CONSTANT_NAME = 8,
    CONSTANT_DATA = 9,
};

/* The pieces of the file. */
typedef struct pieces {
    bw_proto head, tail; /* of the model */
    bw_proto between;    /* heads of the constants, one after the other */
    bw_span *spans;
    size_t count;
} pieces;

static size_t data_bytes(const bw_onnx_constant *constant)
{
    size_t size = constant->type == BW_ONNX_INT64                                      ? 8
                  : constant->type == BW_ONNX_FLOAT || constant->type == BW_ONNX_INT32 ? 4
                                                                                       : 1;
    for (int axis = 0; axis < constant->rank; axis++)
        size *= (size_t)constant->sizes[axis];
    return size;
}

/* Bytes that `value` takes as a number of protobuf. */
static size_t varint_bytes(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static void write_constant_head(bw_proto *out, const bw_onnx_constant *constant)
{
    size_t data = data_bytes(constant);
    bw_proto fields = {0};
    for (int axis = 0; axis < constant->rank; axis++)
        bw_proto_number(&fields, CONSTANT_SIZE, (uint64_t)constant->sizes[axis]);
    bw_proto_number(&fields, CONSTANT_TYPE, constant->type);
    bw_proto_text(&fields, CONSTANT_NAME, constant->name);
    bw_proto_head(out, GRAPH_CONSTANT, fields.count + 1 + varint_bytes(data) + data);
    bw_proto_append(out, fields.bytes, fields.count);
    out->failed |= fields.failed;
    bw_proto_head(out, CONSTANT_DATA, data);
    bw_proto_free(&fields);
}

/* ONNX's own version, which rises with the operator sets. */
static uint64_t model_version(int opset)
{
    return opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 15 ? 8 : 7;
}

static void write_tail(const bw_onnx *onnx, bw_proto *tail)
{
    size_t start = tail->count;
    bw_proto_text(tail, 1, "");
    bw_proto_number(tail, OPSET_VERSION, (uint64_t)onnx->what->options->opset);
    bw_proto_wrap(tail, MODEL_OPSET, start);
    bw_onnx_metadata(onnx->what, tail);
}

/* All spans but the first; returns the bytes of the graph. */
static uint64_t lay_out(const bw_onnx *onnx, pieces *all)
{
    uint64_t total = onnx->nodes.count + onnx->values.count;
    size_t *ends = calloc(onnx->constant_count + 1, sizeof *ends);
    all->spans = calloc(2 * onnx->constant_count + 4, sizeof *all->spans);
    all->between.failed |= !ends || !all->spans;
    for (size_t index = 0; !all->between.failed && index < onnx->constant_count; index++) {
        write_constant_head(&all->between, &onnx->constants[index]);
        ends[index + 1] = all->between.count;
        total += data_bytes(&onnx->constants[index]);
    }
    all->count = 1;
    if (!all->between.failed) {
        all->spans[all->count++] = (bw_span){onnx->nodes.bytes, onnx->nodes.count};
        all->spans[all->count++] = (bw_span){onnx->values.bytes, onnx->values.count};
    }
    for (size_t index = 0; !all->between.failed && index < onnx->constant_count; index++) {
        const bw_onnx_constant *constant = &onnx->constants[index];
        all->spans[all->count++] =
            (bw_span){all->between.bytes + ends[index], ends[index + 1] - ends[index]};
        all->spans[all->count++] = (bw_span){constant->data, data_bytes(constant)};
    }
    free(ends);
    return total + all->between.count;
}

static bw_status write_file(const bw_onnx *onnx, pieces *all, const char *path, bw_error *error)
{
    static const char name[] = "network";
    uint64_t graph = lay_out(onnx, all) + sizeof name - 1 + 2;
    write_tail(onnx, &all->tail);
    bw_proto *head = &all->head;
    bw_proto_number(head, MODEL_VERSION, model_version(onnx->what->options->opset));
    bw_proto_text(head, MODEL_PRODUCER, "boxwright");
    bw_proto_text(head, MODEL_PRODUCER_VERSION, bw_version());
    bw_proto_head(head, MODEL_GRAPH, graph);
    bw_proto_text(head, GRAPH_NAME, name);
    if (onnx->failed || onnx->nodes.failed || onnx->values.failed || all->between.failed ||
        all->tail.failed || head->failed)
        return bw_fail_memory(error, onnx->nodes.count, "an ONNX model");
    if (graph + all->tail.count + head->count > INT32_MAX)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "'%s' would have %llu bytes; ONNX files in one piece end at 2 GiB, so this "
                       "network cannot be written in floats: --int8-qdq takes a quarter",
                       path, (unsigned long long)graph);
    all->spans[0] = (bw_span){head->bytes, head->count};
    all->spans[all->count++] = (bw_span){all->tail.bytes, all->tail.count};
    return bw_write_spans(path, all->spans, all->count, error);
}

static bw_status build(bw_onnx *onnx, bw_error *error)
{
    const bw_graph *graph = onnx->what->graph;
    bw_shape shape = graph->tensors[0].shape;
    onnx->layers = bw_onnx_memory(onnx, graph->node_count, sizeof *onnx->layers);
    onnx->tensors = bw_onnx_memory(onnx, graph->tensor_count, sizeof *onnx->tensors);
    if (onnx->failed)
        return bw_fail_memory(error, graph->node_count, "an ONNX model");
    int64_t sizes[] = {bw_onnx_batch(onnx), shape.channels, shape.height, shape.width};
    bw_onnx_declare(onnx, GRAPH_INPUT, "images", sizes, 4);
    bw_status status = bw_onnx_layers(onnx, error);
    if (status == BW_OK)
        bw_onnx_heads(onnx);
    return status;
}

bw_status bw_export_onnx(const char *path, const bw_export *what, bw_error *error)
{
    bw_onnx onnx = {.what = what};
    pieces all = {0};
    bw_status status = build(&onnx, error);
    if (status == BW_OK)
        status = write_file(&onnx, &all, path, error);
    bw_proto_free(&all.head);
    bw_proto_free(&all.tail);
    bw_proto_free(&all.between);
    free(all.spans);
    bw_proto_free(&onnx.nodes);
    bw_proto_free(&onnx.values);
    free(onnx.constants);
    bw_arena_free(&onnx.arena);
    return status;
}
