/**
 * ReduceMean, ReduceMax, ReduceMin, ReduceSum, ReduceProd, ReduceL2: numbers along axes put
 * together; ArgMax and ArgMin: where the largest and the smallest stand.
 */
#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

enum { BLOCK = 256 };

/** How numbers are put together; sums are in double precision. */
typedef enum reduction {
    REDUCE_MEAN,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_SUM,
    REDUCE_PROD,
    REDUCE_L2,
} reduction;

static reduction find(const char *name)
{
    static const char *const names[] = {"ReduceMean", "ReduceMax",  "ReduceMin",
                                        "ReduceSum",  "ReduceProd", "ReduceL2"};
    int index = 0;
    while (strcmp(names[index], name) != 0)
        index++;
    return (reduction)index;
}

/* The axes as a mask: an input from operator set 18 on, for sums from 13 on. */
static bw_status read_axes(const bw_plain_operator *self, const bw_plain_call *call, uint32_t *mask,
                           bw_error *error)
{
    bw_plain_list axes;
    int since = find(self->name) == REDUCE_SUM ? 13 : 18;
    bw_status status = bw_plain_list_either(&axes, call, "axes", since, 1, error);
    if (status == BW_OK && axes.count == 0 && bw_plain_int(call, "noop_with_empty_axes", 0)) {
        *mask = 0;
        return BW_OK;
    }
    if (status == BW_OK)
        status = bw_plain_axes_mask(mask, &axes, call->inputs[0]->rank, error);
    return status;
}

bw_status bw_plain_reduce_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    bool keeps = bw_plain_int(call, "keepdims", 1) != 0;
    reduction what = find(self->name);
    uint32_t mask, types = BW_PLAIN_NUMBERS;
    if (what == REDUCE_MAX || what == REDUCE_MIN)
        types = BW_PLAIN_ALL;
    bw_status status = bw_plain_need_type(in, types, error);
    if (status == BW_OK)
        status = read_axes(self, call, &mask, error);
    if (status != BW_OK)
        return status;
    out->type = in->type;
    out->rank = 0;
    for (int axis = 0; axis < in->rank; axis++) {
        bool dropped = mask >> axis & 1;
        if (!dropped || keeps)
            out->dims[out->rank++] = dropped ? 1 : in->dims[axis];
    }
    return BW_OK;
}

/* What a row adds to the result so far. */
static double put_together(reduction what, double so_far, const double *x, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        switch (what) {
        case REDUCE_MEAN:
        case REDUCE_SUM: so_far += x[index]; break;
        case REDUCE_MAX: so_far = so_far > x[index] || so_far != so_far ? so_far : x[index]; break;
        case REDUCE_MIN: so_far = so_far < x[index] || so_far != so_far ? so_far : x[index]; break;
        case REDUCE_PROD: so_far *= x[index]; break;
        case REDUCE_L2: so_far += x[index] * x[index]; break;
        }
    }
    return so_far;
}

static int64_t put_together_whole(reduction what, int64_t so_far, const int64_t *x, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        uint64_t sum = (uint64_t)so_far, value = (uint64_t)x[index];
        switch (what) {
        case REDUCE_MEAN:
        case REDUCE_SUM: so_far = (int64_t)(sum + value); break;
        case REDUCE_MAX: so_far = so_far > x[index] ? so_far : x[index]; break;
        case REDUCE_MIN: so_far = so_far < x[index] ? so_far : x[index]; break;
        case REDUCE_PROD: so_far = (int64_t)(sum * value); break;
        case REDUCE_L2: so_far = (int64_t)(sum + value * value); break;
        }
    }
    return so_far;
}

static void reduce_floating(reduction what, const bw_plain_tensor *in, bw_plain_loop *loop,
                            const bw_plain_tensor *out, size_t to)
{
    double x[BLOCK], result = what == REDUCE_MAX    ? (double)-INFINITY
                              : what == REDUCE_MIN  ? (double)INFINITY
                              : what == REDUCE_PROD ? 1
                                                    : 0;
    int64_t step = bw_plain_loop_step(loop, 0);
    for (size_t row = 0; row < loop->rows; row++, bw_plain_loop_next(loop)) {
        for (size_t first = 0; first < loop->row; first += BLOCK) {
            size_t some = loop->row - first < BLOCK ? loop->row - first : BLOCK;
            bw_plain_load_f64(in, loop->at[0] + (int64_t)first * step, step, some, x);
            result = put_together(what, result, x, some);
        }
    }
    if (what == REDUCE_MEAN)
        result /= (double)(loop->rows * loop->row);
    if (what == REDUCE_L2)
        result = sqrt(result);
    bw_plain_store_f64(out, to, 1, &result);
}

/* The largest and the smallest number of a type of integers. */
static int64_t extreme(bw_element type, bool largest)
{
    int64_t value = largest ? INT64_MAX : INT64_MIN;
    int bits = 64 - 8 * (int)bw_element_size(type);
    if (type == BW_ELEMENT_BOOL)
        return largest;
    if (type == BW_ELEMENT_U8 || type == BW_ELEMENT_U16 || type == BW_ELEMENT_U32)
        return largest ? (int64_t)(UINT64_MAX >> bits) : 0;
    return value / (INT64_C(1) << (bits > 62 ? 62 : bits));
}

static void reduce_whole(reduction what, const bw_plain_tensor *in, bw_plain_loop *loop,
                         const bw_plain_tensor *out, size_t to)
{
    int64_t x[BLOCK], result = what == REDUCE_MAX || what == REDUCE_MIN
                                   ? extreme(in->type, what == REDUCE_MIN)
                                   : what == REDUCE_PROD;
    int64_t step = bw_plain_loop_step(loop, 0), count = (int64_t)(loop->rows * loop->row);
    for (size_t row = 0; row < loop->rows; row++, bw_plain_loop_next(loop)) {
        for (size_t first = 0; first < loop->row; first += BLOCK) {
            size_t some = loop->row - first < BLOCK ? loop->row - first : BLOCK;
            bw_plain_load_i64(in, loop->at[0] + (int64_t)first * step, step, some, x);
            result = put_together_whole(what, result, x, some);
        }
    }
    if (what == REDUCE_MEAN && count > 0)
        result /= count;
    if (what == REDUCE_L2)
        result = (int64_t)sqrt((double)result);
    bw_plain_store_i64(out, to, 1, &result);
}

/* Splits the axes of the input into those that stay and those that go, each with its steps. */
static void split_axes(const bw_plain_tensor *in, uint32_t mask, bw_plain_tensor parts[2],
                       int64_t steps[2][BW_PLAIN_RANK])
{
    int64_t dense[BW_PLAIN_RANK];
    bw_plain_steps(in, dense);
    for (int part = 0; part < 2; part++)
        parts[part] = (bw_plain_tensor){.type = in->type};
    for (int axis = 0; axis < in->rank; axis++) {
        int part = (int)(mask >> axis & 1);
        steps[part][parts[part].rank] = dense[axis];
        parts[part].dims[parts[part].rank++] = in->dims[axis];
    }
}

bw_status bw_plain_reduce_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0], *out = call->outputs[0];
    reduction what = find(self->name);
    bw_plain_tensor parts[2];
    int64_t steps[2][BW_PLAIN_RANK] = {{0}};
    bw_plain_loop outer;
    uint32_t mask;
    bw_status status = read_axes(self, call, &mask, error);
    if (status != BW_OK)
        return status;
    if (mask == 0 && in->rank > 0) { /* nothing to put together, not even squares */
        memcpy(out->block, in->data, bw_plain_bytes(out));
        return BW_OK;
    }
    split_axes(in, mask, parts, steps);
    bw_plain_loop_make(&outer, &parts[0]);
    bw_plain_loop_add(&outer, steps[0], 0);
    bw_plain_loop_begin(&outer);
    int64_t step = bw_plain_loop_step(&outer, 0);
    for (size_t row = 0; row < outer.rows; row++, bw_plain_loop_next(&outer)) {
        for (size_t index = 0; index < outer.row; index++) {
            bw_plain_loop inner;
            bw_plain_loop_make(&inner, &parts[1]);
            bw_plain_loop_add(&inner, steps[1], outer.at[0] + (int64_t)index * step);
            bw_plain_loop_begin(&inner);
            if (bw_element_domain(in->type) == BW_DOMAIN_I64)
                reduce_whole(what, in, &inner, out, row * outer.row + index);
            else
                reduce_floating(what, in, &inner, out, row * outer.row + index);
        }
    }
    return BW_OK;
}

/* ---- ArgMax, ArgMin ------------------------------------------------------------------------- */

bw_status bw_plain_arg_infer(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_tensor *out = call->outputs[0];
    int axis;
    bw_status status = bw_plain_axis(&axis, bw_plain_int(call, "axis", 0), in->rank, error);
    if (status == BW_OK)
        status = bw_plain_need_type(in, BW_PLAIN_NUMBERS, error);
    if (status == BW_OK && in->dims[axis] == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "axis %d has no elements", axis);
    if (status != BW_OK)
        return status;
    bool keeps = bw_plain_int(call, "keepdims", 1) != 0;
    out->type = BW_ELEMENT_I64;
    out->rank = 0;
    for (int other = 0; other < in->rank; other++) {
        if (other != axis || keeps)
            out->dims[out->rank++] = other == axis ? 1 : in->dims[other];
    }
    return BW_OK;
}

/* Whether the element at `at` beats the one at `best`. */
static bool beats(const bw_plain_tensor *in, size_t at, size_t best, bool least, bool ties)
{
    if (bw_element_domain(in->type) == BW_DOMAIN_I64) {
        int64_t x, y;
        bw_plain_load_i64(in, (int64_t)at, 1, 1, &x);
        bw_plain_load_i64(in, (int64_t)best, 1, 1, &y);
        return (least ? x < y : x > y) || (ties && x == y);
    }
    double x, y;
    bw_plain_load_f64(in, (int64_t)at, 1, 1, &x);
    bw_plain_load_f64(in, (int64_t)best, 1, 1, &y);
    return (least ? x < y : x > y) || (ties && x == y);
}

bw_status bw_plain_arg_run(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    bool least = strcmp(self->name, "ArgMin") == 0;
    bool last = bw_plain_int(call, "select_last_index", 0) != 0;
    int64_t *to = call->outputs[0]->block;
    int axis;
    bw_status status = bw_plain_axis(&axis, bw_plain_int(call, "axis", 0), in->rank, error);
    if (status != BW_OK)
        return status;
    size_t outer = bw_plain_span(in, 0, axis), length = (size_t)in->dims[axis];
    size_t inner = bw_plain_span(in, axis + 1, in->rank);
    for (size_t line = 0; line < outer * inner; line++) {
        size_t first = line / inner * length * inner + line % inner, best = 0;
        for (size_t index = 1; index < length; index++) {
            if (beats(in, first + index * inner, first + best * inner, least, last))
                best = index;
        }
        to[line] = (int64_t)best;
    }
    return BW_OK;
}
