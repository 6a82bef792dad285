/**
 * An ONNX file, parsed: graphs, nodes, attributes and tensors as the file has them, unjudged.
 *
 * Follows onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). The numbers of
 * tensors are borrowed from the file's bytes, or from the mapped file of external data, wherever
 * they lie there in one piece; the few that do not are decoded. Texts are copied, ended by NUL.
 *
 * All counts are bounded by what the bytes can hold and by a budget that the limit of layers
 * gives, nesting by BW_ONNX_DEPTH. What this build does not use (functions, training, sparse
 * tensors) is passed over or refused by name.
 */
#ifndef BW_IMPORT_ONNX_MODEL_H
#define BW_IMPORT_ONNX_MODEL_H

#include "base/file.h"
#include "base/memory.h"

enum { BW_ONNX_RANK = 8, BW_ONNX_DEPTH = 8 };

/** TensorProto.DataType: the types of elements that are read; others are kept as a number. */
typedef enum bw_onnx_element {
    BW_ONNX_F32 = 1,
    BW_ONNX_U8 = 2,
    BW_ONNX_I8 = 3,
    BW_ONNX_U16 = 4,
    BW_ONNX_I16 = 5,
    BW_ONNX_I32 = 6,
    BW_ONNX_I64 = 7,
    BW_ONNX_BOOL = 9,
    BW_ONNX_F16 = 10,
    BW_ONNX_F64 = 11,
    BW_ONNX_U32 = 12,
    BW_ONNX_U64 = 13,
    BW_ONNX_BF16 = 16,
} bw_onnx_element;

/** Bytes of an element of that DataType; 0 for one that is not read. */
size_t bw_onnx_element_size(int64_t type);

/** A constant: dense, row-major, little-endian, not necessarily aligned. */
typedef struct bw_onnx_tensor {
    const char *name; /* may be "" */
    int64_t type;     /* a DataType of which the size is known */
    int rank;
    int64_t dims[BW_ONNX_RANK]; /* none is negative */
    size_t count;               /* elements */
    const uint8_t *data;        /* count × element size bytes; NULL when there are none */
    size_t size;
} bw_onnx_tensor;

struct bw_onnx_graph;

/** AttributeProto.AttributeType */
typedef enum bw_onnx_kind {
    BW_ONNX_FLOAT_VALUE = 1,
    BW_ONNX_INT_VALUE = 2,
    BW_ONNX_TEXT_VALUE = 3,
    BW_ONNX_TENSOR_VALUE = 4,
    BW_ONNX_GRAPH_VALUE = 5,
    BW_ONNX_FLOATS_VALUE = 6,
    BW_ONNX_INTS_VALUE = 7,
    BW_ONNX_TEXTS_VALUE = 8,
    BW_ONNX_OTHER_VALUE = 0, /* a kind that is not read */
} bw_onnx_kind;

typedef struct bw_onnx_attribute {
    const char *name;
    bw_onnx_kind kind;
    size_t count; /* of floats, ints or texts; 1 for a single one */
    const float *floats;
    const int64_t *ints;
    const char *const *texts;
    const bw_onnx_tensor *tensor;
    const struct bw_onnx_graph *graph;
} bw_onnx_attribute;

typedef struct bw_onnx_node {
    const char *name, *op, *domain; /* "" where they are not given */
    const char *const *inputs;      /* names of values; "" for one left out */
    const char *const *outputs;
    size_t input_count, output_count;
    const bw_onnx_attribute *attributes;
    size_t attribute_count;
} bw_onnx_node;

/** An input or output of a graph, or a value whose shape the file tells. */
typedef struct bw_onnx_value {
    const char *name;
    int64_t type;                      /* a DataType; 0 where it is no dense tensor */
    int rank;                          /* −1 where the shape is not told */
    int64_t dims[BW_ONNX_RANK];        /* −1 for one that is not fixed */
    const char *symbols[BW_ONNX_RANK]; /* the names of those, or NULL */
} bw_onnx_value;

typedef struct bw_onnx_graph {
    const char *name;
    const bw_onnx_node *nodes;       /* in the file's order */
    const bw_onnx_tensor *constants; /* initializers */
    const bw_onnx_value *inputs, *outputs, *values;
    size_t node_count, constant_count, input_count, output_count, value_count;
} bw_onnx_graph;

typedef struct bw_onnx_entry {
    const char *key, *value;
} bw_onnx_entry;

typedef struct bw_onnx_file {
    bw_arena arena;
    const char *path;          /* for messages; borrowed */
    int64_t ir_version, opset; /* opset: of the default domain; 0 where none is given */
    const char *producer, *producer_version;
    const bw_onnx_entry *metadata;
    size_t metadata_count;
    bw_onnx_graph graph;
    bw_mapping *mappings; /* of external data; they live as long as this */
    const char **mapping_names;
    size_t mapping_count;
} bw_onnx_file;

/** Whether these bytes look like an ONNX model: fields of ModelProto, a graph among them. */
bool bw_onnx_recognise(const uint8_t *bytes, size_t size);

/**
 * Parses `size` bytes, which must outlive `*out`. `path` names the file in messages; external data
 * is looked for below its folder, never elsewhere. NULL: external data is refused. On failure
 * there is nothing to free.
 */
bw_status bw_onnx_parse(bw_onnx_file *out, const uint8_t *bytes, size_t size, const char *path,
                        const bw_limits *limits, bw_error *error);

/** Parses one TensorProto (the test data of the onnx package are such files). */
bw_status bw_onnx_parse_tensor(bw_onnx_tensor *out, bw_arena *arena, const uint8_t *bytes,
                               size_t size, const bw_limits *limits, bw_error *error);

void bw_onnx_close(bw_onnx_file *file);

/** The attribute of that name, or NULL. */
const bw_onnx_attribute *bw_onnx_find_attribute(const bw_onnx_node *node, const char *name);

/** The metadata's value for a key, or NULL. */
const char *bw_onnx_find_metadata(const bw_onnx_file *file, const char *key);

#endif
