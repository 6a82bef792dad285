/**
 * The text of conv_bf16_amx.c over emulated tiles.
 */
#define BW_EMULATE_TILES

#include "kernels/x86/vector_avx2.h"

#include "emulated.h"
#include "kernels/x86/conv_bf16_tiles.h"

BW_MATRIX_KERNEL(conv_bf16_emulated, BW_BF16, BW_BF16, BW_CPU_AVX2);
BW_MATRIX_KERNEL(conv_bf16_f32_emulated, BW_BF16, BW_F32, BW_CPU_AVX2);
