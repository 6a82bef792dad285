/**
 * Matrices: cells coloured by value, their numbers where there is room, names at both sides, and a
 * scale.
 */
#include <math.h>
#include <stdio.h>

#include "plot/painter.h"

enum { MARGIN = 24, HEAD = 76, FOOT = 44, GAP = 8, SCALE_ROOM = 84, SCALE_WIDTH = 16 };
enum { LONGEST_NAME = 150, TEXT_SIZE = 13 };

/* Where things are, in pixels. */
typedef struct matrix_layout {
    double cell, text;          /* side of a cell; size of the names */
    double left, top, side;     /* of the cells */
    double names;               /* room for names at the left and below */
    double width, height, most; /* of the picture; the largest value */
} matrix_layout;

/* The room for names is estimated from the typeface's mean width: it decides the surface's size. */
static matrix_layout lay_out(const bw_plot_matrix *matrix)
{
    matrix_layout layout = {.cell = fmin(fmax(560.0 / matrix->count, 11), 60)};
    size_t longest = 0;
    for (int i = 0; i < matrix->count; i++) {
        size_t length = 0;
        for (const char *at = matrix->names[i]; *at; at++)
            length += ((unsigned char)*at & 0xc0) != 0x80;
        longest = length > longest ? length : longest;
    }
    layout.text = fmin(layout.cell * 0.8, TEXT_SIZE);
    layout.names = fmin((double)longest * layout.text * 0.6 + GAP, LONGEST_NAME);
    layout.side = layout.cell * matrix->count;
    layout.left = MARGIN + 20 + layout.names;
    layout.top = HEAD;
    layout.width = fmax(layout.left + layout.side + SCALE_ROOM + MARGIN, 480);
    layout.height = layout.top + layout.side + layout.names + FOOT;
    for (int i = 0; i < matrix->count * matrix->count; i++)
        layout.most = fmax(layout.most, matrix->values[i]);
    return layout;
}

/* From white over blue to a deep blue; small shares are lifted so that they can be seen. */
static void set_shade(const bw_painter *painter, double share)
{
    double depth = sqrt(share);
    double red = depth < 0.6 ? 1 - depth / 0.6 * 0.75 : 0.25 - (depth - 0.6) * 0.5;
    double green = depth < 0.6 ? 1 - depth / 0.6 * 0.48 : 0.52 - (depth - 0.6) * 0.85;
    double blue = depth < 0.6 ? 1 - depth / 0.6 * 0.2 : 0.8 - (depth - 0.6) * 0.85;
    cairo_set_source_rgb(painter->cairo, red, green, blue);
}

/* ---- Cells ---------------------------------------------------------------------------------- */

static void format_number(char text[32], double value, int decimals)
{
    snprintf(text, 32, "%.*f", value > 0 ? decimals : 0, value);
}

/* The size at which every number fits into its cell; 0 where that would be too small to read. */
static double number_size(const bw_painter *painter, const bw_plot_matrix *matrix,
                          const matrix_layout *layout)
{
    double widest = 1;
    char text[32];
    bw_painter_font(painter, TEXT_SIZE, false);
    for (int i = 0; i < matrix->count * matrix->count; i++) {
        format_number(text, matrix->values[i], matrix->decimals);
        widest = fmax(widest, bw_painter_width(painter, text));
    }
    double size =
        fmin(TEXT_SIZE * (layout->cell - 4) / widest, fmin(TEXT_SIZE, layout->cell * 0.5));
    return size >= 5.5 ? size : 0;
}

static void draw_cells(const bw_painter *painter, const bw_plot_matrix *matrix,
                       const matrix_layout *layout)
{
    cairo_t *cairo = painter->cairo;
    double size = number_size(painter, matrix, layout);
    bw_painter_font(painter, size, false);
    for (int row = 0; row < matrix->count; row++)
        for (int column = 0; column < matrix->count; column++) {
            double value = matrix->values[row * matrix->count + column];
            double share = layout->most > 0 ? value / layout->most : 0;
            double x = layout->left + column * layout->cell, y = layout->top + row * layout->cell;
            char text[32];
            if (value <= 0)
                continue;
            set_shade(painter, share);
            cairo_rectangle(cairo, x + 0.5, y + 0.5, layout->cell - 1, layout->cell - 1);
            cairo_fill(cairo);
            format_number(text, value, matrix->decimals);
            if (size == 0)
                continue;
            cairo_set_source_rgb(cairo, share > 0.25, share > 0.25, share > 0.25);
            bw_painter_text(painter, text, x + layout->cell / 2, y + layout->cell / 2 + size * 0.36,
                            0.5);
        }
}

static void draw_frame(const bw_painter *painter, const bw_plot_matrix *matrix,
                       const matrix_layout *layout)
{
    cairo_t *cairo = painter->cairo;
    double last = layout->left + layout->side - layout->cell;
    bw_painter_ink(painter, BW_INK_GRID);
    cairo_set_line_width(cairo, 1);
    cairo_rectangle(cairo, layout->left, layout->top, layout->side, layout->side);
    if (matrix->count > 1) { /* what stands for no class is set off */
        cairo_move_to(cairo, last, layout->top);
        cairo_rel_line_to(cairo, 0, layout->side);
        cairo_move_to(cairo, layout->left, layout->top + layout->side - layout->cell);
        cairo_rel_line_to(cairo, layout->side, 0);
    }
    cairo_stroke(cairo);
}

/* ---- Words ---------------------------------------------------------------------------------- */

static void draw_names(const bw_painter *painter, const bw_plot_matrix *matrix,
                       const matrix_layout *layout)
{
    cairo_t *cairo = painter->cairo;
    double room = layout->names - GAP, base = layout->text * 0.36;
    bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, layout->text, false);
    for (int i = 0; i < matrix->count; i++) {
        double middle = (i + 0.5) * layout->cell;
        bw_painter_text_within(painter, matrix->names[i], layout->left - GAP,
                               layout->top + middle + base, 1, room);
        cairo_save(cairo);
        cairo_translate(cairo, layout->left + middle + base, layout->top + layout->side + GAP);
        cairo_rotate(cairo, -1.5707963267948966);
        bw_painter_text_within(painter, matrix->names[i], 0, 0, 1, room);
        cairo_restore(cairo);
    }
}

static void draw_titles(const bw_painter *painter, const bw_plot_matrix *matrix,
                        const matrix_layout *layout)
{
    cairo_t *cairo = painter->cairo;
    double middle = layout->side / 2, room = layout->width - 2 * MARGIN;
    bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, 18, true);
    bw_painter_text_within(painter, matrix->title, MARGIN, 32, 0, room);
    bw_painter_ink(painter, BW_INK_NOTE);
    bw_painter_font(painter, TEXT_SIZE, false);
    bw_painter_text_within(painter, matrix->subtitle, MARGIN, 52, 0, room);
    bw_painter_font(painter, TEXT_SIZE, true);
    bw_painter_text(painter, matrix->x_title, layout->left + middle, layout->height - 16, 0.5);
    cairo_save(cairo);
    cairo_translate(cairo, MARGIN + 4, layout->top + middle);
    cairo_rotate(cairo, -1.5707963267948966);
    bw_painter_text(painter, matrix->y_title, 0, 0, 0.5);
    cairo_restore(cairo);
}

/* ---- The scale ------------------------------------------------------------------------------ */

static void draw_scale(const bw_painter *painter, const matrix_layout *layout)
{
    enum { STEPS = 100 };
    cairo_t *cairo = painter->cairo;
    double height = fmin(layout->side, 320), x = layout->left + layout->side + 20;
    double top = layout->top + (layout->side - height) / 2, step = height / STEPS;
    bw_ticks ticks = bw_ticks_choose(BW_SCALE_LINEAR, 0, layout->most > 0 ? layout->most : 1, 5);
    double most = layout->most > 0 ? layout->most : 1;
    for (int i = 0; i < STEPS; i++) {
        set_shade(painter, (i + 0.5) / STEPS);
        cairo_rectangle(cairo, x, top + height - (i + 1) * step, SCALE_WIDTH, step + 0.5);
        cairo_fill(cairo);
    }
    bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, TEXT_SIZE - 1, false);
    for (int i = 0; i < ticks.count; i++) {
        char text[32];
        if (ticks.values[i] > most * (1 + 1e-9))
            break;
        snprintf(text, sizeof text, "%.6g", ticks.values[i]);
        bw_painter_text(painter, text, x + SCALE_WIDTH + 6,
                        top + height - ticks.values[i] / most * height + 4, 0);
    }
}

static void draw_matrix(bw_painter *painter, const void *content)
{
    const bw_plot_matrix *matrix = content;
    matrix_layout layout = lay_out(matrix);
    draw_cells(painter, matrix, &layout);
    draw_frame(painter, matrix, &layout);
    draw_names(painter, matrix, &layout);
    draw_titles(painter, matrix, &layout);
    draw_scale(painter, &layout);
}

bw_status bw_plot_matrix_write(const bw_plot_matrix *matrix, const char *stem, bw_error *error)
{
    matrix_layout layout = lay_out(matrix);
    bw_drawing drawing = {.width = ceil(layout.width),
                          .height = ceil(layout.height),
                          .draw = draw_matrix,
                          .content = matrix};
    return bw_drawing_write(&drawing, stem, error);
}
