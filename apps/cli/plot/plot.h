/**
 * Line plots: some series of points over two axes. Up to four are named at the end of their lines,
 * more, and curves, in a legend at the right.
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

/** How a series is drawn. Curves have many points, without marks of their own. */
typedef enum bw_plot_style {
    BW_PLOT_POINTS, /* points joined by a line */
    BW_PLOT_THIN,   /* one curve of several */
    BW_PLOT_FAINT,  /* one of so many that they are not told apart: grey, and not named */
    BW_PLOT_BOLD,   /* the curve that matters: above all others, and named first */
} bw_plot_style;

typedef struct bw_plot_series {
    const char *name;
    const bw_plot_point *points; /* in the order in which the line joins them */
    int count;
    bw_plot_style style;
} bw_plot_series;

typedef struct bw_plot_axis {
    const char *title; /* with its unit */
    bw_scale scale;
    bool from_zero;      /* a linear axis begins at 0 */
    bool to_one;         /* it goes from 0 to 1, whatever the data */
    const double *marks; /* the values to mark instead of round ones; NULL for those */
    int mark_count;
} bw_plot_axis;

typedef struct bw_plot {
    const char *title, *subtitle;
    bw_plot_axis x, y;
    const bw_plot_series *series; /* at least one, of at least one point each */
    int series_count;
} bw_plot;

/** A square table of numbers, coloured by their share of the largest, as a picture. */
typedef struct bw_plot_matrix {
    const char *title, *subtitle, *x_title, *y_title;
    const char *const *names; /* of rows and columns */
    const double *values;     /* [count][count], rows from the top, none below 0 */
    int count;                /* at least 1 */
    int decimals;             /* of the numbers in the cells, where there is room for them */
} bw_plot_matrix;

/** Writes `stem`.png and `stem`.svg, each whole or not at all. */
bw_status bw_plot_write(const bw_plot *plot, const char *stem, bw_error *error);
bw_status bw_plot_matrix_write(const bw_plot_matrix *matrix, const char *stem, bw_error *error);

#endif
