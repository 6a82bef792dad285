/**
 * The lines of a plot, their points, and the words beside them.
 */
#include <math.h>

#include "plot/painter.h"

enum { LABEL_SIZE = 13, LABEL_HEIGHT = 16, LABEL_GAP = 8, LINE_ROOM = 5, COLOURS = 7 };
enum { LEGEND_SAMPLE = 26, LEGEND_HEIGHT = 20 };

static const struct {
    double red, green, blue;
} palette[COLOURS] = {
    {0.000, 0.447, 0.698}, /* blue */
    {0.835, 0.369, 0.000}, /* vermilion */
    {0.000, 0.620, 0.451}, /* bluish green */
    {0.800, 0.475, 0.655}, /* reddish purple */
    {0.902, 0.624, 0.000}, /* orange */
    {0.337, 0.706, 0.914}, /* sky blue */
    {0.000, 0.000, 0.000},
};

static void set_colour(const bw_painter *painter, int index)
{
    int colour = index % COLOURS;
    cairo_set_source_rgb(painter->cairo, palette[colour].red, palette[colour].green,
                         palette[colour].blue);
}

static double place_x(const bw_painter *painter, const bw_plot_point *point)
{
    const bw_rectangle *area = &painter->area;
    return area->left + bw_ticks_place(&painter->x, point->x) * (area->right - area->left);
}

static double place_y(const bw_painter *painter, const bw_plot_point *point)
{
    const bw_rectangle *area = &painter->area;
    return area->bottom - bw_ticks_place(&painter->y, point->y) * (area->bottom - area->top);
}

bool bw_has_legend(const bw_plot *plot)
{
    return plot->series_count > BW_MOST_NAMED_LINES || plot->series[0].style != BW_PLOT_POINTS;
}

static void stroke_line(const bw_painter *painter, int index)
{
    static const double widths[] = {[BW_PLOT_POINTS] = 2.25,
                                    [BW_PLOT_THIN] = 1.4,
                                    [BW_PLOT_FAINT] = 0.75,
                                    [BW_PLOT_BOLD] = 3.25};
    bw_plot_style style = painter->plot->series[index].style;
    cairo_t *cairo = painter->cairo;
    int turn = index / COLOURS; /* of the colours */
    const double dashes[] = {7.0 - turn, 4};
    if (style == BW_PLOT_FAINT)
        cairo_set_source_rgba(cairo, 0.45, 0.5, 0.56, 0.45);
    else if (style == BW_PLOT_BOLD)
        cairo_set_source_rgb(cairo, 0.05, 0.13, 0.45);
    else
        set_colour(painter, index);
    bool dashed = index >= COLOURS && (style == BW_PLOT_POINTS || style == BW_PLOT_THIN);
    cairo_set_dash(cairo, dashes, dashed ? 2 : 0, 0);
    cairo_set_line_width(cairo, widths[style]);
    cairo_stroke(cairo);
    cairo_set_dash(cairo, NULL, 0, 0);
}

static void draw_line(bw_painter *painter, const bw_plot_series *series, int index)
{
    cairo_new_path(painter->cairo);
    for (int i = 0; i < series->count; i++) {
        const bw_plot_point *point = &series->points[i], *before = point - (i > 0);
        double x = place_x(painter, point), y = place_y(painter, point);
        cairo_line_to(painter->cairo, x, y);
        bw_labels_take_line(&painter->labels, place_x(painter, before), place_y(painter, before), x,
                            y, LINE_ROOM);
    }
    stroke_line(painter, index);
}

/* A curve: points closer together than can be seen are passed over. */
static void draw_curve(const bw_painter *painter, const bw_plot_series *series, int index)
{
    enum { LAST_MOVE = 1 };
    double at_x = 0, at_y = 0;
    cairo_new_path(painter->cairo);
    for (int i = 0; i < series->count; i++) {
        double x = place_x(painter, &series->points[i]), y = place_y(painter, &series->points[i]);
        bool moved = fabs(x - at_x) + fabs(y - at_y) > LAST_MOVE;
        if (i > 0 && i < series->count - 1 && !moved)
            continue;
        cairo_line_to(painter->cairo, x, y);
        at_x = x;
        at_y = y;
    }
    cairo_set_line_join(painter->cairo, CAIRO_LINE_JOIN_ROUND);
    stroke_line(painter, index);
}

static void draw_points(bw_painter *painter, const bw_plot_series *series, int index)
{
    cairo_t *cairo = painter->cairo;
    for (int i = 0; i < series->count; i++) {
        double x = place_x(painter, &series->points[i]), y = place_y(painter, &series->points[i]);
        cairo_new_path(cairo);
        cairo_arc(cairo, x, y, 4.5, 0, 6.2831853);
        set_colour(painter, index);
        cairo_fill_preserve(cairo);
        cairo_set_source_rgb(cairo, 1, 1, 1);
        cairo_set_line_width(cairo, 1.5);
        cairo_stroke(cairo);
    }
}

/* Writes beside a point where there is room. */
static bool draw_label(bw_painter *painter, const bw_plot_point *point, const char *text)
{
    bw_rectangle room;
    if (!bw_labels_place(&painter->labels, place_x(painter, point), place_y(painter, point),
                         bw_painter_width(painter, text), LABEL_HEIGHT, LABEL_GAP, &room))
        return false;
    bw_painter_text(painter, text, room.left, room.bottom - 4, 0);
    return true;
}

/* The name stands at the last point that has room for it. */
static void draw_name(bw_painter *painter, const bw_plot_series *series, int index)
{
    bw_painter_font(painter, LABEL_SIZE, true);
    set_colour(painter, index);
    for (int i = series->count - 1; i >= 0; i--)
        if (draw_label(painter, &series->points[i], series->name))
            return;
}

/* A sample of the line and its name. */
static void draw_entry(const bw_painter *painter, int index, double y)
{
    double left = painter->area.right + LABEL_GAP;
    const bw_plot_series *series = &painter->plot->series[index];
    cairo_new_path(painter->cairo);
    cairo_move_to(painter->cairo, left, y);
    cairo_line_to(painter->cairo, left + LEGEND_SAMPLE - LABEL_GAP, y);
    stroke_line(painter, index);
    if (series->style != BW_PLOT_POINTS)
        bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, LABEL_SIZE,
                    series->style == BW_PLOT_POINTS || series->style == BW_PLOT_BOLD);
    bw_painter_text_within(painter, series->name, left + LEGEND_SAMPLE, y + 5, 0, BW_LEGEND_WIDTH);
}

/* The bold line comes first; those for which there is no room are left out. */
static void draw_legend(const bw_painter *painter)
{
    double y = painter->area.top + LEGEND_HEIGHT / 2.0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < painter->plot->series_count && y < painter->area.bottom; i++) {
            bw_plot_style style = painter->plot->series[i].style;
            if (style == BW_PLOT_FAINT || (style == BW_PLOT_BOLD) != (pass == 0))
                continue;
            draw_entry(painter, i, y);
            y += LEGEND_HEIGHT;
        }
}

static void draw_point_labels(bw_painter *painter, const bw_plot_series *series)
{
    bw_painter_font(painter, LABEL_SIZE - 1, false);
    bw_painter_ink(painter, BW_INK_NOTE);
    for (int i = 0; i < series->count; i++)
        if (series->points[i].label)
            draw_label(painter, &series->points[i], series->points[i].label);
}

void bw_painter_series(bw_painter *painter)
{
    const bw_plot_series *series = painter->plot->series;
    int count = painter->plot->series_count;
    bool legend = bw_has_legend(painter->plot);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++)
            if (series[i].style == BW_PLOT_POINTS && pass == 0)
                draw_line(painter, &series[i], i);
            else if (series[i].style != BW_PLOT_POINTS && (series[i].style == BW_PLOT_BOLD) == pass)
                draw_curve(painter, &series[i], i);
    for (int i = 0; i < count; i++)
        if (series[i].style == BW_PLOT_POINTS)
            draw_points(painter, &series[i], i);
    if (legend)
        draw_legend(painter);
    for (int i = 0; i < count && !legend; i++)
        draw_name(painter, &series[i], i);
    for (int i = 0; i < count; i++)
        draw_point_labels(painter, &series[i]);
}
