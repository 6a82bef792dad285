/**
 * An ONNX graph computed node by node with the general operators: as a whole on concrete inputs,
 * or as far as constants reach, which is how shape arithmetic is folded.
 *
 * Nodes run in the file's order, which ONNX demands to be one of dependence. A computed tensor is
 * freed after its last use, unless it is an output of the graph or everything is kept. What is
 * alive at a time and the steps of all nodes together are bounded.
 */
#ifndef BW_IMPORT_ONNX_EVALUATE_H
#define BW_IMPORT_ONNX_EVALUATE_H

#include "import/onnx/plain.h"

/** What an input of the graph is: type and shape, and its numbers where they are known. */
typedef struct bw_onnx_given {
    const char *name;
    bw_plain_tensor tensor; /* borrowed */
} bw_onnx_given;

typedef struct bw_onnx_evaluate_options {
    const bw_onnx_given *given;
    size_t given_count;
    uint64_t memory; /* bytes of all computed tensors that are alive at a time */
    double work;     /* steps that all nodes together may take, see bw_plain_work */
    bool folds;      /* compute what constants alone decide, infer the rest's shapes, keep all */
    bool widens;     /* half precision, of constants and of casts, becomes single */
    int64_t batch;   /* of the file, where it is fixed and more than 1: 1 in wanted shapes, too */
} bw_onnx_evaluate_options;

typedef struct bw_onnx_evaluation bw_onnx_evaluation;

/**
 * Evaluates the graph of `file`, which must outlive `*out`. Without `folds` every input that has
 * no initializer must be given with its numbers, and any node that cannot be computed fails; with
 * it, such a node's outputs are values of which nothing is known. Messages name the node, its
 * operator and its inputs' shapes.
 */
bw_status bw_onnx_evaluate(bw_onnx_evaluation **out, const bw_onnx_file *file,
                           const bw_onnx_evaluate_options *options, bw_error *error);

/** A value by its name; NULL where nothing is known of it. Its data is NULL if the shape alone is.
 */
const bw_plain_tensor *bw_onnx_evaluation_value(const bw_onnx_evaluation *evaluation,
                                                const char *name);

void bw_onnx_evaluation_close(bw_onnx_evaluation **evaluation);

#endif
