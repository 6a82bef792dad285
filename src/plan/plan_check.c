#include "plan/plan_check.h"

#include <limits.h>
#include <math.h>

#include "plan/plain_step.h"
#include "plan/shape_rules.h"
#include "plan/share.h"

enum {
    LARGEST_SIDE = 1 << 20,
    LARGEST_CHANNELS = 1 << 20,
    LARGEST_LANES = 1024,
    LARGEST_BORDER = 4096,
    LARGEST_BATCH = 4096,
    LARGEST_CLASSES = 1 << 16,
};

static const size_t largest_arena = (size_t)1 << 40, largest_scratch = (size_t)1 << 32;

static bool in_range(int value, int least, int most)
{
    return value >= least && value <= most;
}

static bool valid_format(bw_format format)
{
    if ((unsigned)format.type >= BW_TYPE_COUNT)
        return false;
    if (format.type != BW_U8)
        return format.scale == 0.0f && format.zero_point == 0;
    return isfinite(format.scale) && format.scale > 0.0f && in_range(format.zero_point, 0, 255);
}

static bool valid_layout(const bw_layout *layout)
{
    return valid_format(layout->format) && in_range(layout->height, 1, LARGEST_SIDE) &&
           in_range(layout->width, 1, LARGEST_SIDE) &&
           in_range(layout->channels, 1, LARGEST_CHANNELS) &&
           in_range(layout->lanes, 1, LARGEST_LANES) && in_range(layout->border, 0, LARGEST_BORDER);
}

/* Whether the layout is valid and its tensor, whose first inner pixel is at `offset`, lies in the
 * share of the arena that each image has. Sets the strides. */
static bool place_tensor(const bw_plan *plan, bw_layout *layout, size_t offset)
{
    if (!valid_layout(layout))
        return false;
    size_t share = plan->arena_bytes / (size_t)plan->batch;
    size_t element = bw_type_size(layout->format.type), planes = (size_t)bw_layout_planes(layout);
    bw_layout dense = bw_layout_make(layout->height, layout->width, layout->channels, layout->lanes,
                                     layout->border);
    layout->row_stride = dense.row_stride;
    layout->plane_stride = dense.plane_stride;
    layout->image_stride = share / element;
    size_t before = bw_layout_origin(layout) * element, size;
    size_t pixel = (size_t)layout->lanes * element;
    return bw_size_multiply(&size, planes, layout->plane_stride * element) && size <= share &&
           offset >= before && offset - before <= share - size &&
           offset % (pixel < BW_ALIGNMENT ? pixel : BW_ALIGNMENT) == 0 &&
           (uint64_t)layout->height * planes <= (uint64_t)(INT_MAX / plan->batch);
}

static bw_status check_memory(const bw_plan *plan, bw_error *error)
{
    if (!in_range(plan->batch, 1, LARGEST_BATCH))
        return bw_fail(error, BW_ERROR_FORMAT, "has a batch of %d images", plan->batch);
    if (plan->arena_bytes > largest_arena ||
        plan->arena_bytes % ((size_t)plan->batch * BW_ALIGNMENT) != 0)
        return bw_fail(error, BW_ERROR_FORMAT, "has an arena of %zu bytes for %d images",
                       plan->arena_bytes, plan->batch);
    return BW_OK;
}

static bool can_share(const bw_kernel *kernel, const bw_step *step)
{
    return bw_family_is_dense(kernel->family) && kernel->in == BW_U8 && kernel->pack &&
           in_range(step->shared_bits, BW_SHARED_LEAST, BW_SHARED_MOST) &&
           step->shared_bytes >= bw_shared_head_bytes(&step->operation, step->shared_bits);
}

static bw_status check_kernel(const bw_plan *plan, const bw_step *step, bw_error *error)
{
    const bw_kernel *kernel = bw_kernel_find(step->kernel);
    const bw_operation *operation = &step->operation;
    if (!kernel)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "layer %s: there is no kernel '%s' here",
                       step->layer, step->kernel);
    if (kernel->needs & ~plan->cpu_features)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s: its kernel needs more of the processor than the plan says",
                       step->layer);
    if (kernel->family != operation->family || !bw_kernel_accepts(kernel, operation))
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s: kernel '%s' cannot compute it",
                       step->layer, step->kernel);
    size_t bytes = kernel->packed_bytes ? kernel->packed_bytes(operation) : 0;
    if (step->shared_bits) {
        if (!can_share(kernel, step))
            return bw_fail(error, BW_ERROR_FORMAT, "layer %s: its weights cannot be shared",
                           step->layer);
        bytes = step->shared_bytes;
    }
    if (step->weights % BW_ALIGNMENT != 0 || step->weights > plan->weight_bytes ||
        bytes > plan->weight_bytes - step->weights)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s: its %zu bytes of weights lie outside those of the plan",
                       step->layer, bytes);
    if (kernel->packed_sound && !step->shared_bits &&
        !kernel->packed_sound(operation, plan->weights + step->weights))
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s: its weights are not what '%s' reads",
                       step->layer, step->kernel);
    if (kernel->scratch_bytes && kernel->scratch_bytes(operation) > largest_scratch)
        return bw_fail(error, BW_ERROR_LIMIT, "layer %s: wants too much scratch memory",
                       step->layer);
    return BW_OK;
}

/* The most weights that a step can have, however they are stored. */
static size_t largest_count(const bw_plan *plan, const bw_step *step)
{
    size_t bytes = plan->weight_bytes;
    return step->shared_bits ? bytes * BW_SHARED_GROWTH + BW_SHARED_ALLOWANCE : bytes;
}

static bw_status check_step(const bw_plan *plan, bw_step *step, bw_error *error)
{
    bw_operation *operation = &step->operation;
    bool placed = place_tensor(plan, &operation->in, step->in) &&
                  place_tensor(plan, &operation->out, step->out);
    if (operation->has_second)
        placed = placed && place_tensor(plan, &operation->second, step->second);
    else
        operation->second = (bw_layout){0};
    if (!placed || (!operation->has_second && step->second != 0))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s: one of its tensors is impossible or outside the memory",
                       step->layer);
    if (!bw_shapes_fit(operation, largest_count(plan, step)))
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s: its shapes do not fit its operation",
                       step->layer);
    if ((unsigned)step->sharing >= BW_SHARING_COUNT)
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s: its work is shared in an unknown way",
                       step->layer);
    const bw_pruned *pruned = &step->pruned;
    if (pruned->channels < 0 || !isfinite(pruned->error) || !isfinite(pruned->before) ||
        !isfinite(pruned->after))
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s: what it says of pruning makes no sense",
                       step->layer);
    bw_status status = bw_plain_step_check(plan, step, error);
    if (status == BW_OK)
        status = check_kernel(plan, step, error);
    return status == BW_OK && operation->plain ? bw_plain_step_check_shapes(plan, step, error)
                                               : status;
}

static bool valid_head(const bw_head *head, const bw_model_info *model)
{
    bool valid = (unsigned)head->kind < BW_HEAD_COUNT &&
                 (unsigned)head->form < BW_HEAD_FORM_COUNT &&
                 (unsigned)head->background < BW_BACKGROUND_COUNT &&
                 (unsigned)head->nms <= BW_NMS_NONE && head->classes == model->classes &&
                 in_range(head->anchors, 1, BW_MAX_ANCHORS) && isfinite(head->scale_xy) &&
                 in_range(head->bins, head->kind == BW_HEAD_DISTANCES, BW_MAX_BINS) &&
                 isfinite(head->origin) && isfinite(head->stride) && isfinite(head->variance[0]) &&
                 isfinite(head->variance[1]);
    for (int anchor = 0; valid && anchor < head->anchors; anchor++)
        valid = isfinite(head->anchor[anchor][0]) && isfinite(head->anchor[anchor][1]);
    return valid;
}

static bw_status check_ports(bw_plan *plan, bw_error *error)
{
    const bw_model_info *model = &plan->model;
    bw_layout *input = &plan->input.layout;
    if (!place_tensor(plan, input, plan->input.offset) || input->channels != 3 ||
        input->lanes != BW_IMAGE_LANES || input->format.type == BW_BF16 ||
        input->width != model->width || input->height != model->height)
        return bw_fail(error, BW_ERROR_FORMAT, "has an impossible input");
    if (plan->output_count < 1)
        return bw_fail(error, BW_ERROR_FORMAT, "has no output");
    for (int index = 0; index < plan->output_count; index++) {
        bw_port *port = &plan->outputs[index];
        const bw_head *head = &plan->heads[index];
        if (!valid_head(head, model) || !place_tensor(plan, &port->layout, port->offset) ||
            port->layout.format.type != BW_F32 || port->layout.channels != bw_head_channels(head))
            return bw_fail(error, BW_ERROR_FORMAT, "has an impossible output %d", index);
    }
    return BW_OK;
}

static bw_status check_model(const bw_model_info *model, bw_error *error)
{
    if (!in_range(model->classes, 1, LARGEST_CLASSES) || model->resize <= BW_RESIZE_AUTO ||
        model->resize > BW_RESIZE_CORNER || !(model->padding >= 0.0f && model->padding <= 1.0f))
        return bw_fail(error, BW_ERROR_FORMAT, "describes an impossible model");
    return BW_OK;
}

bw_status bw_plan_check(bw_plan *plan, bw_error *error)
{
    bw_status status = check_model(&plan->model, error);
    if (status == BW_OK && (unsigned)plan->precision >= BW_PRECISION_COUNT)
        status = bw_fail(error, BW_ERROR_FORMAT, "has an unknown precision");
    if (status == BW_OK)
        status = check_memory(plan, error);
    for (int index = 0; status == BW_OK && index < plan->step_count; index++)
        status = check_step(plan, &plan->steps[index], error);
    return status == BW_OK ? check_ports(plan, error) : status;
}
