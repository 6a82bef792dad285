/**
 * Numbers in the byte orders of picture files. The caller has checked that the bytes are there.
 */
#ifndef BW_IMAGE_BYTES_H
#define BW_IMAGE_BYTES_H

#include <stdint.h>

static inline uint32_t bw_little16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t bw_little32(const uint8_t *bytes)
{
    return bw_little16(bytes) | bw_little16(bytes + 2) << 16;
}

static inline uint32_t bw_big16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 8 | (uint32_t)bytes[1];
}

static inline uint32_t bw_big32(const uint8_t *bytes)
{
    return bw_big16(bytes) << 16 | bw_big16(bytes + 2);
}

#endif
