/**
 * The inside of the exporter of darknet's files: what its sections share.
 *
 * A section of the cfg is a layer, counted from 0, and reads the one before it unless it names
 * others. Where a node reads another tensor than the last layer's, a [route] to it goes first. A
 * convolution takes in the batch normalisation and the activation behind it that nothing else
 * reads; numbers of the weights file are listed in the order of the sections.
 */
#ifndef BW_EXPORT_DARKNET_H
#define BW_EXPORT_DARKNET_H

#include <stdio.h>

#include "base/file.h"
#include "export/export.h"

typedef struct bw_darknet_file {
    const bw_export *what;
    FILE *cfg;      /* a stream in memory */
    bw_arena arena; /* owns the tables below and numbers that are made here */
    int *layers;    /* of each tensor: the layer that gives it, or BW_NONE */
    int *uses;      /* of each tensor: how often it is read */
    int *readers;   /* of each tensor: a node that reads it, or BW_NONE */
    bool *done;     /* of each node: it has its section, or is part of one */
    int count;      /* of layers so far */
    int previous;   /* the tensor of the last layer; BW_NONE after a head, 0 before the first */
    bw_span *spans; /* of the weights file */
    size_t span_count, span_capacity;
    bw_error *error;
} bw_darknet_file;

/** Fails because darknet has no form for the node: "layer 3 conv (conv): …". */
bw_status bw_darknet_refuse(const bw_darknet_file *file, const bw_node *node, const char *format,
                            ...) BW_PRINTF(3, 4);

/** Makes the last layer the one that gives `tensor`, which `node` reads. */
bw_status bw_darknet_read_tensor(bw_darknet_file *file, const bw_node *node, int tensor);

/** Writes the section or sections of node `index`, and those parts of it that follow. */
bw_status bw_darknet_write_node(bw_darknet_file *file, size_t index);

#endif
