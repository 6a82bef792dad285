/**
 * The contact sheet of eval: pictures spread evenly over the set, labels at the left of each pair,
 * what was found at the right.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval.h"
#include "plot/painter.h"

enum { COLUMNS = 3, MOST_ROWS = 5, WIDTH = 280, HEIGHT = 210 };
enum { MARGIN = 24, HEAD = 84, GAP = 4, COLUMN_GAP = 20, CAPTION = 34 };

/* A sheet under way. */
typedef struct contact_sheet {
    const bw_eval_result *result;
    size_t shown, pictures;
    bw_status *status; /* the first failure */
    bw_error *error;
} contact_sheet;

/* Where a picture goes: its box on the sheet, and the scale from its own pixels. */
typedef struct sheet_place {
    double left, top, width, height, scale;
} sheet_place;

/* ---- Pixels --------------------------------------------------------------------------------- */

static void copy_pixels(cairo_surface_t *surface, const bw_image *image)
{
    uint8_t *to = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    cairo_surface_flush(surface);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            const uint8_t *from = image->pixels + (size_t)y * image->stride + 3 * (size_t)x;
            uint32_t pixel = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            memcpy(to + (size_t)y * stride + 4 * (size_t)x, &pixel, sizeof pixel);
        }
    cairo_surface_mark_dirty(surface);
}

/* A picture, small, as cairo takes it; NULL where it cannot be read. */
static cairo_surface_t *load(const char *path)
{
    enum { SHARPNESS = 2 };
    bw_image image = {0}, small = {0};
    cairo_surface_t *surface = NULL;
    if (path && bw_image_read(&image, path, NULL, NULL) == BW_OK &&
        bw_image_thumbnail(&small, &image, SHARPNESS * WIDTH, NULL) == BW_OK) {
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, small.width, small.height);
        if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
            copy_pixels(surface, &small);
    }
    bw_image_clear(&image);
    bw_image_clear(&small);
    return surface;
}

/* ---- One view ------------------------------------------------------------------------------- */

/* The place of a picture of that size in the middle of a view whose corner is given. */
static sheet_place fit(double left, double top, double width, double height)
{
    double scale = WIDTH / width < HEIGHT / height ? WIDTH / width : HEIGHT / height;
    return (sheet_place){left + (WIDTH - scale * width) / 2, top + (HEIGHT - scale * height) / 2,
                         scale * width, scale * height, scale};
}

static void draw_photo(const bw_painter *painter, cairo_surface_t *photo, const sheet_place *place)
{
    cairo_t *cairo = painter->cairo;
    double scale = place->width / cairo_image_surface_get_width(photo);
    cairo_save(cairo);
    cairo_translate(cairo, place->left, place->top);
    cairo_scale(cairo, scale, place->height / cairo_image_surface_get_height(photo));
    cairo_set_source_surface(cairo, photo, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_GOOD);
    cairo_paint(cairo);
    cairo_restore(cairo);
}

static void set_verdict(cairo_t *cairo, bw_verdict verdict)
{
    static const double colours[][3] = {[BW_VERDICT_RIGHT] = {0.18, 0.62, 0.27},
                                        [BW_VERDICT_WRONG] = {0.91, 0.27, 0.18},
                                        [BW_VERDICT_MISSED] = {0.96, 0.62, 0},
                                        [BW_VERDICT_IGNORED] = {0.6, 0.65, 0.69}};
    const double *colour = colours[verdict];
    cairo_set_source_rgb(cairo, colour[0], colour[1], colour[2]);
}

static void draw_box(const bw_painter *painter, const char *name, const bw_judged_box *box,
                     const sheet_place *place)
{
    enum { NAMED_SIDE = 26 };
    static const double dashes[] = {5, 3};
    cairo_t *cairo = painter->cairo;
    double left = place->left + box->left * place->scale,
           top = place->top + box->top * place->scale;
    double width = (box->right - box->left) * place->scale;
    double height = (box->bottom - box->top) * place->scale;
    cairo_rectangle(cairo, left, top, width, height);
    set_verdict(cairo, box->verdict);
    cairo_set_line_width(cairo, 1.75);
    cairo_set_dash(cairo, dashes, box->verdict >= BW_VERDICT_MISSED ? 2 : 0, 0);
    cairo_stroke(cairo);
    if (width < NAMED_SIDE || height < NAMED_SIDE)
        return;
    bw_painter_font(painter, 10, true);
    for (int pass = 0; pass < 2; pass++) { /* a dark copy behind the white one */
        cairo_set_source_rgb(cairo, pass, pass, pass);
        bw_painter_text_within(painter, name, left + 4 - pass, top + 13 - pass, 0, width);
    }
}

/* The labels, or what was found; names are those of the classes. */
static void draw_view(const bw_painter *painter, const bw_eval_result *result,
                      cairo_surface_t *photo, const bw_judged_box *boxes, size_t count,
                      const sheet_place *place)
{
    cairo_t *cairo = painter->cairo;
    cairo_save(cairo);
    cairo_rectangle(cairo, place->left, place->top, place->width, place->height);
    cairo_set_source_rgb(cairo, 0.85, 0.86, 0.87);
    cairo_fill_preserve(cairo);
    cairo_clip(cairo);
    if (photo)
        draw_photo(painter, photo, place);
    for (size_t i = count; i > 0; i--)
        draw_box(painter, result->figures[1 + boxes[i - 1].class_id].name, &boxes[i - 1], place);
    cairo_restore(cairo);
}

/* ---- The sheet ------------------------------------------------------------------------------ */

static void draw_caption(const bw_painter *painter, const bw_judged_picture *picture, double left,
                         double top)
{
    char words[120];
    snprintf(words, sizeof words, "%zu right, %zu wrong, %zu missed", picture->right,
             picture->wrong, picture->missed);
    bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, 11, false);
    bw_painter_text_within(painter, picture->name, left, top + HEIGHT + 16, 0, WIDTH);
    bw_painter_ink(painter, BW_INK_NOTE);
    bw_painter_text(painter, words, left + WIDTH + GAP, top + HEIGHT + 16, 0);
}

static bw_status draw_pair(const bw_painter *painter, const contact_sheet *sheet, size_t number)
{
    const bw_eval_result *result = sheet->result;
    size_t column = number % COLUMNS, row = number / COLUMNS;
    double left = MARGIN + (double)column * (2 * WIDTH + GAP + COLUMN_GAP);
    double top = HEAD + (double)row * (HEIGHT + CAPTION);
    bw_judged_picture picture;
    bw_status status =
        bw_evaluation_judge(result->evaluation, number * sheet->pictures / sheet->shown,
                            result->confidence, &picture, sheet->error);
    if (status != BW_OK)
        return status;
    cairo_surface_t *photo = load(picture.path);
    double width = picture.width, height = picture.height;
    if (width <= 0 || height <= 0) {
        width = photo ? cairo_image_surface_get_width(photo) : WIDTH;
        height = photo ? cairo_image_surface_get_height(photo) : HEIGHT;
    }
    sheet_place labels = fit(left, top, width, height);
    sheet_place founds = fit(left + WIDTH + GAP, top, width, height);
    draw_view(painter, result, photo, picture.labels, picture.label_count, &labels);
    draw_view(painter, result, photo, picture.founds, picture.found_count, &founds);
    draw_caption(painter, &picture, left, top);
    if (photo)
        cairo_surface_destroy(photo);
    return BW_OK;
}

static void draw_key(const bw_painter *painter)
{
    static const char *const words[] = {"right", "wrong: found, but not there",
                                        "missed: labelled, but not found", "counts neither way"};
    double x = MARGIN;
    bw_painter_font(painter, 13, false);
    for (int i = 0; i < 4; i++) {
        set_verdict(painter->cairo, (bw_verdict)i);
        cairo_set_line_width(painter->cairo, 2);
        cairo_rectangle(painter->cairo, x + 1, 57, 10, 10);
        cairo_stroke(painter->cairo);
        bw_painter_ink(painter, BW_INK_NOTE);
        bw_painter_text(painter, words[i], x + 18, 67, 0);
        x += 18 + bw_painter_width(painter, words[i]) + 22;
    }
}

static void draw_sheet(bw_painter *painter, const void *content)
{
    const contact_sheet *sheet = content;
    bw_painter_ink(painter, BW_INK_TEXT);
    bw_painter_font(painter, 18, true);
    bw_painter_text(painter, "Labels and predictions", MARGIN, 36, 0);
    draw_key(painter);
    for (size_t i = 0; *sheet->status == BW_OK && i < sheet->shown; i++)
        *sheet->status = draw_pair(painter, sheet, i);
}

bw_status bw_eval_write_sheet(const char *folder, const bw_eval_result *result, bw_error *error)
{
    bw_status drawn = BW_OK;
    contact_sheet sheet = {
        .result = result, .pictures = result->figures->images, .status = &drawn, .error = error};
    sheet.shown = sheet.pictures < COLUMNS * MOST_ROWS ? sheet.pictures : COLUMNS * MOST_ROWS;
    size_t rows = (sheet.shown + COLUMNS - 1) / COLUMNS;
    bw_drawing drawing = {
        .width = 2 * MARGIN + COLUMNS * (2 * WIDTH + GAP) + (COLUMNS - 1) * COLUMN_GAP,
        .height = HEAD + (double)rows * (HEIGHT + CAPTION) + 8,
        .draw = draw_sheet,
        .content = &sheet,
        .photos = true,
    };
    bw_arena arena = {0};
    const char *stem = bw_arena_format(&arena, "%s/labels_and_predictions", folder);
    bw_status status = stem ? bw_drawing_write(&drawing, stem, error)
                            : bw_fail_memory(error, strlen(folder), "a file name");
    bw_arena_free(&arena);
    return status == BW_OK ? drawn : status;
}
