/**
 * Slice, Tile and Pad: parts of a tensor, copies of it side by side, and rims around it.
 */
#include <inttypes.h>

#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

/* ---- Slice ---------------------------------------------------------------------------------- */

/* Along each axis: the first element, the step to the next, how many there are. */
typedef struct slice {
    int64_t first[BW_PLAIN_RANK], step[BW_PLAIN_RANK], count[BW_PLAIN_RANK];
} slice;

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/*
 * One axis of `length` elements, as NumPy's start:end:step. The largest numbers mean the end in
 * the direction of the step, as ONNX Runtime has it.
 */
static void cut(slice *s, int axis, int64_t length, int64_t start, int64_t end, int64_t step)
{
    bool forward = step > 0;
    int64_t low = forward ? 0 : -1, high = forward ? length : length - 1;
    start = clamp(start < 0 ? start + length : start, 0, high < 0 ? 0 : high);
    if (!forward && (end == INT64_MAX || end == INT32_MAX))
        end = INT64_MIN;
    end = clamp(end < 0 ? (end < -length ? low : end + length) : end, low, high);
    int64_t reach = forward ? end - start : start - end;
    uint64_t stride = forward ? (uint64_t)step : 0 - (uint64_t)step;
    s->first[axis] = start;
    s->count[axis] = reach > 0 && length > 0 ? 1 + (int64_t)((uint64_t)(reach - 1) / stride) : 0;
    s->step[axis] = s->count[axis] > 1 ? step : 0;
    if (s->count[axis] == 0)
        s->first[axis] = 0;
}

static bw_status read_lists(const bw_plain_call *call, bw_plain_list *starts, bw_plain_list *ends,
                            bw_plain_list *axes, bw_plain_list *steps, bw_error *error)
{
    bw_status status = bw_plain_list_either(starts, call, "starts", 10, 1, error);
    if (status == BW_OK)
        status = bw_plain_list_either(ends, call, "ends", 10, 2, error);
    if (status == BW_OK)
        status = bw_plain_list_either(axes, call, "axes", 10, 3, error);
    *steps = (bw_plain_list){0};
    if (status == BW_OK && call->opset >= 10)
        status = bw_plain_list_input(steps, call, 4, "steps", error);
    if (status == BW_OK &&
        (starts->count != ends->count || (axes->present && axes->count != starts->count) ||
         (steps->present && steps->count != starts->count)))
        status = bw_fail(error, BW_ERROR_FORMAT, "starts, ends, axes and steps differ in length");
    return status;
}

static bw_status read_slice(slice *s, const bw_plain_call *call, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_list starts, ends, axes, steps;
    bw_status status = read_lists(call, &starts, &ends, &axes, &steps, error);
    for (int axis = 0; axis < in->rank; axis++)
        cut(s, axis, in->dims[axis], 0, in->dims[axis], 1);
    for (size_t index = 0; index < starts.count && status == BW_OK; index++) {
        int64_t step = steps.present ? steps.values[index] : 1;
        int axis = 0;
        status = bw_plain_axis(&axis, axes.present ? axes.values[index] : (int64_t)index, in->rank,
                               error);
        if (status == BW_OK && step == 0)
            status = bw_fail(error, BW_ERROR_FORMAT, "a step of 0");
        if (status == BW_OK)
            cut(s, axis, in->dims[axis], starts.values[index], ends.values[index], step);
    }
    return status;
}

bw_status bw_plain_slice_infer(const bw_plain_operator *self, const bw_plain_call *call,
                               bw_error *error)
{
    (void)self;
    slice s;
    bw_status status = read_slice(&s, call, error);
    if (status != BW_OK)
        return status;
    bw_plain_like(call->outputs[0], call->inputs[0]);
    memcpy(call->outputs[0]->dims, s.count, sizeof s.count);
    return BW_OK;
}

bw_status bw_plain_slice_run(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    slice s;
    const bw_plain_tensor *in = call->inputs[0];
    int64_t steps[BW_PLAIN_RANK], first = 0;
    bw_status status = read_slice(&s, call, error);
    if (status != BW_OK)
        return status;
    bw_plain_steps(in, steps);
    for (int axis = 0; axis < in->rank; axis++) {
        first += s.first[axis] * steps[axis];
        steps[axis] *= s.step[axis];
    }
    bw_plain_gather(call->outputs[0], in, steps, first);
    return BW_OK;
}

/* ---- Tile ----------------------------------------------------------------------------------- */

bw_status bw_plain_tile_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    bw_plain_list repeats;
    bw_status status = bw_plain_list_input(&repeats, call, 1, "repeats", error);
    if (status != BW_OK)
        return status;
    if (repeats.count != (size_t)in->rank)
        return bw_fail(error, BW_ERROR_FORMAT, "%zu repeats for %d dimensions", repeats.count,
                       in->rank);
    bw_plain_like(out, in);
    for (int axis = 0; axis < in->rank; axis++) {
        if (repeats.values[axis] < 0)
            return bw_fail(error, BW_ERROR_FORMAT, "repeats has a negative number");
        if (__builtin_mul_overflow(in->dims[axis], repeats.values[axis], &out->dims[axis]))
            return bw_fail(error, BW_ERROR_LIMIT, "axis %d is too long", axis);
    }
    return BW_OK;
}

/* Counts rows, which are along the last dimension; false after the last one. */
static bool next_row(const bw_plain_tensor *out, int64_t *index)
{
    for (int axis = out->rank - 2; axis >= 0; axis--) {
        if (++index[axis] < out->dims[axis])
            return true;
        index[axis] = 0;
    }
    return false;
}

bw_status bw_plain_tile_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    (void)error;
    const bw_plain_tensor *in = call->inputs[0], *out = call->outputs[0];
    size_t size = bw_element_size(in->type);
    int64_t index[BW_PLAIN_RANK] = {0}, steps[BW_PLAIN_RANK];
    uint8_t *to = out->block;
    size_t row = (in->rank ? (size_t)in->dims[in->rank - 1] : 1) * size;
    size_t copies = in->rank && row ? (size_t)out->dims[in->rank - 1] * size / row : 1;
    if (bw_plain_count(out) == 0)
        return BW_OK;
    bw_plain_steps(in, steps);
    do {
        int64_t from = 0;
        for (int axis = 0; axis + 1 < in->rank; axis++)
            from += index[axis] % in->dims[axis] * steps[axis];
        for (size_t copy = 0; copy < copies; copy++, to += row)
            memcpy(to, (const uint8_t *)in->data + (size_t)from * size, row);
    } while (next_row(out, index));
    return BW_OK;
}

/* ---- Pad ------------------------------------------------------------------------------------ */

typedef enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode;

typedef struct padding {
    pad_mode mode;
    int64_t begin[BW_PLAIN_RANK], end[BW_PLAIN_RANK];
} padding;

static bw_status read_mode(padding *p, const bw_plain_call *call, bw_error *error)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    const char *text = bw_plain_text(call, "mode", "constant");
    for (size_t mode = 0; mode < 4; mode++) {
        if (strcmp(text, modes[mode]) == 0) {
            p->mode = (pad_mode)mode;
            return BW_OK;
        }
    }
    return bw_fail(error, BW_ERROR_UNSUPPORTED, "the mode '%s' is not supported", text);
}

static bw_status read_padding(padding *p, const bw_plain_call *call, bw_error *error)
{
    bw_plain_list pads, axes;
    int rank = call->inputs[0]->rank;
    *p = (padding){0};
    bw_status status = read_mode(p, call, error);
    if (status == BW_OK)
        status = bw_plain_list_either(&pads, call, "pads", 11, 1, error);
    axes = (bw_plain_list){0};
    if (status == BW_OK && call->opset >= 18)
        status = bw_plain_list_input(&axes, call, 3, "axes", error);
    if (status != BW_OK)
        return status;
    size_t count = axes.present ? axes.count : (size_t)rank;
    if (pads.count != 2 * count)
        return bw_fail(error, BW_ERROR_FORMAT, "%zu pads for %zu axes", pads.count, count);
    for (size_t index = 0; index < count; index++) {
        int axis = 0;
        status =
            bw_plain_axis(&axis, axes.present ? axes.values[index] : (int64_t)index, rank, error);
        if (status != BW_OK)
            return status;
        p->begin[axis] = pads.values[index];
        p->end[axis] = pads.values[index + count];
    }
    return BW_OK;
}

static bw_status check_pad(const padding *p, int axis, int64_t length, bw_error *error)
{
    int64_t begin = p->begin[axis], end = p->end[axis];
    int64_t most = p->mode == PAD_REFLECT    ? length - 1
                   : p->mode == PAD_CONSTANT ? INT32_MAX
                   : length                  ? INT32_MAX
                                             : 0;
    if (begin > most || end > most || begin < -length || end < -length || begin + end < -length)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "pads of %" PRId64 " and %" PRId64 " around %" PRId64 " elements of axis %d",
                       begin, end, length, axis);
    return BW_OK;
}

bw_status bw_plain_pad_infer(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    padding p;
    const bw_plain_tensor *in = call->inputs[0], *value = NULL;
    bw_plain_tensor *out = call->outputs[0];
    bw_status status = read_padding(&p, call, error);
    bw_plain_like(out, in);
    if (status == BW_OK && call->opset >= 11)
        value = bw_plain_input(call, 2);
    if (status == BW_OK && value && (value->type != in->type || bw_plain_count(value) > 1))
        status = bw_fail(error, BW_ERROR_FORMAT, "the value is not one number of the type %s",
                         bw_element_name(in->type));
    for (int axis = 0; axis < in->rank && status == BW_OK; axis++) {
        status = check_pad(&p, axis, in->dims[axis], error);
        if (status == BW_OK &&
            __builtin_add_overflow(in->dims[axis], p.begin[axis] + p.end[axis], &out->dims[axis]))
            status = bw_fail(error, BW_ERROR_LIMIT, "axis %d is too long", axis);
    }
    return status;
}

/* The element of an axis that stands at place `at` of the padded one; −1 for the constant. */
static int64_t padded(const padding *p, int axis, int64_t length, int64_t at)
{
    int64_t from = at - p->begin[axis];
    if (from >= 0 && from < length)
        return from;
    switch (p->mode) {
    case PAD_EDGE: return from < 0 ? 0 : length - 1;
    case PAD_REFLECT: return from < 0 ? -from : 2 * (length - 1) - from;
    case PAD_WRAP: return (from % length + length) % length;
    default: return -1;
    }
}

/* The element that a row begins with but for the last axis, or −1 where it is all constant. */
static int64_t row_source(const padding *p, const bw_plain_tensor *in, const int64_t *steps,
                          const int64_t *index)
{
    int64_t sum = 0;
    for (int axis = 0; axis + 1 < in->rank; axis++) {
        int64_t from = padded(p, axis, in->dims[axis], index[axis]);
        if (from < 0)
            return -1;
        sum += from * steps[axis];
    }
    return sum;
}

static void read_value(const bw_plain_call *call, uint8_t *value)
{
    const bw_plain_tensor *input = call->opset >= 11 ? bw_plain_input(call, 2) : NULL;
    bw_plain_tensor one = {.type = call->inputs[0]->type, .block = value};
    float number = call->opset < 11 ? bw_plain_float(call, "value", 0) : 0;
    if (input && bw_plain_count(input) == 1)
        memcpy(value, input->data, bw_element_size(input->type));
    else
        bw_plain_store_f32(&one, 0, 1, &number);
}

bw_status bw_plain_pad_run(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_error *error)
{
    (void)self;
    padding p;
    uint64_t value = 0;
    const bw_plain_tensor *in = call->inputs[0], *out = call->outputs[0];
    size_t size = bw_element_size(in->type);
    int64_t index[BW_PLAIN_RANK] = {0}, steps[BW_PLAIN_RANK];
    uint8_t *to = out->block;
    int last = in->rank - 1;
    bw_status status = read_padding(&p, call, error);
    if (status != BW_OK || bw_plain_count(out) == 0)
        return status;
    if (in->rank == 0) {
        memcpy(to, in->data, size);
        return BW_OK;
    }
    read_value(call, (uint8_t *)&value);
    bw_plain_steps(in, steps);
    do {
        int64_t row = row_source(&p, in, steps, index);
        for (int64_t at = 0; at < out->dims[last]; at++, to += size) {
            int64_t from = row < 0 ? -1 : padded(&p, last, in->dims[last], at);
            memcpy(to,
                   from < 0 ? (const uint8_t *)&value
                            : (const uint8_t *)in->data + (size_t)(row + from) * size,
                   size);
        }
    } while (next_row(out, index));
    return BW_OK;
}
