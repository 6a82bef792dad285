#include "import/onnx/wire.h"

#include <string.h>

static bool stop(bw_wire *wire)
{
    wire->failed = true;
    wire->at = wire->end;
    return false;
}

bool bw_wire_varint(bw_wire *wire, uint64_t *value)
{
    uint64_t result = 0;
    if (wire->at == wire->end)
        return false;
    for (int shift = 0; shift < 70 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;
        if (shift < 64)
            result |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = result;
            return true;
        }
    }
    return stop(wire);
}

/* A number of `size` bytes, least significant first. */
static bool read_fixed(bw_wire *wire, uint64_t *value, size_t size)
{
    if ((size_t)(wire->end - wire->at) < size)
        return stop(wire);
    *value = 0;
    for (size_t index = 0; index < size; index++)
        *value |= (uint64_t)wire->at[index] << (8 * index);
    wire->at += size;
    return true;
}

static bool read_bytes(bw_wire *wire, bw_wire_field *field)
{
    uint64_t size;
    if (!bw_wire_varint(wire, &size) || size > (uint64_t)(wire->end - wire->at))
        return stop(wire);
    field->bytes = wire->at;
    field->size = (size_t)size;
    wire->at += size;
    return true;
}

bool bw_wire_next(bw_wire *wire, bw_wire_field *field)
{
    uint64_t tag;
    *field = (bw_wire_field){0};
    if (!bw_wire_varint(wire, &tag))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return stop(wire);
    field->number = (uint32_t)(tag >> 3);
    field->type = (bw_wire_type)(tag & 7);
    switch (field->type) {
    case BW_WIRE_NUMBER: return bw_wire_varint(wire, &field->value) || stop(wire);
    case BW_WIRE_LONG: return read_fixed(wire, &field->value, 8);
    case BW_WIRE_WORD: return read_fixed(wire, &field->value, 4);
    case BW_WIRE_BYTES: return read_bytes(wire, field);
    }
    return stop(wire);
}

float bw_wire_float(uint64_t value)
{
    uint32_t bits = (uint32_t)value;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}
