/**
 * The end of Winograd's filtering on bytes, for any instruction set: the epilogue of tiles beside
 * each other. Included after the vectors of floats and
 *
 *     restore_tile    a tile's sums at all positions to those of its outputs; where `pool` is 2,
 *                     to the maxima of 2 × 2 of them
 */
#ifndef BW_KERNELS_X86_WINOGRAD_FINISH_VECTOR_H
#define BW_KERNELS_X86_WINOGRAD_FINISH_VECTOR_H

#include "kernels/x86/epilogue_vector.h"

BW_INLINE void finish_tiles(const bw_winograd_output *output, int pool)
{
    _Alignas(BW_WINOGRAD_LINE) bw_winograd_sums restored;
    const int side = output->tile_columns / pool;
    const size_t pixel = BW_LANES * bw_type_size(output->operation->out.format.type);
    bw_epilogue epilogue = bw_epilogue_of(output->operation);
    epilogue.multipliers = (const float *)(const void *)output->parameters;
    epilogue.offsets = epilogue.multipliers + BW_LANES;
    for (int first = 0; first < output->tiles; first += BW_WINOGRAD_RUN) {
        int left = output->tiles - first, tiles = left < BW_WINOGRAD_RUN ? left : BW_WINOGRAD_RUN;
        int column = first * side, columns = output->columns - column;
        if (columns > tiles * side)
            columns = tiles * side;
        for (int tile = 0; tile < tiles; tile++) {
            const uint8_t *sums = output->sums + (size_t)(first + tile) * BW_WINOGRAD_LINE;
            BW_UNROLL
            for (int part = 0; part < PARTS; part++)
                restore_tile(output, sums, restored, tile, part, pool);
        }
        for (int y = 0; y < output->rows; y++) {
            const uint8_t *second = output->second;
            if (second)
                second += (size_t)y * output->second_row + (size_t)(column * BW_LANES);
            finish_pixels(&epilogue, restored[y][0], second,
                          output->out + (size_t)y * output->out_row + (size_t)column * pixel,
                          columns);
        }
    }
}

static void transform_output(const bw_winograd_output *output)
{
    if (output->pooled)
        finish_tiles(output, 2);
    else
        finish_tiles(output, 1);
}

#endif
