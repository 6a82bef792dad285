/**
 * Tensors made from attributes and shapes: Constant, ConstantOfShape, Range, Shape, Size.
 */
#include <inttypes.h>

#include "kernels/plain/operator.h"

/* ---- Constant ------------------------------------------------------------------------------- */

/* Describes the attribute that holds the value as a tensor that borrows it. */
static bw_status read_constant(const bw_plain_call *call, bw_plain_tensor *value, bw_error *error)
{
    const bw_plain_attribute *found;
    *value = (bw_plain_tensor){.rank = 1};
    if ((found = bw_plain_attribute_find(call, "value", BW_PLAIN_TENSOR)) != NULL) {
        *value = *found->tensor;
        return BW_OK;
    }
    if ((found = bw_plain_attribute_find(call, "value_int", BW_PLAIN_INT)) != NULL ||
        (found = bw_plain_attribute_find(call, "value_ints", BW_PLAIN_INTS)) != NULL) {
        value->type = BW_ELEMENT_I64;
        value->data = found->integers;
    } else if ((found = bw_plain_attribute_find(call, "value_float", BW_PLAIN_FLOAT)) != NULL ||
               (found = bw_plain_attribute_find(call, "value_floats", BW_PLAIN_FLOATS)) != NULL) {
        value->data = found->floats;
    } else {
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "the constant is neither a dense tensor nor numbers");
    }
    bool scalar = found->kind == BW_PLAIN_INT || found->kind == BW_PLAIN_FLOAT;
    value->rank = scalar ? 0 : 1;
    value->dims[0] = scalar ? 0 : (int64_t)found->count;
    return BW_OK;
}

bw_status bw_plain_constant_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                  bw_error *error)
{
    (void)self;
    bw_plain_tensor value;
    bw_status status = read_constant(call, &value, error);
    if (status == BW_OK)
        bw_plain_like(call->outputs[0], &value);
    return status;
}

bw_status bw_plain_constant_run(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    (void)self;
    bw_plain_tensor value;
    bw_status status = read_constant(call, &value, error);
    size_t bytes = bw_plain_bytes(call->outputs[0]);
    if (status == BW_OK && bytes)
        memcpy(call->outputs[0]->block, value.data, bytes);
    return status;
}

/* ---- ConstantOfShape ------------------------------------------------------------------------ */

bw_status bw_plain_constant_of_shape_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                           bw_error *error)
{
    (void)self;
    const bw_plain_attribute *value = bw_plain_attribute_find(call, "value", BW_PLAIN_TENSOR);
    bw_plain_tensor *out = call->outputs[0];
    bw_plain_list shape;
    bw_status status = bw_plain_list_input(&shape, call, 0, "the shape", error);
    if (status == BW_OK && shape.count > BW_PLAIN_RANK)
        status = bw_fail(error, BW_ERROR_UNSUPPORTED, "a shape of %zu dimensions", shape.count);
    if (status == BW_OK && value && bw_plain_count(value->tensor) != 1)
        status = bw_fail(error, BW_ERROR_FORMAT, "value is not one number");
    if (status != BW_OK)
        return status;
    out->type = value ? value->tensor->type : BW_ELEMENT_F32;
    out->rank = (int)shape.count;
    memcpy(out->dims, shape.values, sizeof out->dims);
    return BW_OK;
}

bw_status bw_plain_constant_of_shape_run(const bw_plain_operator *self, const bw_plain_call *call,
                                         bw_error *error)
{
    (void)self;
    (void)error;
    static const float zero;
    const bw_plain_attribute *value = bw_plain_attribute_find(call, "value", BW_PLAIN_TENSOR);
    const void *from = value ? value->tensor->data : &zero;
    const bw_plain_tensor *out = call->outputs[0];
    size_t size = bw_element_size(out->type), count = bw_plain_count(out);
    for (size_t index = 0; index < count; index++)
        memcpy((uint8_t *)out->block + index * size, from, size);
    return BW_OK;
}

/* ---- Range ---------------------------------------------------------------------------------- */

static bw_status range_length(const bw_plain_call *call, double *length, bw_error *error)
{
    double ends[3];
    for (size_t index = 0; index < 3; index++)
        bw_plain_load_f64(call->inputs[index], 0, 1, 1, &ends[index]);
    *length = ceil((ends[1] - ends[0]) / ends[2]);
    if (ends[2] == 0 || !isfinite(*length) || *length > 0x1p53)
        return bw_fail(error, BW_ERROR_FORMAT, "from %g to %g in steps of %g", ends[0], ends[1],
                       ends[2]);
    if (bw_element_domain(call->inputs[0]->type) == BW_DOMAIN_I64) {
        int64_t whole[3], reach;
        for (size_t index = 0; index < 3; index++)
            bw_plain_load_i64(call->inputs[index], 0, 1, 1, &whole[index]);
        if (__builtin_sub_overflow(whole[1], whole[0], &reach))
            return bw_fail(error, BW_ERROR_LIMIT, "the range is too long");
    }
    return BW_OK;
}

bw_status bw_plain_range_infer(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    (void)self;
    bw_plain_tensor *out = call->outputs[0];
    double length;
    for (size_t index = 0; index < 3; index++) {
        const bw_plain_tensor *in = call->inputs[index];
        bw_status status = bw_plain_need_type(in, BW_PLAIN_NUMBERS, error);
        if (status == BW_OK)
            status = bw_plain_need_data(in, "the range", error);
        if (status == BW_OK && (bw_plain_count(in) != 1 || in->type != call->inputs[0]->type))
            status = bw_fail(error, BW_ERROR_FORMAT,
                             "start, limit and step are not three numbers "
                             "of one type");
        if (status != BW_OK)
            return status;
    }
    bw_status status = range_length(call, &length, error);
    if (status != BW_OK)
        return status;
    out->type = call->inputs[0]->type;
    out->rank = 1;
    out->dims[0] = length > 0 ? (int64_t)length : 0;
    return BW_OK;
}

#define FILL(suffix, type, sum)                                                                    \
    {                                                                                              \
        type start, step, value;                                                                   \
        bw_plain_load_##suffix(call->inputs[0], 0, 1, 1, &start);                                  \
        bw_plain_load_##suffix(call->inputs[2], 0, 1, 1, &step);                                   \
        for (size_t index = 0; index < count; index++) {                                           \
            value = (type)(sum);                                                                   \
            bw_plain_store_##suffix(call->outputs[0], index, 1, &value);                           \
        }                                                                                          \
        break;                                                                                     \
    }

bw_status bw_plain_range_run(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    (void)error;
    size_t count = bw_plain_count(call->outputs[0]);
    switch (bw_element_domain(call->inputs[0]->type)) {
    case BW_DOMAIN_F32: FILL(f32, float, start + (float)index * step)
    case BW_DOMAIN_F64: FILL(f64, double, start + (double)index * step)
    case BW_DOMAIN_I64: FILL(i64, int64_t, (uint64_t)start + index * (uint64_t)step)
    }
    return BW_OK;
}

/* ---- Shape, Size ---------------------------------------------------------------------------- */

/* The dimensions [first, last) that Shape gives; from operator set 15 on a part may be asked for.
 */
static void shape_span(const bw_plain_call *call, int *first, int *last)
{
    int rank = call->inputs[0]->rank;
    int64_t start = bw_plain_int(call, "start", 0), end = bw_plain_int(call, "end", rank);
    start += start < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    *first = (int)(start < 0 ? 0 : start > rank ? rank : start);
    *last = (int)(end < *first ? *first : end > rank ? rank : end);
}

bw_status bw_plain_shape_infer(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    (void)self;
    (void)error;
    int first, last;
    shape_span(call, &first, &last);
    *call->outputs[0] =
        (bw_plain_tensor){.type = BW_ELEMENT_I64, .rank = 1, .dims = {last - first}};
    return BW_OK;
}

bw_status bw_plain_shape_run(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    (void)error;
    int first, last;
    shape_span(call, &first, &last);
    memcpy(call->outputs[0]->block, call->inputs[0]->dims + first,
           (size_t)(last - first) * sizeof(int64_t));
    return BW_OK;
}

bw_status bw_plain_size_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    (void)error;
    *call->outputs[0] = (bw_plain_tensor){.type = BW_ELEMENT_I64};
    return BW_OK;
}

bw_status bw_plain_size_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    (void)error;
    *(int64_t *)call->outputs[0]->block = (int64_t)bw_plain_count(call->inputs[0]);
    return BW_OK;
}
