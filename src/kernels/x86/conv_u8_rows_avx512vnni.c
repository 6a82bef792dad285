/**
 * Whole rows of the convolution of bytes with AVX-512 VNNI, for layers of so few steps that calls
 * and memory for sums would take longer than the products: sums stay in registers until they are
 * bytes. Vectors are quads, see quads_avx512vnni.h: one load has the four bytes that a step takes
 * of each of four pixels, and a permutation gives them to all channels of their pixel.
 *
 * With a max-pool after it, a convolution's results are never stored: as no step of the epilogue
 * turns the order of two numbers round, the maximum of four sums is finished in their place.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/quads_avx512vnni.h"

enum {
    ROWS_AHEAD = 4,
    POOL = 2,
    MOST = 4, /* vectors of pixels under way: of a row, or of two that are pooled */
};

/** What a row computes with, in registers. */
typedef struct row_numbers {
    __m512i starts[BW_QUADS], turn; /* the place of each pixel's four bytes */
    quads_epilogue epilogue;
} row_numbers;

/* Of the first `pixels` pixels of four. */
static __mmask16 places_of(size_t in_pixel, int pixels)
{
    __mmask16 bits = 0;
    for (int pixel = 0; pixel < pixels; pixel++)
        bits |= (__mmask16)(1u << ((size_t)pixel * in_pixel / BW_STEP_INPUT));
    return bits;
}

BW_INLINE row_numbers numbers_of(const bw_conv_row *row, int quads)
{
    const __m512i pixels = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    row_numbers made = {.epilogue = quads_epilogue_of(row->epilogue, quads)};
    made.turn = _mm512_mullo_epi32(pixels, _mm512_set1_epi32((int)row->in_pixel / BW_STEP_INPUT));
    BW_UNROLL
    for (int quad = 0; quad < quads; quad++)
        made.starts[quad] = spread_integers(row->starts + quad * BW_QUAD_CHANNELS);
    return made;
}

/*
 * The four bytes at `from` and those of the next pixels, each in all parts of its own lanes. Where
 * pixels are as far apart as lanes are wide, they fall into place by themselves.
 */
BW_INLINE __m512i read_pixels(const uint8_t *from, const row_numbers *n, __mmask16 read,
                              bool planes)
{
    __m512i bytes = _mm512_maskz_loadu_epi32(read, from);
    return planes ? _mm512_shuffle_epi32(bytes, 0) : _mm512_permutexvar_epi32(n->turn, bytes);
}

/* Asks for what rows a little further down will read here: the processor does not foresee it. */
BW_INLINE void prefetch_rows(const bw_conv_row *row, const uint8_t *in, int lines, size_t bytes)
{
    BW_UNROLL
    for (int line = 0; line < lines; line++) {
        for (size_t at = 0; at < bytes; at += 64)
            __builtin_prefetch(in + (size_t)(ROWS_AHEAD * lines + line) * row->in_row + at);
    }
}

/*
 * The sums of some vectors of four pixels of one row or of two, [line][vector]; `read` is of each
 * vector.
 */
BW_INLINE void sum_vectors(const bw_conv_row *row, const row_numbers *n, const uint8_t *in,
                           const __mmask16 *read, __m512i sums[MOST][BW_QUADS], int lines,
                           int vectors, bool planes, int quads)
{
    const size_t apart = BW_QUAD_PIXELS * row->in_pixel;
    const int8_t *weights = row->weights;
    __m512i weight[BW_QUADS];
    prefetch_rows(row, in, lines, (size_t)vectors * apart);
    BW_UNROLL
    for (int part = 0; part < lines * vectors; part++) {
        BW_UNROLL
        for (int quad = 0; quad < quads; quad++)
            sums[part][quad] = n->starts[quad];
    }
    for (int step = 0; step < row->steps; step++, weights += row->weights_step) {
        const uint8_t *from = in + row->places[step];
        BW_UNROLL
        for (int quad = 0; quad < quads; quad++)
            weight[quad] = spread_integers(weights + quad * BW_STEP_BYTES / BW_QUADS);
        BW_UNROLL
        for (int part = 0; part < lines * vectors; part++) {
            const int line = part / vectors, vector = part % vectors;
            const uint8_t *at = from + (size_t)line * row->in_row + (size_t)vector * apart;
            __m512i bytes = read_pixels(at, n, read[vector], planes);
            BW_UNROLL
            for (int quad = 0; quad < quads; quad++)
                accumulate(&sums[part][quad], bytes, weight[quad]);
        }
    }
}

/* The bytes of some vectors of four pixels; `read` and `written` are of each. */
BW_INLINE void run_group(const bw_conv_row *row, const row_numbers *n, int pixel, __mmask16 read,
                         __mmask16 written, bw_activation activation, bool planes, bool has_second,
                         int quads, int vectors)
{
    const __mmask16 all[MOST] = {read, read, read, read};
    __m512i sums[MOST][BW_QUADS];
    sum_vectors(row, n, row->in + (size_t)pixel * row->in_pixel, all, sums, 1, vectors, planes,
                quads);
    BW_UNROLL
    for (int vector = 0; vector < vectors; vector++) {
        const ptrdiff_t at = (pixel + vector * BW_QUAD_PIXELS) * BW_LANES;
        __m512i second = _mm512_setzero_si512();
        if (has_second)
            second = _mm512_maskz_loadu_epi32(written, row->second + at);
        __m512i bytes =
            finish_quads(&n->epilogue, activation, sums[vector], has_second, second, quads);
        _mm512_mask_storeu_epi32(row->out + at, written, bytes);
    }
}

/* Groups of several vectors, then single ones, the last perhaps not whole. */
BW_INLINE void run_pixels(const bw_conv_row *row, bw_activation activation, bool planes,
                          bool has_second, int quads)
{
    const int vectors = 8 / quads, most = vectors * BW_QUAD_PIXELS;
    const row_numbers n = numbers_of(row, quads);
    const __mmask16 whole = places_of(row->in_pixel, BW_QUAD_PIXELS);
    int pixel = 0;
    for (; pixel + most <= row->pixels; pixel += most)
        run_group(row, &n, pixel, whole, 0xffff, activation, planes, has_second, quads, vectors);
    for (; pixel + BW_QUAD_PIXELS <= row->pixels; pixel += BW_QUAD_PIXELS)
        run_group(row, &n, pixel, whole, 0xffff, activation, planes, has_second, quads, 1);
    int left = row->pixels - pixel;
    if (left)
        run_group(row, &n, pixel, places_of(row->in_pixel, left),
                  (__mmask16)((1u << left * BW_QUADS) - 1), activation, planes, has_second, quads,
                  1);
}

/* The maxima of eight sums each of two rows, of one quad: four pixels. */
BW_INLINE __m512i pool_quad(__m512i sums[MOST][BW_QUADS], int quad)
{
    __m512i first = _mm512_max_epi32(sums[0][quad], sums[POOL][quad]);
    __m512i second = _mm512_max_epi32(sums[1][quad], sums[POOL + 1][quad]);
    return _mm512_max_epi32(_mm512_shuffle_i32x4(first, second, 0x88),
                            _mm512_shuffle_i32x4(first, second, 0xdd));
}

/* The bytes of four pixels of the output. */
BW_INLINE void run_pooled_group(const bw_conv_row *row, const row_numbers *n, int pixel,
                                const __mmask16 *read, __mmask16 written, bw_activation activation,
                                bool planes, int quads)
{
    const uint8_t *in = row->in + POOL * (size_t)pixel * row->in_pixel;
    __m512i sums[MOST][BW_QUADS], most[BW_QUADS], none = _mm512_setzero_si512();
    sum_vectors(row, n, in, read, sums, POOL, POOL, planes, quads);
    BW_UNROLL
    for (int quad = 0; quad < quads; quad++)
        most[quad] = pool_quad(sums, quad);
    __m512i bytes = finish_quads(&n->epilogue, activation, most, false, none, quads);
    _mm512_mask_storeu_epi32(row->out + pixel * BW_LANES, written, bytes);
}

BW_INLINE void run_pooled(const bw_conv_row *row, bw_activation activation, bool planes, int quads)
{
    const row_numbers n = numbers_of(row, quads);
    const __mmask16 whole = places_of(row->in_pixel, BW_QUAD_PIXELS);
    __mmask16 read[POOL] = {whole, whole};
    int pixel = 0;
    for (; pixel + BW_QUAD_PIXELS <= row->pixels; pixel += BW_QUAD_PIXELS)
        run_pooled_group(row, &n, pixel, read, 0xffff, activation, planes, quads);
    int left = row->pixels - pixel, sums = POOL * left;
    if (left == 0)
        return;
    for (int vector = 0; vector < POOL; vector++, sums -= BW_QUAD_PIXELS)
        read[vector] = places_of(row->in_pixel, sums < BW_QUAD_PIXELS ? sums : BW_QUAD_PIXELS);
    run_pooled_group(row, &n, pixel, read, (__mmask16)((1u << left * BW_QUADS) - 1), activation,
                     planes, quads);
}

/* Rows as they are, or pooled. */
BW_INLINE void run_kind(const bw_conv_row *row, bw_activation activation, bool pooled, bool planes,
                        int quads)
{
    if (pooled)
        run_pooled(row, activation, planes, quads);
    else
        run_pixels(row, activation, planes, false, quads);
}

BW_INLINE void run_activation(const bw_conv_row *row, bw_activation activation, bool pooled)
{
    const bool planes = row->in_pixel == BW_LANES;
    if (!pooled && row->second)
        run_pixels(row, activation, true, true, BW_QUADS);
    else if (planes && row->narrow)
        run_kind(row, activation, pooled, true, BW_QUADS / 2);
    else if (planes)
        run_kind(row, activation, pooled, true, BW_QUADS);
    else if (row->narrow)
        run_kind(row, activation, pooled, false, BW_QUADS / 2);
    else
        run_kind(row, activation, pooled, false, BW_QUADS);
}

BW_INLINE void run_row(const bw_conv_row *row, bool pooled)
{
    switch (row->epilogue->activation) {
    case BW_RELU: run_activation(row, BW_RELU, pooled); break;
    case BW_LEAKY: run_activation(row, BW_LEAKY, pooled); break;
    case BW_CLIPPED: run_activation(row, BW_CLIPPED, pooled); break;
    default: run_activation(row, BW_LINEAR, pooled); break;
    }
}

void bw_conv_row_avx512vnni(const bw_conv_row *row)
{
    run_row(row, false);
}

void bw_conv_pool_row_avx512vnni(const bw_conv_row *row)
{
    run_row(row, true);
}
