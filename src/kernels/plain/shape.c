/**
 * The same numbers under another shape: Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Expand.
 */
#include <inttypes.h>

#include "base/memory.h"
#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

/* ---- Reshape, Flatten ----------------------------------------------------------------------- */

static bw_status too_many(size_t count, bw_error *error)
{
    return bw_fail(error, BW_ERROR_UNSUPPORTED, "a tensor of %zu dimensions; at most %d can be",
                   count, BW_PLAIN_RANK);
}

/* Replaces the one dimension of −1 by what is left of the elements. */
static bw_status complete(bw_plain_tensor *out, size_t count, int open, bw_error *error)
{
    char text[128];
    size_t known = 1;
    if (open >= 0)
        out->dims[open] = 1;
    bw_status status = bw_plain_check(out, UINT64_MAX, error);
    if (status != BW_OK)
        return status;
    known = bw_plain_count(out);
    if (open >= 0 && known && count % known == 0)
        out->dims[open] = (int64_t)(count / known);
    if (bw_plain_check(out, UINT64_MAX, NULL) != BW_OK || bw_plain_count(out) != count)
        return bw_fail(error, BW_ERROR_FORMAT, "%zu elements cannot have the shape %s", count,
                       bw_plain_describe(out, text, sizeof text));
    return BW_OK;
}

bw_status bw_plain_reshape_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                 bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    bool zero_is_zero = bw_plain_int(call, "allowzero", 0) != 0;
    bw_plain_list shape;
    int open = -1;
    bw_status status = bw_plain_list_input(&shape, call, 1, "the shape", error);
    if (status != BW_OK)
        return status;
    if (shape.count > BW_PLAIN_RANK)
        return too_many(shape.count, error);
    out->type = in->type;
    out->rank = (int)shape.count;
    for (int axis = 0; axis < out->rank; axis++) {
        out->dims[axis] = shape.values[axis];
        if (shape.values[axis] == 0 && !zero_is_zero) {
            if (axis >= in->rank)
                return bw_fail(error, BW_ERROR_FORMAT, "the shape copies dimension %d of %d", axis,
                               in->rank);
            out->dims[axis] = in->dims[axis];
        }
        if (shape.values[axis] == -1 && open >= 0)
            return bw_fail(error, BW_ERROR_FORMAT, "the shape has two dimensions of -1");
        if (shape.values[axis] == -1)
            open = axis;
    }
    return complete(out, bw_plain_count(in), open, error);
}

bw_status bw_plain_flatten_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                 bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    int64_t axis = bw_plain_int(call, "axis", 1);
    if (axis < -in->rank || axis > in->rank)
        return bw_fail(error, BW_ERROR_FORMAT, "axis %" PRId64 " of a tensor of %d dimensions",
                       axis, in->rank);
    if (axis < 0)
        axis += in->rank;
    out->type = in->type;
    out->rank = 2;
    out->dims[0] = (int64_t)bw_plain_span(in, 0, (int)axis);
    out->dims[1] = (int64_t)bw_plain_span(in, (int)axis, in->rank);
    return BW_OK;
}

/* ---- Squeeze, Unsqueeze --------------------------------------------------------------------- */

bw_status bw_plain_squeeze_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                 bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    bw_plain_list axes;
    uint32_t mask;
    bw_status status = bw_plain_list_either(&axes, call, "axes", 13, 1, error);
    if (status == BW_OK)
        status = bw_plain_axes_mask(&mask, &axes, in->rank, error);
    if (status != BW_OK)
        return status;
    out->type = in->type;
    out->rank = 0;
    for (int axis = 0; axis < in->rank; axis++) {
        bool dropped = mask >> axis & 1 && (in->dims[axis] == 1 || axes.count);
        if (dropped && in->dims[axis] != 1)
            return bw_fail(error, BW_ERROR_FORMAT, "dimension %d is %" PRId64 ", not 1", axis,
                           in->dims[axis]);
        if (!dropped)
            out->dims[out->rank++] = in->dims[axis];
    }
    return BW_OK;
}

bw_status bw_plain_unsqueeze_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                   bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    bw_plain_list axes;
    uint32_t mask = 0;
    bw_status status = bw_plain_list_either(&axes, call, "axes", 13, 1, error);
    if (status != BW_OK)
        return status;
    size_t rank = (size_t)in->rank + axes.count;
    if (rank > BW_PLAIN_RANK)
        return too_many(rank, error);
    if (axes.count)
        status = bw_plain_axes_mask(&mask, &axes, (int)rank, error);
    if (status != BW_OK)
        return status;
    out->type = in->type;
    out->rank = (int)rank;
    for (int axis = 0, from = 0; axis < out->rank; axis++)
        out->dims[axis] = mask >> axis & 1 ? 1 : in->dims[from++];
    return BW_OK;
}

/* ---- Transpose ------------------------------------------------------------------------------ */

/* permutation[axis of the output] = axis of the input */
static bw_status read_permutation(int *permutation, const bw_plain_call *call, bw_error *error)
{
    int rank = call->inputs[0]->rank;
    bw_plain_list list;
    uint32_t seen = 0;
    bw_status status = bw_plain_list_attribute(&list, call, "perm", error);
    for (int axis = 0; axis < rank; axis++)
        permutation[axis] = rank - 1 - axis;
    if (status != BW_OK || !list.present)
        return status;
    if (list.count != (size_t)rank)
        return bw_fail(error, BW_ERROR_FORMAT, "perm has %zu axes for %d dimensions", list.count,
                       rank);
    for (int axis = 0; axis < rank && status == BW_OK; axis++) {
        status = bw_plain_axis(&permutation[axis], list.values[axis], rank, error);
        if (status == BW_OK && seen >> permutation[axis] & 1)
            status = bw_fail(error, BW_ERROR_FORMAT, "perm names axis %d twice", permutation[axis]);
        if (status == BW_OK)
            seen |= UINT32_C(1) << permutation[axis];
    }
    return status;
}

bw_status bw_plain_transpose_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                   bw_error *error)
{
    (void)self;
    int permutation[BW_PLAIN_RANK];
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    bw_status status = read_permutation(permutation, call, error);
    if (status != BW_OK)
        return status;
    bw_plain_like(out, in);
    for (int axis = 0; axis < in->rank; axis++)
        out->dims[axis] = in->dims[permutation[axis]];
    return BW_OK;
}

bw_status bw_plain_transpose_run(const bw_plain_operator *self, const bw_plain_call *call,
                                 bw_error *error)
{
    (void)self;
    int permutation[BW_PLAIN_RANK];
    int64_t dense[BW_PLAIN_RANK], steps[BW_PLAIN_RANK];
    const bw_plain_tensor *in = call->inputs[0];
    bw_status status = read_permutation(permutation, call, error);
    if (status != BW_OK)
        return status;
    bw_plain_steps(in, dense);
    for (int axis = 0; axis < in->rank; axis++)
        steps[axis] = dense[permutation[axis]];
    bw_plain_gather(call->outputs[0], in, steps, 0);
    return BW_OK;
}

/* ---- Expand --------------------------------------------------------------------------------- */

bw_status bw_plain_expand_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    (void)self;
    bw_plain_list list;
    bw_plain_tensor shape = {.type = call->inputs[0]->type};
    bw_status status = bw_plain_list_input(&list, call, 1, "the shape", error);
    if (status != BW_OK)
        return status;
    if (list.count > BW_PLAIN_RANK)
        return too_many(list.count, error);
    shape.rank = (int)list.count;
    memcpy(shape.dims, list.values, list.count * sizeof list.values[0]);
    bw_plain_like(call->outputs[0], call->inputs[0]);
    return bw_plain_broadcast(call->outputs[0], &shape, error);
}

bw_status bw_plain_expand_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    (void)error;
    bw_plain_loop loop;
    bw_plain_loop_make(&loop, call->outputs[0]);
    bw_plain_loop_broadcast(&loop, call->inputs[0]);
    bw_plain_gather(call->outputs[0], call->inputs[0], loop.steps[0], 0);
    return BW_OK;
}
