/**
 * Loops of constant length that must vanish, so that arrays become registers.
 */
#ifndef BW_KERNELS_X86_UNROLL_H
#define BW_KERNELS_X86_UNROLL_H

#define BW_INLINE static inline __attribute__((always_inline))

#if defined(__clang__)
#define BW_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BW_UNROLL _Pragma("GCC unroll 16")
#endif

#endif
