/**
 * A plot while it is drawn. Units are pixels of a picture of 1×; the origin is at the top left.
 */
#ifndef BW_CLI_PLOT_PAINTER_H
#define BW_CLI_PLOT_PAINTER_H

#include <cairo.h>

#include "plot/labels.h"
#include "plot/plot.h"

enum { BW_PLOT_WIDTH = 800, BW_PLOT_HEIGHT = 500, BW_MOST_NAMED_LINES = 4 };

typedef struct bw_painter {
    cairo_t *cairo;
    const bw_plot *plot; /* NULL while a matrix is drawn */
    bw_ticks x, y;
    bw_rectangle area; /* between the axes */
    bw_labels labels;
} bw_painter;

typedef enum bw_ink {
    BW_INK_TEXT,
    BW_INK_NOTE,
    BW_INK_GRID,
} bw_ink;

void bw_painter_ink(const bw_painter *painter, bw_ink ink);
void bw_painter_font(const bw_painter *painter, double size, bool bold);

/** Draws `text` with its middle left, centre or right (`align` 0, 0.5, 1) at x, baseline at y. */
void bw_painter_text(const bw_painter *painter, const char *text, double x, double y, double align);

/** The same, cut with an ellipsis where it is wider than `room`. */
void bw_painter_text_within(const bw_painter *painter, const char *text, double x, double y,
                            double align, double room);

double bw_painter_width(const bw_painter *painter, const char *text);

/** Places the area and draws title, grid, ticks and their numbers (axes.c). */
void bw_painter_axes(bw_painter *painter);

/** Draws the lines, their points and the labels (series.c). */
void bw_painter_series(bw_painter *painter);

/** Whether the series are named in a legend, and the most that it is wide. */
bool bw_has_legend(const bw_plot *plot);
#define BW_LEGEND_WIDTH (BW_PLOT_WIDTH / 3.0)

/** A drawing of its own size (plot.c). */
typedef struct bw_drawing {
    double width, height;
    void (*draw)(bw_painter *painter, const void *content);
    const void *content;
    bool photos; /* made of photographs */
} bw_drawing;

/** Writes PNG, two pixels a unit, and SVG; of photographs PNG alone, a pixel a unit. */
bw_status bw_drawing_write(const bw_drawing *drawing, const char *stem, bw_error *error);

#endif
