/**
 * The convolutions that read or write bfloat16 with AVX-512 alone: storage is halved, arithmetic is
 * that of floats.
 */
#include <string.h>

#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_bf16_finish.h"
#include "kernels/x86/conv_bf16_kernels.h"
#include "kernels/x86/conv_bf16_vector.h"

#define TILE(pixels)                                                                               \
    static void halves_##pixels##_1(const bw_bf16_steps *steps)                                    \
    {                                                                                              \
        run_tile(steps, true, pixels, 1);                                                          \
    }                                                                                              \
    static void halves_##pixels##_2(const bw_bf16_steps *steps)                                    \
    {                                                                                              \
        run_tile(steps, true, pixels, 2);                                                          \
    }                                                                                              \
    static void floats_##pixels##_1(const bw_bf16_steps *steps)                                    \
    {                                                                                              \
        run_tile(steps, false, pixels, 1);                                                         \
    }                                                                                              \
    static void floats_##pixels##_2(const bw_bf16_steps *steps)                                    \
    {                                                                                              \
        run_tile(steps, false, pixels, 2);                                                         \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)

static const bw_bf16_method halves = {
    .pixels = 12,
    .blocks = 2,
    .step_cycles = 2.2,
    .run = {{halves_1_1, halves_2_1, halves_3_1, halves_4_1, halves_5_1, halves_6_1, halves_7_1,
             halves_8_1, halves_9_1, halves_10_1, halves_11_1, halves_12_1},
            {halves_1_2, halves_2_2, halves_3_2, halves_4_2, halves_5_2, halves_6_2, halves_7_2,
             halves_8_2, halves_9_2, halves_10_2, halves_11_2, halves_12_2}},
    .finish = finish_pixels,
};

static const bw_bf16_method floats = {
    .pixels = 12,
    .blocks = 2,
    .step_cycles = 1.1,
    .run = {{floats_1_1, floats_2_1, floats_3_1, floats_4_1, floats_5_1, floats_6_1, floats_7_1,
             floats_8_1, floats_9_1, floats_10_1, floats_11_1, floats_12_1},
            {floats_1_2, floats_2_2, floats_3_2, floats_4_2, floats_5_2, floats_6_2, floats_7_2,
             floats_8_2, floats_9_2, floats_10_2, floats_11_2, floats_12_2}},
    .finish = finish_pixels,
};

BW_BF16_FUNCTIONS(halves)
BW_BF16_FUNCTIONS(floats)

BW_BF16_KERNEL(conv_bf16_avx512, BW_BF16, BW_BF16, BW_CPU_AVX512, halves);
BW_BF16_KERNEL(conv_bf16_f32_avx512, BW_BF16, BW_F32, BW_CPU_AVX512, halves);
BW_BF16_KERNEL(conv_f32_bf16_avx512, BW_F32, BW_BF16, BW_CPU_AVX512, floats);
