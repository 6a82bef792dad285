/**
 * The darknet importer's inside: what its section handlers share.
 *
 * darknet.c walks the sections of the cfg and calls for each the handler that its table names. A
 * handler reads the section's keys, takes the layer's numbers from the weights and appends nodes.
 *
 * Where the two darknets differ, batch norm is computed as AlexeyAB's does,
 * (x − mean) / sqrt(variance + 0.00001); the original's sqrt(variance) + 0.000001 differs by less
 * than training noise, and the weights in circulation do not say which one they are from.
 */
#ifndef BW_IMPORT_DARKNET_H
#define BW_IMPORT_DARKNET_H

#include "import/cfg.h"
#include "import/weights.h"

typedef struct bw_darknet_kind bw_darknet_kind;

/** A layer as darknet counts them, from 0. */
typedef struct bw_darknet_layer {
    const bw_darknet_kind *kind;
    int tensor; /* its output; of a head, what it reads */
} bw_darknet_layer;

typedef struct bw_darknet {
    bw_graph *graph;
    bw_cfg_reader options; /* the section at hand */
    bw_weights weights;
    bw_darknet_layer *layers; /* those before the one at hand */
    int count;
    char name[48]; /* of the layer at hand, as nodes are named: "12 convolutional" */
    bw_error *error;
} bw_darknet;

/** Imports the layer at hand: reads the tensor `*tensor` and leaves there the one it makes. */
typedef bw_status bw_darknet_handler(bw_darknet *net, int *tensor);

struct bw_darknet_kind {
    const char *name;
    const char *alias; /* darknet's other spelling, or NULL */
    bw_darknet_handler *import;
    bool is_head;     /* its boxes leave the network: no layer can read them */
    bool is_junction; /* names the layers that it reads instead of reading the one before it */
};

bw_darknet_handler bw_darknet_convolutional, bw_darknet_batchnorm;
bw_darknet_handler bw_darknet_activation, bw_darknet_dropout, bw_darknet_maxpool,
    bw_darknet_avgpool, bw_darknet_upsample, bw_darknet_reorg;
bw_darknet_handler bw_darknet_route, bw_darknet_shortcut;
bw_darknet_handler bw_darknet_yolo, bw_darknet_region;

/**
 * Appends a node named after the layer at hand. It reads `node->inputs`, or `*tensor` alone where
 * that is NULL. The new tensor is left in `*tensor`.
 */
bw_status bw_darknet_append(bw_darknet *net, int *tensor, const bw_node *node);

/** Checks that the node makes sense for `tensor`, as bw_darknet_append would, and adds nothing. */
bw_status bw_darknet_check(bw_darknet *net, int tensor, const bw_node *node);

/** Appends the activation, unless it is linear. */
bw_status bw_darknet_activate(bw_darknet *net, int *tensor, bw_activation activation);

/** Reads the key `activation`. */
bw_activation bw_darknet_read_activation(bw_cfg_reader *options, bw_activation fallback);

/** Reads `stride`, or `stride_x` and `stride_y` where they are one. */
int bw_darknet_read_stride(bw_cfg_reader *options);

/** The shape of a tensor of the graph. */
bw_shape bw_darknet_shape(const bw_darknet *net, int tensor);

/**
 * Announces to the weights that the layer at hand will take `count` numbers, SIZE_MAX for more
 * than a size can say.
 */
bw_status bw_darknet_begin_weights(bw_darknet *net, size_t count);

/** The largest window, stride or padding that is taken for sane. */
enum { BW_DARKNET_WINDOW = 4096 };

/** True when `key` of a section means something to training, drawing or timing alone. */
bool bw_darknet_key_is_for_training(const char *section, const char *key);

#endif
