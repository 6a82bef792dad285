/**
 * Where the words of a plot go, so that none covers another, nor a line.
 */
#ifndef BW_CLI_PLOT_LABELS_H
#define BW_CLI_PLOT_LABELS_H

#include <stdbool.h>

enum { BW_MOST_LABELS = 4000 };

typedef struct bw_rectangle {
    double left, top, right, bottom;
} bw_rectangle;

/** The room that is taken, within `bounds`. Zero-initialise it. */
typedef struct bw_labels {
    bw_rectangle bounds;
    bw_rectangle taken[BW_MOST_LABELS];
    int count;
} bw_labels;

/** Takes the room, even where it is taken already. What goes beyond BW_MOST_LABELS is ignored. */
void bw_labels_take(bw_labels *labels, bw_rectangle room);

/** Takes the room along a line, `width` wide. */
void bw_labels_take_line(bw_labels *labels, double x1, double y1, double x2, double y2,
                         double width);

/**
 * Finds room for a text of that size beside the point (x, y), `gap` away from it, and takes it:
 * right, above, below, left, then the corners. False where all of these are taken.
 */
bool bw_labels_place(bw_labels *labels, double x, double y, double width, double height, double gap,
                     bw_rectangle *room);

#endif
