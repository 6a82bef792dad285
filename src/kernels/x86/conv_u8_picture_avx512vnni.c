/**
 * The first layer of a network on bytes with AVX-512 VNNI: windows of 3 × 3 over the picture, alone
 * or with the maximum of 2 × 2 after it.
 *
 * A vector holds what one step takes of 16 pixels, four bytes of each, and is multiplied by the
 * weights of one output channel after the other: the bytes are put in their places once for all
 * channels of a plane, and no product needs a permutation. A window is 27 bytes. The first eight of
 * each of its rows are two steps; the ninth of all rows together is another, so that seven steps
 * take what would be nine of pixels as they lie, with a fourth byte for nothing.
 *
 * Two vectors lie beside each other, and run down the picture as a strip: rows that are in the
 * windows of the next row of sums, too, stay in registers.
 *
 * Under a pool a vector has every second pixel, and two rows of sums are computed at once; the
 * maximum of four sums is finished in their place. Both rows of sums take the same step of last
 * bytes, which has those of all four rows: the row that is not in a window has a weight of zero.
 *
 * Lane 4 k + j of a vector is pixel 4 j + k's: packing to bytes keeps to the 128-bit parts, and so
 * leaves four whole pixels in their order.
 *
 * Packed weights are filters, of a multiple of four channels.
 */
#include "kernels/x86/vector_avx512.h"

#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/conv_u8.h"
#include "kernels/x86/finish_vector.h"
#include "kernels/x86/rows.h"

#include "kernels/x86/accumulate_avx512vnni.h"

enum {
    SIZE = 3,     /* of the window */
    CHANNELS = 3, /* of the picture */
    PIXELS = 16,  /* of a vector */
    COLUMNS = 2,  /* vectors beside each other */
    POOL = 2,     /* rows of sums, and columns, that are pooled */
    QUAD = 4,     /* channels whose bytes leave together, and their number in a plane */
    PARTS = 2,    /* steps of a row of the window */
    STEPS = PARTS * SIZE + 1,
    LAST = STEPS - 1,
    ROW_BYTES = SIZE * CHANNELS, /* of a window */
    PIXEL = BW_IMAGE_LANES,
};

/** An output channel. */
typedef struct filter {
    int8_t steps[STEPS][4]; /* [row][part], then the last bytes of the rows */
    int8_t below[4];        /* the last bytes for the lower of two rows of sums */
    float multiplier, offset;
    int32_t start;
} filter;

/** How the pixels of a vector lie in the picture, and whether sums are pooled. */
typedef enum kind {
    NEAR,   /* beside each other */
    FAR,    /* every second one */
    POOLED, /* likewise, and the other vector has those between */
} kind;

static bool is_pooled(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV_POOL;
}

static kind kind_of(const bw_operation *operation)
{
    return is_pooled(operation) ? POOLED : operation->stride == 1 ? NEAR : FAR;
}

/* From the window of a pixel of the output to the next, and to that of the row below. */
BW_INLINE int step_of(kind of)
{
    return of == NEAR ? 1 : 2;
}

/* Rows of sums that are computed at once, */
BW_INLINE int lines_of(kind of)
{
    return of == POOLED ? POOL : 1;
}

/* and of the picture that are in their windows. */
BW_INLINE int rows_of(kind of)
{
    return SIZE + lines_of(of) - 1;
}

/* Pixels of a row of the output that are computed at once. */
BW_INLINE int width_of(kind of)
{
    return of == POOLED ? PIXELS : COLUMNS * PIXELS;
}

static bool window_suits(const bw_operation *operation)
{
    return operation->kernel_height == SIZE && operation->kernel_width == SIZE &&
           operation->groups == 1 && operation->stride <= (is_pooled(operation) ? 1 : 2);
}

static bool layouts_suit(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return in->lanes == BW_IMAGE_LANES && in->channels <= CHANNELS && out->lanes == BW_LANES &&
           out->width >= width_of(kind_of(operation));
}

/* Leaky ReLU is computed as a maximum. */
static bool activation_suits(const bw_operation *operation)
{
    return operation->activation != BW_LEAKY || operation->slope <= 1.0f;
}

static bool accepts_any(const bw_operation *operation)
{
    return window_suits(operation) && layouts_suit(operation) && activation_suits(operation) &&
           !operation->has_second;
}

static bool accepts(const bw_operation *operation)
{
    return operation->family == BW_FAMILY_CONV && accepts_any(operation) &&
           bw_border_suffices(operation);
}

static bool accepts_pooled(const bw_operation *operation)
{
    bw_operation conv = bw_unpooled(operation);
    return bw_conv_pool_accepts(operation) && accepts_any(operation) && bw_border_suffices(&conv);
}

static int count_quads(const bw_operation *operation)
{
    return bw_divide_up(operation->out.channels, QUAD);
}

static double cost(const bw_operation *operation)
{
    double vectors = (double)operation->out.height * operation->out.width / PIXELS;
    return vectors * count_quads(operation) * (is_pooled(operation) ? 70.0 : 26.0);
}

static size_t packed_bytes(const bw_operation *operation)
{
    return (size_t)(count_quads(operation) * QUAD) * sizeof(filter);
}

/* `integers` are ordered [channel][row][column]. */
static void pack_window(const bw_operation *operation, const int8_t *integers, filter *to)
{
    for (int channel = 0; channel < operation->in.channels; channel++) {
        for (int row = 0; row < SIZE; row++) {
            for (int column = 0; column < SIZE; column++) {
                int byte = column * CHANNELS + channel;
                int8_t weight = *integers++;
                if (byte == ROW_BYTES - 1)
                    to->steps[LAST][row] = to->below[row + 1] = weight;
                else
                    to->steps[row * PARTS + byte / 4][byte % 4] = weight;
            }
        }
    }
}

static void pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    filter *to = packed;
    memset(packed, 0, packed_bytes(operation));
    for (int channel = 0; channel < operation->out.channels; channel++, to++) {
        pack_window(operation, filters->integers + channel * bw_sum_terms(operation), to);
        to->multiplier = bw_multiplier(operation, filters, channel);
        to->offset = bw_offset(operation, filters, channel);
        to->start = bw_start(operation, filters, channel);
    }
}

/**
 * What filters are multiplied by, of the vectors beside each other: the parts of the rows of their
 * windows, and the last bytes of all of these.
 */
typedef struct windows {
    __m512i parts[SIZE + POOL - 1][COLUMNS][PARTS];
    __m512i last[COLUMNS];
} windows;

/* Which of so many pixels the lanes take. */
BW_INLINE __m512i lanes_of(int apart, int first)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_add_epi32(_mm512_mullo_epi32(order, _mm512_set1_epi32(apart)),
                            _mm512_set1_epi32(first));
}

/*
 * Pixels of a vector, the first of them `at` pixels from the start of a window. Nothing before that
 * start is read, nor behind the last of the pixels: there may be no memory.
 */
BW_INLINE __m512i read_pixels(const uint8_t *from, int at, kind of)
{
    const int odd = of != NEAR && at > 0;
    from += (at - odd) * PIXEL;
    __m512i near = _mm512_loadu_si512(from);
    if (of == NEAR)
        return _mm512_permutexvar_epi32(lanes_of(1, 0), near);
    return _mm512_permutex2var_epi32(near, lanes_of(2, odd),
                                     _mm512_loadu_si512(from + PIXELS * PIXEL));
}

/* The bits of `a` in a lane's `bits`, and the others of `b`. */
BW_INLINE __m512i join(uint32_t bits, __m512i a, __m512i b)
{
    return _mm512_ternarylogic_epi32(_mm512_set1_epi32((int32_t)bits), a, b, 0xca);
}

/* Puts the third byte in the place of another, from the first on. */
BW_INLINE __m512i place_byte(__m512i pixels, int place)
{
    return place > 2 ? _mm512_slli_epi32(pixels, 8)
                     : _mm512_srli_epi32(pixels, 8u * (unsigned)(2 - place));
}

/* Takes a row of the picture as one of the windows' rows. */
BW_INLINE void take_row(windows *w, int row, const uint8_t *from, kind of)
{
    const int apart = of == POOLED ? 1 : PIXELS * step_of(of);
    BW_UNROLL
    for (int column = 0; column < COLUMNS; column++) {
        __m512i left = read_pixels(from, column * apart, of);
        __m512i middle = read_pixels(from, column * apart + 1, of);
        __m512i right = read_pixels(from, column * apart + 2, of);
        w->parts[row][column][0] = join(0xffffff, left, _mm512_slli_epi32(middle, 24));
        w->parts[row][column][1] =
            join(0xffff, _mm512_srli_epi32(middle, 8), _mm512_slli_epi32(right, 16));
        w->last[column] = join(0xffu << 8 * row, place_byte(right, row), w->last[column]);
    }
}

/* Turns to the windows below: their first rows are there. */
BW_INLINE void move_down(windows *w, kind of)
{
    const int step = step_of(of);
    BW_UNROLL
    for (int column = 0; column < COLUMNS; column++) {
        BW_UNROLL
        for (int row = 0; row < rows_of(of) - step; row++) {
            w->parts[row][column][0] = w->parts[row + step][column][0];
            w->parts[row][column][1] = w->parts[row + step][column][1];
        }
        w->last[column] = _mm512_srli_epi32(w->last[column], 8u * (unsigned)step);
    }
}

BW_INLINE __m512i bytes_of(const windows *w, int step, int line, int column)
{
    return step == LAST ? w->last[column] : w->parts[step / PARTS + line][column][step % PARTS];
}

BW_INLINE __m512i weights_of(const filter *by, int step, int line)
{
    int32_t four;
    memcpy(&four, step == LAST && line > 0 ? by->below : by->steps[step], sizeof four);
    return _mm512_set1_epi32(four);
}

/* The sums of some channels, [channel][line][column]. */
BW_INLINE void sum_channels(const windows *w, const filter *by, __m512i sums[][POOL][COLUMNS],
                            int channels, int lines)
{
    BW_UNROLL
    for (int index = 0; index < channels * lines * COLUMNS; index++) {
        const int channel = index / COLUMNS / lines, line = index / COLUMNS % lines;
        sums[channel][line][index % COLUMNS] = _mm512_set1_epi32(by[channel].start);
    }
    BW_UNROLL
    for (int step = 0; step < STEPS; step++) {
        BW_UNROLL
        for (int index = 0; index < channels * lines * COLUMNS; index++) {
            const int channel = index / COLUMNS / lines, line = index / COLUMNS % lines;
            const int column = index % COLUMNS;
            accumulate(&sums[channel][line][column], bytes_of(w, step, line, column),
                       weights_of(by + channel, step, line));
        }
    }
}

/** What the epilogue has for all channels. */
typedef struct common {
    vector_epilogue by;
    __m512i out_zero;
} common;

BW_INLINE common common_of(const bw_epilogue *e)
{
    return (common){.by = {.slope = bw_vector_set(e->slope), .finish = bw_vector_set(e->finish)},
                    .out_zero = _mm512_set1_epi16((short)e->out_zero)};
}

/* Where the slope is at most 1, a maximum is what a comparison would choose. */
BW_INLINE bw_vector finish_numbers(const vector_epilogue *by, bw_activation activation, bw_vector x)
{
    if (activation != BW_LEAKY)
        return finish_alone(by, activation, x);
    x = bw_vector_fma(x, by->multipliers, by->offsets);
    return bw_vector_max(x, bw_vector_mul(x, by->slope));
}

BW_INLINE __m512i finish_channel(const common *c, const filter *of, bw_activation activation,
                                 __m512i sums)
{
    vector_epilogue by = c->by;
    by.multipliers = bw_vector_set(of->multiplier);
    by.offsets = bw_vector_set(of->offset);
    bw_vector x = finish_numbers(&by, activation, _mm512_cvtepi32_ps(sums));
    return _mm512_cvtps_epi32(bw_vector_min(x, bw_vector_set(32767.0f)));
}

/* Of four channels, those of a lane beside each other. */
BW_INLINE __m512i pack_quad(const common *c, const __m512i *whole)
{
    const __m128i turn = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), c->out_zero);
    __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), c->out_zero);
    return _mm512_shuffle_epi8(_mm512_packus_epi16(low, high), _mm512_broadcast_i32x4(turn));
}

BW_INLINE __m512i most_of(__m512i sums[POOL][COLUMNS])
{
    return _mm512_max_epi32(_mm512_max_epi32(sums[0][0], sums[0][1]),
                            _mm512_max_epi32(sums[1][0], sums[1][1]));
}

/* Four channels of the vectors that leave: of one under a pool. */
BW_INLINE void run_quad(const common *c, const windows *w, const filter *by,
                        __m512i bytes[COLUMNS][QUAD], int quad, bw_activation activation, kind of)
{
    const int together = QUAD / lines_of(of);
    __m512i whole[COLUMNS][QUAD];
    BW_UNROLL
    for (int first = 0; first < QUAD; first += together) {
        __m512i sums[QUAD][POOL][COLUMNS];
        sum_channels(w, by + first, sums, together, lines_of(of));
        BW_UNROLL
        for (int index = 0; index < together; index++) {
            const int channel = first + index;
            const filter *one = by + channel;
            if (of == POOLED)
                sums[index][0][0] = most_of(sums[index]);
            whole[0][channel] = finish_channel(c, one, activation, sums[index][0][0]);
            if (of != POOLED)
                whole[1][channel] = finish_channel(c, one, activation, sums[index][0][1]);
        }
    }
    bytes[0][quad] = pack_quad(c, whole[0]);
    if (of != POOLED)
        bytes[1][quad] = pack_quad(c, whole[1]);
}

/* Whole pixels from the bytes of quads. */
BW_INLINE void store_vector(const __m512i quads[QUAD], uint8_t *out)
{
    const int part = PIXELS / 4 * BW_LANES;
    __m512i first = _mm512_unpacklo_epi32(quads[0], quads[1]);
    __m512i second = _mm512_unpackhi_epi32(quads[0], quads[1]);
    __m512i third = _mm512_unpacklo_epi32(quads[2], quads[3]);
    __m512i fourth = _mm512_unpackhi_epi32(quads[2], quads[3]);
    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(first, third));
    _mm512_storeu_si512(out + part, _mm512_unpackhi_epi64(first, third));
    _mm512_storeu_si512(out + 2 * part, _mm512_unpacklo_epi64(second, fourth));
    _mm512_storeu_si512(out + 3 * part, _mm512_unpackhi_epi64(second, fourth));
}

/** Rows of one plane of the output. */
typedef struct rows {
    const filter *filters;
    int quads, height, width;
    const uint8_t *in; /* the window of the first sum */
    uint8_t *out;
    size_t in_row, out_row;
} rows;

/* Asks for what the strip after the next reads of a row. */
BW_INLINE void prefetch_row(const uint8_t *from, kind of)
{
    const int pixels = COLUMNS * PIXELS * (of == FAR ? 2 : 1);
    BW_UNROLL
    for (int at = 2 * pixels; at < 3 * pixels; at += 64 / PIXEL)
        __builtin_prefetch(from + at * PIXEL);
}

/* A strip as wide as the vectors that are computed at once. */
BW_INLINE void run_strip(const rows *r, const common *c, int x, bw_activation activation, kind of)
{
    const int kept = rows_of(of) - step_of(of);
    const uint8_t *in = r->in + (ptrdiff_t)x * step_of(of) * PIXEL;
    uint8_t *out = r->out + (ptrdiff_t)x * BW_LANES;
    windows w = {.last = {_mm512_setzero_si512(), _mm512_setzero_si512()}};
    __m512i bytes[COLUMNS][QUAD] = {{_mm512_setzero_si512()}};
    BW_UNROLL
    for (int row = 0; row < kept; row++, in += r->in_row)
        take_row(&w, row, in, of);
    for (int left = r->height; left > 0; left--, out += r->out_row) {
        BW_UNROLL
        for (int row = kept; row < rows_of(of); row++, in += r->in_row) {
            take_row(&w, row, in, of);
            prefetch_row(in, of);
        }
        for (int quad = 0; quad < r->quads; quad++)
            run_quad(c, &w, r->filters + (ptrdiff_t)quad * QUAD, bytes, quad, activation, of);
        store_vector(bytes[0], out);
        if (of != POOLED)
            store_vector(bytes[1], out + PIXELS * BW_LANES);
        move_down(&w, of);
    }
}

/* The last strip may overlap the one before. */
BW_INLINE void run_strips(const rows *r, const bw_epilogue *e, bw_activation activation, kind of)
{
    const common c = common_of(e);
    const int last = r->width - width_of(of);
    for (int x = 0; x < r->width; x += width_of(of))
        run_strip(r, &c, x < last ? x : last, activation, of);
}

/* What keeps the order of sums, see bw_conv_pool_accepts. */
BW_INLINE void run_simple(const rows *r, const bw_epilogue *e, kind of)
{
    switch (e->activation) {
    case BW_RELU: run_strips(r, e, BW_RELU, of); break;
    case BW_LEAKY: run_strips(r, e, BW_LEAKY, of); break;
    case BW_CLIPPED: run_strips(r, e, BW_CLIPPED, of); break;
    default: run_strips(r, e, BW_LINEAR, of); break;
    }
}

BW_INLINE void run_any(const rows *r, const bw_epilogue *e, kind of)
{
    switch (e->activation) {
    case BW_LOGISTIC: run_strips(r, e, BW_LOGISTIC, of); break;
    case BW_SWISH: run_strips(r, e, BW_SWISH, of); break;
    case BW_MISH: run_strips(r, e, BW_MISH, of); break;
    case BW_HARD_LOGISTIC: run_strips(r, e, BW_HARD_LOGISTIC, of); break;
    case BW_HARD_SWISH: run_strips(r, e, BW_HARD_SWISH, of); break;
    default: run_simple(r, e, of); break;
    }
}

static rows rows_of_band(const bw_band *band)
{
    const bw_operation *operation = band->operation;
    const bw_layout *in = &operation->in, *out = &operation->out;
    const filter *filters = band->operands->weights;
    int quads = count_quads(operation) - band->plane * QUAD;
    int top = band->first * step_of(kind_of(operation)) - operation->pad_top;
    const uint8_t *from = bw_row_of(in, band->operands->in, band->image, 0, top);
    return (rows){
        .filters = filters + (ptrdiff_t)band->plane * BW_LANES,
        .quads = quads < QUAD ? quads : QUAD,
        .height = band->last - band->first,
        .width = out->width,
        .in = from - (ptrdiff_t)operation->pad_left * PIXEL,
        .out = (uint8_t *)band->out + (size_t)band->first * out->row_stride,
        .in_row = in->row_stride,
        .out_row = out->row_stride,
    };
}

static void run_band(const bw_band *band, void *context)
{
    const rows r = rows_of_band(band);
    const bw_epilogue epilogue = bw_epilogue_of(band->operation);
    (void)context;
    switch (kind_of(band->operation)) {
    case NEAR: run_any(&r, &epilogue, NEAR); break;
    case FAR: run_any(&r, &epilogue, FAR); break;
    case POOLED: run_simple(&r, &epilogue, POOLED); break;
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_bands_run(operation, operands, first, last, run_band, NULL);
}

#define KERNEL(words, of, accept)                                                                  \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = of,                                                                              \
        .in = BW_U8,                                                                               \
        .out = BW_U8,                                                                              \
        .needs = BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,                                               \
        .accepts = accept,                                                                         \
        .cost = cost,                                                                              \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .units = bw_rows_units,                                                                    \
        .run = run,                                                                                \
    }

KERNEL(conv_u8_avx512vnni_picture, BW_FAMILY_CONV, accepts);
KERNEL(conv_pool_u8_avx512vnni_picture, BW_FAMILY_CONV_POOL, accepts_pooled);
