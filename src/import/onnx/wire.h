/**
 * Protobuf's wire format, read (https://protobuf.dev/programming-guides/encoding/).
 *
 * A message is a run of fields; a field is a number, a wire type and a value. Nothing is copied and
 * nothing beyond the message's end is ever read, whatever lengths it claims.
 */
#ifndef BW_IMPORT_ONNX_WIRE_H
#define BW_IMPORT_ONNX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What is left of a message. */
typedef struct bw_wire {
    const uint8_t *at, *end;
    bool failed; /* it is cut off or no message; nothing more is read */
} bw_wire;

typedef enum bw_wire_type {
    BW_WIRE_NUMBER = 0, /* a varint */
    BW_WIRE_LONG = 1,   /* eight bytes */
    BW_WIRE_BYTES = 2,  /* a text, a message, packed numbers */
    BW_WIRE_WORD = 5,   /* four bytes */
} bw_wire_type;

typedef struct bw_wire_field {
    uint32_t number;
    bw_wire_type type;
    uint64_t value;       /* of NUMBER, LONG and WORD; little-endian bits of the latter two */
    const uint8_t *bytes; /* of BYTES */
    size_t size;
} bw_wire_field;

static inline bw_wire bw_wire_open(const uint8_t *bytes, size_t size)
{
    return (bw_wire){bytes, bytes ? bytes + size : bytes, false};
}

/** The next field; false at the end and when the message is damaged (`failed` tells which). */
bool bw_wire_next(bw_wire *wire, bw_wire_field *field);

/** The next varint of packed numbers; false at the end and when they are damaged. */
bool bw_wire_varint(bw_wire *wire, uint64_t *value);

/** A float of a WORD. */
float bw_wire_float(uint64_t value);

#endif
