/**
 * Reproducible random numbers: SplitMix64 (Steele, Lea and Flood 2014).
 */
#ifndef BW_TUNE_RANDOM_H
#define BW_TUNE_RANDOM_H

#include <stdint.h>

/** The next 32 bits after `*state`, which any number may start. */
static inline uint32_t bw_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t bits = *state;
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((bits ^ bits >> 31) >> 32);
}

#endif
