/**
 * Where, Clip, Cast and Identity: numbers chosen, bounded, or of another type.
 */
#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

enum { BLOCK = 256 };

/* ---- Where ---------------------------------------------------------------------------------- */

bw_status bw_plain_where_infer(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    (void)self;
    bw_plain_tensor *out = call->outputs[0];
    bw_status status = bw_plain_need_type(call->inputs[0], BW_PLAIN_TYPE(BOOL), error);
    if (status == BW_OK && call->inputs[1]->type != call->inputs[2]->type)
        status =
            bw_fail(error, BW_ERROR_FORMAT, "the inputs have the types %s and %s",
                    bw_element_name(call->inputs[1]->type), bw_element_name(call->inputs[2]->type));
    bw_plain_like(out, call->inputs[0]);
    out->type = call->inputs[1]->type;
    if (status == BW_OK)
        status = bw_plain_broadcast(out, call->inputs[1], error);
    if (status == BW_OK)
        status = bw_plain_broadcast(out, call->inputs[2], error);
    return status;
}

bw_status bw_plain_where_run(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    (void)error;
    const bw_plain_tensor *out = call->outputs[0];
    size_t size = bw_element_size(out->type);
    const uint8_t *condition = call->inputs[0]->data;
    uint8_t *to = out->block;
    bw_plain_loop loop;
    bw_plain_loop_make(&loop, out);
    for (size_t index = 0; index < 3; index++)
        bw_plain_loop_broadcast(&loop, call->inputs[index]);
    bw_plain_loop_begin(&loop);
    for (size_t row = 0; row < loop.rows; row++, bw_plain_loop_next(&loop)) {
        for (size_t index = 0; index < loop.row; index++, to += size) {
            int64_t along = (int64_t)index;
            int chosen = condition[loop.at[0] + along * bw_plain_loop_step(&loop, 0)] ? 1 : 2;
            int64_t at = loop.at[chosen] + along * bw_plain_loop_step(&loop, chosen);
            memcpy(to, (const uint8_t *)call->inputs[chosen]->data + (size_t)at * size, size);
        }
    }
    return BW_OK;
}

/* ---- Clip ----------------------------------------------------------------------------------- */

static bw_status check_bound(const bw_plain_tensor *bound, const bw_plain_tensor *in,
                             bw_error *error)
{
    if (!bound || (bound->type == in->type && bw_plain_count(bound) == 1))
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT, "a bound is not one number of the type %s",
                   bw_element_name(in->type));
}

bw_status bw_plain_clip_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_like(call->outputs[0], in);
    bw_status status = bw_plain_need_type(in, BW_PLAIN_NUMBERS, error);
    for (size_t index = 1; index < 3 && status == BW_OK && call->opset >= 11; index++)
        status = check_bound(bw_plain_input(call, index), in, error);
    return status;
}

#define CLIP(suffix, type, lowest, highest)                                                        \
    static void clip_##suffix(const bw_plain_call *call, size_t first, size_t count)               \
    {                                                                                              \
        type x[BLOCK], low = (lowest), high = (highest);                                           \
        if (bw_plain_input(call, 1))                                                               \
            bw_plain_load_##suffix(call->inputs[1], 0, 1, 1, &low);                                \
        if (bw_plain_input(call, 2))                                                               \
            bw_plain_load_##suffix(call->inputs[2], 0, 1, 1, &high);                               \
        bw_plain_load_##suffix(call->inputs[0], (int64_t)first, 1, count, x);                      \
        for (size_t index = 0; index < count; index++) {                                           \
            x[index] = x[index] < low ? low : x[index];                                            \
            x[index] = x[index] > high ? high : x[index];                                          \
        }                                                                                          \
        bw_plain_store_##suffix(call->outputs[0], first, count, x);                                \
    }

CLIP(f32, float, bw_plain_float(call, "min", -INFINITY), bw_plain_float(call, "max", INFINITY))
CLIP(f64, double, (double)bw_plain_float(call, "min", -INFINITY),
     (double)bw_plain_float(call, "max", INFINITY))
CLIP(i64, int64_t, INT64_MIN, INT64_MAX)

bw_status bw_plain_clip_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    (void)error;
    size_t count = bw_plain_count(call->inputs[0]);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t some = count - first < BLOCK ? count - first : BLOCK;
        switch (bw_element_domain(call->inputs[0]->type)) {
        case BW_DOMAIN_F32: clip_f32(call, first, some); break;
        case BW_DOMAIN_F64: clip_f64(call, first, some); break;
        case BW_DOMAIN_I64: clip_i64(call, first, some); break;
        }
    }
    return BW_OK;
}

/* ---- Cast and Identity ---------------------------------------------------------------------- */

bw_status bw_plain_cast_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    int64_t code = bw_plain_int(call, "to", 0);
    bw_plain_like(call->outputs[0], call->inputs[0]);
    if (!bw_element_from_onnx(code, &call->outputs[0]->type))
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "ONNX's type %lld is not supported",
                       (long long)code);
    return BW_OK;
}

#define CAST(suffix, type)                                                                         \
    {                                                                                              \
        type x[BLOCK];                                                                             \
        bw_plain_load_##suffix(in, (int64_t)first, 1, count, x);                                   \
        bw_plain_store_##suffix(out, first, count, x);                                             \
        break;                                                                                     \
    }

static void cast_block(const bw_plain_tensor *in, const bw_plain_tensor *out, size_t first,
                       size_t count)
{
    switch (bw_element_domain(in->type)) {
    case BW_DOMAIN_F32: CAST(f32, float)
    case BW_DOMAIN_F64: CAST(f64, double)
    case BW_DOMAIN_I64: CAST(i64, int64_t)
    }
}

bw_status bw_plain_cast_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    (void)error;
    size_t count = bw_plain_count(call->inputs[0]);
    for (size_t first = 0; first < count; first += BLOCK)
        cast_block(call->inputs[0], call->outputs[0], first,
                   count - first < BLOCK ? count - first : BLOCK);
    return BW_OK;
}

bw_status bw_plain_move_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    (void)error;
    memcpy(call->outputs[0]->block, call->inputs[0]->data, bw_plain_bytes(call->outputs[0]));
    return BW_OK;
}
