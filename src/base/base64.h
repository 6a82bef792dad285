/**
 * Base 64 (RFC 4648, section 4): bytes as text, four characters for three bytes, ended by "=".
 */
#ifndef BW_BASE_BASE64_H
#define BW_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Characters that stand for `size` bytes. */
size_t bw_base64_length(size_t size);

/** Writes bw_base64_length(size) characters, and no NUL. */
void bw_base64_encode(char *text, const uint8_t *bytes, size_t size);

/** Reads exactly `size` bytes; false where the text is not what encoding those gives. */
bool bw_base64_decode(uint8_t *bytes, size_t size, const char *text, size_t length);

#endif
