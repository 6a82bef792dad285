/**
 * Concat and Split: tensors put together and taken apart along an axis.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/memory.h"
#include "kernels/plain/operator.h"

/* ---- Concat --------------------------------------------------------------------------------- */

static bool fits(const bw_plain_tensor *a, const bw_plain_tensor *b, int axis)
{
    if (a->type != b->type || a->rank != b->rank)
        return false;
    for (int other = 0; other < a->rank; other++) {
        if (other != axis && a->dims[other] != b->dims[other])
            return false;
    }
    return true;
}

bw_status bw_plain_concat_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    (void)self;
    char left[128], right[128];
    const bw_plain_tensor *first = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    int axis;
    bw_status status = bw_plain_axis(&axis, bw_plain_int(call, "axis", 1), first->rank, error);
    if (status != BW_OK)
        return status;
    bw_plain_like(out, first);
    for (size_t index = 1; index < call->input_count; index++) {
        const bw_plain_tensor *in = call->inputs[index];
        if (!in || !fits(first, in, axis))
            return bw_fail(error, BW_ERROR_FORMAT, "cannot join %s to %s along axis %d",
                           in ? bw_plain_describe(in, right, sizeof right) : "nothing",
                           bw_plain_describe(first, left, sizeof left), axis);
        if (__builtin_add_overflow(out->dims[axis], in->dims[axis], &out->dims[axis]))
            return bw_fail(error, BW_ERROR_LIMIT, "axis %d is too long", axis);
    }
    return BW_OK;
}

/*
 * Moves `pieces` pieces of `bytes` bytes between a tensor and its part of another; from and to are
 * that many bytes apart.
 */
static void move(uint8_t *to, size_t to_step, const uint8_t *from, size_t from_step, size_t bytes,
                 size_t pieces)
{
    for (size_t piece = 0; bytes && piece < pieces; piece++)
        memcpy(to + piece * to_step, from + piece * from_step, bytes);
}

bw_status bw_plain_concat_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    const bw_plain_tensor *out = call->outputs[0];
    size_t size = bw_element_size(out->type);
    uint8_t *to = out->block;
    int axis;
    bw_status status = bw_plain_axis(&axis, bw_plain_int(call, "axis", 1), out->rank, error);
    if (status != BW_OK)
        return status;
    size_t pieces = bw_plain_span(out, 0, axis), step = bw_plain_span(out, axis, out->rank) * size;
    for (size_t index = 0; index < call->input_count; index++) {
        const bw_plain_tensor *in = call->inputs[index];
        size_t bytes = bw_plain_span(in, axis, in->rank) * size;
        move(to, step, in->data, bytes, bytes, pieces);
        to += bytes;
    }
    return BW_OK;
}

/* ---- Split ---------------------------------------------------------------------------------- */

/*
 * The length of the part of that index along the axis, where all are of equal length but for the
 * last, which may be shorter.
 */
static int64_t equal_part(int64_t length, size_t parts, size_t index)
{
    int64_t part = length / (int64_t)parts + (length % (int64_t)parts != 0);
    int64_t left = length - part * (int64_t)index;
    return left < 0 ? 0 : left < part ? left : part;
}

static bw_status check_parts(const int64_t *parts, size_t count, int64_t length, bw_error *error)
{
    int64_t sum = 0;
    for (size_t index = 0; index < count; index++) {
        if (parts[index] < 0 || parts[index] > length - sum)
            return bw_fail(error, BW_ERROR_FORMAT,
                           "part %zu of %" PRId64 " does not fit an axis of %" PRId64, index,
                           parts[index], length);
        sum += parts[index];
    }
    if (sum != length)
        return bw_fail(error, BW_ERROR_FORMAT, "the parts have %" PRId64 " of %" PRId64, sum,
                       length);
    return BW_OK;
}

/* Reads the parts, one an output: an attribute, an input, or none for equal parts. */
static bw_status read_parts(const bw_plain_call *call, int64_t *parts, int64_t length,
                            bw_error *error)
{
    const bw_plain_attribute *attribute = bw_plain_attribute_find(call, "split", BW_PLAIN_INTS);
    const bw_plain_tensor *input = call->opset >= 13 ? bw_plain_input(call, 1) : NULL;
    size_t count = call->output_count;
    assert(count > 0);
    if (call->opset >= 13)
        attribute = NULL;
    for (size_t index = 0; index < count; index++)
        parts[index] = attribute && index < attribute->count ? attribute->integers[index]
                                                             : equal_part(length, count, index);
    if (attribute && attribute->count != count)
        return bw_fail(error, BW_ERROR_FORMAT, "%zu parts for %zu outputs", attribute->count,
                       count);
    if (input) {
        bw_status status = bw_plain_need_data(input, "split", error);
        if (status == BW_OK)
            status = bw_plain_need_type(input, BW_PLAIN_TYPE(I64), error);
        if (status == BW_OK && (input->rank != 1 || bw_plain_count(input) != count))
            status = bw_fail(error, BW_ERROR_FORMAT, "%zu parts for %zu outputs",
                             bw_plain_count(input), count);
        if (status != BW_OK)
            return status;
        bw_plain_load_i64(input, 0, 1, count, parts);
    }
    if (!input && !attribute && call->opset < 18 && length % (int64_t)count)
        return bw_fail(error, BW_ERROR_FORMAT, "an axis of %" PRId64 " is not %zu equal parts",
                       length, count);
    return check_parts(parts, count, length, error);
}

static bw_status start(const bw_plain_call *call, int *axis, int64_t **parts, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    size_t bytes = call->output_count * sizeof **parts;
    *parts = NULL;
    bw_status status = bw_plain_axis(axis, bw_plain_int(call, "axis", 0), in->rank, error);
    if (status != BW_OK)
        return status;
    *parts = bw_aligned_alloc(bytes);
    if (!*parts)
        return bw_fail_memory(error, bytes, "the parts of a split");
    status = read_parts(call, *parts, in->dims[*axis], error);
    if (status != BW_OK)
        bw_aligned_free(*parts);
    return status;
}

bw_status bw_plain_split_infer(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    (void)self;
    int64_t *parts;
    int axis;
    bw_status status = start(call, &axis, &parts, error);
    if (status != BW_OK)
        return status;
    for (size_t index = 0; index < call->output_count; index++) {
        if (call->outputs[index]) {
            bw_plain_like(call->outputs[index], call->inputs[0]);
            call->outputs[index]->dims[axis] = parts[index];
        }
    }
    bw_aligned_free(parts);
    return BW_OK;
}

bw_status bw_plain_split_run(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    const uint8_t *from = in->data;
    int64_t *parts;
    int axis;
    bw_status status = start(call, &axis, &parts, error);
    if (status != BW_OK)
        return status;
    size_t size = bw_element_size(in->type), pieces = bw_plain_span(in, 0, axis);
    size_t inner = bw_plain_span(in, axis + 1, in->rank) * size;
    size_t step = (size_t)in->dims[axis] * inner;
    for (size_t index = 0; index < call->output_count; index++) {
        size_t bytes = (size_t)parts[index] * inner;
        if (call->outputs[index])
            move(call->outputs[index]->block, bytes, from, step, bytes, pieces);
        from += bytes;
    }
    bw_aligned_free(parts);
    return BW_OK;
}
