/**
 * The convolution of bfloat16 by AMX: 16 pixels × 32 channels × 16 output channels an instruction.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_bf16_tiles.h"

BW_MATRIX_KERNEL(conv_bf16_amx, BW_BF16, BW_BF16, BW_CPU_AMX | BW_CPU_AVX512);
BW_MATRIX_KERNEL(conv_bf16_f32_amx, BW_BF16, BW_F32, BW_CPU_AMX | BW_CPU_AVX512);
