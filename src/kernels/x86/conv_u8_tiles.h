/**
 * The text of the convolution of bytes by tiles, for the instructions and for their emulation.
 * Included after vector_avx512.h or vector_avx2.h.
 */
#ifndef BW_KERNELS_X86_CONV_U8_TILES_H
#define BW_KERNELS_X86_CONV_U8_TILES_H

#include "kernels/x86/conv_matrix.h"
#include "kernels/x86/epilogue_vector.h"
#include "kernels/x86/tiles.h"

#define BW_TILE_DOT(c, a, b) BW_TILE_DOT_BYTES(c, a, b)

BW_INLINE void finish_run(const bw_finishing *work, const bw_pixel_run *run, int panel, int pixels)
{
    bw_epilogue epilogue = work->epilogue;
    epilogue.multipliers += panel * BW_LANES;
    epilogue.offsets += panel * BW_LANES;
    const uint8_t *second = run->second ? run->second + panel * work->second_panel : NULL;
    finish_pixels(&epilogue, run->sums + panel * BW_MATRIX_SUMS, second,
                  run->out + panel * work->out_panel, pixels);
}

#include "kernels/x86/conv_matrix_tiles.h"

BW_MATRIX_METHOD(BW_U8, 22.0)

#endif
