/**
 * Families that move bytes, and the average of a plane, with AVX2. A pixel of a plane is some
 * vectors of 16 bytes.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/copy.h"
#include "kernels/quantize.h"
#include "kernels/x86/rows.h"

static __m128i load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

static void store(uint8_t *to, __m128i bytes)
{
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
}

static bool in_vectors(const bw_operation *operation)
{
    return operation->in.lanes == operation->out.lanes && operation->in.lanes % BW_LANES == 0;
}

static bool moves(const bw_operation *operation)
{
    return in_vectors(operation) && operation->in.channels == operation->out.channels &&
           bw_format_equal(operation->in.format, operation->out.format);
}

static double vectors(const bw_operation *operation)
{
    return bw_rows_pixels(operation) * operation->out.lanes / BW_LANES;
}

/* ---- upsample ------------------------------------------------------------------------------- */

static bool upsample_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_UPSAMPLE && moves(operation) && operation->stride >= 1 &&
           out->height == in->height * operation->stride &&
           out->width == in->width * operation->stride;
}

static double move_cost(const bw_operation *operation)
{
    return 1.5 * vectors(operation);
}

static void upsample_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    const uint8_t *from =
        bw_row_of(in, row->operands->in, row->image, row->plane, row->y / operation->stride);
    uint8_t *to = row->out;
    for (int x = 0; x < in->width; x++, from += in->lanes) {
        for (int copy = 0; copy < operation->stride; copy++) {
            for (int lane = 0; lane < in->lanes; lane += BW_LANES, to += BW_LANES)
                store(to, load(from + lane));
        }
    }
}

/* ---- copy ----------------------------------------------------------------------------------- */

static bool copy_accepts(const bw_operation *operation)
{
    return bw_copy_accepts(operation) && in_vectors(operation);
}

static double copy_cost(const bw_operation *operation)
{
    return 4.0 * vectors(operation);
}

/* Moves `count` lanes of each pixel; the other lanes of `to` are not written. */
static void move_lanes(uint8_t *to, const uint8_t *from, int lanes, int pixels, int count)
{
    for (int x = 0; x < pixels; x++, to += lanes, from += lanes) {
        int lane = 0;
        for (; lane + BW_LANES <= count; lane += BW_LANES)
            store(to + lane, load(from + lane));
        for (; lane < count; lane++)
            to[lane] = from[lane];
    }
}

static void copy_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int lanes = in->lanes, start = row->plane * lanes, pixels = operation->out.width;
    int channel = start > operation->out_channel ? start : operation->out_channel;
    int end = operation->out_channel + bw_copy_channels(operation);
    end = end < start + lanes ? end : start + lanes;
    while (channel < end) {
        int source = operation->first_channel + channel - operation->out_channel;
        int count = lanes - source % lanes;
        count = count < end - channel ? count : end - channel;
        const uint8_t *from = bw_row_of(in, row->operands->in, row->image, source / lanes, row->y);
        if (count == lanes)
            memcpy(row->out, from, (size_t)pixels * (size_t)lanes);
        else
            move_lanes((uint8_t *)row->out + channel % lanes, from + source % lanes, lanes, pixels,
                       count);
        channel += count;
    }
}

/* ---- average pool --------------------------------------------------------------------------- */

static bool average_pool_accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_AVERAGE_POOL && in_vectors(operation) &&
           operation->out.height == 1 && operation->out.width == 1 &&
           operation->in.channels == operation->out.channels && bw_mean_fits(operation);
}

static double average_pool_cost(const bw_operation *operation)
{
    return 4.0 * vectors(operation) * operation->in.height * operation->in.width;
}

static void average_pool_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    const uint8_t *plane = bw_row_of(in, row->operands->in, row->image, row->plane, 0);
    uint8_t *to = row->out;
    float mean = bw_mean(operation);
    for (int lane = 0; lane < in->lanes; lane += BW_LANES) {
        int32_t sums[BW_LANES] = {0};
        for (int y = 0; y < in->height; y++) {
            const uint8_t *from = plane + (size_t)y * in->row_stride + lane;
            for (int x = 0; x < in->width; x++, from += in->lanes) {
                for (int index = 0; index < BW_LANES; index++)
                    sums[index] += from[index] - in->format.zero_point;
            }
        }
        for (int index = 0; index < BW_LANES; index++)
            to[lane + index] =
                bw_to_u8((float)sums[index] * mean, operation->out.format.zero_point);
    }
}

#define MOVES(words, of, acceptance, price, function)                                              \
    static void function##s(const bw_operation *operation, const bw_operands *operands, int first, \
                            int last, void *scratch)                                               \
    {                                                                                              \
        (void)scratch;                                                                             \
        bw_rows_run(operation, operands, first, last, function);                                   \
    }                                                                                              \
    const bw_kernel bw_kernel_##words##_u8_avx2 = {                                                \
        .name = #words "_u8_avx2",                                                                 \
        .family = of,                                                                              \
        .in = BW_U8,                                                                               \
        .out = BW_U8,                                                                              \
        .needs = BW_CPU_AVX2,                                                                      \
        .accepts = acceptance,                                                                     \
        .cost = price,                                                                             \
        .units = bw_rows_units,                                                                    \
        .run = function##s,                                                                        \
    };

MOVES(upsample, BW_FAMILY_UPSAMPLE, upsample_accepts, move_cost, upsample_row)
MOVES(copy, BW_FAMILY_COPY, copy_accepts, copy_cost, copy_row)
MOVES(average_pool, BW_FAMILY_AVERAGE_POOL, average_pool_accepts, average_pool_cost,
      average_pool_row)
