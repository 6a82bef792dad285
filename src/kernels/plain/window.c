#include "kernels/plain/window.h"

#include <inttypes.h>

bw_status bw_window_need_pictures(const bw_plain_tensor *tensor, bw_error *error)
{
    char text[128];
    if (tensor->rank == 4)
        return BW_OK;
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "%s has %d spatial dimensions; rows and columns alone are supported",
                   bw_plain_describe(tensor, text, sizeof text), tensor->rank - 2);
}

bw_status bw_window_pair(int64_t pair[2], const bw_plain_call *call, const char *name,
                         int64_t least, bw_error *error)
{
    bw_plain_list list;
    bw_status status = bw_plain_list_attribute(&list, call, name, error);
    if (status != BW_OK || !list.present)
        return status;
    if (list.count != 2)
        return bw_fail(error, BW_ERROR_FORMAT, "%s has %zu numbers, not 2", name, list.count);
    for (size_t axis = 0; axis < 2; axis++) {
        if (list.values[axis] < least || list.values[axis] > INT32_MAX)
            return bw_fail(error, BW_ERROR_FORMAT, "%s is %" PRId64, name, list.values[axis]);
        pair[axis] = list.values[axis];
    }
    return BW_OK;
}

bw_status bw_window_kernel(bw_window *window, const bw_plain_call *call, bw_error *error)
{
    window->kernel[0] = 0;
    bw_status status = bw_window_pair(window->kernel, call, "kernel_shape", 1, error);
    if (status == BW_OK && window->kernel[0] == 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "kernel_shape is missing");
    return status;
}

static bw_status read_pads(bw_window *window, const bw_plain_call *call, bw_error *error)
{
    bw_plain_list pads;
    bw_status status = bw_plain_list_attribute(&pads, call, "pads", error);
    for (int axis = 0; axis < 2; axis++)
        window->begin[axis] = window->end[axis] = 0;
    if (status != BW_OK || !pads.present)
        return status;
    if (pads.count != 4)
        return bw_fail(error, BW_ERROR_FORMAT, "pads has %zu numbers, not 4", pads.count);
    for (size_t index = 0; index < 4; index++) {
        if (pads.values[index] < 0 || pads.values[index] > INT32_MAX)
            return bw_fail(error, BW_ERROR_UNSUPPORTED, "a pad of %" PRId64, pads.values[index]);
        (index < 2 ? window->begin : window->end)[index % 2] = pads.values[index];
    }
    return BW_OK;
}

/* Pads so that the output is the input divided by the stride, rounded up. */
static void pad_same(bw_window *window, int axis, bool upper)
{
    int64_t reach = (window->kernel[axis] - 1) * window->dilation[axis] + 1;
    int64_t out = (window->in[axis] + window->stride[axis] - 1) / window->stride[axis];
    int64_t pad = (out - 1) * window->stride[axis] + reach - window->in[axis];
    pad = pad < 0 ? 0 : pad;
    window->begin[axis] = upper ? pad / 2 : pad - pad / 2;
    window->end[axis] = pad - window->begin[axis];
}

static bw_status slide(bw_window *window, int axis, bool ceil, bw_error *error)
{
    int64_t reach = (window->kernel[axis] - 1) * window->dilation[axis] + 1;
    int64_t stride = window->stride[axis];
    int64_t whole = window->in[axis] + window->begin[axis] + window->end[axis];
    if (reach > whole)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "a window of %" PRId64 " over %" PRId64 " with padding", reach, whole);
    window->out[axis] = (whole - reach + (ceil ? stride - 1 : 0)) / stride + 1;
    if (ceil && (window->out[axis] - 1) * stride >= window->in[axis] + window->begin[axis])
        window->out[axis]--;
    return BW_OK;
}

bw_status bw_window_read(bw_window *window, const bw_plain_call *call, bool ceil, bw_error *error)
{
    const bw_plain_tensor *in = call->inputs[0];
    const char *automatic = bw_plain_text(call, "auto_pad", "NOTSET");
    bool same = strcmp(automatic, "SAME_UPPER") == 0 || strcmp(automatic, "SAME_LOWER") == 0;
    bw_status status = bw_window_need_pictures(in, error);
    for (int axis = 0; axis < 2; axis++)
        window->stride[axis] = window->dilation[axis] = 1;
    if (status == BW_OK)
        status = bw_window_pair(window->stride, call, "strides", 1, error);
    if (status == BW_OK)
        status = bw_window_pair(window->dilation, call, "dilations", 1, error);
    if (status == BW_OK)
        status = read_pads(window, call, error);
    if (status == BW_OK && !same && strcmp(automatic, "NOTSET") != 0 &&
        strcmp(automatic, "VALID") != 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "auto_pad is '%s'", automatic);
    for (int axis = 0; axis < 2 && status == BW_OK; axis++) {
        window->in[axis] = in->dims[2 + axis];
        if (strcmp(automatic, "VALID") == 0)
            window->begin[axis] = window->end[axis] = 0;
        if (same)
            pad_same(window, axis, strcmp(automatic, "SAME_UPPER") == 0);
        status = slide(window, axis, ceil && !same, error);
    }
    return status;
}

void bw_window_span(const bw_window *window, int axis, int64_t at, int64_t *origin, int64_t *first,
                    int64_t *last)
{
    int64_t dilation = window->dilation[axis];
    *origin = at * window->stride[axis] - window->begin[axis];
    int64_t left = window->in[axis] - *origin;
    *first = *origin < 0 ? (-*origin + dilation - 1) / dilation : 0;
    *last = left <= 0 ? 0 : (left + dilation - 1) / dilation;
    if (*last > window->kernel[axis])
        *last = window->kernel[axis];
}
