/**
 * Add with AVX2.
 */
#include "kernels/x86/vector_avx2.h"

#include "kernels/x86/add_vector.h"

const bw_kernel bw_kernel_add_f32_avx2 = {
    .name = "add_f32_avx2",
    .family = BW_FAMILY_ADD,
    .needs = BW_CPU_AVX2,
    .accepts = accepts,
    .cost = cost,
    .units = bw_rows_units,
    .run = run,
};
