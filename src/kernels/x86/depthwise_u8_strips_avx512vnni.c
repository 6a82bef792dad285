/**
 * Depthwise of 3 × 3 on bytes with AVX-512 VNNI, by strips of four pixels of 8 channels that run
 * down the picture.
 *
 * Each 128-bit part of a vector belongs to one pixel: vpdpbusd adds the three products of a row of
 * the window to the sums of four channels of each. The three bytes that a row needs of each channel
 * are put beside each other once and serve the three rows of the output whose windows they are in.
 * Packing sums to bytes keeps to those parts too, so that four pixels leave in their order. With 8
 * channels, sums, weights and all that the epilogue takes fit the registers: what limits this work
 * is how much is loaded.
 *
 * Packed weights, 8 channels: multipliers, offsets and starts, then the weights
 * [row][channel][column, the fourth zero].
 */
#include "kernels/x86/vector_avx512.h"

#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/quads_avx512vnni.h"
#include "kernels/x86/rows.h"

enum {
    SIZE = 3, /* of the window */
    PIXELS = BW_QUAD_PIXELS,
    QUADS = 2,
    CHANNELS = QUADS * BW_QUAD_CHANNELS,
    NEEDED = 0x3fff, /* of 16 groups of four bytes: up to the last pixel's first 8 */
};

/** The packed weights of 8 channels. */
typedef struct strip_weights {
    float multipliers[CHANNELS], offsets[CHANNELS];
    int32_t starts[CHANNELS];
    int8_t taps[SIZE][CHANNELS][4];
} strip_weights;

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_DEPTHWISE && operation->kernel_height == SIZE &&
           operation->kernel_width == SIZE && operation->stride <= 2 && !operation->has_second &&
           operation->in.channels == operation->out.channels && operation->out.width >= PIXELS &&
           bw_activation_is_simple(operation->activation) && bw_rows_in_planes(operation) &&
           bw_border_suffices(operation);
}

/* Groups of 8 channels. */
static int count_groups(const bw_operation *operation)
{
    return (operation->out.channels + CHANNELS - 1) / CHANNELS;
}

static double cost(const bw_operation *operation)
{
    const bw_layout *out = &operation->out;
    double rows = out->height * (1.0 + (SIZE - 1.0) / bw_band_rows(operation));
    return rows * out->width * count_groups(operation) * (operation->stride == 1 ? 2.5 : 4.0);
}

static size_t packed_bytes(const bw_operation *operation)
{
    return (size_t)count_groups(operation) * sizeof(strip_weights);
}

static void pack_channel(const bw_operation *operation, const bw_filters *filters, int channel,
                         strip_weights *to)
{
    int lane = channel % CHANNELS;
    to->multipliers[lane] = bw_multiplier(operation, filters, channel);
    to->offsets[lane] = bw_offset(operation, filters, channel);
    to->starts[lane] = bw_start(operation, filters, channel);
    for (int row = 0; row < SIZE; row++)
        memcpy(to->taps[row][lane], filters->integers + ((ptrdiff_t)channel * SIZE + row) * SIZE,
               SIZE);
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    strip_weights *groups = packed;
    memset(packed, 0, packed_bytes(operation));
    for (int channel = 0; channel < operation->out.channels; channel++)
        pack_channel(operation, filters, channel, groups + channel / CHANNELS);
}

/** Four pixels wide, and as high as a band. */
typedef struct strip {
    const bw_epilogue *epilogue;
    const strip_weights *by;
    const uint8_t *from; /* the window of the first pixel */
    uint8_t *to;
    size_t from_row, to_row;
    int rows;         /* of the output */
    __mmask8 written; /* of the 8 times 8 bytes of four pixels */
} strip;

/** What a strip computes with, in registers. */
typedef struct strip_numbers {
    __m512i starts[QUADS], taps[SIZE][QUADS];
    quads_epilogue epilogue;
    __mmask8 written;
} strip_numbers;

BW_INLINE strip_numbers numbers_of(const strip *s)
{
    strip_numbers made = {.epilogue = quads_epilogue_of(s->epilogue, QUADS), .written = s->written};
    BW_UNROLL
    for (int quad = 0; quad < QUADS; quad++) {
        const int channel = quad * BW_QUAD_CHANNELS;
        made.starts[quad] = spread_integers(s->by->starts + channel);
        BW_UNROLL
        for (int row = 0; row < SIZE; row++)
            made.taps[row][quad] = spread_integers(s->by->taps[row][channel]);
    }
    return made;
}

BW_INLINE __m512i load_pixels(const uint8_t *from, __mmask16 needed)
{
    return _mm512_maskz_loadu_epi32(needed, from);
}

/** What lies under a column of the window, of each pixel of a strip. */
typedef struct columns {
    __m512i of[SIZE];
} columns;

BW_INLINE columns load_columns(const uint8_t *from, int stride)
{
    const int pixel = BW_LANES;
    columns made;
    if (stride == 1) {
        BW_UNROLL
        for (int column = 0; column < SIZE; column++)
            made.of[column] = load_pixels(from + column * pixel, NEEDED);
        return made;
    }
    __m512i first = load_pixels(from, NEEDED), second = load_pixels(from + 4 * pixel, NEEDED);
    made.of[0] = _mm512_shuffle_i32x4(first, second, 0x88);
    made.of[1] = _mm512_shuffle_i32x4(first, second, 0xdd);
    first = load_pixels(from + 2 * pixel, NEEDED);
    second = load_pixels(from + 6 * pixel, NEEDED >> 4);
    made.of[2] = _mm512_shuffle_i32x4(first, second, 0x88);
    return made;
}

/* The bytes of a row of the window beside each other, [quad][pixel][channel][column]. */
BW_INLINE void gather(const uint8_t *from, __m512i *bytes, int stride)
{
    columns row = load_columns(from, stride);
    __m512i pairs = _mm512_unpacklo_epi8(row.of[0], row.of[1]);
    __m512i lasts = _mm512_unpacklo_epi8(row.of[2], _mm512_setzero_si512());
    bytes[0] = _mm512_unpacklo_epi16(pairs, lasts);
    bytes[1] = _mm512_unpackhi_epi16(pairs, lasts);
}

BW_INLINE void finish_row(const strip_numbers *n, const __m512i *sums, uint8_t *to,
                          bw_activation activation)
{
    __m512i bytes =
        finish_quads(&n->epilogue, activation, sums, false, _mm512_setzero_si512(), QUADS);
    _mm512_mask_storeu_epi64(to, n->written, bytes);
}

BW_INLINE void copy(__m512i *to, const __m512i *from)
{
    BW_UNROLL
    for (int quad = 0; quad < QUADS; quad++)
        to[quad] = from[quad];
}

BW_INLINE void add_row(__m512i *sums, const __m512i *bytes, const __m512i *taps)
{
    BW_UNROLL
    for (int quad = 0; quad < QUADS; quad++)
        accumulate(&sums[quad], bytes[quad], taps[quad]);
}

BW_INLINE void run_near(const strip *s, bw_activation activation)
{
    const strip_numbers n = numbers_of(s);
    const size_t from_row = s->from_row, to_row = s->to_row;
    const uint8_t *from = s->from;
    uint8_t *to = s->to;
    __m512i bytes[QUADS], upper[QUADS], middle[QUADS], lower[QUADS];
    copy(upper, n.starts);
    gather(from, bytes, 1);
    add_row(upper, bytes, n.taps[0]);
    gather(from + from_row, bytes, 1);
    copy(middle, n.starts);
    add_row(upper, bytes, n.taps[1]);
    add_row(middle, bytes, n.taps[0]);
    from += 2 * from_row;
    for (int left = s->rows; left > 0; left--, from += from_row, to += to_row) {
        gather(from, bytes, 1);
        copy(lower, n.starts);
        add_row(upper, bytes, n.taps[2]);
        add_row(middle, bytes, n.taps[1]);
        add_row(lower, bytes, n.taps[0]);
        finish_row(&n, upper, to, activation);
        copy(upper, middle);
        copy(middle, lower);
    }
}

/* At stride 2 the last row of a window is the first of the next. */
BW_INLINE void run_far(const strip *s, bw_activation activation)
{
    const strip_numbers n = numbers_of(s);
    const size_t from_row = s->from_row, to_row = s->to_row;
    const uint8_t *from = s->from;
    uint8_t *to = s->to;
    __m512i bytes[QUADS], sums[QUADS];
    gather(from, bytes, 2);
    for (int left = s->rows; left > 0; left--, to += to_row) {
        copy(sums, n.starts);
        add_row(sums, bytes, n.taps[0]);
        gather(from + from_row, bytes, 2);
        add_row(sums, bytes, n.taps[1]);
        from += 2 * from_row;
        gather(from, bytes, 2);
        add_row(sums, bytes, n.taps[2]);
        finish_row(&n, sums, to, activation);
    }
}

typedef void strip_function(const strip *s);

#define STRIP(activation, words)                                                                   \
    static void run_##words##_near(const strip *s)                                                 \
    {                                                                                              \
        run_near(s, activation);                                                                   \
    }                                                                                              \
    static void run_##words##_far(const strip *s)                                                  \
    {                                                                                              \
        run_far(s, activation);                                                                    \
    }

STRIP(BW_LINEAR, linear)
STRIP(BW_RELU, relu)
STRIP(BW_LEAKY, leaky)
STRIP(BW_CLIPPED, clipped)

static strip_function *function_of(const bw_operation *operation)
{
    bool near = operation->stride == 1;
    switch (operation->activation) {
    case BW_RELU: return near ? run_relu_near : run_relu_far;
    case BW_LEAKY: return near ? run_leaky_near : run_leaky_far;
    case BW_CLIPPED: return near ? run_clipped_near : run_clipped_far;
    default: return near ? run_linear_near : run_linear_far;
    }
}

/* The strip at the left edge of a band, of one half of the plane's channels. */
static strip first_strip(const bw_band *band, const strip_weights *by, bw_epilogue *epilogue,
                         int half)
{
    const bw_operation *operation = band->operation;
    const bw_layout *in = &operation->in, *out = &operation->out;
    int top = band->first * operation->stride - operation->pad_top;
    const uint8_t *from = bw_row_of(in, band->operands->in, band->image, band->plane, top);
    bool alone = out->channels - band->plane * BW_LANES <= CHANNELS;
    epilogue->multipliers = by->multipliers;
    epilogue->offsets = by->offsets;
    return (strip){
        .epilogue = epilogue,
        .by = by,
        .from = from + half * CHANNELS - (ptrdiff_t)operation->pad_left * BW_LANES,
        .to = (uint8_t *)band->out + (size_t)band->first * out->row_stride,
        .from_row = in->row_stride,
        .to_row = out->row_stride,
        .rows = band->last - band->first,
        .written = (__mmask8)(alone  ? 0xff
                              : half ? 0xaa
                                     : 0x55),
    };
}

/* The last strip may overlap the one before. */
static void run_band(const bw_band *band, void *context)
{
    const bw_operation *operation = band->operation;
    const strip_weights *groups = band->operands->weights;
    bw_epilogue epilogue = bw_epilogue_of(operation);
    strip_function *function = function_of(operation);
    int width = operation->out.width, group = band->plane * (BW_LANES / CHANNELS);
    (void)context;
    for (int half = 0; half < 2 && group + half < count_groups(operation); half++) {
        const strip first = first_strip(band, groups + group + half, &epilogue, half);
        for (int x = 0; x < width; x += PIXELS) {
            ptrdiff_t at = (x < width - PIXELS ? x : width - PIXELS) * (ptrdiff_t)BW_LANES;
            strip s = first;
            s.from += at * operation->stride;
            s.to += at;
            function(&s);
        }
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_bands_run(operation, operands, first, last, run_band, NULL);
}

const bw_kernel bw_kernel_depthwise_u8_avx512vnni_strips = {
    .name = "depthwise_u8_avx512vnni_strips",
    .family = BW_FAMILY_DEPTHWISE,
    .in = BW_U8,
    .out = BW_U8,
    .needs = BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
    .accepts = accepts,
    .cost = cost,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .units = bw_rows_units,
    .run = run,
};
