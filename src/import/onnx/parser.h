/**
 * What the files that parse ONNX share: the file at hand, the budget, text and lists.
 */
#ifndef BW_IMPORT_ONNX_PARSER_H
#define BW_IMPORT_ONNX_PARSER_H

#include "import/onnx/model.h"
#include "import/onnx/wire.h"

typedef struct bw_onnx_parser {
    bw_onnx_file *file;
    bw_arena *arena;
    const char *path; /* NULL: no external data */
    uint64_t budget;  /* of objects that may still be made */
    uint64_t tensor_bytes;
    bw_error *error;
} bw_onnx_parser;

/** Fails because the bytes are no ONNX: `what` names the part. */
bw_status bw_onnx_damaged(const bw_onnx_parser *parser, const char *what);

/** Takes `count` objects of the budget. */
bw_status bw_onnx_spend(bw_onnx_parser *parser, size_t count);

/** A copy of a text; fails for one that holds a NUL. */
bw_status bw_onnx_copy_text(bw_onnx_parser *parser, const char **out, const bw_wire_field *field);

/** `count` zeroed objects, paid for from the budget. */
bw_status bw_onnx_make_list(bw_onnx_parser *parser, void **out, size_t count, size_t size);

/** How many fields of a message have the number; 0 for a damaged one. */
size_t bw_onnx_count_fields(const uint8_t *bytes, size_t size, uint32_t number);

/** Parses a TensorProto. */
bw_status bw_onnx_read_tensor(bw_onnx_parser *parser, bw_onnx_tensor *out, const uint8_t *bytes,
                              size_t size);

/** Borrows external data: `entries` are those of the tensor's external_data. */
bw_status bw_onnx_read_external(bw_onnx_parser *parser, bw_onnx_tensor *out,
                                const bw_onnx_entry *entries, size_t count);

/** Reads a StringStringEntryProto. */
bw_status bw_onnx_read_entry(bw_onnx_parser *parser, bw_onnx_entry *out,
                             const bw_wire_field *field);

/** Parses a GraphProto that lies `depth` graphs deep. */
bw_status bw_onnx_read_graph(bw_onnx_parser *parser, bw_onnx_graph *out, const uint8_t *bytes,
                             size_t size, int depth);

/** Parses a NodeProto of such a graph. */
bw_status bw_onnx_read_node(bw_onnx_parser *parser, bw_onnx_node *out, const bw_wire_field *field,
                            int depth);

#endif
