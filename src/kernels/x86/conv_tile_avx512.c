#include "kernels/x86/conv_tile.h"
#include "kernels/x86/vector_avx512.h"

#define BW_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define BW_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BW_UNROLL _Pragma("GCC unroll 16")
#endif

enum { BASES = (BW_TILE_PIXELS + 2) / 3 };

/*
 * The windows of the pixels are reached from one base address for every three of them, plus
 * nothing, one or two strides: what x86 can add in an operand, for any stride. The empty statement
 * keeps the compiler from deriving more addresses than there are registers.
 */
BW_INLINE void set_bases(const float **bases, const float *first, size_t stride, int pixels)
{
    BW_UNROLL
    for (int base = 0; 3 * base < pixels; base++) {
        bases[base] = first + 3 * (size_t)base * stride;
        __asm__("" : "+r"(bases[base]));
    }
}

BW_INLINE void step(__m512 sums[][BW_TILE_BLOCKS], const float *const *bases, size_t stride,
                    int channel, const float *weights, int pixels, int blocks)
{
    __m512 weight[BW_TILE_BLOCKS];
    BW_UNROLL
    for (int block = 0; block < blocks; block++)
        weight[block] = _mm512_loadu_ps(weights + (channel * blocks + block) * BW_LANES);
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        __m512 x = _mm512_set1_ps(bases[pixel / 3][(size_t)(pixel % 3) * stride + (size_t)channel]);
        BW_UNROLL
        for (int block = 0; block < blocks; block++)
            sums[pixel][block] = _mm512_fmadd_ps(x, weight[block], sums[pixel][block]);
    }
}

/* One position of the window over `channels` channels; returns the weights that follow. */
BW_INLINE const float *tap(__m512 sums[][BW_TILE_BLOCKS], const float *in, size_t stride,
                           int channels, const float *weights, int pixels, int blocks)
{
    const float *bases[BASES];
    set_bases(bases, in, stride, pixels);
    int left = channels;
    for (; left >= 4; left -= 4) {
        BW_UNROLL
        for (int channel = 0; channel < 4; channel++)
            step(sums, bases, stride, channel, weights, pixels, blocks);
        BW_UNROLL
        for (int base = 0; 3 * base < pixels; base++)
            bases[base] += 4;
        weights += 4 * blocks * BW_LANES;
    }
    for (; left > 0; left--) {
        step(sums, bases, stride, 0, weights, pixels, blocks);
        BW_UNROLL
        for (int base = 0; 3 * base < pixels; base++)
            bases[base]++;
        weights += blocks * BW_LANES;
    }
    return weights;
}

BW_INLINE void activate(__m512 sums[][BW_TILE_BLOCKS], const bw_conv_tile *tile, int pixels,
                        int blocks)
{
    if (tile->activation == BW_RELU) {
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            BW_UNROLL
            for (int block = 0; block < blocks; block++)
                sums[pixel][block] = bw_vector_max(sums[pixel][block], bw_vector_zero());
        }
    } else if (tile->activation == BW_LEAKY) {
        __m512 slope = _mm512_set1_ps(tile->slope);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            BW_UNROLL
            for (int block = 0; block < blocks; block++)
                sums[pixel][block] = bw_vector_leaky(slope, sums[pixel][block]);
        }
    }
}

BW_INLINE void store(__m512 sums[][BW_TILE_BLOCKS], const bw_conv_tile *tile, int pixels,
                     int blocks)
{
    if (tile->second) {
        BW_UNROLL
        for (int block = 0; block < blocks; block++) {
            const float *second = tile->second + (size_t)block * tile->second_block;
            BW_UNROLL
            for (int pixel = 0; pixel < pixels; pixel++)
                sums[pixel][block] =
                    _mm512_add_ps(sums[pixel][block], _mm512_loadu_ps(second + pixel * BW_LANES));
        }
    }
    BW_UNROLL
    for (int block = 0; block < blocks; block++) {
        float *out = tile->out + (size_t)block * tile->out_block;
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++)
            _mm512_storeu_ps(out + pixel * BW_LANES, sums[pixel][block]);
    }
}

BW_INLINE void run(const bw_conv_tile *tile, const int pixels, const int blocks)
{
    __m512 sums[BW_TILE_PIXELS][BW_TILE_BLOCKS];
    BW_UNROLL
    for (int block = 0; block < blocks; block++) {
        const float *start = tile->start + (size_t)block * tile->start_block;
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++)
            sums[pixel][block] = _mm512_loadu_ps(start + (size_t)pixel * tile->start_pixel);
    }
    const float *weights = tile->weights, *plane = tile->in;
    size_t stride = tile->in_pixel;
    for (int left = tile->planes; left > 0; left--) {
        int channels = left > 1 ? tile->channels : tile->last_channels;
        const float *row = plane;
        for (int y = tile->kernel_height; y > 0; y--) {
            const float *column = row;
            for (int x = tile->kernel_width; x > 0; x--) {
                weights = tap(sums, column, stride, channels, weights, pixels, blocks);
                column += tile->in_column;
            }
            row += tile->in_row;
        }
        plane += tile->in_plane;
    }
    activate(sums, tile, pixels, blocks);
    store(sums, tile, pixels, blocks);
}

#define BW_TILE(pixels)                                                                            \
    static void run_##pixels##_1(const bw_conv_tile *tile)                                         \
    {                                                                                              \
        run(tile, pixels, 1);                                                                      \
    }                                                                                              \
    static void run_##pixels##_2(const bw_conv_tile *tile)                                         \
    {                                                                                              \
        run(tile, pixels, 2);                                                                      \
    }

BW_TILE(1)
BW_TILE(2)
BW_TILE(3)
BW_TILE(4)
BW_TILE(5)
BW_TILE(6)
BW_TILE(7)
BW_TILE(8)
BW_TILE(9)
BW_TILE(10)
BW_TILE(11)
BW_TILE(12)
BW_TILE(13)
BW_TILE(14)

BW_INLINE void finish_as(bw_activation activation, float slope, const float *second, float *out,
                         int pixels)
{
    __m512 factor = _mm512_set1_ps(slope);
    for (int pixel = 0; pixel < pixels; pixel++) {
        float *at = out + pixel * BW_LANES;
        __m512 x = bw_vector_activate(activation, factor, _mm512_loadu_ps(at));
        if (second)
            x = _mm512_add_ps(x, _mm512_loadu_ps(second + pixel * BW_LANES));
        _mm512_storeu_ps(at, x);
    }
}

static void finish(bw_activation activation, float slope, const float *second, float *out,
                   int pixels)
{
    switch (activation) {
    case BW_LOGISTIC: finish_as(BW_LOGISTIC, slope, second, out, pixels); break;
    case BW_SWISH: finish_as(BW_SWISH, slope, second, out, pixels); break;
    case BW_MISH: finish_as(BW_MISH, slope, second, out, pixels); break;
    case BW_LINEAR:
    case BW_RELU:
    case BW_LEAKY:
    case BW_ACTIVATION_COUNT: break;
    }
}

const bw_conv_tiles bw_conv_tiles_avx512 = {
    .pixels = BW_TILE_PIXELS,
    .blocks = BW_TILE_BLOCKS,
    .run = {{run_1_1, run_2_1, run_3_1, run_4_1, run_5_1, run_6_1, run_7_1, run_8_1, run_9_1,
             run_10_1, run_11_1, run_12_1, run_13_1, run_14_1},
            {run_1_2, run_2_2, run_3_2, run_4_2, run_5_2, run_6_2, run_7_2, run_8_2, run_9_2,
             run_10_2, run_11_2, run_12_2, run_13_2, run_14_2}},
    .finish = finish,
};
