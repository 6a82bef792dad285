/**
 * TopK: the k largest or smallest numbers along an axis, best first; ties go to the lower index.
 */
#include <inttypes.h>

#include "kernels/plain/operator.h"

static bw_status read_k(const bw_plain_call *call, int *axis, int64_t *k, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_list list;
    bw_status status = bw_plain_axis(axis, bw_plain_int(call, "axis", -1), in->rank, error);
    *k = bw_plain_int(call, "k", -1);
    if (status == BW_OK && call->opset >= 10) {
        status = bw_plain_list_input(&list, call, 1, "k", error);
        *k = status == BW_OK && list.count == 1 ? list.values[0] : -1;
    }
    if (status == BW_OK && (*k < 0 || *k > in->dims[*axis]))
        status = bw_fail(error, BW_ERROR_FORMAT, "k is %" PRId64 " for an axis of %" PRId64, *k,
                         in->dims[*axis]);
    return status;
}

bw_status bw_plain_top_infer(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    (void)self;
    int axis;
    int64_t k;
    bw_status status = bw_plain_need_type(call->inputs[0], BW_PLAIN_NUMBERS, error);
    if (status == BW_OK)
        status = read_k(call, &axis, &k, error);
    if (status == BW_OK && call->output_count < 2)
        status = bw_fail(error, BW_ERROR_FORMAT, "TopK has two outputs");
    for (size_t index = 0; index < 2 && status == BW_OK; index++) {
        bw_plain_tensor *out = call->outputs[index];
        if (!out)
            continue;
        bw_plain_like(out, call->inputs[0]);
        out->dims[axis] = k;
        if (index == 1)
            out->type = BW_ELEMENT_I64;
    }
    return status;
}

/** Numbers along an axis, and the places of those that are best so far, as a heap. */
typedef struct line {
    const bw_plain_tensor *in;
    size_t first, step; /* of the numbers */
    bool largest;
    int64_t *places;
    size_t place_step;
    size_t count;
} line;

static int64_t *place(const line *l, size_t index)
{
    return &l->places[index * l->place_step];
}

/* Whether number a comes before number b in the result. What is not a number counts as largest. */
static bool before(const line *l, int64_t a, int64_t b)
{
    int64_t at_a = (int64_t)(l->first + (size_t)a * l->step);
    int64_t at_b = (int64_t)(l->first + (size_t)b * l->step);
    if (bw_element_domain(l->in->type) == BW_DOMAIN_I64) {
        int64_t x, y;
        bw_plain_load_i64(l->in, at_a, 1, 1, &x);
        bw_plain_load_i64(l->in, at_b, 1, 1, &y);
        return x == y ? a < b : l->largest ? x > y : x < y;
    }
    double x, y;
    bw_plain_load_f64(l->in, at_a, 1, 1, &x);
    bw_plain_load_f64(l->in, at_b, 1, 1, &y);
    if (x != x || y != y)
        return (x != x) == (y != y) ? a < b : (x != x) == l->largest;
    return x == y ? a < b : l->largest ? x > y : x < y;
}

/* Moves a place down until it comes after both below it: the worst is on top. */
static void sink(line *l, size_t index)
{
    for (size_t child; (child = 2 * index + 1) < l->count; index = child) {
        if (child + 1 < l->count && before(l, *place(l, child), *place(l, child + 1)))
            child++;
        if (before(l, *place(l, child), *place(l, index)))
            return;
        int64_t kept = *place(l, index);
        *place(l, index) = *place(l, child);
        *place(l, child) = kept;
    }
}

/* Leaves the places of the k best of `length` numbers, best first. */
static void find_best(line *l, size_t length, size_t k)
{
    l->count = k;
    for (size_t index = 0; index < k; index++)
        *place(l, index) = (int64_t)index;
    for (size_t index = k / 2; index-- > 0;)
        sink(l, index);
    for (size_t index = k; index < length && k; index++) {
        if (before(l, (int64_t)index, *place(l, 0))) {
            *place(l, 0) = (int64_t)index;
            sink(l, 0);
        }
    }
    while (l->count > 1) {
        int64_t worst = *place(l, 0);
        *place(l, 0) = *place(l, l->count - 1);
        *place(l, --l->count) = worst;
        sink(l, 0);
    }
}

bw_status bw_plain_top_run(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *values = call->outputs[0];
    size_t size = bw_element_size(in->type);
    bw_plain_tensor own = {0};
    int axis;
    int64_t k;
    bw_status status = read_k(call, &axis, &k, error);
    if (status != BW_OK)
        return status;
    bw_plain_like(&own, values);
    own.type = BW_ELEMENT_I64;
    if (!bw_plain_output(call, 1))
        status = bw_plain_allocate(&own, error);
    if (status != BW_OK)
        return status;
    int64_t *places = bw_plain_output(call, 1) ? call->outputs[1]->block : own.block;
    size_t inner = bw_plain_span(in, axis + 1, in->rank), length = (size_t)in->dims[axis];
    size_t lines = bw_plain_span(in, 0, axis) * inner;
    for (size_t number = 0; number < lines; number++) {
        size_t to = number / inner * (size_t)k * inner + number % inner;
        line l = {.in = in,
                  .first = number / inner * length * inner + number % inner,
                  .step = inner,
                  .largest = bw_plain_int(call, "largest", 1) != 0,
                  .places = places + to,
                  .place_step = inner};
        find_best(&l, length, (size_t)k);
        for (size_t index = 0; index < (size_t)k; index++)
            memcpy((uint8_t *)values->block + (to + index * inner) * size,
                   (const uint8_t *)in->data + (l.first + (size_t)*place(&l, index) * inner) * size,
                   size);
    }
    bw_plain_release(&own);
    return BW_OK;
}
