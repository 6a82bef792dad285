/**
 * The report of eval, one page that needs nothing beside it: figures, curves, matrices, classes,
 * and the worst pictures first.
 */
#include "eval_report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "eval.h"
#include "report/html.h"

enum { PLOT_LIMIT = 64 << 20 };

/* ---- Head ----------------------------------------------------------------------------------- */

/* A figure, or a dash where nothing is labelled to measure by. */
static void write_figure(FILE *file, double value)
{
    if (value < 0)
        fputs("&ndash;", file);
    else
        fprintf(file, "%.3f", value);
}

static void write_figure_card(FILE *file, double value, const char *name)
{
    fputs("<div><b>", file);
    write_figure(file, value);
    fprintf(file, "</b><span>%s</span></div>\n", name);
}

static void write_count_card(FILE *file, size_t count, const char *name)
{
    fputs("<div><b>", file);
    bw_html_number(file, (int64_t)count);
    fprintf(file, "</b><span>%s</span></div>\n", name);
}

static void write_header(FILE *file, const bw_eval_result *result, const bw_eval_page *page)
{
    const bw_figures *all = result->figures;
    bw_html_begin(file, "Boxwright evaluation");
    fputs("<header><h1>Evaluation report</h1><p>", file);
    bw_html_text(file, page->subject);
    fputs(" &middot; ", file);
    bw_html_text(file, page->truth);
    fputs("</p></header>\n<main>\n<div class=\"cards\">\n", file);
    write_figure_card(file, result->summary[0], "AP, IoU 0.50 to 0.95");
    write_figure_card(file, result->summary[1], "AP at IoU 0.50");
    write_figure_card(file, result->summary[2], "AP at IoU 0.75");
    write_figure_card(file, all->best.f1, "best F1");
    write_count_card(file, all->images, all->images == 1 ? "image" : "images");
    write_count_card(file, all->instances, all->instances == 1 ? "object" : "objects");
    fputs("</div>\n", file);
}

/* ---- Figures -------------------------------------------------------------------------------- */

static void write_figure_row(FILE *file, const char *name, const char *what, double value)
{
    fprintf(file, "<tr><td>%s</td><td>%s</td><td>", name, what);
    write_figure(file, value);
    fputs("</td></tr>\n", file);
}

static void write_coco(FILE *file, const bw_eval_result *result)
{
    static const char *const what[BW_SUMMARY_FIGURES] = {
        "IoU 0.50 to 0.95, all areas",
        "IoU 0.50",
        "IoU 0.75",
        "small boxes",
        "medium boxes",
        "large boxes",
        "1 box an image",
        "10 boxes an image",
        "100 boxes an image",
        "small boxes",
        "medium boxes",
        "large boxes",
    };
    fputs("<section><h2>COCO&#8217;s figures</h2><p class=\"note\">As pycocotools computes "
          "them.</p><table class=\"numbers words\">\n",
          file);
    for (int i = 0; i < BW_SUMMARY_FIGURES; i++)
        write_figure_row(file, bw_summary_names[i], what[i], result->summary[i]);
    fputs("</table></section>\n", file);
}

static void write_point(FILE *file, const char *name, const bw_operating_point *point)
{
    fprintf(file, "<tr><td>%s</td><td>%.3f</td>", name, point->confidence);
    const double values[] = {point->precision, point->recall, point->f1};
    for (int i = 0; i < 3; i++) {
        fputs("<td>", file);
        write_figure(file, values[i]);
        fputs("</td>", file);
    }
    fputs("</tr>\n", file);
}

static void write_points(FILE *file, const bw_eval_result *result)
{
    fputs("<section><h2>At a confidence</h2><p class=\"note\">Means of the classes, at IoU "
          "0.50.</p><table class=\"numbers\">\n<tr><th></th><th>Confidence</th><th>Precision"
          "</th><th>Recall</th><th>F1</th></tr>\n",
          file);
    write_point(file, "Best F1", &result->figures->best);
    write_point(file, "Given", &result->figures->given);
    fputs("</table></section>\n<section><h2>Pascal VOC&#8217;s figures</h2><p class=\"note\">At "
          "IoU 0.50, by the rules of its development kit.</p><table class=\"numbers words\">\n",
          file);
    write_figure_row(file, "mAP", "the area below the curve", result->voc[0]);
    write_figure_row(file, "mAP 2007", "precision at 11 recalls", result->voc07[0]);
    fputs("</table></section>\n", file);
}

/* ---- Plots ---------------------------------------------------------------------------------- */

static bw_status write_plot(FILE *file, const char *folder, const char *name, bw_error *error)
{
    bw_arena arena = {0};
    uint8_t *bytes = NULL;
    size_t size;
    const char *path = bw_arena_format(&arena, "%s/%s.svg", folder, name);
    bw_status status = path ? bw_read_file(&bytes, &size, path, PLOT_LIMIT, error)
                            : bw_fail_memory(error, strlen(folder), "a file name");
    if (status == BW_OK) {
        fprintf(file, "<img alt=\"%s\" src=\"", name);
        bw_html_data(file, "image/svg+xml", bytes, size);
        fputs("\">\n", file);
    }
    free(bytes);
    bw_arena_free(&arena);
    return status;
}

static bw_status write_plots(FILE *file, const bw_eval_result *result, const bw_eval_page *page,
                             bw_error *error)
{
    static const char *const names[] = {"BoxPR_curve",      "BoxF1_curve",
                                        "BoxP_curve",       "BoxR_curve",
                                        "confusion_matrix", "confusion_matrix_normalized"};
    int count = result->confusion ? 6 : 4;
    bw_status status = BW_OK;
    fputs("<section><h2>Curves</h2><div class=\"plots\">\n", file);
    for (int i = 0; status == BW_OK && i < count; i++) {
        if (i == 4)
            fputs("</div></section>\n<section><h2>Confusion</h2><p class=\"note\">A row for what "
                  "was found, a column for what is labelled. The row &#8220;background&#8221; was "
                  "missed, the column is found where nothing is.</p><div class=\"plots\">\n",
                  file);
        status = write_plot(file, page->folder, names[i], error);
    }
    fputs("</div></section>\n", file);
    return status;
}

/* ---- Classes -------------------------------------------------------------------------------- */

static void write_class(FILE *file, const bw_eval_result *result, int place)
{
    const bw_figures *figures = &result->figures[place];
    double summary[BW_SUMMARY_FIGURES];
    bw_figures_summarize(summary, figures);
    fputs("<tr><td>", file);
    bw_html_text(file, place ? figures->name : "all");
    fputs("</td><td>", file);
    bw_html_number(file, (int64_t)figures->images);
    fputs("</td><td>", file);
    bw_html_number(file, (int64_t)figures->instances);
    const double values[] = {figures->best.precision,
                             figures->best.recall,
                             figures->best.f1,
                             result->voc[place],
                             summary[2],
                             summary[1],
                             summary[0]};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        fputs("</td><td>", file);
        write_figure(file, values[i]);
    }
    fprintf(file, "</td><td class=\"meter\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
            summary[0] > 0 ? 90 * summary[0] : 0);
}

static void write_classes(FILE *file, const bw_eval_result *result)
{
    fputs("<section><h2>Classes</h2><p class=\"note\">Precision, recall and F1 at the confidence "
          "where their mean F1 is best.</p><div class=\"scroll\"><table class=\"numbers\">\n"
          "<tr><th>Class</th><th>Images</th><th>Objects</th><th>P</th><th>R</th><th>F1</th>"
          "<th>VOC</th><th>AP75</th><th>AP50</th><th>AP</th><th></th></tr>\n",
          file);
    for (int i = 0; i <= result->classes; i++)
        if (i == 0 || result->figures[i].instances > 0)
            write_class(file, result, i);
    fputs("</table></div></section>\n", file);
}

/* ---- The page ------------------------------------------------------------------------------- */

static void write_run(FILE *file, const bw_eval_result *result, const bw_eval_page *page)
{
    char when[40] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &parts);
    fputs("<section><h2>How it was measured</h2><pre>", file);
    bw_html_text(file, page->command);
    fprintf(file,
            "</pre><dl>\n<div><dt>Given confidence</dt><dd>%.3f</dd></div>\n"
            "<div><dt>When</dt><dd>%s</dd></div>\n<div><dt>Boxwright</dt><dd>%s</dd></div>\n"
            "</dl></section>\n",
            result->confidence, when, bw_version());
}

static bw_status write_page(FILE *file, const bw_eval_result *result, const bw_eval_page *page,
                            bw_error *error)
{
    write_header(file, result, page);
    fputs("<div class=\"columns\"><div>\n", file);
    write_coco(file, result);
    fputs("</div><div>\n", file);
    write_points(file, result);
    fputs("</div></div>\n", file);
    bw_status status = write_plots(file, result, page, error);
    write_classes(file, result);
    if (status == BW_OK)
        status = bw_eval_write_pictures(file, result, page->worst, error);
    write_run(file, result, page);
    fputs("</main>\n</body>\n</html>\n", file);
    return status;
}

bw_status bw_eval_write_report(const bw_eval_result *result, const bw_eval_page *page,
                               bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    bw_arena arena = {0};
    const char *path = bw_arena_format(&arena, "%s/report.html", page->folder);
    FILE *stream = path ? open_memstream(&text, &size) : NULL;
    bw_status status = stream ? write_page(stream, result, page, error)
                              : bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the report");
    bool written = !stream || fclose(stream) == 0;
    if (status == BW_OK && !written)
        status = bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the report");
    if (status == BW_OK)
        status = bw_write_file(path, text, size, error);
    free(text);
    bw_arena_free(&arena);
    return status;
}
