/**
 * The text of conv_u8_amx.c over emulated tiles.
 */
#define BW_EMULATE_TILES

#include "kernels/x86/vector_avx2.h"

#include "emulated.h"
#include "kernels/x86/conv_u8_tiles.h"

BW_MATRIX_KERNEL(conv_u8_emulated, BW_U8, BW_U8, BW_CPU_AVX2);
BW_MATRIX_KERNEL(conv_u8_f32_emulated, BW_U8, BW_F32, BW_CPU_AVX2);
