/**
 * Resize and Upsample: nearest, linear and cubic, in every mode of coordinates.
 *
 * Each axis has a table of taps for each place of the output: elements of the input and their
 * weights. An output element is the sum over the product of its axes' taps. Coordinates are single
 * precision, as in ONNX Runtime, so that places on the boundary fall to the same side.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/memory.h"
#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

enum { MOST_TAPS = 4 };

/** The elements that one place of the output is made of; count 0: it lies outside. */
typedef struct place {
    int count;
    int64_t index[MOST_TAPS];
    float weight[MOST_TAPS];
} place;

typedef enum resize_mode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC } resize_mode;

typedef struct resize {
    resize_mode mode;
    const char *coordinates, *rounding;
    bool exclude_outside;
    float cubic, extrapolation;
    int64_t in[BW_PLAIN_RANK], out[BW_PLAIN_RANK];
    float scale[BW_PLAIN_RANK], start[BW_PLAIN_RANK], end[BW_PLAIN_RANK]; /* start, end: roi */
} resize;

/* ---- what is asked for ---------------------------------------------------------------------- */

static bw_status read_modes(resize *r, const bw_plain_call *call, bool upsamples, bw_error *error)
{
    const char *mode = bw_plain_text(call, "mode", "nearest");
    bool old = upsamples || call->opset < 11;
    r->mode = strcmp(mode, "nearest") == 0  ? RESIZE_NEAREST
              : strcmp(mode, "linear") == 0 ? RESIZE_LINEAR
                                            : RESIZE_CUBIC;
    if (r->mode == RESIZE_CUBIC && (old || strcmp(mode, "cubic") != 0))
        return bw_fail(error, BW_ERROR_FORMAT, "the mode is '%s'", mode);
    if (bw_plain_int(call, "antialias", 0) && r->mode != RESIZE_NEAREST)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "antialias is not supported");
    r->coordinates =
        old ? "asymmetric" : bw_plain_text(call, "coordinate_transformation_mode", "half_pixel");
    r->rounding = old ? "floor" : bw_plain_text(call, "nearest_mode", "round_prefer_floor");
    r->exclude_outside = bw_plain_int(call, "exclude_outside", 0) != 0;
    r->cubic = bw_plain_float(call, "cubic_coeff_a", -0.75f);
    r->extrapolation = bw_plain_float(call, "extrapolation_value", 0);
    return BW_OK;
}

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        if (strcmp(text, words[index]) == 0)
            return true;
    }
    return false;
}

static bw_status check_modes(const resize *r, bw_error *error)
{
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",  "align_corners",
        "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn"};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil"};
    if (!is_one_of(r->coordinates, coordinates, sizeof coordinates / sizeof coordinates[0]))
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "coordinate_transformation_mode '%s'",
                       r->coordinates);
    if (!is_one_of(r->rounding, roundings, sizeof roundings / sizeof roundings[0]))
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "nearest_mode '%s'", r->rounding);
    return BW_OK;
}

/* Reads floats of an input whose values must be known; empty where it is left out. */
static bw_status read_floats(const bw_plain_call *call, size_t index, const char *name,
                             float *values, size_t *count, bw_error *error)
{
    const bw_plain_tensor *in = bw_plain_input(call, index);
    *count = 0;
    if (!in || bw_plain_count(in) == 0)
        return BW_OK;
    bw_status status = bw_plain_need_data(in, name, error);
    if (status == BW_OK)
        status = bw_plain_need_type(in, BW_PLAIN_FLOATING, error);
    if (status == BW_OK && bw_plain_count(in) > BW_PLAIN_LIST)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s has %zu numbers", name, bw_plain_count(in));
    if (status != BW_OK)
        return status;
    *count = bw_plain_count(in);
    bw_plain_load_f32(in, 0, 1, *count, values);
    return BW_OK;
}

/* Which axes the numbers are for: all but where operator set 18's attribute names them. */
static bw_status read_axes(const bw_plain_call *call, int *axes, size_t *count, bw_error *error)
{
    bw_plain_list list;
    int rank = call->inputs[0]->rank;
    assert(rank >= 0 && rank <= BW_PLAIN_RANK);
    bw_status status = bw_plain_list_attribute(&list, call, "axes", error);
    *count = list.present ? list.count : (size_t)rank;
    if (status == BW_OK && *count > (size_t)rank)
        status = bw_fail(error, BW_ERROR_FORMAT, "%zu axes of %d", *count, rank);
    for (size_t index = 0; index < *count && status == BW_OK; index++)
        status = bw_plain_axis(&axes[index], list.present ? list.values[index] : (int64_t)index,
                               rank, error);
    return status;
}

static bw_status use_scales(resize *r, const int *axes, size_t count, const float *scales,
                            bw_error *error)
{
    for (size_t index = 0; index < count; index++) {
        int axis = axes[index];
        double length = floor((double)r->in[axis] * (double)scales[index]);
        if (!(scales[index] > 0) || !(length < 0x1p31))
            return bw_fail(error, BW_ERROR_FORMAT, "a scale of %g for %" PRId64 " elements",
                           (double)scales[index], r->in[axis]);
        r->scale[axis] = scales[index];
        r->out[axis] = (int64_t)length;
    }
    return BW_OK;
}

static bw_status use_sizes(resize *r, const bw_plain_call *call, const int *axes, size_t count,
                           const int64_t *sizes, bw_error *error)
{
    const char *policy = bw_plain_text(call, "keep_aspect_ratio_policy", "stretch");
    bool larger = strcmp(policy, "not_smaller") == 0, smaller = strcmp(policy, "not_larger") == 0;
    float common = larger ? 0.0f : INFINITY;
    for (size_t index = 0; index < count; index++) {
        int axis = axes[index];
        if (sizes[index] < 1 || sizes[index] > INT32_MAX || r->in[axis] < 1)
            return bw_fail(error, BW_ERROR_FORMAT, "%" PRId64 " elements to %" PRId64, r->in[axis],
                           sizes[index]);
        r->out[axis] = sizes[index];
        r->scale[axis] = (float)sizes[index] / (float)r->in[axis];
        common = larger ? fmaxf(common, r->scale[axis]) : fminf(common, r->scale[axis]);
    }
    for (size_t index = 0; index < count && (larger || smaller); index++) {
        r->scale[axes[index]] = common;
        r->out[axes[index]] = (int64_t)roundf(common * (float)r->in[axes[index]]);
    }
    return BW_OK;
}

static bw_status read_resize(const bw_plain_operator *self, const bw_plain_call *call, resize *r,
                             bw_error *error)
{
    bool upsamples = strcmp(self->name, "Upsample") == 0;
    bool old = upsamples || call->opset < 11;
    float scales[BW_PLAIN_LIST], roi[BW_PLAIN_LIST];
    size_t scale_count = 0, roi_count = 0, count = 0;
    int axes[BW_PLAIN_RANK];
    bw_plain_list sizes = {0};
    const bw_plain_tensor *in = call->inputs[0];
    *r = (resize){0};
    for (int axis = 0; axis < in->rank; axis++) {
        r->in[axis] = r->out[axis] = in->dims[axis];
        r->scale[axis] = r->end[axis] = 1;
    }
    bw_status status = read_modes(r, call, upsamples, error);
    if (status == BW_OK)
        status = check_modes(r, error);
    if (status == BW_OK)
        status = read_axes(call, axes, &count, error);
    if (status == BW_OK && !old)
        status = read_floats(call, 1, "roi", roi, &roi_count, error);
    if (status == BW_OK)
        status = read_floats(call, old ? 1 : 2, "scales", scales, &scale_count, error);
    if (status == BW_OK && !old)
        status = bw_plain_list_input(&sizes, call, 3, "sizes", error);
    if (status != BW_OK)
        return status;
    bool crops = strcmp(r->coordinates, "tf_crop_and_resize") == 0;
    if ((scale_count != count && sizes.count != count) || (crops && roi_count != 2 * count))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "%zu scales, %zu sizes and a region of %zu numbers for %zu axes",
                       scale_count, sizes.count, roi_count, count);
    for (size_t index = 0; index < count && crops; index++) {
        r->start[axes[index]] = roi[index];
        r->end[axes[index]] = roi[count + index];
    }
    return sizes.count ? use_sizes(r, call, axes, count, sizes.values, error)
                       : use_scales(r, axes, count, scales, error);
}

/* ---- taps ----------------------------------------------------------------------------------- */

static float coordinate(const resize *r, int axis, int64_t at)
{
    const char *mode = r->coordinates;
    float x = (float)at, scale = r->scale[axis];
    float in = (float)r->in[axis], out = (float)r->out[axis];
    if (strcmp(mode, "asymmetric") == 0)
        return x / scale;
    if (strcmp(mode, "align_corners") == 0)
        return r->out[axis] == 1 ? 0 : x * (in - 1) / (out - 1);
    if (strcmp(mode, "tf_half_pixel_for_nn") == 0)
        return (x + 0.5f) / scale;
    if (strcmp(mode, "pytorch_half_pixel") == 0 && r->out[axis] <= 1)
        return 0;
    if (strcmp(mode, "half_pixel_symmetric") == 0) {
        float adjustment = out / (scale * in), centre = in / 2;
        return centre * (1 - adjustment) + (x + 0.5f) / scale - 0.5f;
    }
    if (strcmp(mode, "tf_crop_and_resize") == 0) {
        float start = r->start[axis], end = r->end[axis];
        return r->out[axis] > 1 ? start * (in - 1) + x * (end - start) * (in - 1) / (out - 1)
                                : 0.5f * (start + end) * (in - 1);
    }
    return (x + 0.5f) / scale - 0.5f;
}

static int64_t clamp(float x, int64_t length)
{
    return x > 0 ? (x < (float)length ? (int64_t)x : length - 1) : 0;
}

static void nearest(const resize *r, place *to, float x, int64_t length)
{
    float rounded = strcmp(r->rounding, "round_prefer_floor") == 0  ? ceilf(x - 0.5f)
                    : strcmp(r->rounding, "round_prefer_ceil") == 0 ? floorf(x + 0.5f)
                    : strcmp(r->rounding, "floor") == 0             ? floorf(x)
                                                                    : ceilf(x);
    *to = (place){.count = 1, .index = {clamp(rounded, length)}, .weight = {1}};
}

static void linear(place *to, float x, int64_t length)
{
    float bounded = fminf(fmaxf(x, 0), (float)(length - 1));
    int64_t low = clamp(floorf(bounded), length), high = low + 1 < length ? low + 1 : low;
    float part = bounded - (float)low;
    *to = (place){.count = 2, .index = {low, high}, .weight = {1 - part, part}};
}

/* Keys' kernel of parameter a (1981). */
static void cubic(const resize *r, place *to, float x, int64_t length)
{
    float a = r->cubic, floor_x = floorf(x), t = x - floor_x, sum = 0;
    float near = 1 - t;
    *to = (place){.count = 4,
                  .weight = {((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a,
                             ((a + 2) * t - (a + 3)) * t * t + 1,
                             ((a + 2) * near - (a + 3)) * near * near + 1,
                             ((a * (near + 1) - 5 * a) * (near + 1) + 8 * a) * (near + 1) - 4 * a}};
    for (int tap = 0; tap < 4; tap++) {
        float where = floor_x + (float)(tap - 1);
        if (r->exclude_outside && (where < 0 || where >= (float)length))
            to->weight[tap] = 0;
        to->index[tap] = clamp(where, length);
        sum += to->weight[tap];
    }
    for (int tap = 0; tap < 4 && r->exclude_outside; tap++)
        to->weight[tap] /= sum;
}

static void fill_axis(const resize *r, int axis, place *places)
{
    int64_t length = r->in[axis];
    bool same = r->in[axis] == r->out[axis] && r->scale[axis] == 1;
    bool crops = strcmp(r->coordinates, "tf_crop_and_resize") == 0;
    for (int64_t at = 0; at < r->out[axis]; at++) {
        float x = coordinate(r, axis, at);
        if (same && !(crops && (r->start[axis] != 0 || r->end[axis] != 1)))
            places[at] = (place){.count = 1, .index = {at}, .weight = {1}};
        else if (crops && (x < 0 || x > (float)(length - 1)))
            places[at] = (place){0};
        else if (r->mode == RESIZE_NEAREST)
            nearest(r, &places[at], x, length);
        else if (r->mode == RESIZE_LINEAR)
            linear(&places[at], x, length);
        else
            cubic(r, &places[at], x, length);
    }
}

/* ---- the operators -------------------------------------------------------------------------- */

bw_status bw_plain_resize_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    resize r;
    bw_status status = bw_plain_need_type(
        call->inputs[0], BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES | BW_PLAIN_BYTES, error);
    if (status == BW_OK)
        status = read_resize(self, call, &r, error);
    if (status == BW_OK && r.mode != RESIZE_NEAREST)
        status = bw_plain_need_type(call->inputs[0], BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES, error);
    if (status != BW_OK)
        return status;
    bw_plain_like(call->outputs[0], call->inputs[0]);
    memcpy(call->outputs[0]->dims, r.out, sizeof r.out);
    return BW_OK;
}

/* The sum over the taps of the axes from `axis` on. */
static float sum_taps(const float *data, const place *const *at, const int64_t *steps, int axis,
                      int rank)
{
    float sum = 0;
    if (axis == rank)
        return data[0];
    const place *taps = at[axis];
    if (taps->count == 1)
        return sum_taps(data + taps->index[0] * steps[axis], at, steps, axis + 1, rank);
    for (int tap = 0; tap < taps->count; tap++)
        sum += taps->weight[tap] *
               sum_taps(data + taps->index[tap] * steps[axis], at, steps, axis + 1, rank);
    return sum;
}

static void interpolate(const resize *r, const bw_plain_tensor *in, const bw_plain_tensor *out,
                        place *const *tables)
{
    int64_t index[BW_PLAIN_RANK] = {0}, steps[BW_PLAIN_RANK];
    const place *at[BW_PLAIN_RANK];
    size_t count = bw_plain_count(out);
    bw_plain_steps(in, steps);
    for (size_t element = 0; element < count; element++) {
        bool outside = false;
        for (int axis = 0; axis < in->rank; axis++) {
            at[axis] = &tables[axis][index[axis]];
            outside = outside || at[axis]->count == 0;
        }
        ((float *)out->block)[element] =
            outside ? r->extrapolation : sum_taps(in->data, at, steps, 0, in->rank);
        for (int axis = out->rank - 1; axis >= 0; axis--) {
            if (++index[axis] < out->dims[axis])
                break;
            index[axis] = 0;
        }
    }
}

bw_status bw_plain_resize_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0], *out = call->outputs[0];
    place *tables[BW_PLAIN_RANK] = {NULL};
    resize r;
    size_t places = 0, bytes;
    bw_status status = read_resize(self, call, &r, error);
    if (status != BW_OK || bw_plain_count(out) == 0)
        return status;
    if (bw_plain_count(in) == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "an empty tensor cannot grow");
    for (int axis = 0; axis < in->rank; axis++)
        places += (size_t)out->dims[axis];
    if (!bw_size_multiply(&bytes, places, sizeof **tables) || bytes > call->limit)
        return bw_fail(error, BW_ERROR_LIMIT, "%zu places are too many", places);
    place *all = bw_aligned_alloc(bytes);
    if (!all)
        return bw_fail_memory(error, bytes, "the taps of a resize");
    places = 0;
    for (int axis = 0; axis < in->rank; axis++) {
        tables[axis] = all + places;
        fill_axis(&r, axis, tables[axis]);
        places += (size_t)out->dims[axis];
    }
    interpolate(&r, in, out, tables);
    bw_aligned_free(all);
    return BW_OK;
}
