/**
 * The product of two tensors, in plain C.
 */
#include "kernels/ref/ref.h"

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *second = &operation->second, *out = &operation->out;
    size_t a = (size_t)image * in->image_stride, b = (size_t)image * second->image_stride;
    size_t to = (size_t)image * out->image_stride;
    bool spread = bw_multiply_spreads(operation);
    size_t factor = b + bw_ref_at(second, channel, spread ? 0 : y, spread ? 0 : x);
    float product = bw_ref_read(in->format.type, operands->in, a + bw_ref_at(in, channel, y, x)) *
                    bw_ref_read(second->format.type, operands->second, factor);
    bw_ref_write(out->format.type, operands->out, to + bw_ref_at(out, channel, y, x), product);
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
    float factor = bw_multiply_factor(operation);
    bool spread = bw_multiply_spreads(operation);
    float a = bw_ref_steps(in, operands->in, image, channel, y, x);
    float b =
        bw_ref_steps(second, operands->second, image, channel, spread ? 0 : y, spread ? 0 : x);
    bw_ref_store(operation, operands, image, bw_ref_at(out, channel, y, x), a * b * factor);
}

static void run_bytes(const bw_operation *operation, const bw_operands *operands, int first,
                      int last, void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element_bytes);
}

#define MULTIPLY(words, type, function)                                                            \
    const bw_kernel bw_kernel_multiply_##words##_ref = {                                           \
        .name = "multiply_" #words "_ref",                                                         \
        .family = BW_FAMILY_MULTIPLY,                                                              \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = bw_ref_accepts_all,                                                             \
        .cost = bw_ref_light_cost,                                                                 \
        .units = bw_ref_plane_units,                                                               \
        .run = function,                                                                           \
    }

MULTIPLY(f32, BW_F32, run);
MULTIPLY(bf16, BW_BF16, run);
MULTIPLY(u8, BW_U8, run_bytes);
