#include "import/onnx/plain.h"

#include <limits.h>
#include <string.h>

bw_status bw_onnx_plain_tensor(bw_plain_tensor *out, bw_arena *arena, const bw_onnx_tensor *tensor,
                               bw_error *error)
{
    static const double nothing; /* what a tensor without elements points at */
    *out = (bw_plain_tensor){.rank = tensor->rank, .data = &nothing};
    if (!bw_element_from_onnx(tensor->type, &out->type))
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "constant '%s' is of ONNX's data type %lld, which no operator computes",
                       tensor->name, (long long)tensor->type);
    memcpy(out->dims, tensor->dims, sizeof out->dims);
    bw_status status = bw_plain_check(out, SIZE_MAX, error);
    if (status != BW_OK || tensor->count == 0)
        return status;
    out->data = tensor->data;
    if ((uintptr_t)tensor->data % bw_element_size(out->type) == 0)
        return BW_OK;
    void *copy = bw_arena_alloc(arena, tensor->size);
    if (!copy)
        return bw_fail_memory(error, tensor->size, "a constant");
    out->data = memcpy(copy, tensor->data, tensor->size);
    return BW_OK;
}

void bw_onnx_parsed_tensor(bw_onnx_tensor *out, const bw_plain_tensor *tensor, const char *name)
{
    static const bw_onnx_element types[BW_ELEMENT_COUNT] = {
        [BW_ELEMENT_F32] = BW_ONNX_F32, [BW_ELEMENT_F64] = BW_ONNX_F64,
        [BW_ELEMENT_F16] = BW_ONNX_F16, [BW_ELEMENT_BF16] = BW_ONNX_BF16,
        [BW_ELEMENT_I64] = BW_ONNX_I64, [BW_ELEMENT_I32] = BW_ONNX_I32,
        [BW_ELEMENT_I16] = BW_ONNX_I16, [BW_ELEMENT_I8] = BW_ONNX_I8,
        [BW_ELEMENT_U32] = BW_ONNX_U32, [BW_ELEMENT_U16] = BW_ONNX_U16,
        [BW_ELEMENT_U8] = BW_ONNX_U8,   [BW_ELEMENT_BOOL] = BW_ONNX_BOOL,
    };
    *out = (bw_onnx_tensor){.name = name,
                            .type = types[tensor->type],
                            .rank = tensor->rank,
                            .count = bw_plain_count(tensor),
                            .data = tensor->data,
                            .size = bw_plain_bytes(tensor)};
    memcpy(out->dims, tensor->dims, sizeof out->dims);
}

static bw_status convert(bw_plain_attribute *out, bw_arena *arena, const bw_onnx_attribute *from,
                         bw_error *error)
{
    static const bw_plain_kind kinds[] = {
        [BW_ONNX_FLOAT_VALUE] = BW_PLAIN_FLOAT,   [BW_ONNX_INT_VALUE] = BW_PLAIN_INT,
        [BW_ONNX_TEXT_VALUE] = BW_PLAIN_TEXT,     [BW_ONNX_TENSOR_VALUE] = BW_PLAIN_TENSOR,
        [BW_ONNX_FLOATS_VALUE] = BW_PLAIN_FLOATS, [BW_ONNX_INTS_VALUE] = BW_PLAIN_INTS,
    };
    *out = (bw_plain_attribute){.name = from->name,
                                .kind = kinds[from->kind],
                                .count = from->count,
                                .integers = from->ints,
                                .floats = from->floats,
                                .text = from->kind == BW_ONNX_TEXT_VALUE ? from->texts[0] : NULL};
    if (from->kind != BW_ONNX_TENSOR_VALUE)
        return BW_OK;
    bw_plain_tensor *tensor = bw_arena_alloc(arena, sizeof *tensor);
    if (!tensor)
        return bw_fail_memory(error, sizeof *tensor, "an attribute");
    out->tensor = tensor;
    return bw_onnx_plain_tensor(tensor, arena, from->tensor, error);
}

/* Whether an operator reads the kind, and a single value is there, which a damaged file may lack.
 */
static bool is_read(const bw_onnx_attribute *attribute)
{
    switch (attribute->kind) {
    case BW_ONNX_FLOATS_VALUE:
    case BW_ONNX_INTS_VALUE: return true;
    case BW_ONNX_FLOAT_VALUE: return attribute->count && attribute->floats;
    case BW_ONNX_INT_VALUE: return attribute->count && attribute->ints;
    case BW_ONNX_TEXT_VALUE: return attribute->count && attribute->texts;
    case BW_ONNX_TENSOR_VALUE: return attribute->tensor;
    default: return false;
    }
}

bw_status bw_onnx_plain_attributes(const bw_plain_attribute **out, size_t *count, bw_arena *arena,
                                   const bw_onnx_node *node, bw_error *error)
{
    bw_plain_attribute *list = bw_arena_array(arena, node->attribute_count, sizeof *list);
    bw_status status = BW_OK;
    *count = 0;
    *out = list;
    if (!list)
        return bw_fail_memory(error, node->attribute_count * sizeof *list, "attributes");
    for (size_t index = 0; index < node->attribute_count && status == BW_OK; index++) {
        if (is_read(&node->attributes[index]))
            status = convert(&list[(*count)++], arena, &node->attributes[index], error);
    }
    return status;
}

const bw_plain_operator *bw_onnx_plain_operator(const bw_onnx_node *node, int64_t opset)
{
    bool ours = node->domain[0] == '\0' || strcmp(node->domain, "ai.onnx") == 0;
    return ours && opset > 0 && opset <= INT_MAX ? bw_plain_find(node->op, (int)opset) : NULL;
}
