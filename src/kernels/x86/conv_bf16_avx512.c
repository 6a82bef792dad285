/**
 * The convolutions that read or write bfloat16 with AVX-512 alone: storage is halved, arithmetic is
 * that of floats.
 */
#include <string.h>

#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/conv_bf16_finish.h"
#include "kernels/x86/conv_bf16_kernels.h"
#include "kernels/x86/conv_bf16_vector.h"
#include "kernels/x86/each.h"

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

#define HALVES_1(pixels) halves_##pixels##_1,
#define HALVES_2(pixels) halves_##pixels##_2,
#define FLOATS_1(pixels) floats_##pixels##_1,
#define FLOATS_2(pixels) floats_##pixels##_2,

BW_EACH_12(TILE)

static const bw_bf16_method halves = {
    .pixels = 12,
    .blocks = 2,
    .step_cycles = 2.2,
    .run = {{BW_EACH_12(HALVES_1)}, {BW_EACH_12(HALVES_2)}},
    .finish = finish_pixels,
};

static const bw_bf16_method floats = {
    .pixels = 12,
    .blocks = 2,
    .step_cycles = 1.1,
    .run = {{BW_EACH_12(FLOATS_1)}, {BW_EACH_12(FLOATS_2)}},
    .finish = finish_pixels,
};

BW_BF16_FUNCTIONS(halves)
BW_BF16_FUNCTIONS(floats)

BW_BF16_KERNEL(conv_bf16_avx512, BW_BF16, BW_BF16, BW_CPU_AVX512, halves);
BW_BF16_KERNEL(conv_bf16_f32_avx512, BW_BF16, BW_F32, BW_CPU_AVX512, halves);
BW_BF16_KERNEL(conv_f32_bf16_avx512, BW_F32, BW_BF16, BW_CPU_AVX512, floats);
