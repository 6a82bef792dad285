/**
 * selected.html: the pictures of a selection with their boxes, in the order of taking.
 */
#include <string.h>

#include "base/memory.h"
#include "report/html.h"
#include "report/sections.h"
#include "select/output.h"

enum { SIDE = 360, QUALITY = 82 };

/* Columns of the query for a picture. */
enum { PATH, NAME, WIDTH, HEIGHT, BOXES, CONFIDENCE };

static const char picture_query[] =
    "SELECT CAST(path AS BLOB), name, width, height, boxes, confidence FROM items WHERE number = ?";

static void write_head(const bw_selection *selection, FILE *file)
{
    bw_html_begin(file, "Boxwright selection");
    fputs("<header><h1>Worth a look</h1><p>", file);
    bw_html_number(file, (int64_t)selection->count);
    fputs(" of ", file);
    bw_html_number(file, selection->pictures);
    fputs(" pictures of ", file);
    bw_html_text(file, selection->run);
    fputs(
        "</p></header>\n<main>\n<section><h2>In the order of taking</h2><p class=\"note\">Each is "
        "doubtful or shows what is rare, and is unlike those before it.</p>"
        "<div class=\"sheet\">\n",
        file);
}

/* Reads the picture and makes it small; false where that cannot be done. */
static bool read_small(uint8_t **jpeg, bw_shown_picture *shown, const char *path, bool ignore_exif)
{
    bw_image image = {0}, small = {0};
    bw_decode_options options;
    bw_decode_options_init(&options);
    options.ignore_exif = ignore_exif;
    bool read = bw_image_read(&image, path, &options, NULL) == BW_OK &&
                bw_image_thumbnail(&small, &image, SIDE, NULL) == BW_OK &&
                bw_image_encode_jpeg(jpeg, &shown->bytes, &small, QUALITY, NULL) == BW_OK;
    if (read) {
        shown->jpeg = *jpeg;
        shown->width = small.width;
        shown->height = small.height;
    }
    bw_image_clear(&image);
    bw_image_clear(&small);
    return read;
}

/* Takes the thumbnail that the run kept for its report, if it did: `*query` holds it. */
static bool take_thumbnail(sqlite3_stmt **query, bw_shown_picture *shown, sqlite3 *database)
{
    static const char sql[] = "SELECT width, height, jpeg FROM thumbnails WHERE item = ?";
    if (sqlite3_prepare_v2(database, sql, -1, query, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(*query, 1, shown->item);
    if (sqlite3_step(*query) != SQLITE_ROW)
        return false;
    shown->width = sqlite3_column_int(*query, 0);
    shown->height = sqlite3_column_int(*query, 1);
    shown->jpeg = sqlite3_column_blob(*query, 2);
    shown->bytes = (size_t)sqlite3_column_bytes(*query, 2);
    return true;
}

/* A frame of the picture's shape, for one that can no longer be read. */
static void leave_empty(bw_shown_picture *shown)
{
    bool wide = shown->full_width > shown->full_height;
    double longest = wide ? shown->full_width : shown->full_height;
    double scale = longest > SIDE ? SIDE / longest : 1;
    shown->width = (int)(shown->full_width * scale) + 1;
    shown->height = (int)(shown->full_height * scale) + 1;
}

static bw_status write_picture(const bw_selection *selection, bw_page *page, size_t index,
                               sqlite3_stmt *query, bool ignore_exif)
{
    char reason[BW_REASON_SIZE];
    const char *name = (const char *)sqlite3_column_text(query, NAME);
    bw_shown_picture shown = {
        .item = selection->candidates->all[selection->choices[index].candidate].item,
        .name = name ? name : "",
        .full_width = sqlite3_column_int(query, WIDTH),
        .full_height = sqlite3_column_int(query, HEIGHT),
        .boxes = sqlite3_column_int64(query, BOXES),
        .confidence = sqlite3_column_double(query, CONFIDENCE),
        .note = reason,
    };
    bw_status status = bw_selection_reason(reason, selection, index, &page->error);
    if (status != BW_OK)
        return status;
    bw_arena arena = {0};
    const char *bytes = sqlite3_column_blob(query, PATH);
    const char *path =
        bytes ? bw_arena_text(&arena, bytes, (size_t)sqlite3_column_bytes(query, PATH)) : NULL;
    uint8_t *jpeg = NULL;
    sqlite3_stmt *thumbnail = NULL;
    bool read = path && read_small(&jpeg, &shown, path, ignore_exif);
    if (!read && !take_thumbnail(&thumbnail, &shown, selection->database))
        leave_empty(&shown);
    bw_page_picture(page, &shown);
    sqlite3_finalize(thumbnail);
    bw_free(jpeg);
    bw_arena_free(&arena);
    return page->status;
}

static bw_status write_pictures(const bw_selection *selection, bw_page *page)
{
    bool ignore_exif = false;
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_ignores_exif(&ignore_exif, selection->database, &page->error);
    if (status == BW_OK)
        status = bw_run_query(selection->database, &query, picture_query, &page->error);
    for (size_t index = 0; status == BW_OK && index < selection->count; index++) {
        size_t candidate = selection->choices[index].candidate;
        sqlite3_reset(query);
        sqlite3_bind_int64(query, 1, selection->candidates->all[candidate].item);
        status = sqlite3_step(query) == SQLITE_ROW
                     ? write_picture(selection, page, index, query, ignore_exif)
                     : bw_run_fail(selection->database, &page->error);
    }
    sqlite3_finalize(query);
    return status;
}

bw_status bw_selection_page(const bw_selection *selection, FILE *file, bw_error *error)
{
    bw_page page = {.database = selection->database, .file = file};
    write_head(selection, file);
    bw_status status = write_pictures(selection, &page);
    if (status != BW_OK && error)
        *error = page.error;
    fputs("</div></section>\n</main>\n</body>\n</html>\n", file);
    return status;
}
