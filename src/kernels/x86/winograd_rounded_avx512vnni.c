/**
 * Winograd's filtering of bytes that are rounded twice with AVX-512 VNNI: vpdpbusd multiplies a
 * word of four channels.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/unroll.h"
#include "kernels/x86/winograd_rounded.h"
#include "kernels/x86/winograd_u8.h"

#define ACCUMULATE _mm512_dpbusd_epi32
#include "kernels/x86/winograd_products_avx512.h"

enum {
    OUTPUTS = BW_ROUNDED_OUTPUTS,
    INPUTS = BW_ROUNDED_INPUTS,
    POINTS = BW_ROUNDED_POINTS,
    TAPS = BW_ROUNDED_TAPS,
    HALVING_FILTERS = 5, /* points of stride 2 whose filters differ */
    HALVES = 2,          /* of a line of bytes, as 16-bit numbers */
    LINE = BW_WINOGRAD_LINE,
};

BW_INLINE integers add_16(integers x, integers y)
{
    return _mm512_add_epi16(x, y);
}

BW_INLINE integers sub_16(integers x, integers y)
{
    return _mm512_sub_epi16(x, y);
}

/* ---- Filters -------------------------------------------------------------------------------- */

/* The points whose filters differ. */
BW_INLINE int filter_points(int stride)
{
    return stride == 2 ? HALVING_FILTERS : POINTS;
}

/* A filter's column at one point. */
BW_INLINE integers filter_column(int stride, const integers *g, int row)
{
    if (stride == 2) {
        switch (row) {
        case 0: return g[0];
        case 1: return add_16(g[0], g[2]);
        case 2: return sub_16(g[0], g[2]);
        case 3: return g[2];
        default: return g[1];
        }
    }
    switch (row) {
    case 0: return g[0];
    case 1: return add_16(add_16(g[0], g[2]), g[1]);
    case 2: return sub_16(add_16(g[0], g[2]), g[1]);
    case 3: return g[1];
    case 4: return add_16(sub_16(g[0], g[2]), g[1]);
    case 5: return sub_16(sub_16(g[0], g[2]), g[1]);
    default: return g[2];
    }
}

/* Half of a line as 16-bit numbers. */
BW_INLINE integers widen(const uint8_t *from)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const void *)from));
}

/* A filter's row at all points that differ. */
BW_INLINE void filter_line(int stride, const integers *g, integers *t)
{
    integers outer = add_16(g[0], g[2]), difference = sub_16(g[0], g[2]);
    t[0] = g[0];
    if (stride == 2) {
        t[1] = outer;
        t[2] = difference;
        t[3] = g[2];
        t[4] = g[1];
        return;
    }
    t[1] = add_16(outer, g[1]);
    t[2] = sub_16(outer, g[1]);
    t[3] = g[1];
    t[4] = add_16(difference, g[1]);
    t[5] = sub_16(difference, g[1]);
    t[6] = g[2];
}

/* A plane's quad at one row of positions. */
BW_INLINE void make_line(const bw_winograd_filters *filters, const uint8_t *packed,
                         const uint8_t *multipliers, uint8_t *lines, int stride, int row)
{
    const size_t line = (size_t)filters->blocks * LINE;
    integers made[HALVES][POINTS];
    BW_UNROLL
    for (int half = 0; half < HALVES; half++) {
        integers columns[TAPS];
        BW_UNROLL
        for (int x = 0; x < TAPS; x++) {
            integers column[TAPS];
            BW_UNROLL
            for (int y = 0; y < TAPS; y++)
                column[y] = widen(packed + (size_t)(y * TAPS + x) * line + half * (LINE / HALVES));
            columns[x] = filter_column(stride, column, row);
        }
        filter_line(stride, columns, made[half]);
    }
    BW_UNROLL
    for (int x = 0; x < filter_points(stride); x++) {
        const uint8_t *by = multipliers + (row * POINTS + x) * HALVES * LINE;
        integers first = _mm512_mulhrs_epi16(made[0][x], load(by));
        integers second = _mm512_mulhrs_epi16(made[1][x], load(by + LINE));
        store(lines + (size_t)x * filters->position, _mm512_packs_epi16(first, second));
    }
}

BW_INLINE void make_row(const bw_winograd_filters *filters, int stride, int row)
{
    const size_t line = (size_t)filters->blocks * LINE;
    for (int block = 0; block < filters->blocks; block++) {
        const uint8_t *packed = filters->packed + block * LINE;
        const uint8_t *multipliers =
            filters->parameters +
            (block * BW_WINOGRAD_ROUNDED_PARAMETERS + BW_WINOGRAD_ROUNDED_FILTERS) * LINE;
        uint8_t *lines = filters->lines + block * LINE;
        for (int quad = 0; quad < filters->count; quad++) {
            make_line(filters, packed, multipliers, lines, stride, row);
            packed += BW_WINOGRAD_TAPS * line;
            lines += line;
        }
    }
}

/* A copy, of which the compiler knows that no line written changes it. */
static void transform_filters(const bw_winograd_filters *filters)
{
    const bw_winograd_filters own = *filters;
    switch (own.row) {
    case 0: make_row(&own, 1, 0); break;
    case 1: make_row(&own, 1, 1); break;
    case 2: make_row(&own, 1, 2); break;
    case 3: make_row(&own, 1, 3); break;
    case 4: make_row(&own, 1, 4); break;
    case 5: make_row(&own, 1, 5); break;
    default: make_row(&own, 1, 6);
    }
}

static void transform_filters_halving(const bw_winograd_filters *filters)
{
    const bw_winograd_filters own = *filters;
    switch (own.row) {
    case 0: make_row(&own, 2, 0); break;
    case 1: make_row(&own, 2, 1); break;
    case 2: make_row(&own, 2, 2); break;
    case 3: make_row(&own, 2, 3); break;
    default: make_row(&own, 2, 4);
    }
}

/* ---- The input ------------------------------------------------------------------------------ */

/* A row or column of a tile of so many outputs, at stride 2, at the points that it uses. */
BW_INLINE void input_line_halving(int outputs, const integers *d, integers *t)
{
    if (outputs == 1) {
        t[0] = d[0];
        t[3] = d[2];
        t[6] = d[1];
        return;
    }
    t[0] = sub_16(d[0], d[4]);
    t[1] = add_16(d[2], d[4]);
    t[2] = sub_16(d[4], d[2]);
    t[4] = d[1];
    t[5] = d[3];
    if (outputs == 3) {
        t[3] = sub_16(d[6], d[2]);
        t[6] = d[5];
    }
}

/* The same at either stride. */
BW_INLINE void input_line(int stride, int outputs, const integers *d, integers *t)
{
    if (stride == 2) {
        input_line_halving(outputs, d, t);
    } else if (outputs == 4) {
        integers even = add_16(d[2], d[4]), odd = add_16(d[1], d[3]);
        integers far_even = sub_16(d[4], d[2]), far_odd = sub_16(d[1], d[3]);
        t[0] = sub_16(d[0], d[4]);
        t[1] = add_16(even, odd);
        t[2] = sub_16(even, odd);
        t[3] = sub_16(far_even, far_odd);
        t[4] = far_even;
        t[5] = far_odd;
        t[6] = sub_16(d[5], d[1]);
    } else if (outputs == 2) {
        t[0] = sub_16(d[0], d[2]);
        t[1] = add_16(d[1], d[2]);
        t[2] = sub_16(d[2], d[1]);
        t[6] = sub_16(d[3], d[1]);
    } else {
        t[0] = d[0];
        t[3] = d[1];
        t[6] = d[2];
    }
}

/* A pixel of four planes as 16-bit numbers: the first eight channels of each, and the others. Where
 * a plane is not there, the first stands for it: nothing depends on it. */
BW_INLINE void load_pixel(const bw_winograd_input *input, size_t at, integers halves[HALVES])
{
    integers bytes = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(input->in[0] + at)));
    const uint8_t *second = input->in[1] ? input->in[1] : input->in[0],
                  *third = input->in[2] ? input->in[2] : input->in[0],
                  *fourth = input->in[3] ? input->in[3] : input->in[0];
    bytes = _mm512_inserti32x4(bytes, _mm_loadu_si128((const void *)(second + at)), 1);
    bytes = _mm512_inserti32x4(bytes, _mm_loadu_si128((const void *)(third + at)), 2);
    bytes = _mm512_inserti32x4(bytes, _mm_loadu_si128((const void *)(fourth + at)), 3);
    halves[0] = _mm512_unpacklo_epi8(bytes, zero());
    halves[1] = _mm512_unpackhi_epi8(bytes, zero());
}

/* The tile, transformed by columns: [point][half][column]. */
BW_INLINE void transform_columns(const bw_winograd_input *input, bw_rounded_tile tile,
                                 integers half[POINTS][HALVES][INPUTS])
{
    BW_UNROLL
    for (int x = 0; x < bw_rounded_inputs(tile.stride, tile.columns); x++) {
        integers lines[HALVES][INPUTS];
        BW_UNROLL
        for (int y = 0; y < bw_rounded_inputs(tile.stride, tile.rows); y++) {
            integers pixel[HALVES];
            load_pixel(input, (size_t)y * input->row + (size_t)(x * BW_LANES), pixel);
            lines[0][y] = pixel[0];
            lines[1][y] = pixel[1];
        }
        BW_UNROLL
        for (int index = 0; index < HALVES; index++) {
            integers column[POINTS];
            input_line(tile.stride, tile.rows, lines[index], column);
            BW_UNROLL
            for (int y = 0; y < POINTS; y++)
                if (bw_rounded_rows(tile)->uses[y])
                    half[y][index][x] = column[y];
        }
    }
}

BW_INLINE integers shift_16(integers x, int shift)
{
    const integers factor = _mm512_set1_epi16((int16_t)(1 << (BW_ROUNDED_BITS - shift)));
    return shift > 0 ? _mm512_mulhrs_epi16(x, factor) : x;
}

/* A position's numbers to bytes. */
BW_INLINE integers round_input(integers low, integers high, int shift, bool is_sum)
{
    const integers middle = _mm512_set1_epi8((char)BW_ROUNDED_MIDDLE);
    low = shift_16(low, shift);
    high = shift_16(high, shift);
    return is_sum ? _mm512_packus_epi16(low, high)
                  : _mm512_xor_si512(_mm512_packs_epi16(low, high), middle);
}

/* A row of positions. */
BW_INLINE void transform_row(const bw_winograd_input *input, bw_rounded_tile tile, int y,
                             integers half[HALVES][INPUTS])
{
    integers lines[HALVES][POINTS];
    BW_UNROLL
    for (int index = 0; index < HALVES; index++)
        input_line(tile.stride, tile.columns, half[index], lines[index]);
    BW_UNROLL
    for (int x = 0; x < POINTS; x++) {
        if (bw_rounded_columns(tile)->uses[x])
            store(input->out + (size_t)(y * POINTS + x) * input->position,
                  round_input(lines[0][x], lines[1][x], bw_rounded_shift(tile, y, x),
                              bw_rounded_is_sum(tile, y, x)));
    }
}

BW_INLINE void transform_tile(const bw_winograd_input *input, int stride, int rows, int columns)
{
    const bw_rounded_tile tile = {stride, rows, columns};
    integers half[POINTS][HALVES][INPUTS];
    transform_columns(input, tile, half);
    BW_UNROLL
    for (int y = 0; y < POINTS; y++)
        if (bw_rounded_rows(tile)->uses[y])
            transform_row(input, tile, y, half[y]);
}

BW_INLINE void transform_rows(const bw_winograd_input *input, int stride, int rows)
{
    switch (input->columns) {
    case 1: transform_tile(input, stride, rows, 1); break;
    case 2: transform_tile(input, stride, rows, 2); break;
    default: transform_tile(input, stride, rows, bw_rounded_outputs(stride));
    }
}

BW_INLINE void transform_any(const bw_winograd_input *input, int stride)
{
    const bw_winograd_input own = *input;
    switch (own.rows) {
    case 1: transform_rows(&own, stride, 1); break;
    case 2: transform_rows(&own, stride, 2); break;
    default: transform_rows(&own, stride, bw_rounded_outputs(stride));
    }
}

static void transform_input(const bw_winograd_input *input)
{
    transform_any(input, 1);
}

static void transform_input_halving(const bw_winograd_input *input)
{
    transform_any(input, 2);
}

/* ---- Sums ----------------------------------------------------------------------------------- */

/* The sums of a tile at a position, and their scales. */
typedef struct scaled {
    bw_vector sums, scales;
} scaled;

/* Sums have started as those of a whole tile do. They lie in the second cache, each position's far
 * from the next's, so those of a tile after the next are asked for. */
BW_INLINE scaled load_sums(const bw_winograd_output *output, const uint8_t *sums,
                           bw_rounded_tile tile, int row, int column)
{
    const int position = row * POINTS + column;
    const bw_rounded_tile all = bw_rounded_whole(tile.stride);
    const uint8_t *parameters = output->parameters + (size_t)(position * LINE);
    const uint8_t *from = sums + (size_t)position * output->position;
    _mm_prefetch((const char *)(from + 2 * LINE), _MM_HINT_T0);
    integers whole = load(from);
    bw_vector scales =
        bw_vector_load((const void *)(parameters + BW_WINOGRAD_ROUNDED_SCALES * LINE));
    if (tile.rows == all.rows && tile.columns == all.columns)
        return (scaled){_mm512_cvtepi32_ps(whole), scales};
    const int32_t zero_point = output->operation->in.format.zero_point;
    bool is_sum = bw_rounded_is_sum(tile, row, column),
         started_as_sum = bw_rounded_is_sum(all, row, column);
    if (is_sum != started_as_sum) {
        int32_t left =
            bw_rounded_added(is_sum, zero_point) - bw_rounded_added(started_as_sum, zero_point);
        integers filters = load(parameters + BW_WINOGRAD_ROUNDED_SUMS * LINE);
        whole = _mm512_sub_epi32(whole, _mm512_mullo_epi32(filters, _mm512_set1_epi32(left)));
    }
    bw_vector rescale = bw_vector_set(bw_rounded_rescale(tile, row, column));
    return (scaled){_mm512_cvtepi32_ps(whole), bw_vector_mul(scales, rescale)};
}

/* A column of scaled sums to its outputs. */
BW_INLINE void output_column(int stride, int outputs, const scaled *x, bw_vector *y)
{
    if (outputs == 1) {
        bw_vector first = bw_vector_mul(x[0].sums, x[0].scales);
        y[0] = bw_vector_fma(x[6].sums, x[6].scales, bw_vector_fma(x[3].sums, x[3].scales, first));
        return;
    }
    bw_vector second = bw_vector_mul(x[2].sums, x[2].scales);
    bw_vector sum = bw_vector_fma(x[1].sums, x[1].scales, second);
    bw_vector difference = _mm512_fmsub_ps(x[1].sums, x[1].scales, second);
    y[0] = bw_vector_fma(x[0].sums, x[0].scales, sum);
    if (stride == 2) {
        y[0] = bw_vector_fma(x[4].sums, x[4].scales, y[0]);
        y[1] = bw_vector_fma(x[5].sums, x[5].scales, difference);
        if (outputs == 3)
            y[2] =
                bw_vector_fma(x[6].sums, x[6].scales, bw_vector_fma(x[3].sums, x[3].scales, sum));
        return;
    }
    if (outputs == 2) {
        y[1] = bw_vector_fma(x[6].sums, x[6].scales, difference);
        return;
    }
    bw_vector third = bw_vector_mul(x[3].sums, x[3].scales);
    bw_vector real = _mm512_fmsub_ps(x[4].sums, x[4].scales, third);
    bw_vector imaginary = _mm512_fmsub_ps(x[5].sums, x[5].scales, third);
    y[0] = bw_vector_add(y[0], real);
    y[1] = bw_vector_add(difference, imaginary);
    y[2] = bw_vector_sub(sum, real);
    y[3] = bw_vector_fma(x[6].sums, x[6].scales, bw_vector_sub(difference, imaginary));
}

/* A row to its outputs. */
BW_INLINE void output_row(int stride, int outputs, const bw_vector *m, bw_vector *y)
{
    if (outputs == 1) {
        y[0] = bw_vector_add(m[6], bw_vector_add(m[3], m[0]));
        return;
    }
    bw_vector sum = bw_vector_add(m[1], m[2]), difference = bw_vector_sub(m[1], m[2]);
    y[0] = bw_vector_add(m[0], sum);
    if (stride == 2) {
        y[0] = bw_vector_add(m[4], y[0]);
        y[1] = bw_vector_add(m[5], difference);
        if (outputs == 3)
            y[2] = bw_vector_add(m[6], bw_vector_add(m[3], sum));
        return;
    }
    if (outputs == 2) {
        y[1] = bw_vector_add(m[6], difference);
        return;
    }
    bw_vector real = bw_vector_sub(m[4], m[3]), imaginary = bw_vector_sub(m[5], m[3]);
    y[0] = bw_vector_add(y[0], real);
    y[1] = bw_vector_add(difference, imaginary);
    y[2] = bw_vector_sub(sum, real);
    y[3] = bw_vector_add(m[6], bw_vector_sub(difference, imaginary));
}

/* The sums of a tile's outputs. */
BW_INLINE void restore_outputs(const bw_winograd_output *output, const uint8_t *sums,
                               bw_rounded_tile tile, integers restored[OUTPUTS][OUTPUTS])
{
    bw_vector half[OUTPUTS][POINTS];
    BW_UNROLL
    for (int x = 0; x < POINTS; x++) {
        scaled line[POINTS];
        bw_vector column[OUTPUTS];
        if (!bw_rounded_columns(tile)->uses[x])
            continue;
        BW_UNROLL
        for (int y = 0; y < POINTS; y++)
            if (bw_rounded_rows(tile)->uses[y])
                line[y] = load_sums(output, sums, tile, y, x);
        output_column(tile.stride, tile.rows, line, column);
        BW_UNROLL
        for (int y = 0; y < tile.rows; y++)
            half[y][x] = column[y];
    }
    BW_UNROLL
    for (int y = 0; y < tile.rows; y++) {
        bw_vector line[OUTPUTS];
        output_row(tile.stride, tile.columns, half[y], line);
        BW_UNROLL
        for (int x = 0; x < tile.columns; x++)
            restored[y][x] = _mm512_cvtps_epi32(line[x]);
    }
}

/* Those, or the maxima of 2 × 2 of them, to a run's. */
BW_INLINE void restore_sized(const bw_winograd_output *output, const uint8_t *sums,
                             bw_winograd_sums restored, int index, int stride, int rows,
                             int columns, int pool)
{
    const bw_rounded_tile tile = {stride, rows, columns};
    integers outputs[OUTPUTS][OUTPUTS];
    restore_outputs(output, sums, tile, outputs);
    BW_UNROLL
    for (int y = 0; y < rows / pool; y++) {
        BW_UNROLL
        for (int x = 0; x < columns / pool; x++) {
            integers most = outputs[y * pool][x * pool];
            if (pool == 2)
                most = _mm512_max_epi32(
                    _mm512_max_epi32(most, outputs[2 * y][2 * x + 1]),
                    _mm512_max_epi32(outputs[2 * y + 1][2 * x], outputs[2 * y + 1][2 * x + 1]));
            store(restored[y][index * (columns / pool) + x], most);
        }
    }
}

BW_INLINE void restore_rows(const bw_winograd_output *output, const uint8_t *sums,
                            bw_winograd_sums restored, int index, int stride, int rows, int pool)
{
    switch (output->tile_columns) {
    case 1:
        if (pool == 1)
            restore_sized(output, sums, restored, index, stride, rows, 1, 1);
        break;
    case 2: restore_sized(output, sums, restored, index, stride, rows, 2, pool); break;
    default:
        restore_sized(output, sums, restored, index, stride, rows, bw_rounded_outputs(stride),
                      pool);
    }
}

BW_INLINE void restore_any(const bw_winograd_output *output, const uint8_t *sums,
                           bw_winograd_sums restored, int index, int stride, int pool)
{
    switch (output->tile_rows) {
    case 1:
        if (pool == 1)
            restore_rows(output, sums, restored, index, stride, 1, 1);
        break;
    case 2: restore_rows(output, sums, restored, index, stride, 2, pool); break;
    default: restore_rows(output, sums, restored, index, stride, bw_rounded_outputs(stride), pool);
    }
}

BW_INLINE void restore_tile(const bw_winograd_output *output, const uint8_t *sums,
                            bw_winograd_sums restored, int index, int part, int pool)
{
    (void)part; /* the line is one */
    if (pool == 1 && output->operation->stride == 2)
        restore_any(output, sums, restored, index, 2, 1);
    else
        restore_any(output, sums, restored, index, 1, pool);
}

#include "kernels/x86/winograd_finish_vector.h"

#define AT_EACH_STRIDE                                                                             \
    .points = POINTS, .line_planes = 4, .packed_channels = BW_WINOGRAD_QUAD, .made_words = 1,      \
    .parameters = BW_WINOGRAD_ROUNDED_PARAMETERS, .starts = BW_WINOGRAD_ROUNDED_STARTS,            \
    .tiles = BW_WINOGRAD_TILES, .blocks = BW_WINOGRAD_BLOCKS, .most_tiles = 128,                   \
    .filter_cycles = 5.0, .pack_parameters = bw_winograd_rounded_pack_parameters,                  \
    .pack_word = bw_winograd_rounded_pack_quad, .multiply = multiply,                              \
    .transform_output = transform_output, .uses = bw_winograd_rounded_uses,                        \
    .last_outputs = bw_rounded_last_outputs

static const bw_winograd method = {
    AT_EACH_STRIDE,
    .stride = 1,
    .outputs = 4,
    .filter_points = POINTS,
    .product_cycles = 1.1,
    .finish_cycles = 17.0,
    .transform_filters = transform_filters,
    .transform_input = transform_input,
};

static const bw_winograd halving = {
    AT_EACH_STRIDE,
    .stride = 2,
    .outputs = 3,
    .filter_points = HALVING_FILTERS,
    .product_cycles = 1.0,
    .finish_cycles = 12.0,
    .transform_filters = transform_filters_halving,
    .transform_input = transform_input_halving,
};

BW_WINOGRAD_ROUNDED_KERNEL(conv_u8_avx512vnni_rounded4, method, BW_FAMILY_CONV, BW_U8, BW_U8,
                           BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_winograd_rounded_accepts);
BW_WINOGRAD_ROUNDED_KERNEL(conv_u8_f32_avx512vnni_rounded4, method, BW_FAMILY_CONV, BW_U8, BW_F32,
                           BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_winograd_rounded_accepts);
BW_WINOGRAD_ROUNDED_KERNEL(conv_pool_u8_avx512vnni_rounded4, method, BW_FAMILY_CONV_POOL, BW_U8,
                           BW_U8, BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,
                           bw_winograd_rounded_accepts_pool);
BW_WINOGRAD_ROUNDED_KERNEL(conv_u8_avx512vnni_rounded3, halving, BW_FAMILY_CONV, BW_U8, BW_U8,
                           BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_winograd_rounded_accepts_halving);
BW_WINOGRAD_ROUNDED_KERNEL(conv_u8_f32_avx512vnni_rounded3, halving, BW_FAMILY_CONV, BW_U8, BW_F32,
                           BW_CPU_AVX512 | BW_CPU_AVX512_VNNI, bw_winograd_rounded_accepts_halving);
