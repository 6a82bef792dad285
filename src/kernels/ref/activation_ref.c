/**
 * An activation alone, in plain C.
 */
#include "kernels/ref/ref.h"

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    size_t from = (size_t)image * in->image_stride, to = (size_t)image * out->image_stride;
    float value = bw_ref_read(in->format.type, operands->in, from + bw_ref_at(in, channel, y, x));
    bw_ref_write(out->format.type, operands->out, to + bw_ref_at(out, channel, y, x),
                 bw_activate(operation->activation, operation->slope, value));
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
    const bw_layout *in = &operation->in, *out = &operation->out;
    float first = bw_addend(operation, in->format);
    float value = bw_ref_steps(in, operands->in, image, channel, y, x) * first;
    bw_ref_store(operation, operands, image, bw_ref_at(out, channel, y, x),
                 bw_exact_activate(operation->activation, operation->slope, value));
}

static void run_bytes(const bw_operation *operation, const bw_operands *operands, int first,
                      int last, void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element_bytes);
}

#define ACTIVATION(words, type, function)                                                          \
    const bw_kernel bw_kernel_activation_##words##_ref = {                                         \
        .name = "activation_" #words "_ref",                                                       \
        .family = BW_FAMILY_ACTIVATION,                                                            \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = bw_ref_accepts_all,                                                             \
        .cost = bw_ref_light_cost,                                                                 \
        .units = bw_ref_plane_units,                                                               \
        .run = function,                                                                           \
    }

ACTIVATION(f32, BW_F32, run);
ACTIVATION(bf16, BW_BF16, run);
ACTIVATION(u8, BW_U8, run_bytes);
