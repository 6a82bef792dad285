#include "emulated.h"

#include <stddef.h>

static const bw_kernel *const kernels[] = {
#if defined(__x86_64__)
    &bw_kernel_conv_u8_emulated,
    &bw_kernel_conv_u8_f32_emulated,
    &bw_kernel_conv_bf16_emulated,
    &bw_kernel_conv_bf16_f32_emulated,
#endif
    NULL,
};

const bw_kernel *emulated_kernel_at(int index)
{
    return index < (int)(sizeof kernels / sizeof *kernels) ? kernels[index] : NULL;
}
