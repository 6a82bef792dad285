/**
 * The text of Winograd's products of integers, for any instruction set. Included after these, of
 * VECTOR_BYTES, which divide a line into PARTS:
 *
 *     integers       a vector of sums of 32 bits, or of words of what is multiplied
 *     load, store    a vector
 *     zero           no sums yet
 *     spread         one word in all lanes
 *     accumulate     sums + the products of a word's numbers, added up
 */
#ifndef BW_KERNELS_X86_WINOGRAD_PRODUCTS_VECTOR_H
#define BW_KERNELS_X86_WINOGRAD_PRODUCTS_VECTOR_H

#include "kernels/x86/unroll.h"
#include "kernels/x86/winograd.h"

enum { WORD_BYTES = 4, UNROLLED = 4 /* words */ };

BW_INLINE void start_sums(integers sums[][BW_WINOGRAD_BLOCKS * PARTS],
                          const bw_winograd_product *product, int tiles, int blocks)
{
    BW_UNROLL
    for (int index = 0; index < blocks * PARTS; index++) {
        const uint8_t *starts = product->starts;
        integers start = zero();
        if (starts)
            start = load(starts + (size_t)(index / PARTS) * product->start_stride +
                         (size_t)(index % PARTS * VECTOR_BYTES));
        BW_UNROLL
        for (int tile = 0; tile < tiles; tile++)
            sums[tile][index] = start;
    }
}

/* Some words of the tiles of one line. */
BW_INLINE void multiply_words(integers sums[][BW_WINOGRAD_BLOCKS * PARTS], const uint8_t *in,
                              const uint8_t *weights, int words, int tiles, int blocks)
{
    BW_UNROLL
    for (int word = 0; word < words; word++) {
        integers weight[BW_WINOGRAD_BLOCKS * PARTS];
        BW_UNROLL
        for (int part = 0; part < blocks * PARTS; part++)
            weight[part] = load(weights + (word * blocks * PARTS + part) * VECTOR_BYTES);
        BW_UNROLL
        for (int tile = 0; tile < tiles; tile++) {
            integers x = spread(in + tile * BW_WINOGRAD_LINE + word * WORD_BYTES);
            BW_UNROLL
            for (int part = 0; part < blocks * PARTS; part++)
                sums[tile][part] = accumulate(sums[tile][part], x, weight[part]);
        }
    }
}

/* Asks the second cache for weights of a later call. */
BW_INLINE const uint8_t *prefetch_weights(const uint8_t *weights, int lines)
{
    for (; lines > 0; lines--, weights += BW_WINOGRAD_LINE)
        _mm_prefetch((const char *)weights, _MM_HINT_T1);
    return weights;
}

/** Multiplies the tiles of a part, as many as it is made for. */
typedef void multiply_part(const bw_winograd_product *product, const bw_winograd_part *part);

BW_INLINE void multiply_tiles(const bw_winograd_product *product, const bw_winograd_part *part,
                              int tiles, int blocks)
{
    const size_t first = (size_t)part->first * BW_WINOGRAD_LINE;
    integers sums[BW_WINOGRAD_TILES][BW_WINOGRAD_BLOCKS * PARTS];
    const uint8_t *weights = product->weights, *line = product->in + first;
    const uint8_t *later = part->later;
    const int word_bytes = blocks * BW_WINOGRAD_LINE;
    start_sums(sums, product, tiles, blocks);
    for (int left = product->lines; left > 0; left--, line += product->stride) {
        int words = left > 1 ? BW_WINOGRAD_WORDS : product->last_words;
        const uint8_t *in = line;
        later = prefetch_weights(later, part->lines_later);
        for (; words >= UNROLLED; words -= UNROLLED) {
            multiply_words(sums, in, weights, UNROLLED, tiles, blocks);
            in += UNROLLED * WORD_BYTES;
            weights += UNROLLED * word_bytes;
        }
        for (; words > 0; words--) {
            multiply_words(sums, in, weights, 1, tiles, blocks);
            in += WORD_BYTES;
            weights += word_bytes;
        }
    }
    BW_UNROLL
    for (int block = 0; block < blocks; block++) {
        uint8_t *to = product->sums + first + (size_t)block * product->stride;
        BW_UNROLL
        for (int tile = 0; tile < tiles; tile++) {
            BW_UNROLL
            for (int index = 0; index < PARTS; index++)
                store(to + tile * BW_WINOGRAD_LINE + index * VECTOR_BYTES,
                      sums[tile][block * PARTS + index]);
        }
    }
}

/* The parts in turn; `run` is for each number of tiles. */
static void multiply_parts(const bw_winograd_product *product, multiply_part *const *run, int most)
{
    int count = (product->tiles + most - 1) / most;
    for (int index = 0; index < count; index++) {
        bw_winograd_part part = bw_winograd_part_of(product, index, count);
        run[part.tiles - 1](product, &part);
    }
}

#endif
