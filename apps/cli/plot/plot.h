/**
 * Line plots: some series of points over two axes. Up to four are named at the end of their lines,
 * more in a legend at the right.
 *
 * One drawing serves both files, PNG (two pixels a unit) and SVG. Colours are Okabe and Ito's,
 * which people of all kinds of colour vision tell apart; beyond them the lines are dashed.
 */
#ifndef BW_CLI_PLOT_H
#define BW_CLI_PLOT_H

#include "base/error.h"
#include "plot/ticks.h"

/** All texts are borrowed, and cleaned before they are drawn. */
typedef struct bw_plot_point {
    double x, y;
    const char *label; /* written beside the point where there is room; may be NULL */
} bw_plot_point;

typedef struct bw_plot_series {
    const char *name;
    const bw_plot_point *points; /* in the order in which the line joins them */
    int count;
} bw_plot_series;

typedef struct bw_plot_axis {
    const char *title; /* with its unit */
    bw_scale scale;
    bool from_zero;      /* a linear axis begins at 0 */
    const double *marks; /* the values to mark instead of round ones; NULL for those */
    int mark_count;
} bw_plot_axis;

typedef struct bw_plot {
    const char *title, *subtitle;
    bw_plot_axis x, y;
    const bw_plot_series *series; /* at least one, of at least one point each */
    int series_count;
} bw_plot;

/** Writes `stem`.png and `stem`.svg, each whole or not at all. */
bw_status bw_plot_write(const bw_plot *plot, const char *stem, bw_error *error);

#endif
