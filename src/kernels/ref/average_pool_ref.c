/**
 * The mean of each channel over the whole picture, in plain C.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->out.height == 1 && operation->out.width == 1;
}

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation) * operation->in.height * operation->in.width;
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    size_t from = (size_t)image * in->image_stride, to = (size_t)image * out->image_stride;
    double sum = 0.0;
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++)
            sum += (double)bw_ref_read(in->format.type, operands->in,
                                       from + bw_ref_at(in, channel, row, column));
    }
    bw_ref_write(out->format.type, operands->out, to + bw_ref_at(out, channel, y, x),
                 (float)(sum / ((double)in->height * in->width)));
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

static bool accepts_bytes(const bw_operation *operation)
{
    return accepts(operation) && bw_mean_fits(operation);
}

static void run_element_bytes(const bw_operation *operation, const bw_operands *operands, int image,
                              int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    const uint8_t *from = (const uint8_t *)operands->in + (size_t)image * in->image_stride;
    int32_t sum = 0;
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++)
            sum += from[bw_ref_at(in, channel, row, column)] - in->format.zero_point;
    }
    bw_ref_store(operation, operands, image, bw_ref_at(out, channel, y, x),
                 (float)sum * bw_mean(operation));
}

static void run_bytes(const bw_operation *operation, const bw_operands *operands, int first,
                      int last, void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element_bytes);
}

#define AVERAGE_POOL(words, type, acceptance, function)                                            \
    const bw_kernel bw_kernel_average_pool_##words##_ref = {                                       \
        .name = "average_pool_" #words "_ref",                                                     \
        .family = BW_FAMILY_AVERAGE_POOL,                                                          \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = acceptance,                                                                     \
        .cost = cost,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = function,                                                                           \
    }

AVERAGE_POOL(f32, BW_F32, accepts, run);
AVERAGE_POOL(bf16, BW_BF16, accepts, run);
AVERAGE_POOL(u8, BW_U8, accepts_bytes, run_bytes);
