/**
 * Each pixel repeated `stride` times in both directions, in plain C.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->stride >= 1 && bw_format_equal(operation->in.format, operation->out.format) &&
           operation->out.height == operation->in.height * operation->stride &&
           operation->out.width == operation->in.width * operation->stride;
}

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation);
}

static void run_element(const bw_operation *operation, const bw_operands *operands, int image,
                        int channel, int y, int x)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    int factor = operation->stride;
    bw_ref_move(operation, operands, image, bw_ref_at(out, channel, y, x),
                bw_ref_at(in, channel, y / factor, x / factor));
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_ref_run_planes(operation, operands, first, last, run_element);
}

#define UPSAMPLE(words, type)                                                                      \
    const bw_kernel bw_kernel_upsample_##words##_ref = {                                           \
        .name = "upsample_" #words "_ref",                                                         \
        .family = BW_FAMILY_UPSAMPLE,                                                              \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .units = bw_ref_plane_units,                                                               \
        .run = run,                                                                                \
    }

UPSAMPLE(f32, BW_F32);
UPSAMPLE(bf16, BW_BF16);
UPSAMPLE(u8, BW_U8);
