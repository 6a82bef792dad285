/**
 * Parsed tensors and attributes as the general operators (kernels/plain) take them.
 */
#ifndef BW_IMPORT_ONNX_PLAIN_H
#define BW_IMPORT_ONNX_PLAIN_H

#include "import/onnx/model.h"
#include "kernels/plain/operator.h"

/**
 * A tensor that borrows the parsed one's numbers, or a copy in the arena where those are not
 * aligned. Refuses types that the operators do not know.
 */
bw_status bw_onnx_plain_tensor(bw_plain_tensor *out, bw_arena *arena, const bw_onnx_tensor *tensor,
                               bw_error *error);

/** The same the other way round: borrows the numbers. */
void bw_onnx_parsed_tensor(bw_onnx_tensor *out, const bw_plain_tensor *tensor, const char *name);

/**
 * The attributes of a node, in the arena. Kinds that no operator reads (graphs, lists of texts)
 * are left out.
 */
bw_status bw_onnx_plain_attributes(const bw_plain_attribute **out, size_t *count, bw_arena *arena,
                                   const bw_onnx_node *node, bw_error *error);

/** The operator of a node of the default domain, or NULL. */
const bw_plain_operator *bw_onnx_plain_operator(const bw_onnx_node *node, int64_t opset);

#endif
