/**
 * The convolution of bytes by AMX: 16 pixels × 64 channels × 16 output channels an instruction.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_u8_tiles.h"

BW_MATRIX_KERNEL(conv_u8_amx, BW_U8, BW_U8, BW_CPU_AMX | BW_CPU_AVX512);
BW_MATRIX_KERNEL(conv_u8_f32_amx, BW_U8, BW_F32, BW_CPU_AMX | BW_CPU_AVX512);
