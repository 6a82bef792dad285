/**
 * Activation with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/activation_vector.h"

const bw_kernel bw_kernel_activation_f32_avx2 = {
    .name = "activation_f32_avx2",
    .family = BW_FAMILY_ACTIVATION,
    .needs = BW_CPU_AVX2,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
