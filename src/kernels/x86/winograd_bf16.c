#include "kernels/x86/winograd_bf16.h"

#include <string.h>

void bw_winograd_bf16_pack_pair(const bw_operation *operation, const bw_filters *filters, int plane,
                                int pair, bw_winograd_packed *packed)
{
    int inputs = operation->in.channels;
    memset(packed->halves, 0, sizeof packed->halves);
    for (int half = 0; half < BW_LANES * BW_WINOGRAD_PAIR; half++) {
        int output = plane * BW_LANES + half / BW_WINOGRAD_PAIR;
        int input = pair * BW_WINOGRAD_PAIR + half % BW_WINOGRAD_PAIR;
        if (output >= operation->out.channels || input >= inputs)
            continue;
        const float *filter =
            filters->weights + ((size_t)output * (size_t)inputs + (size_t)input) * BW_WINOGRAD_TAPS;
        for (int tap = 0; tap < BW_WINOGRAD_TAPS; tap++)
            packed->halves[tap][half] = bw_to_bf16(filter[tap]);
    }
}
