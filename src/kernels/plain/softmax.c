/**
 * Softmax, LogSoftmax and BatchNormalization.
 */
#include "kernels/plain/operator.h"

/* A tensor as [outer][length][inner], normalised along the length. */
typedef struct lines {
    size_t outer, length, inner;
} lines;

/* Below operator set 13 all dimensions from the axis on are one. */
static bw_status read_lines(const bw_plain_call *call, lines *l, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    int64_t value = bw_plain_int(call, "axis", call->opset < 13 ? 1 : -1);
    int axis = 0;
    bw_status status = BW_OK;
    if (call->opset < 13 && value == in->rank)
        axis = in->rank;
    else if (in->rank > 0 || value < -1 || value > 0)
        status = bw_plain_axis(&axis, value, in->rank, error);
    if (status != BW_OK)
        return status;
    bool together = call->opset < 13;
    int end = together || in->rank == 0 ? in->rank : axis + 1;
    l->outer = bw_plain_span(in, 0, axis);
    l->length = bw_plain_span(in, axis, end);
    l->inner = bw_plain_span(in, end, in->rank);
    return BW_OK;
}

bw_status bw_plain_softmax_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                 bw_error *error)
{
    (void)self;
    lines l;
    bw_plain_like(call->outputs[0], call->inputs[0]);
    bw_status status = read_lines(call, &l, error);
    if (status == BW_OK)
        status = bw_plain_need_type(call->inputs[0], BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES, error);
    return status;
}

static void normalise(const float *from, float *to, size_t length, size_t step, bool logarithm)
{
    float most = -INFINITY, sum = 0;
    for (size_t index = 0; index < length; index++)
        most = from[index * step] > most ? from[index * step] : most;
    for (size_t index = 0; index < length; index++) {
        float value = expf(from[index * step] - most);
        to[index * step] = value;
        sum += value;
    }
    float whole = length > 0 ? logf(sum) : 0.0f;
    for (size_t index = 0; index < length; index++) {
        if (logarithm)
            to[index * step] = from[index * step] - most - whole;
        else
            to[index * step] /= sum;
    }
}

bw_status bw_plain_softmax_run(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    lines l;
    bw_status status = read_lines(call, &l, error);
    bool logarithm = strcmp(self->name, "LogSoftmax") == 0;
    if (status != BW_OK || bw_plain_count(call->inputs[0]) == 0)
        return status;
    for (size_t outer = 0; outer < l.outer; outer++) {
        for (size_t inner = 0; inner < l.inner; inner++) {
            size_t at = outer * l.length * l.inner + inner;
            normalise((const float *)call->inputs[0]->data + at,
                      (float *)call->outputs[0]->block + at, l.length, l.inner, logarithm);
        }
    }
    return BW_OK;
}

/* ---- BatchNormalization --------------------------------------------------------------------- */

bw_status bw_plain_batch_norm_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                    bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    uint32_t types = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES;
    bw_status status = bw_plain_need_type(in, types, error);
    bw_plain_like(call->outputs[0], in);
    if (status == BW_OK && bw_plain_int(call, "training_mode", 0))
        status = bw_fail(error, BW_ERROR_UNSUPPORTED, "training_mode is for training alone");
    for (size_t index = 1; index < 5 && status == BW_OK; index++) {
        const bw_plain_tensor *list = call->inputs[index];
        status = bw_plain_need_type(list, types, error);
        if (status == BW_OK && (in->rank < 2 || list->rank != 1 || list->dims[0] != in->dims[1]))
            status =
                bw_fail(error, BW_ERROR_FORMAT, "input %zu is not one number a channel", index);
    }
    return status;
}

bw_status bw_plain_batch_norm_run(const bw_plain_operator *self, const bw_plain_call *call,
                                  bw_error *error)
{
    (void)self;
    (void)error;
    const bw_plain_tensor *in = call->inputs[0];
    const float *lists[4];
    float epsilon = bw_plain_float(call, "epsilon", 1e-5f);
    size_t images = bw_plain_span(in, 0, 1), channels = bw_plain_span(in, 1, 2);
    size_t size = bw_plain_span(in, 2, in->rank);
    const float *from = in->data;
    float *to = call->outputs[0]->block;
    for (size_t index = 0; index < 4; index++)
        lists[index] = call->inputs[index + 1]->data;
    for (size_t image = 0; image < images; image++) {
        for (size_t channel = 0; channel < channels; channel++) {
            float factor = lists[0][channel] / sqrtf(lists[3][channel] + epsilon);
            for (size_t index = 0; index < size; index++, from++, to++)
                *to = (*from - lists[2][channel]) * factor + lists[1][channel];
        }
    }
    return BW_OK;
}
