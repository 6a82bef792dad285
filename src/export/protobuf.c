#include "export/protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_VARINT = 10, WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_FLOAT = 5 };

void bw_proto_free(bw_proto *proto)
{
    free(proto->bytes);
    *proto = (bw_proto){0};
}

void bw_proto_append(bw_proto *proto, const void *bytes, size_t size)
{
    size_t wanted;
    if (proto->failed || size == 0)
        return;
    if (!bw_size_add(&wanted, proto->count, size) ||
        !bw_array_reserve((void **)&proto->bytes, &proto->capacity, wanted, 1)) {
        proto->failed = true;
        return;
    }
    memcpy(proto->bytes + proto->count, bytes, size);
    proto->count = wanted;
}

/* Seven bits a byte, the lowest first; all but the last have the eighth set. */
static size_t encode(uint8_t out[MOST_VARINT], uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out[size++] = (uint8_t)(value | 0x80);
    out[size++] = (uint8_t)value;
    return size;
}

static void put_varint(bw_proto *proto, uint64_t value)
{
    uint8_t bytes[MOST_VARINT];
    bw_proto_append(proto, bytes, encode(bytes, value));
}

static void put_tag(bw_proto *proto, int field, int wire)
{
    put_varint(proto, (uint64_t)field << 3 | (uint64_t)wire);
}

void bw_proto_number(bw_proto *proto, int field, uint64_t value)
{
    put_tag(proto, field, WIRE_VARINT);
    put_varint(proto, value);
}

void bw_proto_float(bw_proto *proto, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t bytes[] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                       (uint8_t)(bits >> 24)};
    put_tag(proto, field, WIRE_FLOAT);
    bw_proto_append(proto, bytes, sizeof bytes);
}

void bw_proto_head(bw_proto *proto, int field, uint64_t size)
{
    put_tag(proto, field, WIRE_BYTES);
    put_varint(proto, size);
}

void bw_proto_bytes(bw_proto *proto, int field, const void *bytes, size_t size)
{
    bw_proto_head(proto, field, size);
    bw_proto_append(proto, bytes, size);
}

void bw_proto_text(bw_proto *proto, int field, const char *text)
{
    bw_proto_bytes(proto, field, text, strlen(text));
}

void bw_proto_wrap(bw_proto *proto, int field, size_t start)
{
    if (proto->failed)
        return;
    size_t body = proto->count - start;
    bw_proto_head(proto, field, body);
    if (proto->failed)
        return;
    uint8_t head[2 * MOST_VARINT];
    size_t size = proto->count - start - body;
    memcpy(head, proto->bytes + start + body, size);
    memmove(proto->bytes + start + size, proto->bytes + start, body);
    memcpy(proto->bytes + start, head, size);
}
