/**
 * Vectors of sums of four pixels by four channels, a quad: each 128-bit part belongs to one pixel.
 * Packing numbers to bytes keeps to those parts, so that the quads of a pixel leave as its channels
 * in their order. Included after vector_avx512.h.
 */
#ifndef BW_KERNELS_X86_QUADS_AVX512VNNI_H
#define BW_KERNELS_X86_QUADS_AVX512VNNI_H

#include "kernels/x86/finish_vector.h"

#include "kernels/x86/accumulate_avx512vnni.h"

enum {
    BW_QUAD_PIXELS = 4,
    BW_QUAD_CHANNELS = 4,
    BW_QUADS = BW_LANES / BW_QUAD_CHANNELS, /* of a panel */
};

/** The epilogue of some quads of a panel, in registers. */
typedef struct quads_epilogue {
    vector_epilogue of[BW_QUADS];
    __m512i out_zero;
} quads_epilogue;

/* Four numbers, once for each pixel. */
BW_INLINE __m512i spread_integers(const void *from)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)from));
}

BW_INLINE bw_vector spread_numbers(const float *from)
{
    return _mm512_broadcast_f32x4(_mm_loadu_ps(from));
}

BW_INLINE quads_epilogue quads_epilogue_of(const bw_epilogue *e, int quads)
{
    quads_epilogue made = {.out_zero = _mm512_set1_epi16((short)e->out_zero)};
    BW_UNROLL
    for (int quad = 0; quad < quads; quad++)
        made.of[quad] = (vector_epilogue){
            .multipliers = spread_numbers(e->multipliers + quad * BW_QUAD_CHANNELS),
            .offsets = spread_numbers(e->offsets + quad * BW_QUAD_CHANNELS),
            .slope = bw_vector_set(e->slope),
            .second_factor = bw_vector_set(e->second_factor),
            .finish = bw_vector_set(e->finish),
            .second_zero = e->second_zero,
        };
    return made;
}

/* The residual of a quad, of four whole pixels. */
BW_INLINE bw_vector quad_addend(__m512i pixels, int quad, int32_t zero_point)
{
    const __m128i first = _mm_setr_epi8(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1);
    const __m128i step = _mm_set1_epi32(quad * BW_QUAD_CHANNELS);
    __m512i whole = _mm512_shuffle_epi8(pixels, _mm512_broadcast_i32x4(_mm_or_si128(first, step)));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(whole, _mm512_set1_epi32(zero_point)));
}

/*
 * Bytes of four pixels from the sums of two or of all four quads; of two, both halves of a pixel
 * get them. `second` is the residual's whole pixels where `has_second`.
 */
BW_INLINE __m512i finish_quads(const quads_epilogue *e, bw_activation activation,
                               const __m512i *sums, bool has_second, __m512i second, int quads)
{
    __m512i whole[BW_QUADS];
    BW_UNROLL
    for (int quad = 0; quad < quads; quad++) {
        const vector_epilogue *by = &e->of[quad];
        bw_vector x = _mm512_cvtepi32_ps(sums[quad]);
        x = has_second ? finish_with(by, activation, x, quad_addend(second, quad, by->second_zero))
                       : finish_alone(by, activation, x);
        whole[quad] = _mm512_cvtps_epi32(bw_vector_min(x, bw_vector_set(32767.0f)));
    }
    __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), e->out_zero);
    if (quads < BW_QUADS)
        return _mm512_packus_epi16(low, low);
    __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), e->out_zero);
    return _mm512_packus_epi16(low, high);
}

#endif
