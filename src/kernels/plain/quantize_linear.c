/**
 * QuantizeLinear and DequantizeLinear: for a whole tensor, by channel, or by blocks of one axis.
 */
#include <inttypes.h>

#include "kernels/plain/operator.h"

enum {
    FLOATS = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES,
    STEPS = BW_PLAIN_BYTES | BW_PLAIN_TYPE(U16) | BW_PLAIN_TYPE(I16),
};

/** Which scale an element has. */
typedef struct scales {
    size_t length, inner; /* of the axis, and elements of one place on it; whole: 1 each */
    size_t blocks, block; /* scales along the axis, and elements that share one */
    bool whole, by_block;
} scales;

static size_t scale_at(const scales *s, size_t element)
{
    size_t on_axis = element / s->inner % s->length;
    if (s->whole)
        return 0;
    if (!s->by_block)
        return on_axis;
    return (element / s->inner / s->length * s->blocks + on_axis / s->block) * s->inner +
           element % s->inner;
}

static bw_status read_blocks(scales *s, const bw_plain_call *call, int axis, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0], *scale = call->inputs[1];
    int64_t block = bw_plain_int(call, "block_size", 0);
    bool fits = block > 0 && scale->rank == in->rank;
    for (int other = 0; other < in->rank && fits; other++) {
        int64_t wanted = in->dims[other];
        if (other == axis)
            wanted = wanted / block + (wanted % block != 0);
        fits = scale->dims[other] == wanted;
    }
    if (!fits)
        return bw_fail(error, BW_ERROR_FORMAT, "the scales do not fit blocks of %" PRId64, block);
    s->by_block = true;
    s->block = (size_t)block;
    s->blocks = (size_t)scale->dims[axis];
    return BW_OK;
}

static bw_status read_scales(scales *s, const bw_plain_call *call, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0], *scale = call->inputs[1];
    const bw_plain_tensor *zero = bw_plain_input(call, 2);
    int axis = 0;
    *s = (scales){.length = 1, .inner = 1, .whole = true};
    bool single = bw_plain_count(scale) == 1 && scale->rank <= 1;
    bool fits = !zero || bw_plain_same_shape(zero, scale) ||
                (single && bw_plain_count(zero) == 1 && zero->rank <= 1);
    if (!fits)
        return bw_fail(error, BW_ERROR_FORMAT, "scales and zero points differ in shape");
    bool blocks = bw_plain_int(call, "block_size", 0) != 0;
    if (!blocks && single)
        return BW_OK;
    bw_status status = bw_plain_axis(&axis, bw_plain_int(call, "axis", 1), in->rank, error);
    if (status != BW_OK)
        return status;
    s->whole = false;
    s->length = (size_t)in->dims[axis];
    s->inner = bw_plain_span(in, axis + 1, in->rank);
    if (blocks)
        return read_blocks(s, call, axis, error);
    if (scale->rank != 1 || scale->dims[0] != in->dims[axis])
        return bw_fail(error, BW_ERROR_FORMAT, "there is not one scale a place of axis %d", axis);
    return BW_OK;
}

bw_status bw_plain_quantize_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                  bw_error *error)
{
    (void)self;
    const bw_plain_tensor *zero = bw_plain_input(call, 2);
    bw_plain_tensor *out = call->outputs[0];
    int64_t code = bw_plain_int(call, "output_dtype", 0);
    scales s;
    bw_status status = bw_plain_need_type(call->inputs[0], FLOATS | BW_PLAIN_TYPE(I32), error);
    if (status == BW_OK)
        status = bw_plain_need_type(call->inputs[1], FLOATS, error);
    if (status == BW_OK)
        status = read_scales(&s, call, error);
    bw_plain_like(out, call->inputs[0]);
    out->type = zero ? zero->type : BW_ELEMENT_U8;
    if (status == BW_OK && !zero && code && !bw_element_from_onnx(code, &out->type))
        status =
            bw_fail(error, BW_ERROR_UNSUPPORTED, "ONNX's type %" PRId64 " is not supported", code);
    return status == BW_OK ? bw_plain_need_type(out, STEPS, error) : status;
}

bw_status bw_plain_quantize_run(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *zero = bw_plain_input(call, 2);
    scales s;
    bw_status status = read_scales(&s, call, error);
    size_t count = status == BW_OK ? bw_plain_count(in) : 0;
    for (size_t index = 0; index < count; index++) {
        size_t at = scale_at(&s, index);
        float x, scale, zero_point = 0;
        bw_plain_load_f32(in, (int64_t)index, 1, 1, &x);
        bw_plain_load_f32(call->inputs[1], (int64_t)at, 1, 1, &scale);
        if (zero)
            bw_plain_load_f32(zero, (int64_t)at, 1, 1, &zero_point);
        x = nearbyintf(x / scale) + zero_point;
        bw_plain_store_f32(call->outputs[0], index, 1, &x);
    }
    return status;
}

bw_status bw_plain_dequantize_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                    bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *zero = bw_plain_input(call, 2);
    scales s;
    bw_status status = bw_plain_need_type(in, STEPS | BW_PLAIN_TYPE(I32), error);
    if (status == BW_OK)
        status = bw_plain_need_type(call->inputs[1], FLOATS, error);
    if (status == BW_OK && zero && zero->type != in->type)
        status = bw_fail(error, BW_ERROR_FORMAT, "numbers of %s with zero points of %s",
                         bw_element_name(in->type), bw_element_name(zero->type));
    if (status == BW_OK)
        status = read_scales(&s, call, error);
    bw_plain_like(call->outputs[0], in);
    call->outputs[0]->type = call->inputs[1]->type;
    return status;
}

bw_status bw_plain_dequantize_run(const bw_plain_operator *self, const bw_plain_call *call,
                                  bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *zero = bw_plain_input(call, 2);
    scales s;
    bw_status status = read_scales(&s, call, error);
    size_t count = status == BW_OK ? bw_plain_count(in) : 0;
    for (size_t index = 0; index < count; index++) {
        size_t at = scale_at(&s, index);
        int64_t x, zero_point = 0;
        float scale;
        bw_plain_load_i64(in, (int64_t)index, 1, 1, &x);
        bw_plain_load_f32(call->inputs[1], (int64_t)at, 1, 1, &scale);
        if (zero)
            bw_plain_load_i64(zero, (int64_t)at, 1, 1, &zero_point);
        scale *= (float)(x - zero_point);
        bw_plain_store_f32(call->outputs[0], index, 1, &scale);
    }
    return status;
}
