/**
 * What turns the methods of an instruction set into kernels. Included last by conv_bf16_<isa>.c,
 * once, and never by another file.
 */
#ifndef BW_KERNELS_X86_CONV_BF16_KERNELS_H
#define BW_KERNELS_X86_CONV_BF16_KERNELS_H

#include "kernels/x86/conv_bf16.h"

/** The functions of a bw_kernel, named after `method`. */
#define BW_BF16_FUNCTIONS(method)                                                                  \
    static double method##_cost(const bw_operation *operation)                                     \
    {                                                                                              \
        return bw_conv_bf16_cost(&method, operation);                                              \
    }                                                                                              \
    static size_t method##_packed_bytes(const bw_operation *operation)                             \
    {                                                                                              \
        return bw_conv_bf16_packed_bytes(&method, operation);                                      \
    }                                                                                              \
    static void method##_pack(const bw_operation *operation, const bw_filters *filters,            \
                              void *packed)                                                        \
    {                                                                                              \
        bw_conv_bf16_pack(&method, operation, filters, packed);                                    \
    }                                                                                              \
    static size_t method##_scratch_bytes(const bw_operation *operation)                            \
    {                                                                                              \
        return bw_conv_bf16_scratch_bytes(&method, operation);                                     \
    }                                                                                              \
    static int method##_units(const bw_operation *operation, int images)                           \
    {                                                                                              \
        return bw_conv_bf16_units(&method, operation, images);                                     \
    }                                                                                              \
    static void method##_run(const bw_operation *operation, const bw_operands *operands,           \
                             int first, int last, void *scratch)                                   \
    {                                                                                              \
        bw_conv_bf16_run(&method, operation, operands, first, last, scratch);                      \
    }

#define BW_BF16_KERNEL(words, from, to, features, method)                                          \
    const bw_kernel bw_kernel_##words = {                                                          \
        .name = #words,                                                                            \
        .family = BW_FAMILY_CONV,                                                                  \
        .in = from,                                                                                \
        .out = to,                                                                                 \
        .needs = features,                                                                         \
        .accepts = bw_conv_bf16_accepts,                                                           \
        .cost = method##_cost,                                                                     \
        .packed_bytes = method##_packed_bytes,                                                     \
        .pack = method##_pack,                                                                     \
        .scratch_bytes = method##_scratch_bytes,                                                   \
        .units = method##_units,                                                                   \
        .run = method##_run,                                                                       \
    }

#endif
