/**
 * The names of boxes in a picture of a page, none written over another.
 */
#ifndef BW_CLI_NAMES_H
#define BW_CLI_NAMES_H

#include <stdio.h>

enum { BW_MOST_NAMES = 150, BW_NAMED_SIDE = 26 };

/** The room that names take already. Zero-initialise it but for the width of the picture. */
typedef struct bw_names {
    double width;
    int count;
    struct bw_name_room {
        double left, top, right, bottom;
    } taken[BW_MOST_NAMES];
} bw_names;

/** A box in the units of the picture's viewBox. */
typedef struct bw_named_box {
    double left, top, width, height;
} bw_named_box;

/**
 * Writes the name as SVG above the box's corner or within it; not at all where both places are
 * taken or the box has a side below BW_NAMED_SIDE. So name the most important boxes first.
 */
void bw_names_write(bw_names *names, FILE *file, const bw_named_box *box, const char *name);

#endif
