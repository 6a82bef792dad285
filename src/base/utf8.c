#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char REPLACEMENT[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Bytes that a character with this first byte has, and the bits of it that count. */
static size_t expected_length(unsigned char first, uint32_t *bits)
{
    *bits = first;
    if (first < 0x80)
        return 1;
    *bits = first & 0x1F;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    *bits = first & 0x0F;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    *bits = first & 0x07;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

size_t bw_utf8_length(const char *text, size_t length)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0)
        return 0;
    uint32_t code;
    size_t expected = expected_length((unsigned char)text[0], &code);
    if (expected == 0 || expected > length)
        return 0;
    for (size_t i = 1; i < expected; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (byte & 0x3F);
    }
    bool surrogate = code >= 0xD800 && code < 0xE000;
    return code < lowest[expected] || code > 0x10FFFF || surrogate ? 0 : expected;
}

bool bw_utf8_valid(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        size_t step = bw_utf8_length(text + at, length - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* C0, DEL and C1 (U+0080 to U+009F, which UTF-8 starts with 0xC2). */
static bool is_control(const char *character, size_t length)
{
    unsigned char first = (unsigned char)character[0];
    if (length == 1)
        return first < 0x20 || first == 0x7F;
    return first == 0xC2 && (unsigned char)character[1] < 0xA0;
}

char *bw_utf8_clean(const char *text, bool visible)
{
    size_t length = strlen(text), used = 0;
    if (length > SIZE_MAX / 3 - 1)
        return NULL;
    char *clean = malloc(3 * length + 1);
    if (!clean)
        return NULL;
    for (size_t at = 0; at < length;) {
        size_t step = bw_utf8_length(text + at, length - at);
        const char *source = text + at;
        size_t bytes = step;
        if (step == 0 || (visible && is_control(source, step))) {
            source = REPLACEMENT;
            bytes = 3;
        }
        memcpy(clean + used, source, bytes);
        used += bytes;
        at += step ? step : 1;
    }
    clean[used] = '\0';
    return clean;
}
