/**
 * Gather, GatherElements, GatherND: elements that other tensors point at.
 */
#include <inttypes.h>

#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

/* Reads one index into an axis of `length` elements; negative ones count from the end. */
static bw_status read_index(const bw_plain_tensor *indices, size_t at, int64_t length,
                            int64_t *index, bw_error *error)
{
    bw_plain_load_i64(indices, (int64_t)at, 1, 1, index);
    if (*index < -length || *index >= length)
        return bw_fail(error, BW_ERROR_FORMAT, "index %" PRId64 " into %" PRId64 " elements",
                       *index, length);
    *index += *index < 0 ? length : 0;
    return BW_OK;
}

static bw_status check_indices(const bw_plain_call *call, int *axis, bw_error *error)
{
    bw_status status =
        bw_plain_need_type(call->inputs[1], BW_PLAIN_TYPE(I64) | BW_PLAIN_TYPE(I32), error);
    if (status != BW_OK)
        return status;
    return bw_plain_axis(axis, bw_plain_int(call, "axis", 0), call->inputs[0]->rank, error);
}

/* ---- Gather --------------------------------------------------------------------------------- */

bw_status bw_plain_gather_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *indices = call->inputs[1];
    bw_plain_tensor *out = call->outputs[0];
    int axis;
    bw_status status = check_indices(call, &axis, error);
    if (status != BW_OK)
        return status;
    if (in->rank - 1 + indices->rank > BW_PLAIN_RANK)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "the output has more than %d dimensions",
                       BW_PLAIN_RANK);
    out->type = in->type;
    out->rank = 0;
    for (int from = 0; from < axis; from++)
        out->dims[out->rank++] = in->dims[from];
    for (int from = 0; from < indices->rank; from++)
        out->dims[out->rank++] = indices->dims[from];
    for (int from = axis + 1; from < in->rank; from++)
        out->dims[out->rank++] = in->dims[from];
    return BW_OK;
}

bw_status bw_plain_gather_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *indices = call->inputs[1];
    uint8_t *to = call->outputs[0]->block;
    int axis;
    bw_status status = check_indices(call, &axis, error);
    if (status != BW_OK || bw_plain_count(call->outputs[0]) == 0)
        return status;
    size_t outer = bw_plain_span(in, 0, axis), length = (size_t)in->dims[axis];
    size_t bytes = bw_plain_span(in, axis + 1, in->rank) * bw_element_size(in->type);
    size_t count = bw_plain_count(indices);
    for (size_t piece = 0; piece < outer; piece++) {
        const uint8_t *from = (const uint8_t *)in->data + piece * length * bytes;
        for (size_t at = 0; at < count; at++, to += bytes) {
            int64_t index;
            status = read_index(indices, at, in->dims[axis], &index, error);
            if (status != BW_OK)
                return status;
            memcpy(to, from + (size_t)index * bytes, bytes);
        }
    }
    return BW_OK;
}

/* ---- GatherElements ------------------------------------------------------------------------- */

bw_status bw_plain_gather_elements_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                         bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int axis;
    bw_status status = check_indices(call, &axis, error);
    if (status == BW_OK && in->rank != indices->rank)
        status = bw_fail(error, BW_ERROR_FORMAT, "indices of %d dimensions into %d", indices->rank,
                         in->rank);
    for (int other = 0; status == BW_OK && other < in->rank; other++) {
        if (other != axis && indices->dims[other] > in->dims[other])
            status = bw_fail(error, BW_ERROR_FORMAT, "indices are larger along axis %d", other);
    }
    bw_plain_like(call->outputs[0], indices);
    call->outputs[0]->type = in->type;
    return status;
}

bw_status bw_plain_gather_elements_run(const bw_plain_operator *self, const bw_plain_call *call,
                                       bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *out = call->outputs[0];
    size_t size = bw_element_size(in->type), count = bw_plain_count(out);
    int64_t steps[BW_PLAIN_RANK], at[BW_PLAIN_RANK] = {0};
    uint8_t *to = out->block;
    int axis;
    bw_status status = check_indices(call, &axis, error);
    bw_plain_steps(in, steps);
    for (size_t element = 0; element < count && status == BW_OK; element++, to += size) {
        int64_t index, from = 0;
        status = read_index(call->inputs[1], element, in->dims[axis], &index, error);
        if (status != BW_OK)
            return status;
        for (int other = 0; other < in->rank; other++)
            from += (other == axis ? index : at[other]) * steps[other];
        memcpy(to, (const uint8_t *)in->data + (size_t)from * size, size);
        for (int other = out->rank - 1; other >= 0; other--) {
            if (++at[other] < out->dims[other])
                break;
            at[other] = 0;
        }
    }
    return status;
}

/* ---- GatherND ------------------------------------------------------------------------------- */

bw_status bw_plain_gather_nd_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                   bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *indices = call->inputs[1];
    bw_plain_tensor *out = call->outputs[0];
    int64_t batch = bw_plain_int(call, "batch_dims", 0);
    bw_status status = bw_plain_need_type(indices, BW_PLAIN_TYPE(I64), error);
    if (status != BW_OK)
        return status;
    int64_t depth = indices->rank ? indices->dims[indices->rank - 1] : 0;
    if (indices->rank < 1 || batch < 0 || batch >= indices->rank || batch >= in->rank ||
        depth < 1 || depth > in->rank - batch ||
        memcmp(in->dims, indices->dims, (size_t)batch * sizeof in->dims[0]) != 0)
        return bw_fail(error, BW_ERROR_FORMAT, "the indices do not fit the data");
    int rank = indices->rank - 1 + in->rank - (int)depth - (int)batch;
    if (rank > BW_PLAIN_RANK)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "the output has more than %d dimensions",
                       BW_PLAIN_RANK);
    out->type = in->type;
    out->rank = 0;
    for (int axis = 0; axis + 1 < indices->rank; axis++)
        out->dims[out->rank++] = indices->dims[axis];
    for (int axis = (int)(batch + depth); axis < in->rank; axis++)
        out->dims[out->rank++] = in->dims[axis];
    return BW_OK;
}

bw_status bw_plain_gather_nd_run(const bw_plain_operator *self, const bw_plain_call *call,
                                 bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *indices = call->inputs[1];
    uint8_t *to = call->outputs[0]->block;
    int batch = (int)bw_plain_int(call, "batch_dims", 0);
    int depth = (int)indices->dims[indices->rank - 1];
    size_t bytes = bw_plain_span(in, batch + depth, in->rank) * bw_element_size(in->type);
    size_t tuples = bw_plain_span(indices, 0, indices->rank - 1);
    size_t batches = bw_plain_span(in, 0, batch);
    if (bw_plain_count(call->outputs[0]) == 0)
        return BW_OK;
    for (size_t tuple = 0; tuple < tuples; tuple++, to += bytes) {
        size_t from = tuple / (tuples / batches);
        for (int level = 0; level < depth; level++) {
            int64_t length = in->dims[batch + level], index;
            bw_status status =
                read_index(indices, tuple * (size_t)depth + (size_t)level, length, &index, error);
            if (status != BW_OK)
                return status;
            from = from * (size_t)length + (size_t)index;
        }
        memcpy(to, (const uint8_t *)in->data + from * bytes, bytes);
    }
    return BW_OK;
}
