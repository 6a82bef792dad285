/**
 * Upsample with AVX-512.
 */
#include "kernels/x86/vector_avx512.h"

#include "kernels/x86/upsample_vector.h"

const bw_kernel bw_kernel_upsample_f32_avx512 = {
    .name = "upsample_f32_avx512",
    .family = BW_FAMILY_UPSAMPLE,
    .needs = BW_CPU_AVX512,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
