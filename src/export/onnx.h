/**
 * The inside of the exporter of ONNX: a model that is put together node by node.
 *
 * Values are named by text. A node is begun, given its attributes and ended; it gives one value,
 * which has its name. Names begin with the layer's and go on after a dot: "layer_3_conv.weights".
 * Failed allocations stick, so that only bw_export_onnx has to look.
 */
#ifndef BW_EXPORT_ONNX_H
#define BW_EXPORT_ONNX_H

#include "export/export.h"
#include "export/protobuf.h"

/** ONNX's numbers for the types of a tensor's numbers. */
typedef enum bw_onnx_type {
    BW_ONNX_FLOAT = 1,
    BW_ONNX_UINT8 = 2,
    BW_ONNX_INT8 = 3,
    BW_ONNX_INT32 = 6,
    BW_ONNX_INT64 = 7
} bw_onnx_type;

enum { BW_ONNX_MOST_RANK = 6 };

/** A constant of the model, borrowed. */
typedef struct bw_onnx_constant {
    const char *name;
    bw_onnx_type type;
    int64_t sizes[BW_ONNX_MOST_RANK];
    int rank;
    const void *data;
} bw_onnx_constant;

typedef struct bw_onnx {
    const bw_export *what;
    bw_arena arena;  /* owns names and the constants that are made here */
    bw_proto nodes;  /* of the graph, ready fields */
    bw_proto values; /* its input and outputs, ready fields */
    size_t node;     /* where the node that was begun starts */
    bw_onnx_constant *constants;
    size_t constant_count, constant_capacity;
    const char **layers;  /* one a node of the graph: its name */
    const char **tensors; /* one a tensor of the graph: the value of floats that it is */
    bool failed;
} bw_onnx;

/** "name.part". */
const char *bw_onnx_name(bw_onnx *onnx, const char *name, const char *part);

/** Memory of the model's own, zeroed; NULL where there is none. */
void *bw_onnx_memory(bw_onnx *onnx, size_t count, size_t size);

/** Begins a node; names of inputs that are "" stand for inputs left out. */
void bw_onnx_begin(bw_onnx *onnx, const char *operation, const char *const *inputs, int count);
void bw_onnx_integer(bw_onnx *onnx, const char *key, int64_t value);
void bw_onnx_integers(bw_onnx *onnx, const char *key, const int *values, int count);
void bw_onnx_number(bw_onnx *onnx, const char *key, float value);
void bw_onnx_word(bw_onnx *onnx, const char *key, const char *word);

/** Ends the node and gives it and its value their name, which is returned. */
const char *bw_onnx_end(bw_onnx *onnx, const char *name);

/** Nodes without attributes, of one and of two inputs. */
const char *bw_onnx_map(bw_onnx *onnx, const char *operation, const char *name, const char *in);
const char *bw_onnx_join(bw_onnx *onnx, const char *operation, const char *name, const char *a,
                         const char *b);

/** Adds a constant and returns its name. The data is borrowed until the file is written. */
const char *bw_onnx_add(bw_onnx *onnx, const bw_onnx_constant *constant);

/** A list of whole numbers, copied; one float that is a scalar. */
const char *bw_onnx_list(bw_onnx *onnx, const char *name, const int64_t *values, int count);
const char *bw_onnx_scalar(bw_onnx *onnx, const char *name, float value);

/** Part [first, last) along an axis, and another shape; 0 keeps a size, −1 is what is left. */
const char *bw_onnx_slice(bw_onnx *onnx, const char *name, const char *in, int axis, int64_t first,
                          int64_t last);
const char *bw_onnx_reshape(bw_onnx *onnx, const char *name, const char *in, const int64_t *sizes,
                            int count);
const char *bw_onnx_transpose(bw_onnx *onnx, const char *name, const char *in, const int *order,
                              int count);
const char *bw_onnx_concat(bw_onnx *onnx, const char *name, const char *const *inputs, int count,
                           int axis);

/** Declares a value as the model's input (field 11) or output (12); −1 is the batch, −2 unknown. */
void bw_onnx_declare(bw_onnx *onnx, int field, const char *name, const int64_t *sizes, int rank);

/** The size of the batch: 1, or −1 where it is left open. */
int64_t bw_onnx_batch(const bw_onnx *onnx);

/** Writes the nodes of all layers and fills `tensors`. */
bw_status bw_onnx_layers(bw_onnx *onnx, bw_error *error);

/** Writes what follows the network: decoding, NMS; declares the outputs. */
void bw_onnx_heads(bw_onnx *onnx);

/** Suppression over "boxes", as bw_onnx_heads gives them. */
void bw_onnx_nms(bw_onnx *onnx, const char *boxes);

/** The value after a walk through bytes: QuantizeLinear and DequantizeLinear. */
const char *bw_onnx_quantize(bw_onnx *onnx, const char *name, const char *in, bw_format format);

/** Weights and bias of a convolution as values of floats; the bias "" where there is none. */
void bw_onnx_filters(bw_onnx *onnx, const bw_node *node, const char *name, const char **weights,
                     const char **bias);

/** Metadata, as fields of the model: names, stride, how pictures are prepared, the heads. */
void bw_onnx_metadata(const bw_export *what, bw_proto *model);

#endif
