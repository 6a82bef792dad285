/**
 * The convolutions that read or write bfloat16 with AVX2: storage is halved, arithmetic is that of
 * floats.
 */
#include <string.h>

#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/conv_bf16_finish.h"
#include "kernels/x86/conv_bf16_kernels.h"
#include "kernels/x86/conv_bf16_vector.h"
#include "kernels/x86/each.h"

#define TILE(pixels)                                                                               \
    static void halves_##pixels(const bw_bf16_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, true, pixels, 1);                                                          \
    }                                                                                              \
    static void floats_##pixels(const bw_bf16_steps *steps)                                        \
    {                                                                                              \
        run_tile(steps, false, pixels, 1);                                                         \
    }

#define HALVES(pixels) halves_##pixels,
#define FLOATS(pixels) floats_##pixels,

BW_EACH_6(TILE)

static const bw_bf16_method halves = {
    .pixels = 6,
    .blocks = 1,
    .step_cycles = 2.6,
    .run = {{BW_EACH_6(HALVES)}},
    .finish = finish_pixels,
};

static const bw_bf16_method floats = {
    .pixels = 6,
    .blocks = 1,
    .step_cycles = 1.3,
    .run = {{BW_EACH_6(FLOATS)}},
    .finish = finish_pixels,
};

BW_BF16_FUNCTIONS(halves)
BW_BF16_FUNCTIONS(floats)

BW_BF16_KERNEL(conv_bf16_avx2, BW_BF16, BW_BF16, BW_CPU_AVX2, halves);
BW_BF16_KERNEL(conv_bf16_f32_avx2, BW_BF16, BW_F32, BW_CPU_AVX2, halves);
BW_BF16_KERNEL(conv_f32_bf16_avx2, BW_F32, BW_BF16, BW_CPU_AVX2, floats);
