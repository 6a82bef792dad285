/**
 * Depthwise on bytes with AVX-512 VNNI, of the windows that networks have: 3 × 3 and 5 × 5 at
 * stride 1 and 2.
 *
 * vpdpbusd adds four products to each channel's sum. They are those of up to four rows of one
 * column of the window: the bytes of a column, gathered channel by channel, serve every pixel whose
 * window the column is in.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/depthwise_u8_rows.h"
#include "kernels/x86/epilogue_vector.h"
#include "kernels/x86/rows.h"

enum {
    GROUPS = (BW_DEPTHWISE_LARGEST + BW_DEPTHWISE_ROWS - 1) / BW_DEPTHWISE_ROWS,
    BLOCK = 32,      /* pixels between the sums and the epilogue */
    NEAR_PIXELS = 8, /* whose sums are in registers, at stride 1 */
    FAR_PIXELS = 4,  /* and at stride 2 */
};

BW_INLINE __m128i load_pixel(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

/* One pixel of each of some rows, [channel][row]; with three rows a fourth of no meaning. */
BW_INLINE __m512i gather(const uint8_t *from, ptrdiff_t row, int rows)
{
    if (rows == 1)
        return _mm512_cvtepu8_epi32(load_pixel(from));
    const __m512i turn = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i spread =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i all = _mm512_castsi128_si512(load_pixel(from));
    all = _mm512_inserti32x4(all, load_pixel(from + row), 1);
    all = _mm512_inserti32x4(all, load_pixel(from + 2 * row), 2);
    if (rows == BW_DEPTHWISE_ROWS)
        all = _mm512_inserti32x4(all, load_pixel(from + 3 * row), 3);
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(turn, all), spread);
}

/* The sums of `pixels` neighbours; `from` is the window of the first. */
BW_INLINE void sum_pixels(const uint8_t *from, ptrdiff_t row, const bw_depthwise_weights *by,
                          int32_t *sums, int size, int stride, int pixels)
{
    const int groups = (size + BW_DEPTHWISE_ROWS - 1) / BW_DEPTHWISE_ROWS;
    __m512i weight[BW_DEPTHWISE_LARGEST][GROUPS], sum[NEAR_PIXELS];
    BW_UNROLL
    for (int x = 0; x < size; x++) {
        BW_UNROLL
        for (int group = 0; group < groups; group++)
            weight[x][group] =
                _mm512_loadu_si512(by->vectors + (x * groups + group) * BW_DEPTHWISE_VECTOR_BYTES);
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++)
        sum[pixel] = _mm512_loadu_si512(by->starts);
    BW_UNROLL
    for (int column = 0; column < (pixels - 1) * stride + size; column++) {
        BW_UNROLL
        for (int group = 0; group < groups; group++) {
            const int left = size - group * BW_DEPTHWISE_ROWS;
            __m512i bytes = gather(from + column * BW_LANES + group * BW_DEPTHWISE_ROWS * row, row,
                                   left < BW_DEPTHWISE_ROWS ? left : BW_DEPTHWISE_ROWS);
            BW_UNROLL
            for (int pixel = 0; pixel < pixels; pixel++) {
                const int x = column - pixel * stride;
                if (x >= 0 && x < size)
                    sum[pixel] = _mm512_dpbusd_epi32(sum[pixel], bytes, weight[x][group]);
            }
        }
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++)
        _mm512_storeu_si512(sums + pixel * BW_LANES, sum[pixel]);
}

/* Groups of pixels, the last of which may overlap the one before. */
BW_INLINE void sum_block(const uint8_t *from, ptrdiff_t row, const bw_depthwise_weights *by,
                         int32_t *sums, int count, int size, int stride)
{
    const int most = stride == 1 ? NEAR_PIXELS : FAR_PIXELS;
    for (int pixel = 0; count >= most && pixel < count; pixel += most) {
        int first = pixel < count - most ? pixel : count - most;
        sum_pixels(from + first * stride * BW_LANES, row, by, sums + first * BW_LANES, size, stride,
                   most);
    }
    for (int pixel = 0; count < most && pixel < count; pixel++)
        sum_pixels(from + pixel * stride * BW_LANES, row, by, sums + pixel * BW_LANES, size, stride,
                   1);
}

static void sum_any(const uint8_t *from, ptrdiff_t row, const bw_depthwise_weights *by,
                    int32_t *sums, int count, int size, int stride)
{
    if (size == 3 && stride == 1)
        sum_block(from, row, by, sums, count, 3, 1);
    else if (size == 3)
        sum_block(from, row, by, sums, count, 3, 2);
    else if (stride == 1)
        sum_block(from, row, by, sums, count, BW_DEPTHWISE_LARGEST, 1);
    else
        sum_block(from, row, by, sums, count, BW_DEPTHWISE_LARGEST, 2);
}

static void run_row(const bw_row *row)
{
    const bw_operation *operation = row->operation;
    const bw_operands *operands = row->operands;
    const bw_layout *in = &operation->in, *out = &operation->out;
    int top = row->y * operation->stride - operation->pad_top;
    const uint8_t *from = bw_row_of(in, operands->in, row->image, row->plane, top);
    from -= (ptrdiff_t)operation->pad_left * BW_LANES;
    const uint8_t *second = NULL;
    if (operation->has_second)
        second = bw_row_of(&operation->second, operands->second, row->image, row->plane, row->y);
    bw_depthwise_weights by = bw_depthwise_weights_of(operation, operands->weights, row->plane);
    bw_epilogue epilogue = bw_epilogue_of(operation);
    epilogue.multipliers = by.multipliers;
    epilogue.offsets = by.offsets;
    _Alignas(64) int32_t sums[BLOCK * BW_LANES];
    for (int x = 0; x < out->width; x += BLOCK) {
        int pixels = out->width - x < BLOCK ? out->width - x : BLOCK;
        ptrdiff_t at = (ptrdiff_t)x * BW_LANES;
        sum_any(from + at * operation->stride, (ptrdiff_t)in->row_stride, &by, sums, pixels,
                operation->kernel_height, operation->stride);
        finish_pixels(&epilogue, sums, second ? second + at : NULL,
                      (uint8_t *)row->out + at * (ptrdiff_t)bw_type_size(out->format.type), pixels);
    }
}

static void run(const bw_operation *operation, const bw_operands *operands, int first, int last,
                void *scratch)
{
    (void)scratch;
    bw_rows_run(operation, operands, first, last, run_row);
}

#define DEPTHWISE(words, to)                                                                       \
    const bw_kernel bw_kernel_##words##_avx512vnni = {                                             \
        .name = #words "_avx512vnni",                                                              \
        .family = BW_FAMILY_DEPTHWISE,                                                             \
        .in = BW_U8,                                                                               \
        .out = to,                                                                                 \
        .needs = BW_CPU_AVX512 | BW_CPU_AVX512_VNNI,                                               \
        .accepts = bw_depthwise_rows_accepts,                                                      \
        .cost = bw_depthwise_rows_cost,                                                            \
        .packed_bytes = bw_depthwise_rows_packed_bytes,                                            \
        .pack = bw_depthwise_rows_pack,                                                            \
        .units = bw_rows_units,                                                                    \
        .run = run,                                                                                \
    }

DEPTHWISE(depthwise_u8, BW_U8);
DEPTHWISE(depthwise_u8_f32, BW_F32);
