/**
 * What reading packed weights costs a kernel, for the estimates of time.
 */
#ifndef BW_KERNELS_X86_WEIGHT_CYCLES_H
#define BW_KERNELS_X86_WEIGHT_CYCLES_H

#include <stddef.h>

/**
 * Cycles of one core, for one image. The weights of a network do not stay in the caches from one
 * image to the next, and all cores share the memory: between 1 and 3 bytes a cycle of each were
 * measured.
 */
static inline double bw_weight_cycles(size_t bytes)
{
    return (double)bytes / 2.0;
}

#endif
