/**
 * Boxes and labels on a picture. The picture becomes a cairo surface and back; all boxes are drawn
 * before all labels, the best last, and a label takes the first place beside its box that no
 * better label has.
 */
#include "image/draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "image/image.h"

/* Labels that later ones make way for. */
enum { MAX_PLACED = 400 };

typedef struct rectangle {
    double x, y, width, height;
} rectangle;

typedef struct bw_canvas {
    cairo_t *cairo;
    double width, height;
    double line; /* of a box, pixels */
    double padding, text_ascent, label_height;
    const char *const *names;
    int classes;
    rectangle placed[MAX_PLACED];
    size_t placed_count;
} bw_canvas;

static void set_colour(cairo_t *cairo, bw_colour colour)
{
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
}

static void copy_in(cairo_surface_t *surface, const bw_image *image)
{
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int y = 0; y < image->height; y++) {
        uint32_t *out = (uint32_t *)(void *)(data + (size_t)y * stride);
        const uint8_t *row = image->pixels + (size_t)y * image->stride;
        for (size_t x = 0; x < (size_t)image->width; x++)
            out[x] = (uint32_t)row[x * 3] << 16 | (uint32_t)row[x * 3 + 1] << 8 | row[x * 3 + 2];
    }
    cairo_surface_mark_dirty(surface);
}

static void copy_out(bw_image *image, cairo_surface_t *surface)
{
    cairo_surface_flush(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int y = 0; y < image->height; y++) {
        const uint32_t *in = (const uint32_t *)(const void *)(data + (size_t)y * stride);
        uint8_t *row = image->pixels + (size_t)y * image->stride;
        for (size_t x = 0; x < (size_t)image->width; x++) {
            row[x * 3] = (uint8_t)(in[x] >> 16);
            row[x * 3 + 1] = (uint8_t)(in[x] >> 8);
            row[x * 3 + 2] = (uint8_t)in[x];
        }
    }
}

/* Lines and letters grow with the picture and stay legible on small ones. */
static void set_style(bw_canvas *canvas)
{
    double size = (canvas->width + canvas->height) / 2;
    canvas->line = fmax(2.0, nearbyint(size * 0.004));
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(canvas->cairo, options);
    cairo_font_options_destroy(options);
    cairo_select_font_face(canvas->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(canvas->cairo, fmax(11.0, nearbyint(size * 0.024)));
    cairo_font_extents_t extents;
    cairo_font_extents(canvas->cairo, &extents);
    canvas->text_ascent = extents.ascent;
    canvas->padding = canvas->line + 1;
    canvas->label_height = ceil(extents.ascent + extents.descent + canvas->line);
}

/* The part of a box that is inside the picture, on whole pixels; false when there is none. */
static bool visible_part(const bw_canvas *canvas, const bw_detection *detection, rectangle *out)
{
    double left = (double)detection->left, top = (double)detection->top;
    double right = (double)detection->right, bottom = (double)detection->bottom;
    if (!(left < right && top < bottom && right > 0 && bottom > 0 && left < canvas->width &&
          top < canvas->height))
        return false;
    out->x = fmin(nearbyint(fmax(left, 0.0)), canvas->width - 1);
    out->y = fmin(nearbyint(fmax(top, 0.0)), canvas->height - 1);
    out->width = fmax(1.0, nearbyint(fmin(right, canvas->width)) - out->x);
    out->height = fmax(1.0, nearbyint(fmin(bottom, canvas->height)) - out->y);
    return true;
}

static void stroke(cairo_t *cairo, const rectangle *box, double inset, double line)
{
    double width = box->width - 2 * inset, height = box->height - 2 * inset;
    cairo_set_line_width(cairo, line);
    cairo_rectangle(cairo, box->x + inset, box->y + inset, fmax(width, 0.0), fmax(height, 0.0));
    cairo_stroke(cairo);
}

/* A dark seam on both sides of the line keeps it visible on a ground of its own colour. */
static void draw_box(const bw_canvas *canvas, const bw_detection *detection)
{
    rectangle box;
    if (!visible_part(canvas, detection, &box))
        return;
    double inset = canvas->line / 2;
    cairo_set_source_rgba(canvas->cairo, 0.0, 0.0, 0.0, 0.4);
    stroke(canvas->cairo, &box, inset, canvas->line + 2);
    set_colour(canvas->cairo, bw_class_paint(detection->class_id));
    stroke(canvas->cairo, &box, inset, canvas->line);
}

/* Writes the label, at most `limit` wide with its padding; returns that width. */
static double make_label(const bw_canvas *canvas, const bw_detection *detection, double limit,
                         char text[BW_LABEL_BYTES])
{
    int32_t id = detection->class_id;
    char number[32];
    snprintf(number, sizeof number, "class %d", (int)id);
    bool named = canvas->names && id >= 0 && id < canvas->classes && canvas->names[id];
    double width = bw_label_fit(text, canvas->cairo, named ? canvas->names[id] : number,
                                detection->score, limit - 2 * canvas->padding);
    return ceil(width + 2 * canvas->padding);
}

/* A long name may not hide much more of the picture than its own box. */
static double label_limit(const bw_canvas *canvas, const rectangle *box)
{
    double enough = fmax(canvas->width * 0.4, canvas->label_height * 9);
    return fmin(fmax(box->width, enough), canvas->width);
}

static bool is_free(const bw_canvas *canvas, const rectangle *place)
{
    for (size_t i = 0; i < canvas->placed_count; i++) {
        const rectangle *other = &canvas->placed[i];
        if (place->x < other->x + other->width && other->x < place->x + place->width &&
            place->y < other->y + other->height && other->y < place->y + place->height)
            return false;
    }
    return true;
}

/* Above the box, inside its top, below it, inside its bottom: at its left edge, then its right. */
static rectangle find_place(const bw_canvas *canvas, const rectangle *box, double width)
{
    double height = canvas->label_height, bottom = box->y + box->height;
    double tops[4] = {box->y - height, box->y, bottom, bottom - height};
    double lefts[2] = {box->x, box->x + box->width - width};
    rectangle first = {fmax(0.0, fmin(lefts[0], canvas->width - width)),
                       fmax(0.0, fmin(tops[0], canvas->height - height)), width, height};
    for (int i = 0; i < 8; i++) {
        double top = tops[i % 4];
        if (top < 0 || top + height > canvas->height)
            continue;
        rectangle place = {fmax(0.0, fmin(lefts[i / 4], canvas->width - width)), top, width,
                           height};
        if (is_free(canvas, &place))
            return place;
    }
    return first;
}

static void draw_label(const bw_canvas *canvas, const bw_detection *detection,
                       const rectangle *place)
{
    char text[BW_LABEL_BYTES];
    make_label(canvas, detection, place->width, text);
    if (!text[0])
        return;
    bw_colour colour = bw_class_paint(detection->class_id);
    set_colour(canvas->cairo, colour);
    cairo_rectangle(canvas->cairo, place->x, place->y, place->width, place->height);
    cairo_fill(canvas->cairo);
    set_colour(canvas->cairo, bw_text_colour(colour));
    cairo_move_to(canvas->cairo, place->x + canvas->padding,
                  place->y + nearbyint(canvas->line / 2 + canvas->text_ascent));
    cairo_show_text(canvas->cairo, text);
}

/* The best detections choose first and are drawn last. Those beyond MAX_PLACED get no label. */
static void draw_labels(bw_canvas *canvas, const bw_detection *detections, size_t count)
{
    const bw_detection *owners[MAX_PLACED];
    for (size_t i = 0; i < count && canvas->placed_count < MAX_PLACED; i++) {
        char text[BW_LABEL_BYTES];
        rectangle box;
        if (!visible_part(canvas, &detections[i], &box))
            continue;
        double width = make_label(canvas, &detections[i], label_limit(canvas, &box), text);
        rectangle place = find_place(canvas, &box, width);
        owners[canvas->placed_count] = &detections[i];
        canvas->placed[canvas->placed_count++] = place;
    }
    for (size_t i = canvas->placed_count; i-- > 0;)
        draw_label(canvas, owners[i], &canvas->placed[i]);
}

static bw_status status_of(cairo_status_t code, bw_error *error)
{
    if (code == CAIRO_STATUS_SUCCESS)
        return BW_OK;
    bw_status status = code == CAIRO_STATUS_NO_MEMORY ? BW_ERROR_MEMORY : BW_ERROR_UNSUPPORTED;
    return bw_fail(error, status, "cannot draw on the picture: %s", cairo_status_to_string(code));
}

static bw_status draw_on(cairo_surface_t *surface, bw_image *image, const bw_detection *detections,
                         size_t count, const char *const *names, int classes, bw_error *error)
{
    bw_status status = status_of(cairo_surface_status(surface), error);
    if (status != BW_OK)
        return status;
    copy_in(surface, image);
    bw_canvas canvas = {.cairo = cairo_create(surface),
                        .width = image->width,
                        .height = image->height,
                        .names = names,
                        .classes = classes};
    set_style(&canvas);
    for (size_t i = count; i-- > 0;)
        draw_box(&canvas, &detections[i]);
    draw_labels(&canvas, detections, count);
    status = status_of(cairo_status(canvas.cairo), error);
    cairo_destroy(canvas.cairo);
    if (status == BW_OK)
        copy_out(image, surface);
    return status;
}

bw_status bw_draw_detections(bw_image *image, const bw_detection *detections, size_t count,
                             const char *const *names, int classes, bw_error *error)
{
    bw_status status = bw_image_check(image, error);
    if (status != BW_OK || count == 0)
        return status;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, image->width, image->height);
    status = draw_on(surface, image, detections, count, names, classes, error);
    cairo_surface_destroy(surface);
    return status;
}
