/**
 * GridSample: the numbers of pictures at places that another tensor tells.
 */
#include "kernels/plain/operator.h"
#include "kernels/plain/window.h"

typedef enum rim { ZEROS, BORDER, REFLECTION } rim;

/* How places are read; `size` is rows, columns. */
typedef struct sampling {
    int64_t size[2];
    rim outside;
    bool linear, corners;
} sampling;

static bw_status read_words(sampling *s, const bw_plain_call *call, bw_error *error)
{
    const char *mode = bw_plain_text(call, "mode", "linear");
    const char *outside = bw_plain_text(call, "padding_mode", "zeros");
    s->linear = strcmp(mode, "linear") == 0 || strcmp(mode, "bilinear") == 0;
    s->corners = bw_plain_int(call, "align_corners", 0) != 0;
    s->outside = strcmp(outside, "border") == 0       ? BORDER
                 : strcmp(outside, "reflection") == 0 ? REFLECTION
                                                      : ZEROS;
    if (!s->linear && strcmp(mode, "nearest") != 0)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "mode '%.20s' is not supported; linear and nearest are", mode);
    if (s->outside == ZEROS && strcmp(outside, "zeros") != 0)
        return bw_fail(error, BW_ERROR_FORMAT, "there is no padding_mode '%.20s'", outside);
    return BW_OK;
}

bw_status bw_plain_grid_sample_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                     bw_error *error)
{
    (void)self;
    sampling s;
    uint32_t types = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES;
    const bw_plain_tensor *in = call->inputs[0], *grid = call->inputs[1];
    bw_plain_tensor *out = call->outputs[0];
    bw_status status = bw_window_need_pictures(in, error);
    if (status == BW_OK)
        status = bw_plain_need_type(in, types, error);
    if (status == BW_OK)
        status = bw_plain_need_type(grid, types, error);
    if (status == BW_OK)
        status = read_words(&s, call, error);
    if (status != BW_OK)
        return status;
    if (grid->rank != 4 || grid->dims[3] != 2 || grid->dims[0] != in->dims[0])
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the places are not [images, rows, columns, 2] for as many images");
    if (in->dims[2] < 1 || in->dims[3] < 1)
        return bw_fail(error, BW_ERROR_FORMAT, "the pictures are empty");
    bw_plain_like(out, in);
    out->dims[2] = grid->dims[1];
    out->dims[3] = grid->dims[2];
    return BW_OK;
}

/* Reflected at both ends, as often as that takes. */
static double reflect(double x, double least, double most)
{
    double range = most - least;
    if (range <= 0.0)
        return least;
    double beyond = x < least  ? least - x
                    : x > most ? x - most
                               : 0.0,
           turns = floor(beyond / range);
    double rest = beyond - turns * range;
    if (beyond == 0.0)
        return x;
    return (fmod(turns, 2.0) == 0.0) == (x < least) ? least + rest : most - rest;
}

static double reflect_place(const sampling *s, int axis, double x)
{
    double last = (double)s->size[axis] - 1.0;
    return s->corners ? reflect(x, 0.0, last) : reflect(x, -0.5, last + 0.5);
}

/* From −1 to 1 to pixels. What is no number lies far outside. */
static double place_of(const sampling *s, int axis, float share)
{
    double size = (double)s->size[axis], far = 1 << 24;
    double x = s->corners ? ((double)share + 1.0) / 2.0 * (size - 1.0)
                          : (((double)share + 1.0) * size - 1.0) / 2.0;
    x = fmin(fmax(x, -far), far);
    if (s->outside == BORDER)
        return fmin(fmax(x, 0.0), size - 1.0);
    return s->outside == REFLECTION ? reflect_place(s, axis, x) : x;
}

/* The pixel that stands for number `at` along an axis; false where that counts as zero. */
static bool find_pixel(const sampling *s, int axis, double at, int64_t *pixel)
{
    double last = (double)s->size[axis] - 1.0;
    if (s->outside == ZEROS && (at < 0.0 || at > last))
        return false;
    if (s->outside == REFLECTION)
        at = reflect_place(s, axis, at);
    *pixel = (int64_t)fmin(fmax(at, 0.0), last);
    return true;
}

static double pixel_at(const sampling *s, const float *plane, double y, double x)
{
    int64_t row, column;
    return find_pixel(s, 0, y, &row) && find_pixel(s, 1, x, &column)
               ? (double)plane[row * s->size[1] + column]
               : 0.0;
}

static float sample(const sampling *s, const float *plane, double y, double x)
{
    if (!s->linear)
        return (float)pixel_at(s, plane, nearbyint(y), nearbyint(x));
    double top = floor(y), left = floor(x), down = y - top, across = x - left;
    double above = (1.0 - across) * pixel_at(s, plane, top, left) +
                   across * pixel_at(s, plane, top, left + 1.0);
    double below = (1.0 - across) * pixel_at(s, plane, top + 1.0, left) +
                   across * pixel_at(s, plane, top + 1.0, left + 1.0);
    return (float)((1.0 - down) * above + down * below);
}

bw_status bw_plain_grid_sample_run(const bw_plain_operator *self, const bw_plain_call *call,
                                   bw_error *error)
{
    (void)self;
    const bw_plain_tensor *in = call->inputs[0], *grid = call->inputs[1];
    sampling s = {.size = {in->dims[2], in->dims[3]}};
    bw_status status = read_words(&s, call, error);
    if (status != BW_OK)
        return status;
    size_t area = bw_plain_span(in, 2, 4), places = bw_plain_span(grid, 1, 3);
    size_t images = bw_plain_span(in, 0, 1), channels = bw_plain_span(in, 1, 2);
    const float *plane = in->data;
    float *to = call->outputs[0]->block;
    for (size_t image = 0; image < images; image++) {
        const float *shares = (const float *)grid->data + image * places * 2;
        for (size_t channel = 0; channel < channels; channel++, plane += area) {
            for (size_t place = 0; place < places; place++)
                *to++ = sample(&s, plane, place_of(&s, 0, shares[2 * place + 1]),
                               place_of(&s, 1, shares[2 * place]));
        }
    }
    return BW_OK;
}
