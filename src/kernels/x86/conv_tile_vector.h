/**
 * The text of the micro-kernels, for either instruction set; see conv_tile.h. Included after
 * vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_CONV_TILE_VECTOR_H
#define BW_KERNELS_X86_CONV_TILE_VECTOR_H

#include "kernels/x86/conv_tile.h"
#include "kernels/x86/unroll.h"

enum {
    PARTS = BW_LANES / BW_VECTOR_LANES, /* vectors of a plane's pixel */
    TILE_VECTORS = PARTS * BW_TILE_BLOCKS,
    BASES = (BW_TILE_PIXELS + 2) / 3,
};

/* Where the `part`-th vector of a pixel lies when its blocks are `stride` apart. */
BW_INLINE size_t part_offset(int part, size_t stride)
{
    return (size_t)(part / PARTS) * stride + (size_t)(part % PARTS) * BW_VECTOR_LANES;
}

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

BW_INLINE void step(bw_vector sums[][TILE_VECTORS], const float *const *bases, size_t stride,
                    int channel, const float *weights, int pixels, int vectors)
{
    bw_vector weight[TILE_VECTORS];
    BW_UNROLL
    for (int part = 0; part < vectors; part++) {
        weight[part] = bw_vector_load(weights + (channel * vectors + part) * BW_VECTOR_LANES);
        bw_vector_hold(&weight[part]);
    }
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++) {
        bw_vector x =
            bw_vector_set(bases[pixel / 3][(size_t)(pixel % 3) * stride + (size_t)channel]);
        BW_UNROLL
        for (int part = 0; part < vectors; part++)
            bw_vector_accumulate(&sums[pixel][part], x, weight[part]);
    }
}

/* Asks the cache for one column of the windows of the tile that follows. */
BW_INLINE void prefetch_windows(const float *in, size_t stride, int pixels)
{
    BW_UNROLL
    for (int pixel = 0; pixel < pixels; pixel++)
        _mm_prefetch((const char *)(in + (size_t)pixel * stride), _MM_HINT_T0);
}

/* Asks for what the epilogue will touch, while there are sums to be done. */
BW_INLINE void prefetch_outputs(const bw_conv_tile *tile, int pixels, int vectors)
{
    BW_UNROLL
    for (int part = 0; part < vectors; part += PARTS) {
        prefetch_windows(tile->out + part_offset(part, tile->out_block), BW_LANES, pixels);
        if (tile->second)
            prefetch_windows(tile->second + part_offset(part, tile->second_block), BW_LANES,
                             pixels);
    }
}

/* One position of the window over `channels` channels; returns the weights that follow. */
BW_INLINE const float *tap(bw_vector sums[][TILE_VECTORS], const float *in, size_t stride,
                           int channels, const float *weights, int pixels, int vectors)
{
    const float *bases[BASES];
    set_bases(bases, in, stride, pixels);
    int left = channels;
    for (; left >= 4; left -= 4) {
        BW_UNROLL
        for (int channel = 0; channel < 4; channel++)
            step(sums, bases, stride, channel, weights, pixels, vectors);
        BW_UNROLL
        for (int base = 0; 3 * base < pixels; base++)
            bases[base] += 4;
        weights += 4 * vectors * BW_VECTOR_LANES;
    }
    for (; left > 0; left--) {
        step(sums, bases, stride, 0, weights, pixels, vectors);
        BW_UNROLL
        for (int base = 0; 3 * base < pixels; base++)
            bases[base]++;
        weights += vectors * BW_VECTOR_LANES;
    }
    return weights;
}

BW_INLINE void activate(bw_vector sums[][TILE_VECTORS], const bw_conv_tile *tile, int pixels,
                        int vectors)
{
    if (tile->activation == BW_RELU) {
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            BW_UNROLL
            for (int part = 0; part < vectors; part++)
                sums[pixel][part] = bw_vector_max(sums[pixel][part], bw_vector_zero());
        }
    } else if (tile->activation == BW_LEAKY) {
        bw_vector slope = bw_vector_set(tile->slope);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            BW_UNROLL
            for (int part = 0; part < vectors; part++)
                sums[pixel][part] = bw_vector_leaky(slope, sums[pixel][part]);
        }
    } else if (tile->activation == BW_CLIPPED) {
        bw_vector most = bw_vector_set(tile->slope);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            BW_UNROLL
            for (int part = 0; part < vectors; part++)
                sums[pixel][part] = bw_vector_clip(sums[pixel][part], most);
        }
    } else if (tile->activation == BW_HARD_SWISH) {
        bw_vector slope = bw_vector_set(tile->slope);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++) {
            BW_UNROLL
            for (int part = 0; part < vectors; part++)
                sums[pixel][part] = bw_vector_activate(BW_HARD_SWISH, slope, sums[pixel][part]);
        }
    }
}

BW_INLINE void store(bw_vector sums[][TILE_VECTORS], const bw_conv_tile *tile, int pixels,
                     int vectors)
{
    if (tile->second) {
        BW_UNROLL
        for (int part = 0; part < vectors; part++) {
            const float *second = tile->second + part_offset(part, tile->second_block);
            BW_UNROLL
            for (int pixel = 0; pixel < pixels; pixel++)
                sums[pixel][part] =
                    bw_vector_add(sums[pixel][part], bw_vector_load(second + pixel * BW_LANES));
        }
    }
    BW_UNROLL
    for (int part = 0; part < vectors; part++) {
        float *out = tile->out + part_offset(part, tile->out_block);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++)
            bw_vector_store(out + pixel * BW_LANES, sums[pixel][part]);
    }
}

/* All steps of a tile. */
BW_INLINE void sum_windows(bw_vector sums[][TILE_VECTORS], const bw_conv_tile *tile, int pixels,
                           int vectors)
{
    const float *weights = tile->weights, *plane = tile->in;
    size_t stride = tile->in_pixel;
    for (int left = tile->planes; left > 0; left--) {
        int channels = left > 1 ? tile->channels : tile->last_channels;
        const float *row = plane;
        for (int y = tile->kernel_height; y > 0; y--) {
            const float *column = row;
            for (int x = tile->kernel_width; x > 0; x--) {
                if (tile->kernel_width - x < tile->ahead_columns)
                    prefetch_windows(column + tile->ahead, stride, pixels);
                weights = tap(sums, column, stride, channels, weights, pixels, vectors);
                column += tile->in_column;
            }
            row += tile->in_row;
        }
        plane += tile->in_plane;
    }
}

/* Asks the second cache for weights of a later call. */
BW_INLINE const float *prefetch_weights(const float *weights, int lines)
{
    for (; lines > 0; lines--, weights += BW_LANES)
        _mm_prefetch((const char *)weights, _MM_HINT_T1);
    return weights;
}

/* The same for windows of one position and whole planes: nested short loops would cost a tenth. */
BW_INLINE void sum_points(bw_vector sums[][TILE_VECTORS], const bw_conv_tile *tile, int pixels,
                          int vectors)
{
    const float *weights = tile->weights, *plane = tile->in, *later = tile->weights_ahead;
    size_t stride = tile->in_pixel;
    for (int left = tile->planes; left > 1; left--) {
        later = prefetch_weights(later, tile->lines_ahead);
        if (tile->ahead_columns > 0)
            prefetch_windows(plane + tile->ahead, stride, pixels);
        weights = tap(sums, plane, stride, BW_LANES, weights, pixels, vectors);
        plane += tile->in_plane;
    }
    if (tile->ahead_columns > 0)
        prefetch_windows(plane + tile->ahead, stride, pixels);
    tap(sums, plane, stride, tile->last_channels, weights, pixels, vectors);
}

BW_INLINE void run_tile(const bw_conv_tile *tile, int pixels, int vectors)
{
    bw_vector sums[BW_TILE_PIXELS][TILE_VECTORS];
    BW_UNROLL
    for (int part = 0; part < vectors; part++) {
        const float *start = tile->start + part_offset(part, tile->start_block);
        BW_UNROLL
        for (int pixel = 0; pixel < pixels; pixel++)
            sums[pixel][part] = bw_vector_load(start + (size_t)pixel * tile->start_pixel);
    }
    if (tile->ahead_columns > 0)
        prefetch_outputs(tile, pixels, vectors);
    if (tile->kernel_height * tile->kernel_width == 1 && tile->channels == BW_LANES)
        sum_points(sums, tile, pixels, vectors);
    else
        sum_windows(sums, tile, pixels, vectors);
    activate(sums, tile, pixels, vectors);
    store(sums, tile, pixels, vectors);
}

BW_INLINE void finish_as(bw_activation activation, float slope, const float *sums,
                         const float *second, float *out, int pixels)
{
    bw_vector factor = bw_vector_set(slope);
    for (int at = 0; at < pixels * BW_LANES; at += BW_VECTOR_LANES) {
        bw_vector x = bw_vector_activate(activation, factor, bw_vector_load(sums + at));
        if (second)
            x = bw_vector_add(x, bw_vector_load(second + at));
        bw_vector_store(out + at, x);
    }
}

static void finish_pixels(bw_activation activation, float slope, const float *sums,
                          const float *second, float *out, int pixels)
{
    switch (activation) {
    case BW_LOGISTIC: finish_as(BW_LOGISTIC, slope, sums, second, out, pixels); break;
    case BW_SWISH: finish_as(BW_SWISH, slope, sums, second, out, pixels); break;
    case BW_MISH: finish_as(BW_MISH, slope, sums, second, out, pixels); break;
    case BW_HARD_LOGISTIC: finish_as(BW_HARD_LOGISTIC, slope, sums, second, out, pixels); break;
    case BW_LINEAR:
    case BW_RELU:
    case BW_LEAKY:
    case BW_CLIPPED:
    case BW_HARD_SWISH:
    case BW_ACTIVATION_COUNT: break;
    }
}

#endif
