/**
 * Channels from one tensor to a place among the channels of another, in plain C.
 */
#include "kernels/ref/ref.h"

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_COPY && operation->in.height == operation->out.height &&
           operation->in.width == operation->out.width &&
           operation->first_channel < operation->in.channels &&
           operation->out_channel < operation->out.channels;
}

static double cost(const bw_operation *operation)
{
    return 2.0 * bw_ref_outputs(operation);
}

static int count_channels(const bw_operation *operation)
{
    int readable = operation->in.channels - operation->first_channel;
    int writable = operation->out.channels - operation->out_channel;
    return readable < writable ? readable : writable;
}

/* A unit is a plane of the output that holds some of the channels written. */
static int first_plane(const bw_operation *operation)
{
    return operation->out_channel / operation->out.lanes;
}

static int count_planes(const bw_operation *operation)
{
    int last = operation->out_channel + count_channels(operation) - 1;
    return last / operation->out.lanes - first_plane(operation) + 1;
}

static int units(const bw_operation *operation, int images)
{
    return images * count_planes(operation);
}

static void copy_channel(const bw_operation *operation, const bw_operands *operands, int image,
                         int channel)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    const float *from = operands->in + (size_t)image * in->image_stride;
    float *to = operands->out + (size_t)image * out->image_stride;
    int source = operation->first_channel + channel - operation->out_channel;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++)
            to[bw_ref_at(out, channel, y, x)] = from[bw_ref_at(in, source, y, x)];
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    const bw_layout *out = &operation->out;
    int planes = count_planes(operation);
    int end = operation->out_channel + count_channels(operation);
    for (int unit = first; unit < last; unit++) {
        int image = unit / planes, plane = first_plane(operation) + unit % planes;
        for (int lane = 0; lane < out->lanes; lane++) {
            int channel = plane * out->lanes + lane;
            if (channel >= operation->out_channel && channel < end)
                copy_channel(operation, operands, image, channel);
        }
        float *start =
            operands->out + (size_t)image * out->image_stride + (size_t)plane * out->plane_stride;
        bw_zero_border(out, start, 0, out->height);
    }
}

const bw_kernel bw_kernel_copy_f32_ref = {
    .name = "copy_f32_ref",
    .family = BW_FAMILY_COPY,
    .accepts = accepts,
    .cost = cost,
    .units = units,
    .run = run,
};
