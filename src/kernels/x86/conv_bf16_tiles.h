/**
 * The text of the convolution of bfloat16 by tiles, for the instructions and for their emulation.
 * Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_CONV_BF16_TILES_H
#define BW_KERNELS_X86_CONV_BF16_TILES_H

#include "kernels/x86/conv_bf16_finish.h"
#include "kernels/x86/conv_matrix.h"
#include "kernels/x86/tiles.h"

#define BW_TILE_DOT(c, a, b) BW_TILE_DOT_HALVES(c, a, b)

BW_INLINE void finish_run(const bw_finishing *work, const bw_pixel_run *run, int panel, int pixels)
{
    bw_bf16_finish finish = {
        .activation = work->epilogue.activation,
        .slope = work->epilogue.slope,
        .sums = (const float *)(const void *)(run->sums + panel * BW_MATRIX_SUMS),
        .second = run->second ? run->second + panel * work->second_panel : NULL,
        .out = run->out + panel * work->out_panel,
        .second_pixel = work->epilogue.second_pixel,
        .out_pixel = work->epilogue.out_pixel,
        .second_type = BW_BF16,
        .out_type = work->out,
        .pixels = pixels,
    };
    finish_pixels(&finish);
}

#include "kernels/x86/conv_matrix_tiles.h"

BW_MATRIX_METHOD(BW_BF16, 22.0)

#endif
