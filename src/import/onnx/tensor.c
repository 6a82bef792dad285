/**
 * TensorProto: shapes, and numbers in each of the ways that they can be written.
 */
#include <string.h>

#include "import/onnx/parser.h"

enum {
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_FLOATS = 4,
    TENSOR_WORDS = 5, /* int32_data: also of the smaller types */
    TENSOR_LONGS = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_UNSIGNED = 11,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14,
    EXTERNAL = 1
};

size_t bw_onnx_element_size(int64_t type)
{
    static const uint8_t sizes[] = {
        [BW_ONNX_F32] = 4,  [BW_ONNX_U8] = 1,  [BW_ONNX_I8] = 1,  [BW_ONNX_U16] = 2,
        [BW_ONNX_I16] = 2,  [BW_ONNX_I32] = 4, [BW_ONNX_I64] = 8, [BW_ONNX_BOOL] = 1,
        [BW_ONNX_F16] = 2,  [BW_ONNX_F64] = 8, [BW_ONNX_U32] = 4, [BW_ONNX_U64] = 8,
        [BW_ONNX_BF16] = 2,
    };
    return type >= 0 && type < (int64_t)sizeof sizes ? sizes[type] : 0;
}

/* The field in which numbers of a type stand where they are not raw. */
static uint32_t typed_field(int64_t type)
{
    switch (type) {
    case BW_ONNX_F32: return TENSOR_FLOATS;
    case BW_ONNX_F64: return TENSOR_DOUBLES;
    case BW_ONNX_I64: return TENSOR_LONGS;
    case BW_ONNX_U32:
    case BW_ONNX_U64: return TENSOR_UNSIGNED;
    default: return TENSOR_WORDS;
    }
}

static bw_status add_dimension(bw_onnx_parser *parser, bw_onnx_tensor *out, uint64_t value)
{
    if (out->rank == BW_ONNX_RANK)
        return bw_fail(parser->error, BW_ERROR_UNSUPPORTED,
                       "constant '%s' has more than %d dimensions", out->name, BW_ONNX_RANK);
    if (value > INT64_MAX)
        return bw_fail(parser->error, BW_ERROR_FORMAT, "constant '%s' has a negative dimension",
                       out->name);
    out->dims[out->rank++] = (int64_t)value;
    return BW_OK;
}

static bw_status read_dims(bw_onnx_parser *parser, bw_onnx_tensor *out, const bw_wire_field *field)
{
    if (field->type == BW_WIRE_NUMBER)
        return add_dimension(parser, out, field->value);
    bw_wire packed = bw_wire_open(field->bytes, field->size);
    uint64_t value;
    bw_status status = BW_OK;
    while (status == BW_OK && bw_wire_varint(&packed, &value))
        status = add_dimension(parser, out, value);
    return packed.failed ? bw_onnx_damaged(parser, "a constant's shape") : status;
}

/* The number of elements and of bytes, within the limit of one tensor. */
static bw_status measure(bw_onnx_parser *parser, bw_onnx_tensor *out)
{
    size_t element = bw_onnx_element_size(out->type), count = 1;
    if (element == 0)
        return bw_fail(parser->error, BW_ERROR_UNSUPPORTED,
                       "constant '%s' is of ONNX's data type %lld, which is not supported",
                       out->name, (long long)out->type);
    bool fits = true;
    for (int axis = 0; axis < out->rank; axis++)
        fits = fits && bw_size_multiply(&count, count, (size_t)out->dims[axis]);
    out->count = count;
    fits =
        fits && bw_size_multiply(&out->size, count, element) && out->size <= parser->tensor_bytes;
    return fits ? BW_OK
                : bw_fail(parser->error, BW_ERROR_LIMIT,
                          "constant '%s' claims more bytes than a tensor may have", out->name);
}

/* Where all numbers stand in one packed field as they stand in memory, they are borrowed. */
static bool borrow(bw_onnx_tensor *out, const bw_wire_field *field)
{
    bool same = field->number == TENSOR_FLOATS || field->number == TENSOR_DOUBLES;
    if (!same || field->type != BW_WIRE_BYTES || field->size != out->size)
        return false;
    out->data = field->bytes;
    return true;
}

static void store(uint8_t *data, size_t index, size_t size, uint64_t value)
{
    memcpy(data + index * size, &value, size); /* little-endian, as the machine is */
}

/* Adds the numbers of one field; returns how many there are then. */
static size_t decode_field(const bw_onnx_tensor *out, uint8_t *data, size_t done,
                           const bw_wire_field *field)
{
    size_t size = bw_onnx_element_size(out->type);
    bool fixed = field->number == TENSOR_FLOATS || field->number == TENSOR_DOUBLES;
    bw_wire packed = bw_wire_open(field->bytes, field->size);
    uint64_t value;
    if (field->type != BW_WIRE_BYTES) {
        if (done < out->count)
            store(data, done, size, field->value);
        return done + 1;
    }
    if (fixed) {
        size_t left = (out->count - done) * size, bytes = field->size < left ? field->size : left;
        memcpy(data + done * size, field->bytes, bytes);
        return done + field->size / size;
    }
    for (; bw_wire_varint(&packed, &value); done++) {
        if (done == out->count)
            return done + 1;
        store(data, done, size, value);
    }
    return done;
}

static bw_status count_error(bw_onnx_parser *parser, const bw_onnx_tensor *out)
{
    return bw_fail(parser->error, BW_ERROR_FORMAT,
                   "constant '%s' does not hold the %zu numbers that its shape wants", out->name,
                   out->count);
}

static bw_status decode(bw_onnx_parser *parser, bw_onnx_tensor *out, const uint8_t *bytes,
                        size_t size)
{
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    size_t done = 0;
    if (out->count > size) /* the least that a number takes is a byte */
        return count_error(parser, out);
    uint8_t *data = bw_arena_alloc(parser->arena, out->size ? out->size : 1);
    if (!data)
        return bw_fail_memory(parser->error, out->size, "a constant");
    while (done <= out->count && bw_wire_next(&wire, &field)) {
        if (field.number == typed_field(out->type))
            done = decode_field(out, data, done, &field);
    }
    out->data = data;
    return done == out->count ? BW_OK : count_error(parser, out);
}

/* Numbers that are in the message itself. */
static bw_status find_numbers(bw_onnx_parser *parser, bw_onnx_tensor *out, const uint8_t *bytes,
                              size_t size)
{
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    while (bw_wire_next(&wire, &field)) {
        if (field.number == TENSOR_RAW) {
            if (field.type != BW_WIRE_BYTES || field.size != out->size)
                return count_error(parser, out);
            out->data = field.bytes;
            return BW_OK;
        }
        if (field.number == typed_field(out->type) && borrow(out, &field))
            return BW_OK;
    }
    return out->count ? decode(parser, out, bytes, size) : BW_OK;
}

bw_status bw_onnx_read_entry(bw_onnx_parser *parser, bw_onnx_entry *out, const bw_wire_field *field)
{
    bw_wire wire = bw_wire_open(field->bytes, field->size);
    bw_wire_field part;
    bw_status status = BW_OK;
    *out = (bw_onnx_entry){"", ""};
    while (status == BW_OK && bw_wire_next(&wire, &part)) {
        if (part.number == 1 || part.number == 2)
            status = bw_onnx_copy_text(parser, part.number == 1 ? &out->key : &out->value, &part);
    }
    return wire.failed ? bw_onnx_damaged(parser, "an entry") : status;
}

static bw_status read_external(bw_onnx_parser *parser, bw_onnx_tensor *out, const uint8_t *bytes,
                               size_t size)
{
    bw_onnx_entry *entries = NULL;
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    size_t done = 0;
    bw_status status =
        bw_onnx_make_list(parser, (void **)&entries,
                          bw_onnx_count_fields(bytes, size, TENSOR_EXTERNAL), sizeof *entries);
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (field.number == TENSOR_EXTERNAL)
            status = bw_onnx_read_entry(parser, &entries[done++], &field);
    }
    return status == BW_OK ? bw_onnx_read_external(parser, out, entries, done) : status;
}

bw_status bw_onnx_read_tensor(bw_onnx_parser *parser, bw_onnx_tensor *out, const uint8_t *bytes,
                              size_t size)
{
    bw_wire wire = bw_wire_open(bytes, size);
    bw_wire_field field;
    bool external = false;
    bw_status status = BW_OK;
    *out = (bw_onnx_tensor){.name = ""};
    while (status == BW_OK && bw_wire_next(&wire, &field)) {
        if (field.number == TENSOR_NAME)
            status = bw_onnx_copy_text(parser, &out->name, &field);
        if (field.number == TENSOR_TYPE)
            out->type = field.value <= INT32_MAX ? (int64_t)field.value : 0;
        if (field.number == TENSOR_LOCATION)
            external = field.value == EXTERNAL;
        if (field.number == TENSOR_DIMS)
            status = read_dims(parser, out, &field);
    }
    if (status == BW_OK && wire.failed)
        status = bw_onnx_damaged(parser, "a constant");
    if (status == BW_OK)
        status = measure(parser, out);
    if (status != BW_OK)
        return status;
    return external ? read_external(parser, out, bytes, size)
                    : find_numbers(parser, out, bytes, size);
}
