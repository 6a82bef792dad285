/**
 * What the tests of the importers share: importing a text, and looking at what came out.
 */
#ifndef TEST_IMPORT_H
#define TEST_IMPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"

/* Four lines: what follows starts at line 5 of "test.cfg". */
#define NET "[net]\nwidth=32\nheight=32\nchannels=3\n"

/* A head that suits a layer of 18 channels: three anchors, one class. */
#define HEAD "[yolo]\nmask=0,1,2\nanchors=1,2, 3,4, 5,6\nnum=3\nclasses=1\n"
#define TAIL "[convolutional]\nfilters=18\nactivation=linear\n" HEAD

/** Runs the importer; no weights means random ones of seed 1. */
static inline bw_status import_bytes(bw_import *out, const char *text, size_t size,
                                     const void *weights, size_t weights_size, bw_error *error)
{
    bw_limits limits = {.layers = 100, .tensor_bytes = 1 << 24};
    bw_source source = {
        .path = "test.cfg",
        .text = text,
        .size = size,
        .weights_path = weights ? "test.weights" : NULL,
        .weights = {weights, weights_size},
        .seed = 1,
        .limits = &limits,
    };
    return bw_import_model(out, &source, error);
}

static inline void import_text(bw_import *out, const char *text)
{
    bw_error error = {0};
    if (import_bytes(out, text, strlen(text), NULL, 0, &error) != BW_OK)
        fail_msg("%s", error.message);
    if (bw_graph_verify(&out->graph, &error) != BW_OK)
        fail_msg("%s", error.message);
}

/** Expects a failure whose message contains `fragment`. */
static inline void expect_failure(const char *text, bw_status status, const char *fragment)
{
    bw_import import;
    bw_error error = {0};
    bw_status got = import_bytes(&import, text, strlen(text), NULL, 0, &error);
    if (got == BW_OK)
        fail_msg("imported, but expected: %s", fragment);
    if (!strstr(error.message, fragment))
        fail_msg("got:  %s\nwant: %s", error.message, fragment);
    assert_int_equal(got, status);
    assert_int_equal(error.status, status);
    assert_null(import.graph.nodes);
    assert_null(import.warnings);
}

/** The `number`-th node of an operation, from 0. */
static inline const bw_node *find_node(const bw_graph *graph, bw_op op, int number)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        if (graph->nodes[index].op == op && number-- == 0)
            return &graph->nodes[index];
    }
    fail_msg("the graph has no such %s", bw_op_name(op));
    return NULL;
}

static inline int count_nodes(const bw_graph *graph, bw_op op)
{
    int count = 0;
    for (size_t index = 0; index < graph->node_count; index++)
        count += graph->nodes[index].op == op;
    return count;
}

static inline void expect_shape(const bw_graph *graph, const bw_node *node, int height, int width,
                                int channels)
{
    bw_shape shape = graph->tensors[node->output].shape;
    assert_int_equal(shape.height, height);
    assert_int_equal(shape.width, width);
    assert_int_equal(shape.channels, channels);
}

#endif
