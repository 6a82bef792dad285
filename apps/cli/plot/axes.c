/**
 * The frame of a plot: title, axes, grid and numbers.
 */
#include <math.h>
#include <stdio.h>

#include "plot/painter.h"

enum { MARGIN = 24, HEAD = 92, FOOT = 62, TICK_GAP = 8, TEXT_SIZE = 13, LEGEND_ROOM = 18 };

/* ---- Ranges --------------------------------------------------------------------------------- */

static double coordinate(const bw_plot_point *point, bool vertical)
{
    return vertical ? point->y : point->x;
}

static void find_range(const bw_plot *plot, bool vertical, double *low, double *high)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (int i = 0; i < plot->series_count; i++) {
        const bw_plot_series *series = &plot->series[i];
        for (int j = 0; j < series->count; j++) {
            *low = fmin(*low, coordinate(&series->points[j], vertical));
            *high = fmax(*high, coordinate(&series->points[j], vertical));
        }
    }
}

/* The axis reaches a little beyond the marks at its ends. */
static bw_ticks marked_ticks(const bw_plot_axis *axis, double low, double high)
{
    bool linear = axis->scale == BW_SCALE_LINEAR;
    double margin = high > low ? 0.04 : 0.5;
    bw_ticks ticks = {.scale = axis->scale};
    if (linear) {
        double length = high > low ? high - low : 1;
        ticks.low = low - margin * length;
        ticks.high = high + margin * length;
    } else {
        double ratio = pow(high > low ? high / low : 2, margin);
        ticks.low = low / ratio;
        ticks.high = high * ratio;
    }
    for (int i = 0; i < axis->mark_count && i < BW_MOST_TICKS; i++)
        ticks.values[ticks.count++] = axis->marks[i];
    return ticks;
}

static bw_ticks axis_ticks(const bw_plot *plot, const bw_plot_axis *axis, int wanted)
{
    double low, high;
    if (axis->to_one)
        return bw_ticks_choose(BW_SCALE_LINEAR, 0, 1, wanted);
    find_range(plot, axis == &plot->y, &low, &high);
    if (axis->marks)
        return marked_ticks(axis, low, high);
    return bw_ticks_choose(axis->scale, axis->from_zero ? fmin(low, 0) : low, high, wanted);
}

/* ---- Layout --------------------------------------------------------------------------------- */

static void format_tick(char text[32], double value)
{
    snprintf(text, 32, "%.6g", value);
}

static double widest_number(const bw_painter *painter, const bw_ticks *ticks)
{
    double widest = 0;
    char text[32];
    for (int i = 0; i < ticks->count; i++) {
        format_tick(text, ticks->values[i]);
        widest = fmax(widest, bw_painter_width(painter, text));
    }
    return widest;
}

static double widest_name(const bw_painter *painter)
{
    double widest = 0;
    for (int i = 0; i < painter->plot->series_count; i++)
        if (painter->plot->series[i].style != BW_PLOT_FAINT)
            widest = fmax(widest, bw_painter_width(painter, painter->plot->series[i].name));
    return widest;
}

static void place_area(bw_painter *painter)
{
    bool legend = bw_has_legend(painter->plot);
    bw_painter_font(painter, TEXT_SIZE, true);
    double names = fmin(widest_name(painter), legend ? BW_LEGEND_WIDTH : BW_PLOT_WIDTH / 4.0);
    if (legend)
        names += LEGEND_ROOM;
    bw_painter_font(painter, TEXT_SIZE, false);
    double numbers = widest_number(painter, &painter->y);
    painter->area = (bw_rectangle){MARGIN + numbers + TICK_GAP, HEAD,
                                   BW_PLOT_WIDTH - MARGIN - names, BW_PLOT_HEIGHT - FOOT};
    double right = legend ? painter->area.right : BW_PLOT_WIDTH - 4;
    painter->labels.bounds =
        (bw_rectangle){painter->area.left, HEAD - 14, right, painter->area.bottom};
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_grid_line(const bw_painter *painter, double x1, double y1, double x2, double y2)
{
    bw_painter_ink(painter, BW_INK_GRID);
    cairo_set_line_width(painter->cairo, 1);
    cairo_move_to(painter->cairo, x1, y1);
    cairo_line_to(painter->cairo, x2, y2);
    cairo_stroke(painter->cairo);
}

/* Numbers that would touch their left neighbour are left out; their grid lines stay. */
static void draw_x_axis(const bw_painter *painter)
{
    const bw_rectangle *area = &painter->area;
    double free_from = -(double)INFINITY;
    for (int i = 0; i < painter->x.count; i++) {
        double place = bw_ticks_place(&painter->x, painter->x.values[i]);
        double x = area->left + place * (area->right - area->left);
        char text[32];
        format_tick(text, painter->x.values[i]);
        double half = bw_painter_width(painter, text) / 2;
        draw_grid_line(painter, x, area->top, x, area->bottom);
        if (x - half < free_from)
            continue;
        bw_painter_ink(painter, BW_INK_TEXT);
        bw_painter_text(painter, text, x, area->bottom + 20, 0.5);
        free_from = x + half + TICK_GAP;
    }
}

static void draw_y_axis(const bw_painter *painter)
{
    const bw_rectangle *area = &painter->area;
    for (int i = 0; i < painter->y.count; i++) {
        double place = bw_ticks_place(&painter->y, painter->y.values[i]);
        double y = area->bottom - place * (area->bottom - area->top);
        char text[32];
        format_tick(text, painter->y.values[i]);
        draw_grid_line(painter, area->left, y, area->right, y);
        bw_painter_ink(painter, BW_INK_TEXT);
        bw_painter_text(painter, text, area->left - TICK_GAP, y + TEXT_SIZE * 0.36, 1);
    }
}

static void draw_titles(const bw_painter *painter)
{
    const bw_plot *plot = painter->plot;
    const bw_rectangle *area = &painter->area;
    bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, 18, true);
    bw_painter_text(painter, plot->title, MARGIN, 32, 0);
    bw_painter_ink(painter, BW_INK_NOTE);
    bw_painter_font(painter, TEXT_SIZE, false);
    bw_painter_text(painter, plot->subtitle, MARGIN, 52, 0);
    bw_painter_text(painter, plot->y.title, MARGIN, HEAD - 16, 0);
    bw_painter_text(painter, plot->x.title, (area->left + area->right) / 2,
                    BW_PLOT_HEIGHT - MARGIN + 4, 0.5);
}

void bw_painter_axes(bw_painter *painter)
{
    const bw_plot *plot = painter->plot;
    painter->x = axis_ticks(plot, &plot->x, 8);
    painter->y = axis_ticks(plot, &plot->y, 6);
    place_area(painter);
    draw_titles(painter);
    draw_x_axis(painter);
    draw_y_axis(painter);
}
