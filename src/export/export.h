/**
 * Exporters: graph → model files of other formats.
 *
 * ONNX: the network in NCHW, with one input "images" [batch, 3, height, width] in RGB, 0 to 1, and
 * one output "boxes" [batch, boxes, 5 + classes]: centre x, centre y, width and height in pixels of
 * the input, objectness and class probabilities; a box scores objectness × probability. With NMS
 * the output is "detections" [boxes, 7]: image, left, top, right, bottom, class, score. Raw, there
 * is an output for each head, "head0" and so on, as the network gives it.
 *
 * Darknet: the cfg, and beside it the weights (version 0.2, revision 5) and the class names. A
 * batch normalisation stays what it is, so that a darknet network comes back with the same numbers.
 */
#ifndef BW_EXPORT_EXPORT_H
#define BW_EXPORT_EXPORT_H

#include "graph/graph.h"

/** What is written; all pointers are borrowed. */
typedef struct bw_export {
    const bw_graph *graph; /* for ONNX optimised; of floats, or quantised */
    const char *const *names;
    int classes;
    const char *fingerprint;
    bw_resize resize;               /* not AUTO */
    float padding;                  /* the grey around pictures, 0 to 1 */
    const bw_onnx_options *options; /* of ONNX */
} bw_export;

/** The versions of ONNX's operator set that can be written. */
enum { BW_ONNX_LEAST_OPSET = 13, BW_ONNX_MOST_OPSET = 21 };

/**
 * Writes `path`, whole or not at all. Weights go from where they are into the file. Fails with
 * BW_ERROR_LIMIT where the file would have 2 GiB, which protobuf's readers do not take.
 */
bw_status bw_export_onnx(const char *path, const bw_export *what, bw_error *error);

/**
 * Writes `path`, a .cfg, after the files of the same name that end in .weights and .names. The
 * graph is of floats, without what nothing reads. What darknet has no form for is refused by its
 * node, and nothing is written.
 */
bw_status bw_export_darknet(const char *path, const bw_export *what, bw_error *error);

#endif
