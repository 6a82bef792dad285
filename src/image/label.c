#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "image/draw.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

void bw_text_clean(char *out, size_t size, const char *text)
{
    size_t used = 0, left = strlen(text);
    while (left > 0) {
        size_t bytes = bw_utf8_length(text, left);
        const char *source = bytes ? text : REPLACEMENT;
        size_t length = bytes ? bytes : strlen(REPLACEMENT);
        if (length >= size - used)
            break;
        if (bytes == 1 && ((unsigned char)*text < 0x20 || *text == 0x7F))
            source = " ";
        memcpy(out + used, source, length);
        used += length;
        text += bytes ? bytes : 1;
        left -= bytes ? bytes : 1;
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
