/**
 * A writer of protobuf's wire format: fields, one after the other, in growing memory.
 *
 * A message inside a message is written like any fields and then wrapped: its length is only known
 * at its end. The first failed allocation sticks in `failed`; what is written later is lost.
 */
#ifndef BW_EXPORT_PROTOBUF_H
#define BW_EXPORT_PROTOBUF_H

#include "base/memory.h"

typedef struct bw_proto {
    uint8_t *bytes;
    size_t count, capacity;
    bool failed;
} bw_proto;

void bw_proto_free(bw_proto *proto);

/** A whole number; negative ones are given as their two's complement. */
void bw_proto_number(bw_proto *proto, int field, uint64_t value);
void bw_proto_float(bw_proto *proto, int field, float value);
void bw_proto_bytes(bw_proto *proto, int field, const void *bytes, size_t size);
void bw_proto_text(bw_proto *proto, int field, const char *text);

/** Bytes that are part of a field whose head is written, or ready fields. */
void bw_proto_append(bw_proto *proto, const void *bytes, size_t size);

/** The beginning of a field whose `size` bytes will follow. */
void bw_proto_head(bw_proto *proto, int field, uint64_t size);

/** Makes what was written since `start`, a value of `count`, a message that is one field. */
void bw_proto_wrap(bw_proto *proto, int field, size_t start);

#endif
