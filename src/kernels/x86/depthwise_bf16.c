#include "kernels/x86/depthwise_bf16.h"

#include <string.h>

size_t bw_depthwise_bf16_packed_bytes(const bw_operation *operation)
{
    size_t lanes = (size_t)bw_layout_planes(&operation->out) * (size_t)operation->out.lanes;
    return lanes * (1 + bw_depthwise_bf16_taps(operation)) * sizeof(float);
}

void bw_depthwise_bf16_pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    size_t taps = bw_depthwise_bf16_taps(operation), channels = (size_t)operation->out.channels;
    memset(packed, 0, bw_depthwise_bf16_packed_bytes(operation));
    for (size_t channel = 0; channel < channels; channel++) {
        float *to = (float *)packed + channel / BW_LANES * (1 + taps) * BW_LANES;
        to += channel % BW_LANES;
        to[0] = bw_filters_bias(filters, (int)channel);
        for (size_t tap = 0; tap < taps; tap++)
            to[(1 + tap) * BW_LANES] = filters->weights[channel * taps + tap];
    }
}
