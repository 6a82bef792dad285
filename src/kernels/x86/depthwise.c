#include "kernels/x86/depthwise.h"

#include <string.h>

static bool lanes_suit(const bw_operation *operation)
{
    int lanes = operation->in.lanes;
    return (lanes == BW_LANES || lanes == 2 * BW_LANES) && operation->out.lanes == lanes &&
           (!operation->has_second || operation->second.lanes == lanes);
}

bool bw_depthwise_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_DEPTHWISE && lanes_suit(operation) &&
           operation->in.channels == operation->out.channels && bw_border_suffices(operation);
}

size_t bw_depthwise_packed_bytes(const bw_operation *operation)
{
    int lanes = bw_layout_planes(&operation->out) * operation->out.lanes;
    return (size_t)(lanes / BW_LANES) * bw_depthwise_panel(operation) * sizeof(float);
}

void bw_depthwise_pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    size_t taps = bw_depthwise_panel(operation) / BW_LANES - 1;
    memset(packed, 0, bw_depthwise_packed_bytes(operation));
    for (int channel = 0; channel < operation->out.channels; channel++) {
        size_t panel = (size_t)(channel / BW_LANES) * bw_depthwise_panel(operation);
        float *to = (float *)packed + panel + channel % BW_LANES;
        to[0] = bw_filters_bias(filters, channel);
        for (size_t tap = 0; tap < taps; tap++)
            to[(1 + tap) * BW_LANES] = filters->weights[(size_t)channel * taps + tap];
    }
}
