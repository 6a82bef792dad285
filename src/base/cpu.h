/**
 * What the processor and the operating system let this process use.
 *
 * A bw_cpu_feature bit means a usable bundle: CPUID says that the instructions exist and XCR0 that
 * the system saves their registers; for AMX the process has also been granted the tile state.
 * The public functions (bw_cpu_features, …) are implemented here.
 */
#ifndef BW_BASE_CPU_H
#define BW_BASE_CPU_H

#include "base/error.h"

/** `features` as words for people, such as "avx2 avx512 vnni", in a buffer of the caller's. */
void bw_cpu_describe(char *text, size_t size, uint32_t features);

/** Nanoseconds of a clock that only goes forward. */
uint64_t bw_clock(void);

#endif
