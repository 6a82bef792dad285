/**
 * Kernels that exist for the tests only: the text of those of AMX over emulated tiles, so that it
 * is tested on machines without them.
 */
#ifndef BW_TESTS_KERNELS_EMULATED_H
#define BW_TESTS_KERNELS_EMULATED_H

#include "kernels/kernels.h"

#if defined(__x86_64__)
extern const bw_kernel bw_kernel_conv_u8_emulated, bw_kernel_conv_u8_f32_emulated;
extern const bw_kernel bw_kernel_conv_bf16_emulated, bw_kernel_conv_bf16_f32_emulated;
#endif

/** The `index`-th emulated kernel, or NULL past the last. */
const bw_kernel *emulated_kernel_at(int index);

#endif
