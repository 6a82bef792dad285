#include <stdio.h>
#include <string.h>

#include "image/draw.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

/* Bytes of the UTF-8 sequence at `text`, 0 when it is none (RFC 3629: no surrogates, shortest). */
static size_t sequence_bytes(const unsigned char *text)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80             ? 1
                   : (text[0] & 0xE0) == 0xC0 ? 2
                   : (text[0] & 0xF0) == 0xE0 ? 3
                   : (text[0] & 0xF8) == 0xF0 ? 4
                                              : 0;
    if (bytes < 2)
        return bytes;
    uint32_t code = text[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[bytes] || surrogate || code > 0x10FFFF ? 0 : bytes;
}

void bw_text_clean(char *out, size_t size, const char *text)
{
    size_t used = 0;
    while (*text) {
        size_t bytes = sequence_bytes((const unsigned char *)text);
        const char *source = bytes ? text : REPLACEMENT;
        size_t length = bytes ? bytes : strlen(REPLACEMENT);
        if (length >= size - used)
            break;
        if (bytes == 1 && ((unsigned char)*text < 0x20 || *text == 0x7F))
            source = " ";
        memcpy(out + used, source, length);
        used += length;
        text += bytes ? bytes : 1;
    }
    out[used] = '\0';
}

static double text_width(cairo_t *cairo, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, text, &extents);
    return extents.x_advance;
}

/* Cuts the last code point off. */
static void shorten(char *text, size_t *length)
{
    while (*length > 0 && ((unsigned char)text[*length - 1] & 0xC0) == 0x80)
        (*length)--;
    if (*length > 0)
        (*length)--;
    text[*length] = '\0';
}

double bw_label_fit(char out[BW_LABEL_BYTES], cairo_t *cairo, const char *name, float score,
                    double width)
{
    char clean[BW_LABEL_BYTES - 32];
    bw_text_clean(clean, sizeof clean, name);
    size_t length = strlen(clean);
    snprintf(out, BW_LABEL_BYTES, "%s %.2f", clean, (double)score);
    double needed = text_width(cairo, out);
    while (needed > width && length > 0) {
        shorten(clean, &length);
        snprintf(out, BW_LABEL_BYTES, "%s" ELLIPSIS " %.2f", clean, (double)score);
        needed = text_width(cairo, out);
    }
    if (needed <= width)
        return needed;
    out[0] = '\0';
    return 0.0;
}
