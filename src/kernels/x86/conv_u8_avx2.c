/**
 * The convolution of bytes with AVX2: bundles of up to four steps add up in 16 bits, one vpmaddwd
 * widens them. Ten multiplying instructions do 256 products; forming each sum in 32 bits would
 * take sixteen.
 */
#include "kernels/x86/vector_avx2.h"

#include <assert.h>

#include "kernels/x86/conv_u8.h"
#include "kernels/x86/each.h"
#include "kernels/x86/epilogue_vector.h"

enum {
    PIXELS = 6,
    NARROW_PIXELS = 12, /* where only the first half of a panel has channels */
    HALVES = 2,         /* vectors of a panel */
    HALF_BYTES = BW_STEP_BYTES / HALVES,
};

static const int16_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/** Where four steps of a bundle read, and their weights. */
typedef struct sources {
    const uint8_t *bytes[4];
    const int8_t *weights;
} sources;

/*
 * Products of bytes and weights, neighbours added. The weights are an operand in memory in every
 * instruction: a compiler that loaded them once would not have the registers to keep them.
 */
BW_INLINE __m256i products(__m256i bytes, const int8_t *weights)
{
    __m256i result;
    __asm__("vpmaddubsw %2, %1, %0"
            : "=x"(result)
            : "x"(bytes), "m"(*(const __m256i *)(const void *)weights));
    return result;
}

BW_INLINE __m256i widen(__m256i halves)
{
    __m256i result;
    __asm__("vpmaddwd %2, %1, %0"
            : "=x"(result)
            : "x"(halves), "m"(*(const __m256i *)(const void *)ones));
    return result;
}

BW_INLINE __m256i spread(const uint8_t *from)
{
    int32_t four;
    memcpy(&four, from, sizeof four);
    return _mm256_set1_epi32(four);
}

/* One bundle of `count` steps. */
BW_INLINE void bundle(__m256i sums[][HALVES], sources from, size_t stride, int count, int pixels,
                      int halves)
{
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        __m256i bytes = spread(from.bytes[0] + (size_t)pixel * stride), sum[HALVES];
        BW_UNROLL
        for (int half = 0; half < halves; half++)
            sum[half] = products(bytes, from.weights + half * HALF_BYTES);
        BW_UNROLL
        for (int step = 1; step < count; step++) {
            const int8_t *weights = from.weights + step * BW_STEP_BYTES;
            bytes = spread(from.bytes[step] + (size_t)pixel * stride);
            BW_UNROLL
            for (int half = 0; half < halves; half++)
                sum[half] =
                    _mm256_add_epi16(sum[half], products(bytes, weights + half * HALF_BYTES));
        }
        BW_UNROLL
        for (int half = 0; half < halves; half++)
            sums[pixel][half] = _mm256_add_epi32(sums[pixel][half], widen(sum[half]));
    }
}

/* One step whose pairs of products may not fit 16 bits together: even bytes, then odd ones. */
BW_INLINE void wide(__m256i sums[][HALVES], sources from, size_t stride, int pixels, int halves)
{
    const __m256i even = _mm256_set1_epi16(0xff);
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        __m256i bytes = spread(from.bytes[0] + (size_t)pixel * stride);
        __m256i evens = _mm256_and_si256(even, bytes), odds = _mm256_andnot_si256(even, bytes);
        BW_UNROLL
        for (int half = 0; half < halves; half++) {
            const int8_t *weights = from.weights + half * HALF_BYTES;
            __m256i more =
                _mm256_add_epi32(widen(products(evens, weights)), widen(products(odds, weights)));
            sums[pixel][half] = _mm256_add_epi32(sums[pixel][half], more);
        }
    }
}

/** How far the list has been read. */
typedef struct position {
    const int32_t *places;
    const int8_t *weights;
} position;

BW_INLINE sources take(position *at, const uint8_t *in, int count)
{
    sources from = {.weights = at->weights};
    assert(count > 0);
    BW_UNROLL
    for (int step = 0; step < count; step++)
        from.bytes[step] = in + at->places[step];
    at->places += count;
    at->weights += count * BW_STEP_BYTES;
    return from;
}

BW_INLINE void run_bundles(__m256i sums[][HALVES], position *at, const bw_conv_steps *steps,
                           int bundles, int count, int pixels, int halves)
{
    for (; bundles > 0; bundles--)
        bundle(sums, take(at, steps->in, count), steps->in_pixel, count, pixels, halves);
}

/* The sums of a half that is left out are zero. */
BW_INLINE void store_sums(int32_t *to, __m256i sums[][HALVES], int pixels, int halves)
{
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        __m256i *vectors = (__m256i *)(void *)(to + pixel * BW_LANES);
        BW_UNROLL
        for (int half = 0; half < HALVES; half++)
            _mm256_storeu_si256(vectors + half,
                                half < halves ? sums[pixel][half] : _mm256_setzero_si256());
    }
}

BW_INLINE void run_tile(const bw_conv_steps *steps, int pixels, int halves)
{
    __m256i sums[NARROW_PIXELS][HALVES];
    position at = {steps->places, steps->weights};
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        BW_UNROLL
        for (int half = 0; half < halves; half++)
            sums[pixel][half] =
                _mm256_loadu_si256((const __m256i *)(const void *)(steps->starts + 8 * half));
    }
    for (int segment = 0; segment < steps->segments; segment++) {
        const bw_bundles *bundles = &steps->bundles[segment];
        run_bundles(sums, &at, steps, bundles->fours, 4, pixels, halves);
        run_bundles(sums, &at, steps, bundles->twos, 2, pixels, halves);
        run_bundles(sums, &at, steps, bundles->ones, 1, pixels, halves);
        for (int left = bundles->wides; left > 0; left--)
            wide(sums, take(&at, steps->in, 1), steps->in_pixel, pixels, halves);
    }
    store_sums(steps->sums, sums, pixels, halves);
}

#define TILE(pixels)                                                                               \
    static void tile_##pixels(const bw_conv_steps *steps)                                          \
    {                                                                                              \
        run_tile(steps, pixels, HALVES);                                                           \
    }

#define NARROW(pixels)                                                                             \
    static void narrow_##pixels(const bw_conv_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, pixels, 1);                                                                \
    }

#define TILE_NAME(pixels) tile_##pixels,
#define NARROW_NAME(pixels) narrow_##pixels,

BW_EACH_6(TILE)
BW_EACH_12(NARROW)

const bw_conv_u8_method bw_conv_u8_avx2 = {
    .pixels = {PIXELS, PIXELS},
    .blocks = 1,
    .bundled = true,
    .step_cycles = 2.4,
    .finish_cycles = 8.5,
    .run = {{BW_EACH_6(TILE_NAME)}},
    .narrow_pixels = NARROW_PIXELS,
    .narrow = {BW_EACH_12(NARROW_NAME)},
    .finish = finish_pixels,
};

BW_CONV_U8_FUNCTIONS(bw_conv_u8_avx2)

BW_CONV_U8_KERNEL(conv_u8_avx2, BW_FAMILY_CONV, BW_U8, BW_CPU_AVX2, bw_conv_u8_accepts);
BW_CONV_U8_KERNEL(conv_u8_f32_avx2, BW_FAMILY_CONV, BW_F32, BW_CPU_AVX2, bw_conv_u8_accepts);
