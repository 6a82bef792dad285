/**
 * MaxPool, AveragePool, GlobalAveragePool and GlobalMaxPool over pictures.
 */
#include "kernels/plain/window.h"

static bw_status read_pool(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_window *window, bw_error *error)
{
    uint32_t types = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES;
    if (strcmp(self->name, "MaxPool") == 0)
        types |= BW_PLAIN_BYTES;
    bw_status status = bw_plain_need_type(call->inputs[0], types, error);
    if (status == BW_OK)
        status = bw_window_need_pictures(call->inputs[0], error);
    if (status == BW_OK)
        status = bw_window_kernel(window, call, error);
    if (status == BW_OK)
        status = bw_window_read(window, call, bw_plain_int(call, "ceil_mode", 0) != 0, error);
    return status;
}

bw_status bw_plain_pool_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    bw_window window;
    bw_status status = read_pool(self, call, &window, error);
    if (status != BW_OK)
        return status;
    for (size_t index = 0; index < call->output_count; index++) {
        bw_plain_tensor *out = call->outputs[index];
        if (!out)
            continue;
        bw_plain_like(out, call->inputs[0]);
        out->dims[2] = window.out[0];
        out->dims[3] = window.out[1];
        if (index == 1)
            out->type = BW_ELEMENT_I64;
    }
    return BW_OK;
}

/* A window over one plane of the input. */
typedef struct view {
    const bw_window *window;
    const float *plane;
    int64_t y, x, first_y, last_y, first_x, last_x; /* the origin, and positions in the picture */
} view;

static float view_at(const view *v, int64_t ky, int64_t kx, int64_t *row, int64_t *column)
{
    *row = v->y + ky * v->window->dilation[0];
    *column = v->x + kx * v->window->dilation[1];
    return v->plane[*row * v->window->in[1] + *column];
}

static float largest(const view *v, bool by_columns, int64_t *where)
{
    float most = -INFINITY;
    *where = 0;
    for (int64_t ky = v->first_y; ky < v->last_y; ky++) {
        for (int64_t kx = v->first_x; kx < v->last_x; kx++) {
            int64_t row, column;
            float value = view_at(v, ky, kx, &row, &column);
            if (value > most) {
                most = value;
                *where =
                    by_columns ? column * v->window->in[0] + row : row * v->window->in[1] + column;
            }
        }
    }
    return most;
}

/* How many positions of a window lie in the picture and its padding, along an axis. */
static int64_t padded_positions(const bw_window *window, int axis, int64_t origin)
{
    int64_t dilation = window->dilation[axis];
    int64_t left = window->in[axis] + window->end[axis] - origin;
    int64_t count = left <= 0 ? 0 : (left + dilation - 1) / dilation;
    return count < window->kernel[axis] ? count : window->kernel[axis];
}

static float mean(const view *v, bool with_padding)
{
    double sum = 0;
    int64_t row, column;
    int64_t count = (v->last_y - v->first_y) * (v->last_x - v->first_x);
    for (int64_t ky = v->first_y; ky < v->last_y; ky++) {
        for (int64_t kx = v->first_x; kx < v->last_x; kx++)
            sum += (double)view_at(v, ky, kx, &row, &column);
    }
    if (with_padding)
        count = padded_positions(v->window, 0, v->y) * padded_positions(v->window, 1, v->x);
    return count > 0 ? (float)(sum / (double)count) : 0.0f;
}

typedef struct pool {
    bw_window window;
    bool averages, with_padding, by_columns;
    float *to;
    int64_t *places; /* NULL where they are not wanted */
} pool;

static void pool_plane(pool *p, const float *plane, size_t number)
{
    const bw_window *window = &p->window;
    int64_t before = (int64_t)number * window->in[0] * window->in[1];
    view v = {.window = window, .plane = plane};
    for (int64_t y = 0; y < window->out[0]; y++) {
        bw_window_span(window, 0, y, &v.y, &v.first_y, &v.last_y);
        for (int64_t x = 0; x < window->out[1]; x++) {
            int64_t where = 0;
            bw_window_span(window, 1, x, &v.x, &v.first_x, &v.last_x);
            *p->to++ = p->averages ? mean(&v, p->with_padding) : largest(&v, p->by_columns, &where);
            if (p->places)
                *p->places++ = before + where;
        }
    }
}

bw_status bw_plain_pool_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0], *places = bw_plain_output(call, 1);
    pool p = {.averages = strcmp(self->name, "AveragePool") == 0,
              .with_padding = bw_plain_int(call, "count_include_pad", 0) != 0,
              .by_columns = bw_plain_int(call, "storage_order", 0) != 0,
              .to = call->outputs[0]->block,
              .places = places ? places->block : NULL};
    bw_status status = read_pool(self, call, &p.window, error);
    if (status != BW_OK || bw_plain_count(call->outputs[0]) == 0)
        return status;
    size_t planes = bw_plain_span(in, 0, 2), size = bw_plain_span(in, 2, 4);
    for (size_t plane = 0; plane < planes; plane++)
        pool_plane(&p, (const float *)in->data + plane * size, plane);
    return BW_OK;
}

/* ---- over the whole picture ----------------------------------------------------------------- */

bw_status bw_plain_global_pool_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                     bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0];
    bw_plain_like(call->outputs[0], in);
    for (int axis = 2; axis < in->rank; axis++)
        call->outputs[0]->dims[axis] = 1;
    if (in->rank < 2)
        return bw_fail(error, BW_ERROR_FORMAT, "a tensor of %d dimensions has no channels",
                       in->rank);
    return bw_plain_need_type(in, BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES, error);
}

bw_status bw_plain_global_pool_run(const bw_plain_operator *self, const bw_plain_call *call,
                                   bw_error *error)
{
    (void)error;
    const bw_plain_tensor *in = call->inputs[0];
    bool averages = strcmp(self->name, "GlobalAveragePool") == 0;
    size_t planes = bw_plain_span(in, 0, 2), size = bw_plain_span(in, 2, in->rank);
    for (size_t plane = 0; plane < planes; plane++) {
        const float *from = (const float *)in->data + plane * size;
        double sum = 0;
        float most = -INFINITY;
        for (size_t index = 0; index < size; index++) {
            sum += (double)from[index];
            most = from[index] > most ? from[index] : most;
        }
        ((float *)call->outputs[0]->block)[plane] = averages ? (float)(sum / (double)size) : most;
    }
    return BW_OK;
}
