#include "kernels/x86/winograd_rounded.h"

#include <string.h>

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/winograd_u8.h"

enum {
    LINE = BW_WINOGRAD_LINE,
    POSITIONS = BW_ROUNDED_POSITIONS,
    PART = 8, /* bytes: the channels of two outputs */
    HALF = LINE / 2,
};

bool bw_winograd_rounded_accepts(const bw_operation *operation)
{
    return bw_winograd_accepts(operation) && bw_rounded_possible(operation);
}

bool bw_winograd_rounded_accepts_halving(const bw_operation *operation)
{
    return bw_winograd_accepts_stride(operation, 2) && bw_rounded_possible(operation);
}

bool bw_winograd_rounded_uses(int stride, int outputs, int point)
{
    return bw_rounded_sides[stride][outputs].uses[point];
}

bool bw_winograd_rounded_accepts_pool(const bw_operation *operation)
{
    bw_operation conv = bw_unpooled(operation);
    return bw_conv_pool_accepts(operation) && bw_winograd_rounded_accepts(&conv);
}

/* The sums of an output channel's rounded filters, one a position. */
static void sum_filters(const bw_operation *operation, const int8_t *integers,
                        const int16_t multipliers[POSITIONS], int32_t sums[POSITIONS])
{
    memset(sums, 0, POSITIONS * sizeof *sums);
    for (int input = 0; input < operation->in.channels; input++) {
        int32_t transformed[POSITIONS];
        bw_rounded_filter_positions(operation->stride, integers + (size_t)input * BW_WINOGRAD_TAPS,
                                    transformed);
        for (int position = 0; position < POSITIONS; position++)
            sums[position] += bw_rounded_filter(transformed[position], multipliers[position]);
    }
}

/* Where a byte of a quad in its natural order stands: parts go to the halves in turn. */
static int halved(int byte)
{
    int part = byte / PART;
    return part % 2 * HALF + part / 2 * PART + byte % PART;
}

void bw_winograd_rounded_pack_quad(const bw_operation *operation, const bw_filters *filters,
                                   int plane, int quad, bw_winograd_packed *packed)
{
    bw_winograd_packed natural;
    bw_winograd_u8_pack_quad(operation, filters, plane, quad, &natural);
    for (int tap = 0; tap < BW_WINOGRAD_TAPS; tap++)
        for (int byte = 0; byte < LINE; byte++)
            packed->filters[tap][halved(byte)] = natural.filters[tap][byte];
}

/* A channel's multiplier to where its quads' bytes stand, as 16-bit numbers. */
static void pack_multiplier(int16_t multiplier, int lane, uint8_t *to)
{
    for (int input = 0; input < BW_WINOGRAD_QUAD; input++)
        memcpy(to + (size_t)halved(lane * BW_WINOGRAD_QUAD + input) * sizeof multiplier,
               &multiplier, sizeof multiplier);
}

/* The parameters of one of a plane's channels. */
static void pack_channel(const bw_operation *operation, const int8_t *integers, int lane,
                         uint8_t *to)
{
    int16_t multipliers[POSITIONS];
    int32_t sums[POSITIONS];
    const bw_rounded_tile whole = bw_rounded_whole(operation->stride);
    bw_rounded_multipliers(operation, integers, multipliers);
    sum_filters(operation, integers, multipliers, sums);
    for (int position = 0; position < POSITIONS; position++) {
        int row = position / BW_ROUNDED_POINTS, column = position % BW_ROUNDED_POINTS;
        float scale = bw_rounded_scale(operation->stride, row, column, multipliers[position]);
        bool is_sum = bw_rounded_is_sum(whole, row, column);
        int32_t start = -bw_rounded_added(is_sum, operation->in.format.zero_point) * sums[position];
        size_t at = (size_t)lane * sizeof scale;
        memcpy(to + (BW_WINOGRAD_ROUNDED_SCALES + position) * LINE + at, &scale, sizeof scale);
        pack_multiplier(multipliers[position], lane,
                        to + (BW_WINOGRAD_ROUNDED_FILTERS + 2 * position) * LINE);
        memcpy(to + (BW_WINOGRAD_ROUNDED_STARTS + position) * LINE + at, &start, sizeof start);
        memcpy(to + (BW_WINOGRAD_ROUNDED_SUMS + position) * LINE + at, &sums[position],
               sizeof start);
    }
}

void bw_winograd_rounded_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                         int plane, uint8_t *to)
{
    enum { EPILOGUE = 3 }; /* multipliers, offsets, starts */
    _Alignas(LINE) uint8_t lines[EPILOGUE][LINE] = {{0}};
    memset(to, 0, (size_t)BW_WINOGRAD_ROUNDED_PARAMETERS * LINE);
    bw_parameters_pack(operation, filters, plane * BW_LANES, BW_LANES, lines[0]);
    memcpy(to, lines, (size_t)BW_WINOGRAD_ROUNDED_SCALES * LINE);
    for (int lane = 0; lane < BW_LANES; lane++) {
        int channel = plane * BW_LANES + lane;
        if (channel < operation->out.channels)
            pack_channel(operation,
                         filters->integers + (size_t)channel * (size_t)bw_sum_terms(operation),
                         lane, to);
    }
}
