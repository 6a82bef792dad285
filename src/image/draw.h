/**
 * What drawing is made of: colours, and texts that fit.
 */
#ifndef BW_IMAGE_DRAW_H
#define BW_IMAGE_DRAW_H

#include <cairo.h>

#include "base/error.h"

/** Red, green and blue, 0 to 1, in sRGB. */
typedef struct bw_colour {
    double red, green, blue;
} bw_colour;

/**
 * What bw_class_colour rounds: hues advance by the golden angle in OKLCh (Ottosson 2020), lightness
 * takes turns.
 */
bw_colour bw_class_paint(int32_t class_id);

/** Black or white, whichever contrasts more with `background` (WCAG 2 relative luminance). */
bw_colour bw_text_colour(bw_colour background);

/** Room for a label of any length that is drawn. */
enum { BW_LABEL_BYTES = 256 };

/**
 * Copies a text as valid UTF-8 without control characters, shortened to what fits `size` bytes;
 * what is invalid becomes U+FFFD.
 */
void bw_text_clean(char *out, size_t size, const char *text);

/**
 * The label "name 0.87", its name shortened by an ellipsis until it is at most `width` wide in
 * cairo's current font; the empty string when not even that helps. Returns its width.
 */
double bw_label_fit(char out[BW_LABEL_BYTES], cairo_t *cairo, const char *name, float score,
                    double width);

#endif
