/**
 * Counts and times as bars.
 */
#include <math.h>
#include <string.h>

#include "report/html.h"
#include "report/sections.h"

/* ---- Classes -------------------------------------------------------------------------------- */

static void write_class_row(FILE *file, const char *name, const char *color, int64_t count,
                            int64_t most)
{
    fputs("<tr><th>", file);
    bw_html_text(file, name);
    fprintf(file, "</th><td class=\"bar\"><i style=\"width:%.2f%%;background:%s\"></i></td><td>",
            most > 0 ? 100 * (double)count / (double)most : 0, color);
    bw_html_number(file, count);
    fputs("</td></tr>\n", file);
}

int bw_section_classes(bw_page *page)
{
    enum { SHOWN = 25 };
    sqlite3_stmt *query = bw_page_query(
        page,
        "SELECT d.class, c.name, count(*) AS boxes FROM detections d"
        " LEFT JOIN classes c ON c.id = d.class GROUP BY d.class ORDER BY boxes DESC, d.class");
    if (!query)
        return 0;
    int64_t most = 0, others = 0;
    int row = 0, other_classes = 0;
    fputs("<section><h2>Classes</h2><table class=\"bars\">\n", page->file);
    for (; sqlite3_step(query) == SQLITE_ROW; row++) {
        int64_t count = sqlite3_column_int64(query, 2);
        const char *name = (const char *)sqlite3_column_text(query, 1);
        char color[40];
        most = row == 0 ? count : most;
        bw_html_class_color(color, sizeof color, sqlite3_column_int(query, 0));
        if (row < SHOWN) {
            write_class_row(page->file, name ? name : "?", color, count, most);
        } else {
            others += count;
            other_classes++;
        }
    }
    if (other_classes > 0) {
        char name[40];
        snprintf(name, sizeof name, "%d more classes", other_classes);
        write_class_row(page->file, name, "var(--faint)", others, most > others ? most : others);
    }
    fputs(row ? "</table></section>\n" : "</table><p class=\"note\">No boxes.</p></section>\n",
          page->file);
    sqlite3_finalize(query);
    return row;
}

/* ---- Histograms ----------------------------------------------------------------------------- */

enum { MOST_BINS = 20 };

typedef struct histogram {
    const char *title, *note;
    const char *sql; /* yields (bin, count) */
    int bins;
    const char *labels[MOST_BINS + 1]; /* at the bins' left edges; NULL for none */
} histogram;

static const histogram confidences = {
    "Confidence",
    "Boxes by confidence.",
    "SELECT min(19, CAST(score * 20 AS INTEGER)), count(*) FROM detections GROUP BY 1",
    20,
    {[0] = "0", [4] = "0.2", [8] = "0.4", [12] = "0.6", [16] = "0.8", [20] = "1"},
};

static const histogram sizes = {
    "Box size",
    "Boxes by the square root of their area, in pixels.",
    "SELECT CASE WHEN a < 64 THEN 0 WHEN a < 256 THEN 1 WHEN a < 1024 THEN 2"
    " WHEN a < 4096 THEN 3 WHEN a < 16384 THEN 4 WHEN a < 65536 THEN 5"
    " WHEN a < 262144 THEN 6 WHEN a < 1048576 THEN 7 ELSE 8 END, count(*)"
    " FROM (SELECT (right - left) * (bottom - top) AS a FROM detections) GROUP BY 1",
    9,
    {"0", "8", "16", "32", "64", "128", "256", "512", "1024"},
};

static void write_histogram(FILE *file, const histogram *chart, const int64_t *counts)
{
    enum { WIDTH = 480, HEIGHT = 160, BASE = 130 };
    int64_t most = 1;
    for (int i = 0; i < chart->bins; i++)
        most = counts[i] > most ? counts[i] : most;
    double step = (double)(WIDTH - 20) / chart->bins;
    fprintf(file,
            "<section><h2>%s</h2><p class=\"note\">%s</p>"
            "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\">",
            chart->title, chart->note, WIDTH, HEIGHT);
    for (int i = 0; i < chart->bins; i++) {
        double height = (BASE - 10) * (double)counts[i] / (double)most;
        height = counts[i] > 0 && height < 1.5 ? 1.5 : height;
        fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"><title>",
                10 + i * step + 1, BASE - height, step - 2, height);
        bw_html_number(file, counts[i]);
        fputs(" boxes</title></rect>", file);
    }
    fprintf(file, "<line x1=\"10\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", WIDTH - 10, BASE, BASE);
    for (int i = 0; i <= chart->bins; i++)
        if (chart->labels[i])
            fprintf(file, "<text x=\"%.1f\" y=\"%d\">%s</text>", 10 + i * step, BASE + 18,
                    chart->labels[i]);
    fputs("</svg></section>\n", file);
}

static void section_histogram(bw_page *page, const histogram *chart)
{
    int64_t counts[MOST_BINS] = {0};
    sqlite3_stmt *query = bw_page_query(page, chart->sql);
    while (query && sqlite3_step(query) == SQLITE_ROW) {
        int bin = sqlite3_column_int(query, 0);
        if (bin >= 0 && bin < MOST_BINS)
            counts[bin] = sqlite3_column_int64(query, 1);
    }
    sqlite3_finalize(query);
    write_histogram(page->file, chart, counts);
}

void bw_section_confidence(bw_page *page)
{
    section_histogram(page, &confidences);
}

void bw_section_sizes(bw_page *page)
{
    section_histogram(page, &sizes);
}

/* ---- Stages --------------------------------------------------------------------------------- */

typedef struct stage {
    const char *key, *name;
} stage;

static const stage stages[] = {
    {"time_decode", "Reading and decoding"},
    {"time_wait", "Waiting for pictures"},
    {"time_prepare", "Resizing for the network"},
    {"time_network", "Network"},
    {"time_detect", "Boxes and NMS"},
    {"time_write", "Writing results"},
};

static void write_stage(FILE *file, const char *name, double busy, double milliseconds)
{
    fprintf(file,
            "<tr><th>%s</th><td class=\"bar track\"><i style=\"width:%.2f%%\"></i></td>"
            "<td>%.0f&#8239;%%</td><td>%.2f ms</td></tr>\n",
            name, 100 * fmin(busy, 1), 100 * busy, milliseconds);
}

void bw_section_stages(bw_page *page)
{
    double wall = bw_page_number(page, "time_wall"), decoders = bw_page_number(page, "decoders");
    double pictures = bw_page_timed(page);
    fputs(
        "<section><h2>Where the time went</h2><table class=\"bars\">\n"
        "<tr class=\"head\"><th></th><td class=\"bar\"></td><td>busy</td><td>an image</td></tr>\n",
        page->file);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        double seconds = bw_page_number(page, stages[i].key);
        double workers = i == 0 && decoders > 1 ? decoders : 1;
        double busy = wall > 0 ? seconds / wall / workers : 0;
        write_stage(page->file, stages[i].name, busy, pictures > 0 ? 1000 * seconds / pictures : 0);
    }
    fprintf(
        page->file,
        "</table><p class=\"note\">The stages overlap. Decoding runs in %.0f thread%s; waiting, "
        "resizing, network and boxes follow each other in each of the network's streams, "
        "whose mean is told. What set the pace: ",
        decoders, decoders == 1 ? "" : "s");
    bw_page_setting(page, "limited_by");
    fputs(".</p></section>\n", page->file);
}
