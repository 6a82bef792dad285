#include "plot/plot.h"

#include <cairo-svg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "plot/painter.h"

/* ---- Ink and text --------------------------------------------------------------------------- */

void bw_painter_ink(const bw_painter *painter, bw_ink ink)
{
    static const double greys[] = {[BW_INK_TEXT] = 0.13, [BW_INK_NOTE] = 0.35, [BW_INK_GRID] = 0.9};
    cairo_set_source_rgb(painter->cairo, greys[ink], greys[ink], greys[ink]);
}

void bw_painter_font(const bw_painter *painter, double size, bool bold)
{
    cairo_select_font_face(painter->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(painter->cairo, size);
}

double bw_painter_width(const bw_painter *painter, const char *text)
{
    cairo_text_extents_t extents = {0};
    char *clean = bw_utf8_clean(text, true);
    if (clean)
        cairo_text_extents(painter->cairo, clean, &extents);
    free(clean);
    return extents.x_advance;
}

void bw_painter_text(const bw_painter *painter, const char *text, double x, double y, double align)
{
    double width = bw_painter_width(painter, text);
    char *clean = bw_utf8_clean(text, true);
    cairo_move_to(painter->cairo, x - align * width, y);
    if (clean)
        cairo_show_text(painter->cairo, clean);
    free(clean);
}

/* The length of the longest beginning of `text` that is no wider than `room`, in whole characters.
 */
static size_t fitting(const bw_painter *painter, char *text, double room)
{
    size_t length = strlen(text);
    while (length > 0) {
        char end = text[length];
        text[length] = '\0';
        bool fits = bw_painter_width(painter, text) <= room;
        text[length] = end;
        if (fits)
            break;
        do
            length--;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80);
    }
    return length;
}

void bw_painter_text_within(const bw_painter *painter, const char *text, double x, double y,
                            double align, double room)
{
    static const char ellipsis[] = "…";
    char *clean = bw_utf8_clean(text, true);
    if (!clean)
        return;
    if (bw_painter_width(painter, clean) > room) {
        size_t length = fitting(painter, clean, room - bw_painter_width(painter, ellipsis));
        char *cut = malloc(length + sizeof ellipsis);
        if (cut) {
            memcpy(cut, clean, length);
            memcpy(cut + length, ellipsis, sizeof ellipsis);
            bw_painter_text(painter, cut, x, y, align);
        }
        free(cut);
    } else {
        bw_painter_text(painter, clean, x, y, align);
    }
    free(clean);
}

/* ---- Surfaces ------------------------------------------------------------------------------- */

static cairo_status_t draw(cairo_surface_t *surface, const bw_drawing *drawing)
{
    bw_painter painter = {.cairo = cairo_create(surface)};
    cairo_set_source_rgb(painter.cairo, 1, 1, 1);
    cairo_paint(painter.cairo);
    drawing->draw(&painter, drawing->content);
    cairo_status_t status = cairo_status(painter.cairo);
    cairo_destroy(painter.cairo);
    return status;
}

typedef struct byte_buffer {
    uint8_t *bytes;
    size_t size, capacity;
} byte_buffer;

static cairo_status_t append(void *closure, const unsigned char *bytes, unsigned length)
{
    byte_buffer *buffer = closure;
    if (!bw_array_reserve((void **)&buffer->bytes, &buffer->capacity, buffer->size + length, 1))
        return CAIRO_STATUS_NO_MEMORY;
    memcpy(buffer->bytes + buffer->size, bytes, length);
    buffer->size += length;
    return CAIRO_STATUS_SUCCESS;
}

static cairo_status_t draw_png(byte_buffer *out, const bw_drawing *drawing)
{
    int scale = drawing->photos ? 1 : 2;
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)(scale * drawing->width), (int)(scale * drawing->height));
    cairo_surface_set_device_scale(surface, scale, scale);
    cairo_status_t status = draw(surface, drawing);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(surface, append, out);
    cairo_surface_destroy(surface);
    return status;
}

static cairo_status_t draw_svg(byte_buffer *out, const bw_drawing *drawing)
{
    cairo_surface_t *surface =
        cairo_svg_surface_create_for_stream(append, out, drawing->width, drawing->height);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    cairo_status_t status = draw(surface, drawing);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status;
}

static bw_status write_as(const bw_drawing *drawing, const char *stem, const char *suffix,
                          cairo_status_t (*draw_into)(byte_buffer *, const bw_drawing *),
                          bw_error *error)
{
    byte_buffer buffer = {0};
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s.%s", stem, suffix);
    bw_status status = BW_OK;
    if (!path)
        status = bw_fail_memory(error, strlen(stem) + 8, "a file name");
    cairo_status_t drawn = status == BW_OK ? draw_into(&buffer, drawing) : CAIRO_STATUS_SUCCESS;
    if (drawn != CAIRO_STATUS_SUCCESS)
        status = bw_fail(error, BW_ERROR_MEMORY, "the plot '%s' could not be drawn: %s", path,
                         cairo_status_to_string(drawn));
    else if (status == BW_OK)
        status = bw_write_file(path, buffer.bytes, buffer.size, error);
    free(buffer.bytes);
    bw_arena_free(&arena);
    return status;
}

bw_status bw_drawing_write(const bw_drawing *drawing, const char *stem, bw_error *error)
{
    bw_status status = write_as(drawing, stem, "png", draw_png, error);
    if (status != BW_OK || drawing->photos)
        return status;
    return write_as(drawing, stem, "svg", draw_svg, error);
}

static void draw_plot(bw_painter *painter, const void *content)
{
    painter->plot = content;
    bw_painter_axes(painter);
    bw_painter_series(painter);
}

bw_status bw_plot_write(const bw_plot *plot, const char *stem, bw_error *error)
{
    bw_drawing drawing = {
        .width = BW_PLOT_WIDTH, .height = BW_PLOT_HEIGHT, .draw = draw_plot, .content = plot};
    return bw_drawing_write(&drawing, stem, error);
}
