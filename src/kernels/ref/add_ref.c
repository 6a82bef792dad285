/**
 * The sum of two tensors and an activation, in plain C.
 */
#include "kernels/ref/ref.h"

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *second = &operation->second, *out = &operation->out;
    size_t a = (size_t)image * in->image_stride, b = (size_t)image * second->image_stride;
    size_t to = (size_t)image * out->image_stride;
    float sum =
        bw_ref_read(in->format.type, operands->in, a + bw_ref_at(in, channel, y, x)) +
        bw_ref_read(second->format.type, operands->second, b + bw_ref_at(second, channel, y, x));
    bw_ref_write(out->format.type, operands->out, to + bw_ref_at(out, channel, y, x),
                 bw_activate(operation->activation, operation->slope, sum));
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

static void run_element_bytes(const bw_operation *operation, const bw_operands *operands, int image,
                              int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *second = &operation->second, *out = &operation->out;
    float first = bw_addend(operation, in->format), factor = bw_addend(operation, second->format);
    float a = bw_ref_steps(in, operands->in, image, channel, y, x);
    float b = bw_ref_steps(second, operands->second, image, channel, y, x);
    float sum = fmaf(b, factor, a * first);
    bw_ref_store(operation, operands, image, bw_ref_at(out, channel, y, x),
                 bw_exact_activate(operation->activation, operation->slope, sum));
}

static void run_bytes(const bw_operation *operation, const bw_operands *operands, int first,
                      int last, void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element_bytes);
}

#define ADD(words, type, function)                                                                 \
    const bw_kernel bw_kernel_add_##words##_ref = {                                                \
        .name = "add_" #words "_ref",                                                              \
        .family = BW_FAMILY_ADD,                                                                   \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = bw_ref_accepts_all,                                                             \
        .cost = bw_ref_light_cost,                                                                 \
        .units = bw_ref_plane_units,                                                               \
        .run = function,                                                                           \
    }

ADD(f32, BW_F32, run);
ADD(bf16, BW_BF16, run);
ADD(u8, BW_U8, run_bytes);
