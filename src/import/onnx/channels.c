/**
 * Channels joined, split and cut; the slices of focus layers.
 */
#include <string.h>

#include "import/onnx/lower.h"

static bool is_focus(const bw_onnx_lowering *lowering, bw_onnx_item *out)
{
    bool seen[4] = {false};
    if (lowering->node->input_count != 4)
        return false;
    for (size_t index = 0; index < 4; index++) {
        const bw_onnx_item *item = bw_onnx_input_item(lowering, index);
        if (item->role != BW_ONNX_PATCH || item->step[0] != 2 || item->step[1] != 2)
            return false;
        if (index > 0 && item->tensor != out->tensor)
            return false;
        int place = 2 * item->first[0] + item->first[1];
        if (seen[place])
            return false;
        seen[place] = true;
        out->tensor = item->tensor;
        out->order[index] = place;
    }
    out->role = BW_ONNX_FOCUS;
    return true;
}

bw_status bw_onnx_join_channels(bw_onnx_lowering *lowering)
{
    bw_onnx_item focus = {0};
    size_t count = lowering->node->input_count;
    int64_t axis = bw_onnx_int(lowering, "axis", 1);
    if (axis != 1 && axis != -3)
        return bw_onnx_decline(lowering, "only channels (axis 1) can be joined, not axis %lld",
                               (long long)axis);
    if (is_focus(lowering, &focus)) {
        bw_onnx_output_item(lowering, 0, focus);
        return BW_OK;
    }
    if (count < 1 || count > 4096)
        return bw_onnx_decline(lowering, "%zu inputs cannot be joined", count);
    int *tensors = bw_arena_array(&lowering->scratch, count, sizeof *tensors);
    if (!tensors)
        return bw_fail_memory(lowering->error, count * sizeof *tensors, "a node");
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < count; index++)
        status = bw_onnx_input_picture(lowering, index, &tensors[index]);
    for (size_t index = 1; status == BW_OK && index < count; index++) {
        bw_shape first = bw_onnx_shape(lowering, tensors[0]);
        bw_shape other = bw_onnx_shape(lowering, tensors[index]);
        if (first.height != other.height || first.width != other.width)
            return bw_onnx_decline(lowering, "it joins pictures of %d × %d and %d × %d",
                                   first.height, first.width, other.height, other.width);
    }
    bw_node node = {.op = BW_OP_CONCAT};
    return status == BW_OK ? bw_onnx_append(lowering, &node, tensors, (int)count) : status;
}

/* Output `index` becomes `channels` channels of the tensor. */
static bw_status take_channels(bw_onnx_lowering *lowering, size_t index, int tensor, int first,
                               int channels)
{
    int slice = tensor;
    bw_status status = BW_OK;
    if (channels != bw_onnx_shape(lowering, tensor).channels) {
        bw_node node = {.op = BW_OP_SLICE,
                        .attributes = {.first_channel = first, .channels = channels}};
        status = bw_onnx_append_tensor(lowering, &slice, &node, &tensor, 1);
    }
    if (status == BW_OK)
        bw_onnx_output_item(lowering, index,
                            (bw_onnx_item){.role = BW_ONNX_PICTURE, .tensor = slice});
    return status;
}

/* The sizes of the parts; even ones where the node names none. */
static bw_status read_parts(bw_onnx_lowering *lowering, bw_onnx_ints *parts, int channels)
{
    size_t outputs = lowering->node->output_count;
    int64_t left = channels;
    bw_status status = bw_onnx_read_ints(lowering, parts, "split", 1);
    if (status != BW_OK)
        return status;
    if (!parts->present && outputs > 0 && outputs <= BW_ONNX_LIST) {
        int64_t size = (channels + (int64_t)outputs - 1) / (int64_t)outputs;
        for (parts->count = 0; parts->count < outputs; parts->count++)
            parts->values[parts->count] =
                parts->count + 1 < outputs ? size : channels - size * (int64_t)(outputs - 1);
    }
    for (size_t index = 0; index < parts->count; index++) {
        if (parts->values[index] < 1 || parts->values[index] > left)
            return bw_onnx_decline(lowering, "its parts do not fit %d channels", channels);
        left -= parts->values[index];
    }
    return parts->count == outputs && left == 0
               ? BW_OK
               : bw_onnx_decline(lowering, "its parts do not fit %d channels", channels);
}

bw_status bw_onnx_split(bw_onnx_lowering *lowering)
{
    int tensor, first = 0;
    bw_onnx_ints parts;
    int64_t axis = bw_onnx_int(lowering, "axis", 0);
    bw_status status = bw_onnx_input_picture(lowering, 0, &tensor);
    if (status == BW_OK && axis != 1 && axis != -3)
        status = bw_onnx_decline(lowering, "only channels (axis 1) can be split, not axis %lld",
                                 (long long)axis);
    if (status == BW_OK)
        status = read_parts(lowering, &parts, bw_onnx_shape(lowering, tensor).channels);
    for (size_t index = 0; status == BW_OK && index < parts.count; index++) {
        int channels = (int)parts.values[index];
        status = take_channels(lowering, index, tensor, first, channels);
        first += channels;
    }
    return status;
}

/* ---- Slice ---------------------------------------------------------------------------------- */

typedef struct slice_list {
    bw_onnx_ints starts, ends, axes, steps;
} slice_list;

static bw_status read_cut(bw_onnx_lowering *lowering, slice_list *out)
{
    bool early = lowering->file->opset < 10;
    bw_status status = bw_onnx_read_ints(lowering, &out->starts, "starts", early ? 0 : 1);
    if (status == BW_OK)
        status = bw_onnx_read_ints(lowering, &out->ends, "ends", early ? 0 : 2);
    if (status == BW_OK)
        status = bw_onnx_read_ints(lowering, &out->axes, "axes", early ? 0 : 3);
    if (status == BW_OK)
        status = bw_onnx_read_ints(lowering, &out->steps, "steps", early ? 0 : 4);
    size_t count = out->starts.count;
    if (status == BW_OK && (count < 1 || count > 4 || out->ends.count != count ||
                            (out->axes.present && out->axes.count != count) ||
                            (out->steps.present && out->steps.count != count)))
        return bw_onnx_decline(lowering, "its starts, ends, axes and steps differ in number");
    return status;
}

/* One axis's range, as indices of a side of `size`. */
typedef struct index_range {
    int64_t first, last, step;
} index_range;

static int64_t clamp(int64_t index, int64_t size)
{
    index = index < 0 ? index + size : index;
    return index < 0 ? 0 : index > size ? size : index;
}

static bw_status cut_axis(bw_onnx_lowering *lowering, index_range *out, const slice_list *from,
                          size_t index, int64_t size)
{
    out->step = from->steps.present ? from->steps.values[index] : 1;
    if (from->starts.values[index] < -INT32_MAX || from->ends.values[index] < -INT32_MAX ||
        out->step < 1)
        return bw_onnx_decline(lowering, "slices that run backwards are not supported");
    out->first = clamp(from->starts.values[index], size);
    out->last = clamp(from->ends.values[index], size);
    return out->first < out->last ? BW_OK : bw_onnx_decline(lowering, "it takes nothing");
}

/* A slice of rows or columns: the whole side, or every second. */
static bw_status cut_side(bw_onnx_lowering *lowering, bw_onnx_item *item, int side,
                          const index_range *range, int64_t size)
{
    if (range->first == 0 && range->last == size && range->step == 1)
        return BW_OK;
    if (range->step != 2 || range->first > 1 || range->last < size - 1 + range->first ||
        size % 2 != 0 || item->step[side] != 1)
        return bw_onnx_decline(lowering, "rows and columns are cut in focus layers only (every "
                                         "second one)");
    item->role = BW_ONNX_PATCH;
    item->step[side] = 2;
    item->first[side] = (int)range->first;
    return BW_OK;
}

bw_status bw_onnx_cut(bw_onnx_lowering *lowering)
{
    bw_onnx_item item = *bw_onnx_input_item(lowering, 0);
    slice_list list;
    if (item.role != BW_ONNX_PICTURE && item.role != BW_ONNX_PATCH)
        return bw_onnx_decline(lowering, "its input is not the network's own kind of tensor");
    bw_status status = read_cut(lowering, &list);
    if (item.role == BW_ONNX_PICTURE)
        item.step[0] = item.step[1] = 1;
    bw_shape shape = bw_onnx_shape(lowering, item.tensor);
    int64_t sizes[4] = {1, shape.channels, shape.height / item.step[0], shape.width / item.step[1]};
    index_range channels = {0, shape.channels, 1};
    for (size_t index = 0; status == BW_OK && index < list.starts.count; index++) {
        index_range range = {0, 0, 1};
        int64_t axis = list.axes.present ? list.axes.values[index] : (int64_t)index;
        axis = axis < 0 ? axis + 4 : axis;
        if (axis < 1 || axis > 3)
            return bw_onnx_decline(lowering, "it cuts axis %lld", (long long)axis);
        status = cut_axis(lowering, &range, &list, index, sizes[axis]);
        if (status == BW_OK && axis == 1)
            channels = range;
        else if (status == BW_OK)
            status = cut_side(lowering, &item, (int)axis - 2, &range, sizes[axis]);
    }
    if (status != BW_OK)
        return status;
    bool all = channels.first == 0 && channels.last == shape.channels && channels.step == 1;
    if (item.role == BW_ONNX_PATCH && all) {
        bw_onnx_output_item(lowering, 0, item);
        return BW_OK;
    }
    if (item.role == BW_ONNX_PATCH || channels.step != 1)
        return bw_onnx_decline(lowering, "channels are cut without steps, and not with rows");
    return take_channels(lowering, 0, item.tensor, (int)channels.first,
                         (int)(channels.last - channels.first));
}
