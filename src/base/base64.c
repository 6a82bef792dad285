#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t bw_base64_length(size_t size)
{
    return size / 3 * 4 + (size % 3 ? 4 : 0);
}

void bw_base64_encode(char *text, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += 3, text += 4) {
        size_t left = size - at < 3 ? size - at : 3;
        uint32_t word = (uint32_t)bytes[at] << 16;
        word |= left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0;
        word |= left > 2 ? bytes[at + 2] : 0;
        for (size_t place = 0; place < 4; place++)
            text[place] = place <= left ? alphabet[word >> (18 - 6 * place) & 63] : '=';
    }
}

/* The value of a character, or −1. */
static int value_of(char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    return character == '+' ? 62 : character == '/' ? 63 : -1;
}

/* The 24 bits of four characters of which `used` are not "="; false for other characters. */
static bool read_word(uint32_t *word, const char *text, size_t used)
{
    *word = 0;
    for (size_t place = 0; place < 4; place++) {
        int value = place < used ? value_of(text[place]) : text[place] == '=' ? 0 : -1;
        if (value < 0)
            return false;
        *word = *word << 6 | (uint32_t)value;
    }
    return true;
}

bool bw_base64_decode(uint8_t *bytes, size_t size, const char *text, size_t length)
{
    if (length != bw_base64_length(size))
        return false;
    for (size_t at = 0; at < size; at += 3, text += 4) {
        size_t left = size - at < 3 ? size - at : 3;
        uint32_t word;
        if (!read_word(&word, text, left + 1) || (word & (0xffffffu >> 8 * left)) != 0)
            return false;
        for (size_t place = 0; place < left; place++)
            bytes[at + place] = (uint8_t)(word >> (16 - 8 * place));
    }
    return true;
}
