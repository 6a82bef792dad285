/**
 * Depthwise on bytes with AVX2: two positions of the window at a time, widened to 16 bits,
 * multiplied and added into 32 bits.
 *
 * Packed weights, 16 channels: multipliers, offsets and starts of BW_LANES each, then for each pair
 * of positions the 16-bit weights of both, in the order that unpacking the bytes' vectors gives.
 */
#include "kernels/x86/vector_avx2.h"

#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/conv_direct.h"
#include "kernels/x86/epilogue_vector.h"
#include "kernels/x86/rows.h"

enum {
    BLOCK = 16,           /* pixels between the sums and the epilogue */
    PIXELS = 4,           /* whose sums are in registers */
    MOST_POSITIONS = 128, /* of a window */
    PAIR = 2 * BW_LANES,
};

/** The packed weights of 16 channels. */
typedef struct lane_weights {
    float *multipliers, *offsets;
    int32_t *starts;
    int16_t *pairs;
} lane_weights;

static int count_positions(const bw_operation *operation)
{
    return operation->kernel_height * operation->kernel_width;
}

static int count_pairs(const bw_operation *operation)
{
    return (count_positions(operation) + 1) / 2;
}

static size_t vector_bytes(const bw_operation *operation)
{
    return BW_LANES * (2 * sizeof(float) + sizeof(int32_t)) +
           (size_t)count_pairs(operation) * PAIR * sizeof(int16_t);
}

/* Vectors of 16 channels in the planes of the output. */
static int count_vectors(const bw_operation *operation)
{
    return bw_layout_planes(&operation->out) * (operation->out.lanes / BW_LANES);
}

static lane_weights weights_of(const bw_operation *operation, const void *packed, int vector)
{
    union {
        const void *given;
        uint8_t *bytes;
    } address = {packed};
    lane_weights made;
    made.multipliers = (float *)(void *)(address.bytes + (size_t)vector * vector_bytes(operation));
    made.offsets = made.multipliers + BW_LANES;
    made.starts = (int32_t *)(void *)(made.offsets + BW_LANES);
    made.pairs = (int16_t *)(void *)(made.starts + BW_LANES);
    return made;
}

static bool accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out, *second = &operation->second;
    return operation->family == BW_FAMILY_DEPTHWISE && in->channels == out->channels &&
           in->lanes % BW_LANES == 0 && in->lanes == out->lanes &&
           (!operation->has_second || second->lanes == out->lanes) &&
           count_positions(operation) <= MOST_POSITIONS && bw_conv_border_suffices(operation);
}

static double cost(const bw_operation *operation)
{
    double pixels = (double)operation->out.height * operation->out.width;
    return pixels * count_vectors(operation) * (12.0 + 3.0 * count_pairs(operation));
}

static size_t packed_bytes(const bw_operation *operation)
{
    return (size_t)count_vectors(operation) * vector_bytes(operation);
}

/* Where a lane's weight of the first position of a pair is; that of the second follows. */
static int place_of(int lane)
{
    int quarter = lane / 4;
    return (quarter % 2 * 8 + quarter / 2 * 4 + lane % 4) * 2;
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    int positions = count_positions(operation);
    memset(packed, 0, packed_bytes(operation));
    for (int channel = 0; channel < operation->out.channels; channel++) {
        lane_weights to = weights_of(operation, packed, channel / BW_LANES);
        int lane = channel % BW_LANES;
        to.multipliers[lane] = bw_multiplier(operation, filters, channel);
        to.offsets[lane] = bw_offset(operation, filters, channel);
        for (int position = 0; position < positions; position++) {
            to.pairs[position / 2 * PAIR + place_of(lane) + position % 2] =
                filters->integers[(ptrdiff_t)channel * positions + position];
        }
        to.starts[lane] = bw_start(operation, filters, channel);
    }
}

static __m256i load_wide(const uint8_t *from)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}

/** One row of 16 channels: bytes from a window's start to each position of it, and from pixel to
 * pixel. */
typedef struct row_windows {
    ptrdiff_t places[MOST_POSITIONS + 1], pixel;
    int pairs;
} row_windows;

/* The second position of the last pair may be one too many: its weights are zero. */
static row_windows windows_of(const bw_operation *operation)
{
    row_windows made;
    int positions = count_positions(operation);
    made.pairs = count_pairs(operation);
    made.pixel = (ptrdiff_t)operation->stride * operation->in.lanes;
    for (int position = 0; position < positions; position++)
        made.places[position] =
            position / operation->kernel_width * (ptrdiff_t)operation->in.row_stride +
            (ptrdiff_t)(position % operation->kernel_width) * operation->in.lanes;
    made.places[positions] = made.places[positions - 1];
    return made;
}

BW_INLINE void sum_pixels(const row_windows *windows, const uint8_t *from, const lane_weights *by,
                          int32_t *sums, int pixels)
{
    const __m256i *starts = (const __m256i *)(const void *)by->starts;
    __m256i first = _mm256_loadu_si256(starts), second = _mm256_loadu_si256(starts + 1);
    __m256i low[PIXELS], high[PIXELS];
    ptrdiff_t stride = windows->pixel;
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        low[pixel] = _mm256_permute2x128_si256(first, second, 0x20);
        high[pixel] = _mm256_permute2x128_si256(first, second, 0x31);
    }
    for (int pair = 0; pair < windows->pairs; pair++) {
        const uint8_t *a = from + windows->places[2 * pair];
        const uint8_t *b = from + windows->places[2 * pair + 1];
        const __m256i *weights = (const __m256i *)(const void *)(by->pairs + pair * PAIR);
        __m256i low_weights = _mm256_loadu_si256(weights);
        __m256i high_weights = _mm256_loadu_si256(weights + 1);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            __m256i x = load_wide(a + pixel * stride), y = load_wide(b + pixel * stride);
            low[pixel] = _mm256_add_epi32(
                low[pixel], _mm256_madd_epi16(_mm256_unpacklo_epi16(x, y), low_weights));
            high[pixel] = _mm256_add_epi32(
                high[pixel], _mm256_madd_epi16(_mm256_unpackhi_epi16(x, y), high_weights));
        }
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        __m256i *to = (__m256i *)(void *)(sums + pixel * BW_LANES);
        _mm256_storeu_si256(to, _mm256_permute2x128_si256(low[pixel], high[pixel], 0x20));
        _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(low[pixel], high[pixel], 0x31));
    }
}

static void sum_block(const row_windows *windows, const uint8_t *from, const lane_weights *by,
                      int32_t *sums, int pixels)
{
    for (; pixels >= PIXELS; pixels -= PIXELS) {
        sum_pixels(windows, from, by, sums, PIXELS);
        from += PIXELS * windows->pixel;
        sums += PIXELS * BW_LANES;
    }
    for (; pixels > 0; pixels--) {
        sum_pixels(windows, from, by, sums, 1);
        from += windows->pixel;
        sums += BW_LANES;
    }
}

static void run_vector(const bw_row *row, const row_windows *windows, int lane)
{
    const bw_operation *operation = row->operation;
    const bw_operands *operands = row->operands;
    const bw_layout *in = &operation->in, *out = &operation->out;
    int top = row->y * operation->stride - operation->pad_top;
    const uint8_t *from = bw_row_of(in, operands->in, row->image, row->plane, top);
    from += lane - (ptrdiff_t)operation->pad_left * in->lanes;
    const uint8_t *second = NULL;
    if (operation->has_second)
        second = bw_row_of(&operation->second, operands->second, row->image, row->plane, row->y);
    int vector = row->plane * (out->lanes / BW_LANES) + lane / BW_LANES;
    lane_weights by = weights_of(operation, operands->weights, vector);
    bw_epilogue epilogue = bw_epilogue_of(operation);
    epilogue.multipliers = by.multipliers;
    epilogue.offsets = by.offsets;
    int32_t sums[BLOCK * BW_LANES];
    for (int x = 0; x < out->width; x += BLOCK) {
        int pixels = out->width - x < BLOCK ? out->width - x : BLOCK;
        ptrdiff_t at = (ptrdiff_t)x * out->lanes + lane;
        sum_block(windows, from + x * windows->pixel, &by, sums, pixels);
        finish_pixels(&epilogue, sums, second ? second + at : NULL,
                      (uint8_t *)row->out + at * (ptrdiff_t)bw_type_size(out->format.type), pixels);
    }
}

static void run_row(const bw_row *row)
{
    row_windows windows = windows_of(row->operation);
    for (int lane = 0; lane < row->operation->out.lanes; lane += BW_LANES)
        run_vector(row, &windows, lane);
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#define DEPTHWISE(words, to)                                                                       \
    const bw_kernel bw_kernel_##words##_avx2 = {                                                   \
        .name = #words "_avx2",                                                                    \
        .family = BW_FAMILY_DEPTHWISE,                                                             \
        .in = BW_U8,                                                                               \
        .out = to,                                                                                 \
        .needs = BW_CPU_AVX2,                                                                      \
        .accepts = accepts,                                                                        \
        .cost = cost,                                                                              \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .units = bw_rows_units,                                                                    \
        .run = run,                                                                                \
    }

DEPTHWISE(depthwise_u8, BW_U8);
DEPTHWISE(depthwise_u8_f32, BW_F32);
