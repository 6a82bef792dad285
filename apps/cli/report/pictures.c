/**
 * Pictures with their boxes: thumbnails as data URIs, boxes as SVG above them.
 */
#include <string.h>

#include "report/html.h"
#include "report/names.h"
#include "report/sections.h"

enum { MOST_BOXES = 20, MOST_NAMES = 10 };

/* Columns of the queries for pictures. */
enum { ITEM, NAME, WIDTH, HEIGHT, JPEG, FULL_WIDTH, FULL_HEIGHT, BOXES, CONFIDENCE };

#define PICTURE_QUERY                                                                              \
    "SELECT t.item, i.name, t.width, t.height, t.jpeg, i.width, i.height, i.boxes, i.confidence"   \
    " FROM thumbnails t JOIN items i ON i.number = t.item "

/* Columns of the query for boxes. */
enum { CLASS, CLASS_NAME, SCORE, LEFT, TOP, RIGHT, BOTTOM };

#define BOX_QUERY                                                                                  \
    "SELECT d.class, c.name, d.score, d.left, d.top, d.right, d.bottom FROM detections d"          \
    " LEFT JOIN classes c ON c.id = d.class WHERE d.item = ? AND d.rank < ? ORDER BY d.rank"

static const char *text_of(sqlite3_stmt *query, int column)
{
    const char *text = (const char *)sqlite3_column_text(query, column);
    return text ? text : "";
}

static bw_named_box read_box(sqlite3_stmt *box, const bw_shown_picture *picture)
{
    double scale_x = (double)picture->width / picture->full_width;
    double scale_y = (double)picture->height / picture->full_height;
    double left = sqlite3_column_double(box, LEFT) * scale_x;
    double top = sqlite3_column_double(box, TOP) * scale_y;
    return (bw_named_box){left, top, sqlite3_column_double(box, RIGHT) * scale_x - left,
                          sqlite3_column_double(box, BOTTOM) * scale_y - top};
}

static void write_box(FILE *file, sqlite3_stmt *box, const bw_shown_picture *picture)
{
    char color[40];
    bw_named_box place = read_box(box, picture);
    double percent = 100 * sqlite3_column_double(box, SCORE);
    bw_html_class_color(color, sizeof color, sqlite3_column_int(box, CLASS));
    fprintf(file, "<g style=\"--c:%s\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
            color, place.left, place.top, place.width, place.height);
    fputs("<title>", file);
    bw_html_text(file, text_of(box, CLASS_NAME));
    fprintf(file, " %.0f %%</title></rect></g>", percent);
}

static sqlite3_stmt *query_boxes(bw_page *page, const char *sql, const bw_shown_picture *picture,
                                 int most)
{
    sqlite3_stmt *query = bw_page_query(page, sql);
    if (query) {
        sqlite3_bind_int64(query, 1, picture->item);
        sqlite3_bind_int(query, 2, most);
    }
    return query;
}

/* The best box comes last, on top; its name first, where it has room. */
static void write_boxes(bw_page *page, const bw_shown_picture *picture)
{
    sqlite3_stmt *box = query_boxes(page, BOX_QUERY " DESC", picture, MOST_BOXES);
    while (box && sqlite3_step(box) == SQLITE_ROW)
        write_box(page->file, box, picture);
    sqlite3_finalize(box);
    bw_names names = {.width = picture->width};
    box = query_boxes(page, BOX_QUERY, picture, MOST_NAMES);
    while (box && sqlite3_step(box) == SQLITE_ROW) {
        bw_named_box place = read_box(box, picture);
        bw_names_write(&names, page->file, &place, text_of(box, CLASS_NAME));
    }
    sqlite3_finalize(box);
}

static void write_caption(FILE *file, const bw_shown_picture *picture)
{
    fputs("<figcaption><span title=\"", file);
    bw_html_text(file, picture->name);
    fputs("\">", file);
    bw_html_text(file, picture->name);
    fputs("</span><small>", file);
    if (picture->boxes == 0)
        fputs("nothing found", file);
    else
        fprintf(file, "%lld box%s%s, mean %.0f %%", (long long)picture->boxes,
                picture->boxes == 1 ? "" : "es",
                picture->boxes > MOST_BOXES ? " (the best 20 shown)" : "",
                100 * picture->confidence);
    fputs("</small>", file);
    if (picture->note) {
        fputs("<small>", file);
        bw_html_text(file, picture->note);
        fputs("</small>", file);
    }
    fputs("</figcaption>", file);
}

void bw_page_picture(bw_page *page, const bw_shown_picture *picture)
{
    FILE *file = page->file;
    fprintf(file, "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\">", picture->width,
            picture->height);
    if (picture->jpeg) {
        fprintf(file, "<image width=\"%d\" height=\"%d\" href=\"", picture->width, picture->height);
        bw_html_data(file, "image/jpeg", picture->jpeg, picture->bytes);
        fputs("\"/>", file);
    }
    write_boxes(page, picture);
    fputs("</svg>", file);
    write_caption(file, picture);
    fputs("</figure>\n", file);
}

static void write_row(bw_page *page, sqlite3_stmt *query)
{
    bw_shown_picture picture = {
        .item = sqlite3_column_int64(query, ITEM),
        .name = text_of(query, NAME),
        .width = sqlite3_column_int(query, WIDTH),
        .height = sqlite3_column_int(query, HEIGHT),
        .jpeg = sqlite3_column_blob(query, JPEG),
        .bytes = (size_t)sqlite3_column_bytes(query, JPEG),
        .full_width = sqlite3_column_int(query, FULL_WIDTH),
        .full_height = sqlite3_column_int(query, FULL_HEIGHT),
        .boxes = sqlite3_column_int64(query, BOXES),
        .confidence = sqlite3_column_double(query, CONFIDENCE),
    };
    bw_page_picture(page, &picture);
}

static void write_pictures(bw_page *page, const char *title, const char *note, const char *sql)
{
    sqlite3_stmt *query = bw_page_query(page, sql);
    if (!query)
        return;
    bool any = false;
    while (sqlite3_step(query) == SQLITE_ROW) {
        if (!any)
            fprintf(page->file,
                    "<section><h2>%s</h2><p class=\"note\">%s</p>"
                    "<div class=\"sheet\">\n",
                    title, note);
        any = true;
        write_row(page, query);
    }
    if (any)
        fputs("</div></section>\n", page->file);
    sqlite3_finalize(query);
}

void bw_section_contact(bw_page *page)
{
    write_pictures(page, "Contact sheet", "Pictures spread evenly over the run.",
                   PICTURE_QUERY "WHERE t.contact = 1 ORDER BY t.item");
}

void bw_section_uncertain(bw_page *page)
{
    enum { SHOWN = 12 }; /* where all pictures would be shown, the contact sheet has done it */
    if (bw_page_number(page, "pictures") <= SHOWN)
        return;
    write_pictures(page, "Least certain",
                   "The pictures whose boxes have the lowest mean confidence: the first to look at "
                   "when labels are checked by hand.",
                   PICTURE_QUERY "WHERE i.confidence IS NOT NULL"
                                 " ORDER BY i.confidence, t.item LIMIT 12");
}
