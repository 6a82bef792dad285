#include "kernels/x86/winograd_u8.h"

#include <string.h>

#include "kernels/quantize.h"

enum { INPUTS = BW_WINOGRAD_U8_OUTPUTS + 2, WORD_CHANNELS = 2 };

static const int filter[INPUTS][3] = {{1, 0, 0}, {-1, -1, -1}, {-1, 1, -1},
                                      {1, 2, 4}, {1, -2, 4},   {0, 0, 1}};

bool bw_winograd_u8_accepts(const bw_operation *operation)
{
    return bw_winograd_accepts(operation) && operation->sum_bits > 0 &&
           operation->sum_bits <= BW_WINOGRAD_U8_SUM_BITS;
}

void bw_winograd_u8_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                    int plane, uint8_t *to)
{
    float *multipliers = (float *)(void *)to, *offsets = multipliers + BW_LANES;
    int32_t *starts = (int32_t *)(void *)(offsets + BW_LANES);
    memset(to, 0, (size_t)BW_WINOGRAD_U8_PARAMETERS * BW_WINOGRAD_LINE);
    for (int lane = 0; lane < BW_LANES; lane++) {
        int channel = plane * BW_LANES + lane;
        if (channel >= operation->out.channels)
            break;
        multipliers[lane] = bw_multiplier(operation, filters, channel);
        offsets[lane] = bw_offset(operation, filters, channel);
        starts[lane] = bw_start(operation, filters, channel);
    }
}

static void transform_filter(const int8_t *weights, int positions[INPUTS][INPUTS])
{
    int half[INPUTS][3];
    for (int y = 0; y < INPUTS; y++) {
        for (int x = 0; x < 3; x++)
            half[y][x] = filter[y][0] * weights[x] + filter[y][1] * weights[3 + x] +
                         filter[y][2] * weights[6 + x];
    }
    for (int y = 0; y < INPUTS; y++) {
        for (int x = 0; x < INPUTS; x++)
            positions[y][x] =
                filter[x][0] * half[y][0] + filter[x][1] * half[y][1] + filter[x][2] * half[y][2];
    }
}

void bw_winograd_u8_pack_word(const bw_operation *operation, const bw_filters *filters, int plane,
                              int word, bw_winograd_lines *lines)
{
    static const int8_t nothing[9];
    int inputs = operation->in.channels;
    for (int half = 0; half < BW_LANES * WORD_CHANNELS; half++) {
        int output = plane * BW_LANES + half / WORD_CHANNELS;
        int input = word * WORD_CHANNELS + half % WORD_CHANNELS, positions[INPUTS][INPUTS];
        bool real = output < operation->out.channels && input < inputs;
        size_t at = ((size_t)output * (size_t)inputs + (size_t)input) * 9;
        transform_filter(real ? filters->integers + at : nothing, positions);
        for (int position = 0; position < INPUTS * INPUTS; position++)
            lines->halves[position][half] = (int16_t)positions[position / INPUTS][position % INPUTS];
    }
}
