#include "kernels/x86/winograd_f32.h"

#include <string.h>

static const double filter_2[4][3] = {
    {1.0, 0.0, 0.0},
    {0.5, 0.5, 0.5},
    {0.5, -0.5, 0.5},
    {0.0, 0.0, 1.0},
};

/* Row of a point p: (1, p, p²) / Π (p - q) over the other points q; the last is infinity. */
static const double filter_4[6][3] = {
    {64.0 / 81, 0.0, 0.0},
    {-128.0 / 243, -96.0 / 243, -72.0 / 243},
    {-128.0 / 243, 96.0 / 243, -72.0 / 243},
    {32.0 / 243, 48.0 / 243, 72.0 / 243},
    {32.0 / 243, -48.0 / 243, 72.0 / 243},
    {0.0, 0.0, 1.0},
};

void bw_winograd_f32_pack_parameters(const bw_operation *operation, const bw_filters *filters,
                                     int plane, uint8_t *to)
{
    float *bias = (float *)(void *)to;
    for (int lane = 0; lane < BW_LANES; lane++) {
        int channel = plane * BW_LANES + lane;
        bias[lane] = channel < operation->out.channels ? bw_filters_bias(filters, channel) : 0.0f;
    }
}

/* The n × n positions of one filter. */
static void transform_filter(const double matrix[][3], int inputs, const float *filter,
                             double *positions)
{
    double half[BW_WINOGRAD_INPUTS][3];
    for (int y = 0; y < inputs; y++) {
        for (int x = 0; x < 3; x++)
            half[y][x] = matrix[y][0] * (double)filter[x] + matrix[y][1] * (double)filter[3 + x] +
                         matrix[y][2] * (double)filter[6 + x];
    }
    for (int y = 0; y < inputs; y++) {
        for (int x = 0; x < inputs; x++)
            positions[y * inputs + x] =
                matrix[x][0] * half[y][0] + matrix[x][1] * half[y][1] + matrix[x][2] * half[y][2];
    }
}

static void pack_word(const double matrix[][3], int inputs, const bw_operation *operation,
                      const bw_filters *filters, int plane, int input, bw_winograd_packed *packed)
{
    static const float nothing[9];
    for (int lane = 0; lane < BW_LANES; lane++) {
        int channel = plane * BW_LANES + lane;
        size_t at = ((size_t)channel * (size_t)operation->in.channels + (size_t)input) * 9;
        double positions[BW_WINOGRAD_POSITIONS];
        transform_filter(matrix, inputs,
                         channel < operation->out.channels ? filters->weights + at : nothing,
                         positions);
        for (int position = 0; position < inputs * inputs; position++)
            packed->lines[position][lane] = (float)positions[position];
    }
}

void bw_winograd_f32_pack_word_2(const bw_operation *operation, const bw_filters *filters,
                                 int plane, int word, bw_winograd_packed *packed)
{
    pack_word(filter_2, 4, operation, filters, plane, word, packed);
}

void bw_winograd_f32_pack_word_4(const bw_operation *operation, const bw_filters *filters,
                                 int plane, int word, bw_winograd_packed *packed)
{
    pack_word(filter_4, 6, operation, filters, plane, word, packed);
}

void bw_winograd_f32_pack_filters(const bw_operation *operation, const bw_filters *filters,
                                  int plane, int input, bw_winograd_packed *packed)
{
    for (int lane = 0; lane < BW_LANES; lane++) {
        int channel = plane * BW_LANES + lane;
        size_t at =
            ((size_t)channel * (size_t)operation->in.channels + (size_t)input) * BW_WINOGRAD_TAPS;
        for (int tap = 0; tap < BW_WINOGRAD_TAPS; tap++)
            packed->lines[tap][lane] =
                channel < operation->out.channels ? filters->weights[at + (size_t)tap] : 0.0f;
    }
}

void bw_winograd_f32_pack_pair(const bw_operation *operation, const bw_filters *filters, int plane,
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

void bw_winograd_f32_multiply(const bw_conv_tiles *tiles, const bw_winograd_product *product)
{
    static const _Alignas(64) float zeros[BW_LANES];
    size_t stride = product->stride / sizeof(float);
    int count = (product->tiles + tiles->pixels - 1) / tiles->pixels;
    bw_conv_tile tile = {
        .in_plane = stride,
        .in_pixel = BW_LANES,
        .planes = product->lines,
        .kernel_height = 1,
        .kernel_width = 1,
        .channels = BW_LANES,
        .last_channels = product->last_words,
        .weights = (const float *)(const void *)product->weights,
        .start = zeros,
        .out_block = stride,
    };
    for (int index = 0; index < count; index++) {
        bw_winograd_part part = bw_winograd_part_of(product, index, count);
        tile.in = (const float *)(const void *)product->in + part.first * BW_LANES;
        tile.out = (float *)(void *)product->sums + part.first * BW_LANES;
        tile.weights_ahead = (const float *)(const void *)part.later;
        tile.lines_ahead = part.lines_later;
        tiles->run[product->blocks - 1][part.tiles - 1](&tile);
    }
}
