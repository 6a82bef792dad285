/**
 * Channels from one tensor to a place among the channels of another, in plain C.
 */
#include "kernels/copy.h"
#include "kernels/ref/ref.h"

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation);
}

/* A unit is a plane of the output that holds some of the channels. */
static int units(const bw_operation *operation, int images)
{
    return images * bw_copy_planes(operation);
}

static void copy_channel(const bw_operation *operation, const bw_operands *operands, int image,
                         int channel)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    int source = operation->first_channel + channel - operation->out_channel;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++)
            bw_ref_move(operation, operands, image, bw_ref_at(out, channel, y, x),
                        bw_ref_at(in, source, y, x));
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    const bw_layout *out = &operation->out;
    int planes = bw_copy_planes(operation);
    int end = operation->out_channel + bw_copy_channels(operation);
    for (int unit = first; unit < last; unit++) {
        int image = unit / planes, plane = bw_copy_first_plane(operation) + unit % planes;
        for (int lane = 0; lane < out->lanes; lane++) {
            int channel = plane * out->lanes + lane;
            if (channel >= operation->out_channel && channel < end)
                copy_channel(operation, operands, image, channel);
        }
        size_t start = (size_t)image * out->image_stride + (size_t)plane * out->plane_stride;
        size_t size = bw_type_size(out->format.type);
        bw_fill_border(out, (uint8_t *)operands->out + start * size, 0, out->height);
    }
}

#define COPY(words, type)                                                                          \
    const bw_kernel bw_kernel_copy_##words##_ref = {                                               \
        .name = "copy_" #words "_ref",                                                             \
        .family = BW_FAMILY_COPY,                                                                  \
        .in = type,                                                                                \
        .out = type,                                                                               \
        .accepts = bw_copy_accepts,                                                                \
        .cost = cost,                                                                              \
        .units = units,                                                                            \
        .run = run,                                                                                \
    }

COPY(f32, BW_F32);
COPY(bf16, BW_BF16);
COPY(u8, BW_U8);
