#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "progress.h"
#include "report/html.h"
#include "report/sections.h"
#include "store/read.h"

/* ---- Reading the database
 * ------------------------------------------------------------------------ */

sqlite3_stmt *bw_page_query(bw_page *page, const char *sql)
{
    sqlite3_stmt *query = NULL;
    bw_error error;
    bw_status status = bw_run_query(page->database, &query, sql, &error);
    if (status != BW_OK && page->status == BW_OK) {
        page->status = status;
        page->error = error;
    }
    return query;
}

/* A query for the one value of a setting, stepped to it; NULL where there is none. */
static sqlite3_stmt *query_setting(bw_page *page, const char *key)
{
    sqlite3_stmt *query = bw_page_query(page, "SELECT value FROM settings WHERE key = ?");
    if (!query)
        return NULL;
    sqlite3_bind_text(query, 1, key, -1, SQLITE_STATIC);
    if (sqlite3_step(query) == SQLITE_ROW)
        return query;
    sqlite3_finalize(query);
    return NULL;
}

double bw_page_number(bw_page *page, const char *key)
{
    sqlite3_stmt *query = query_setting(page, key);
    double value = query ? sqlite3_column_double(query, 0) : 0;
    sqlite3_finalize(query);
    return value;
}

double bw_page_timed(bw_page *page)
{
    double timed = bw_page_number(page, "time_pictures");
    return timed > 0 ? timed : bw_page_number(page, "pictures");
}

void bw_page_setting(bw_page *page, const char *key)
{
    sqlite3_stmt *query = query_setting(page, key);
    if (query)
        bw_html_text(page->file, (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
}

static int64_t count(bw_page *page, const char *sql)
{
    sqlite3_stmt *query = bw_page_query(page, sql);
    int64_t value = 0;
    if (query && sqlite3_step(query) == SQLITE_ROW)
        value = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return value;
}

/* ---- Head ----------------------------------------------------------------------------------- */

static void write_number_card(FILE *file, int64_t number, const char *name)
{
    fputs("<div><b>", file);
    bw_html_number(file, number);
    fprintf(file, "</b><span>%s</span></div>\n", name);
}

static void write_cards(bw_page *page)
{
    int64_t pictures = count(page, "SELECT count(*) FROM items WHERE boxes IS NOT NULL");
    int64_t boxes = count(page, "SELECT sum(boxes) FROM items");
    int64_t failed = count(page, "SELECT count(*) FROM errors");
    double wall = bw_page_number(page, "time_wall");
    char duration[32];
    FILE *file = page->file;
    fputs("<div class=\"cards\">\n", file);
    write_number_card(file, pictures, pictures == 1 ? "image" : "images");
    write_number_card(file, boxes, boxes == 1 ? "box" : "boxes");
    fprintf(file, "<div><b>%.1f</b><span>boxes an image</span></div>\n",
            pictures > 0 ? (double)boxes / (double)pictures : 0);
    fprintf(file, "<div><b>%.1f</b><span>images a second</span></div>\n",
            wall > 0 ? bw_page_timed(page) / wall : 0);
    fprintf(file, "<div><b>%s</b><span>in all</span></div>\n",
            bw_format_duration(duration, sizeof duration, wall));
    fprintf(file, "<div%s><b>", failed ? " class=\"bad\"" : "");
    bw_html_number(file, failed);
    fputs("</b><span>failed</span></div>\n</div>\n", file);
}

/* The model's file without folders and suffix, and a mark unless the run is complete. */
static void write_model_name(bw_page *page)
{
    sqlite3_stmt *query = bw_page_query(page, "SELECT m.value, s.value FROM settings m, settings s"
                                              " WHERE m.key = 'model' AND s.key = 'state'");
    if (query && sqlite3_step(query) == SQLITE_ROW) {
        const char *path = (const char *)sqlite3_column_text(query, 0);
        const char *state = (const char *)sqlite3_column_text(query, 1);
        if (strcmp(state, "complete") != 0)
            fprintf(page->file, "<mark>%s</mark> ", state);
        bw_html_text(page->file, bw_base_name(path));
    }
    sqlite3_finalize(query);
}

static void write_header(bw_page *page)
{
    FILE *file = page->file;
    bw_html_begin(file, "Boxwright report");
    fputs("<header><h1>Annotation report</h1><p>", file);
    write_model_name(page);
    fputs(" &middot; ", file);
    bw_page_setting(page, "started");
    fputs("</p></header>\n<main>\n", file);
    write_cards(page);
}

/* ---- Tables --------------------------------------------------------------------------------- */

/* A row of the table; most messages begin with the path, which has its own column. */
static void write_failure(FILE *file, sqlite3_stmt *query)
{
    const char *path = (const char *)sqlite3_column_text(query, 0);
    const char *message = (const char *)sqlite3_column_text(query, 2);
    size_t length = strlen(path);
    if (strncmp(message, path, length) == 0 && strncmp(message + length, ": ", 2) == 0)
        message += length + 2;
    fputs("<tr><td>", file);
    bw_html_text(file, path);
    fprintf(file, "</td><td>%s</td><td>", (const char *)sqlite3_column_text(query, 1));
    bw_html_text(file, message);
    fputs("</td></tr>\n", file);
}

static void write_failures(bw_page *page)
{
    int64_t failed = count(page, "SELECT count(*) FROM errors");
    if (failed == 0)
        return;
    sqlite3_stmt *query = bw_page_query(page, "SELECT i.path, e.kind, e.message FROM errors e"
                                              " JOIN items i ON i.number = e.item"
                                              " ORDER BY e.item LIMIT 200");
    fputs("<section><h2>Failed files</h2><p class=\"note\">", page->file);
    bw_html_number(page->file, failed);
    fprintf(page->file,
            " could not be used%s. All are in the table <code>errors</code> of "
            "<code>run.db</code>.</p><table class=\"list\">\n"
            "<tr class=\"head\"><th>File</th><th>Kind</th><th>Reason</th></tr>\n",
            failed > 200 ? "; the first 200 are shown" : "");
    while (query && sqlite3_step(query) == SQLITE_ROW)
        write_failure(page->file, query);
    fputs("</table></section>\n", page->file);
    sqlite3_finalize(query);
}

static void write_settings(bw_page *page)
{
    static const char *const rows[][2] = {
        {"Model", "model"},
        {"Weights", "weights"},
        {"Fingerprint", "fingerprint"},
        {"Network input", "input"},
        {"Resize", "resize"},
        {"Pixels of padding computed", "padding"},
        {"Precision", "precision"},
        {"Confidence above", "confidence"},
        {"NMS overlap", "iou"},
        {"NMS", "nms"},
        {"Most boxes an image", "max_detections"},
        {"Classes", "classes"},
        {"EXIF orientation", "exif"},
        {"Formats", "formats"},
        {"Tracks", "tracks"},
        {"Processor", "cpu"},
        {"Instruction sets used", "features"},
        {"Network threads", "threads"},
        {"Streams", "streams"},
        {"Decoding threads", "decoders"},
        {"Batch", "batch"},
        {"Boxwright", "version"},
    };
    fputs("<section><h2>How it was run</h2><pre>", page->file);
    bw_page_setting(page, "command");
    fputs("</pre><dl>\n", page->file);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sqlite3_stmt *query = query_setting(page, rows[i][1]);
        if (query) {
            fprintf(page->file, "<div><dt>%s</dt><dd>", rows[i][0]);
            bw_html_text(page->file, (const char *)sqlite3_column_text(query, 0));
            fputs("</dd></div>\n", page->file);
        }
        sqlite3_finalize(query);
    }
    fputs("</dl></section>\n", page->file);
}

/* Two columns of about the same height: a long list of classes has the left one for itself. */
static void write_charts(bw_page *page)
{
    enum { LONG_LIST = 14 };
    static const char next_column[] = "</div><div>\n";
    fputs("<div class=\"columns\"><div>\n", page->file);
    bool is_long = bw_section_classes(page) > LONG_LIST;
    fputs(is_long ? next_column : "", page->file);
    bw_section_confidence(page);
    fputs(is_long ? "" : next_column, page->file);
    bw_section_sizes(page);
    bw_section_stages(page);
    fputs("</div></div>\n", page->file);
}

static void write_page(bw_page *page)
{
    write_header(page);
    bw_section_contact(page);
    write_charts(page);
    bw_section_uncertain(page);
    write_failures(page);
    write_settings(page);
    fputs("</main>\n</body>\n</html>\n", page->file);
}

bw_status bw_report_write(bw_store *store, const char *directory, bw_error *error)
{
    char *path = NULL, *temporary = NULL;
    if (asprintf(&path, "%s/report.html", directory) < 0 ||
        asprintf(&temporary, "%s/report.html.part", directory) < 0) {
        free(path);
        return bw_fail_memory(error, strlen(directory), "the report's name");
    }
    bw_page page = {.database = bw_store_database(store), .file = fopen(temporary, "we")};
    bw_status status = BW_OK;
    if (page.file) {
        write_page(&page);
        bool written = !ferror(page.file);
        written &= fclose(page.file) == 0;
        if (page.status != BW_OK) {
            *error = page.error;
            status = page.status;
        } else if (!written || rename(temporary, path) != 0) {
            status = bw_fail_errno(error, "write", path);
        }
        if (status != BW_OK)
            unlink(temporary);
    } else {
        status = bw_fail_errno(error, "create", temporary);
    }
    free(temporary);
    free(path);
    return status;
}
