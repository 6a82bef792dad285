#include "kernels/x86/winograd_u8.h"

#include <string.h>

#include "kernels/x86/conv_u8.h"

bool bw_winograd_u8_accepts(const bw_operation *operation)
{
    return bw_winograd_accepts(operation) && operation->sum_bits > 0 &&
           operation->sum_bits <= BW_WINOGRAD_U8_SUM_BITS;
}

bool bw_winograd_u8_accepts_pool(const bw_operation *operation)
{
    bw_operation conv = bw_unpooled(operation);
    return bw_conv_pool_accepts(operation) && bw_winograd_u8_accepts(&conv);
}

void bw_winograd_u8_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                    int plane, uint8_t *to)
{
    memset(to, 0, (size_t)BW_WINOGRAD_U8_PARAMETERS * BW_WINOGRAD_LINE);
    bw_parameters_pack(operation, filters, plane * BW_LANES, BW_LANES, to);
}

void bw_winograd_u8_pack_quad(const bw_operation *operation, const bw_filters *filters, int plane,
                              int quad, bw_winograd_packed *packed)
{
    int inputs = operation->in.channels;
    memset(packed->filters, 0, sizeof packed->filters);
    for (int byte = 0; byte < BW_LANES * BW_WINOGRAD_QUAD; byte++) {
        int output = plane * BW_LANES + byte / BW_WINOGRAD_QUAD,
            input = quad * BW_WINOGRAD_QUAD + byte % BW_WINOGRAD_QUAD;
        if (output >= operation->out.channels || input >= inputs)
            continue;
        const int8_t *filter = filters->integers +
                               ((size_t)output * (size_t)inputs + (size_t)input) * BW_WINOGRAD_TAPS;
        for (int tap = 0; tap < BW_WINOGRAD_TAPS; tap++)
            packed->filters[tap][byte] = filter[tap];
    }
}
