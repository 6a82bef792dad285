/**
 * Upsample with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/upsample_vector.h"

const bw_kernel bw_kernel_upsample_f32_avx2 = {
    .name = "upsample_f32_avx2",
    .family = BW_FAMILY_UPSAMPLE,
    .needs = BW_CPU_AVX2,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
