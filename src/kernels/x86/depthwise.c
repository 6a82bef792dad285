#include "kernels/x86/depthwise.h"

#include <string.h>

#include "kernels/x86/conv_direct.h"

bool bw_depthwise_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_DEPTHWISE && bw_rows_in_planes(operation) &&
           operation->in.channels == operation->out.channels && bw_conv_border_suffices(operation);
}

static size_t count_taps(const bw_operation *operation)
{
    return (size_t)operation->kernel_height * (size_t)operation->kernel_width;
}

size_t bw_depthwise_packed_bytes(const bw_operation *operation)
{
    size_t planes = (size_t)bw_layout_planes(&operation->out);
    return planes * (1 + count_taps(operation)) * BW_LANES * sizeof(float);
}

void bw_depthwise_pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    size_t taps = count_taps(operation), channels = (size_t)operation->out.channels;
    float *out = packed;
    memset(out, 0, bw_depthwise_packed_bytes(operation));
    for (size_t channel = 0; channel < channels; channel++) {
        size_t plane = channel / BW_LANES, lane = channel % BW_LANES;
        float *to = out + plane * (1 + taps) * BW_LANES + lane;
        to[0] = bw_filters_bias(filters, (int)channel);
        for (size_t tap = 0; tap < taps; tap++)
            to[(1 + tap) * BW_LANES] = filters->weights[channel * taps + tap];
    }
}
