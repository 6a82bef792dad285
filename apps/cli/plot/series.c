/**
 * The lines of a plot, their points, and the words beside them.
 */
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

static void stroke_line(const bw_painter *painter, int index)
{
    cairo_t *cairo = painter->cairo;
    const double dashes[] = {7.0 - index / COLOURS, 4};
    set_colour(painter, index);
    cairo_set_dash(cairo, dashes, index < COLOURS ? 0 : 2, 0);
    cairo_set_line_width(cairo, 2.25);
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

/* A sample of the line and its name; those for which there is no room are left out. */
static void draw_legend(const bw_painter *painter)
{
    double left = painter->area.right + LABEL_GAP, y = painter->area.top + LEGEND_HEIGHT / 2.0;
    bw_painter_font(painter, LABEL_SIZE, true);
    for (int i = 0; i < painter->plot->series_count && y < painter->area.bottom; i++) {
        cairo_new_path(painter->cairo);
        cairo_move_to(painter->cairo, left, y);
        cairo_line_to(painter->cairo, left + LEGEND_SAMPLE - LABEL_GAP, y);
        stroke_line(painter, i);
        bw_painter_text(painter, painter->plot->series[i].name, left + LEGEND_SAMPLE, y + 5, 0);
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
    for (int i = 0; i < count; i++)
        draw_line(painter, &series[i], i);
    for (int i = 0; i < count; i++)
        draw_points(painter, &series[i], i);
    if (count > BW_MOST_NAMED_LINES)
        draw_legend(painter);
    for (int i = 0; i < count && count <= BW_MOST_NAMED_LINES; i++)
        draw_name(painter, &series[i], i);
    for (int i = 0; i < count; i++)
        draw_point_labels(painter, &series[i]);
}
