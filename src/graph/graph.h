/**
 * The intermediate representation of a network.
 *
 * A graph is a list of nodes in an order in which every node comes after what it reads, over a
 * table of tensors. Each node writes one tensor. Shapes are of one image, height × width ×
 * channels; the batch belongs to the plan. Memory layout is the plan's choice, never the graph's.
 *
 * Importers append nodes, passes rewrite them, the plan lowers them. Tensors and nodes are named
 * by index, so the tables can grow while they are being walked.
 *
 * General operators (PLAIN) read and write dense tensors, everything else pictures; CONVERT leads
 * from one to the other.
 */
#ifndef BW_GRAPH_GRAPH_H
#define BW_GRAPH_GRAPH_H

#include <stdio.h>

#include "base/activation.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "detect/head.h"
#include "kernels/plain/use.h"

enum { BW_NONE = -1 };

typedef struct bw_shape {
    int height, width, channels;
} bw_shape;

typedef enum bw_op {
    BW_OP_INPUT,        /* the picture: RGB, 0 to 1 */
    BW_OP_CONV,         /* convolution, any kernel, stride, groups */
    BW_OP_BATCH_NORM,   /* scale × (x − mean) / sqrt(variance + ε) + bias, a channel */
    BW_OP_ACTIVATION,   /* attributes.activation */
    BW_OP_MAX_POOL,     /* windows that leave the picture see −∞ there */
    BW_OP_AVERAGE_POOL, /* over the whole picture: height and width become 1 */
    BW_OP_ADD,          /* two tensors of one shape */
    BW_OP_MULTIPLY,     /* likewise, or the second has one pixel that is a factor for all */
    BW_OP_CONCAT,       /* along the channels */
    BW_OP_SLICE,        /* a range of channels */
    BW_OP_UPSAMPLE,     /* nearest neighbour, by a whole factor */
    BW_OP_REORG,        /* darknet's space to depth, in its own channel order */
    BW_OP_CONVERT, /* the same numbers in another format, that of the output tensor, or dense */
    BW_OP_PLAIN,   /* a general operator on dense tensors: `plain` */
    BW_OP_COUNT
} bw_op;

/**
 * Learned numbers of a node, borrowed from a mapped file or owned by the graph. Convolution
 * weights are ordered [output channel][input channel of its group][row][column].
 */
typedef struct bw_constant {
    const float *data; /* not necessarily aligned to more than 4 bytes */
    size_t count;
} bw_constant;

typedef struct bw_attributes {
    int kernel_height, kernel_width;
    int stride; /* of windows; the factor of UPSAMPLE and REORG */
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups;
    int first_channel, channels; /* of SLICE; `channels` is a convolution's number of filters */
    bw_activation activation;    /* of ACTIVATION, and fused into CONV and ADD */
    float slope;                 /* of LEAKY */
    float epsilon;               /* of BATCH_NORM */
    bool dense;                  /* of CONVERT: its output is dense */
} bw_attributes;

typedef struct bw_node {
    bw_op op;
    const char *name; /* the layer of the source file, such as "12 convolutional" */
    int *inputs;      /* tensor indices */
    int input_count;
    int output;
    int residual; /* CONV: a tensor added after the activation; BW_NONE when there is none */
    bw_attributes attributes;
    bw_constant weights, bias; /* CONV; bias may be empty */
    const int8_t *integers;    /* CONV: weights as bytes, where it reads bytes */
    const float *scales;       /* of the integers, one an output channel */
    const float *steps; /* CONV: the file's scales of its filters, where it has bytes; or NULL */
    bool may_round;     /* CONV of bytes: inputs and integers may be rounded further, for speed */
    int shared_bits;    /* the integers are at most 2^shared_bits different ones; 0: any */
    bw_constant scale, shift, mean, variance; /* BATCH_NORM, one a channel */
    const bw_plain_use *plain;                /* PLAIN; its variable inputs are those of the node */
} bw_node;

/** What a convolution was before channels were pruned. Times are estimated cycles in FP32. */
typedef struct bw_pruned {
    int channels; /* that it wrote; 0: nothing was pruned */
    float
        error; /* that removing those that it is the first to write makes in the heads, relative */
    float before, after; /* times, of one image */
} bw_pruned;

typedef struct bw_tensor {
    bw_shape shape;
    bw_format format; /* floats until a pass decides otherwise */
    bw_format given;  /* the bytes that the file gives it, for INT8; floats where it gives none */
    int producer;     /* node index */
    bool dense;       /* row-major, as general operators have their tensors; see bw_dense_shape */
    float error;      /* what storing it as bytes does to the heads, see bw_probed; 0: nothing */
    bw_pruned pruned; /* of what a convolution writes */
} bw_tensor;

typedef struct bw_output {
    int tensor;
    bw_head head;
} bw_output;

typedef struct bw_graph {
    bw_arena arena; /* owns names, input lists and the constants that passes make */
    bw_node *nodes;
    size_t node_count, node_capacity;
    bw_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    bw_output *outputs;
    size_t output_count, output_capacity;
    uint64_t tensor_limit; /* bytes that one tensor may take in FP32 */
} bw_graph;

/** Starts an empty graph; `tensor_limit` bounds each tensor's bytes. */
void bw_graph_init(bw_graph *graph, uint64_t tensor_limit);
void bw_graph_free(bw_graph *graph);

/** A copy that owns its structure and borrows the constants: those must outlive it. */
bw_status bw_graph_clone(bw_graph *out, const bw_graph *graph, bw_error *error);

/** Appends the input node and returns its tensor in `*tensor`. */
bw_status bw_graph_add_input(bw_graph *graph, int *tensor, bw_shape shape, bw_error *error);

/**
 * Appends a copy of `node` (its output is set here, its input list and name are copied), infers
 * its output's shape and checks it. Fails when an attribute makes no sense for the inputs.
 */
bw_status bw_graph_add(bw_graph *graph, int *tensor, const bw_node *node, bw_error *error);

/**
 * The same, but the node becomes number `place` of the list, which must come after those whose
 * outputs it reads; the nodes from there on move up by one.
 */
bw_status bw_graph_insert(bw_graph *graph, int *tensor, const bw_node *node, size_t place,
                          bw_error *error);

bw_status bw_graph_add_output(bw_graph *graph, int tensor, const bw_head *head, bw_error *error);

bool bw_shape_equal(bw_shape a, bw_shape b);

/**
 * The shape by which the graph knows a dense tensor: that of a picture for float[1, channels,
 * height, width], for anything else as many floats as its bytes take, in one channel.
 */
bw_shape bw_dense_shape(const bw_plain_tensor *tensor);

/** Infers all shapes anew for another input size. */
bw_status bw_graph_resize(bw_graph *graph, int height, int width, bw_error *error);

/** The shape that `node` gives for the present shapes of its inputs. */
bw_status bw_graph_infer(const bw_graph *graph, const bw_node *node, bw_shape *shape,
                         bw_error *error);

/** How many times each tensor is read, by nodes and outputs; `counts` has tensor_count entries. */
void bw_graph_count_uses(const bw_graph *graph, int *counts);

/**
 * Takes a node out of the way: all readers of its output `from`, outputs of the graph included,
 * read its input `to` instead, which takes over the bytes that a file gave. Keeps `counts`, those
 * of bw_graph_count_uses, true.
 */
void bw_graph_bypass(bw_graph *graph, int from, int to, int *counts);

/** Checks every rule above; a failure is a bug of an importer or a pass, named by node. */
bw_status bw_graph_verify(const bw_graph *graph, bw_error *error);

/** Multiply-accumulates of a node's convolution for one image; 0 for other nodes. */
uint64_t bw_node_macs(const bw_graph *graph, const bw_node *node);

/** Those of all nodes. */
uint64_t bw_graph_macs(const bw_graph *graph);

/** Prints one line a node: name, operation, inputs → output, shapes, attributes. */
void bw_graph_dump(const bw_graph *graph, FILE *file);

const char *bw_op_name(bw_op op);

#endif
