/**
 * The worst pictures of an evaluation, labels beside what was found. Worst is what has the lowest
 * F1, and of equals what has more boxes wrong or missed.
 */
#include <math.h>
#include <stdlib.h>

#include "eval_report.h"
#include "report/html.h"
#include "report/names.h"

enum { SIDE = 400, QUALITY = 80, MOST_BOXES = BW_MOST_NAMES, EMPTY_SIDE = 640 };

/* A picture's place in the order. */
typedef struct ranked_picture {
    size_t index, mistakes;
    double f1;
} ranked_picture;

/* A picture as it is shown: its JPEG (NULL where it cannot be read) and its size. */
typedef struct shown_picture {
    uint8_t *jpeg;
    size_t bytes;
    int width, height;
    double scale; /* from the picture's own pixels */
} shown_picture;

/* ---- The order ------------------------------------------------------------------------------ */

static int compare_pictures(const void *left, const void *right)
{
    const ranked_picture *a = left, *b = right;
    if (a->f1 < b->f1 || a->f1 > b->f1)
        return a->f1 < b->f1 ? -1 : 1;
    if (a->mistakes != b->mistakes)
        return a->mistakes > b->mistakes ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static bw_status rank(ranked_picture *ranked, const bw_eval_result *result, size_t count,
                      bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < count; i++) {
        bw_judged_picture picture;
        status = bw_evaluation_judge(result->evaluation, i, result->confidence, &picture, error);
        size_t mistakes = picture.wrong + picture.missed;
        double told = 2 * (double)picture.right + (double)mistakes;
        ranked[i] = (ranked_picture){i, mistakes, told > 0 ? 2 * (double)picture.right / told : 1};
    }
    qsort(ranked, count, sizeof *ranked, compare_pictures);
    return status;
}

/* ---- One picture ---------------------------------------------------------------------------- */

static const char *const verdict_words[] = {
    [BW_VERDICT_RIGHT] = "right",
    [BW_VERDICT_WRONG] = "wrong",
    [BW_VERDICT_MISSED] = "missed",
    [BW_VERDICT_IGNORED] = "ignored",
};

static bw_status encode(shown_picture *shown, const bw_image *image, bw_error *error)
{
    bw_image small = {0};
    bw_status status = bw_image_thumbnail(&small, image, SIDE, error);
    if (status == BW_OK)
        status = bw_image_encode_jpeg(&shown->jpeg, &shown->bytes, &small, QUALITY, error);
    shown->width = small.width;
    shown->height = small.height;
    shown->scale = (double)small.width / image->width;
    bw_image_clear(&small);
    return status;
}

/* A picture that is not there, or cannot be read, is shown as an empty one. */
static bw_status prepare(shown_picture *shown, const bw_judged_picture *picture, bw_error *error)
{
    bw_image image = {0};
    bw_error unread;
    *shown = (shown_picture){.width = picture->width ? picture->width : EMPTY_SIDE,
                             .height = picture->height ? picture->height : EMPTY_SIDE,
                             .scale = 1};
    if (picture->path && bw_image_read(&image, picture->path, NULL, &unread) == BW_OK) {
        bw_status status = encode(shown, &image, error);
        bw_image_clear(&image);
        return status;
    }
    int longer = shown->width > shown->height ? shown->width : shown->height;
    shown->scale = (double)SIDE / longer;
    shown->width = (int)(shown->width * shown->scale) + 1;
    shown->height = (int)(shown->height * shown->scale) + 1;
    return BW_OK;
}

static bw_named_box place_box(const bw_judged_box *box, double scale)
{
    return (bw_named_box){box->left * scale, box->top * scale, (box->right - box->left) * scale,
                          (box->bottom - box->top) * scale};
}

static void write_box(FILE *file, const bw_eval_result *result, const bw_judged_box *box,
                      double scale, bool found)
{
    const char *name = result->figures[1 + box->class_id].name;
    bw_named_box place = place_box(box, scale);
    fprintf(file,
            "<g class=\"%s\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
            verdict_words[box->verdict], place.left, place.top, fmax(0, place.width),
            fmax(0, place.height));
    bw_html_text(file, name);
    if (found)
        fprintf(file, " %.2f", box->score);
    fprintf(file, ", %s</title></rect></g>", verdict_words[box->verdict]);
}

static void write_name(FILE *file, bw_names *names, const bw_eval_result *result,
                       const bw_judged_box *box, double scale, bool found)
{
    char text[200];
    const char *name = result->figures[1 + box->class_id].name;
    bw_named_box place = place_box(box, scale);
    if (found)
        snprintf(text, sizeof text, "%.180s %.2f", name, box->score);
    else
        snprintf(text, sizeof text, "%.180s", name);
    bw_names_write(names, file, &place, text);
}

static void write_boxes(FILE *file, const bw_eval_result *result, const bw_judged_box *boxes,
                        size_t count, const shown_picture *shown, bool found)
{
    bw_names names = {.width = shown->width};
    size_t most = count < MOST_BOXES ? count : MOST_BOXES;
    /* The last one drawn is on top: boxes come best first. */
    for (size_t i = most; i > 0; i--)
        write_box(file, result, &boxes[i - 1], shown->scale, found);
    for (size_t i = 0; i < most; i++)
        write_name(file, &names, result, &boxes[i], shown->scale, found);
}

static void write_view(FILE *file, const shown_picture *shown)
{
    fprintf(file, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", shown->width, shown->height);
}

static void write_caption(FILE *file, const bw_judged_picture *picture, const shown_picture *shown)
{
    fputs("<figcaption><span title=\"", file);
    bw_html_text(file, picture->name);
    fputs("\">", file);
    bw_html_text(file, picture->name);
    fprintf(file, "</span><small>%zu right, %zu wrong, %zu missed%s</small></figcaption>",
            picture->right, picture->wrong, picture->missed,
            shown->jpeg ? "" : "; the picture could not be read");
}

/* Labels at the left, what was found at the right; the JPEG is there once. */
static void write_pair(FILE *file, const bw_eval_result *result, const bw_judged_picture *picture,
                       const shown_picture *shown, size_t number)
{
    fputs("<figure><div>", file);
    write_view(file, shown);
    if (shown->jpeg) {
        fprintf(file, "<image id=\"p%zu\" width=\"%d\" height=\"%d\" href=\"", number, shown->width,
                shown->height);
        bw_html_data(file, "image/jpeg", shown->jpeg, shown->bytes);
        fputs("\"/>", file);
    }
    write_boxes(file, result, picture->labels, picture->label_count, shown, false);
    fputs("</svg>", file);
    write_view(file, shown);
    if (shown->jpeg)
        fprintf(file, "<use href=\"#p%zu\"/>", number);
    write_boxes(file, result, picture->founds, picture->found_count, shown, true);
    fputs("</svg></div>", file);
    write_caption(file, picture, shown);
    fputs("</figure>\n", file);
}

static bw_status show(FILE *file, const bw_eval_result *result, size_t index, size_t number,
                      bw_error *error)
{
    bw_judged_picture picture;
    shown_picture shown = {0};
    bw_status status =
        bw_evaluation_judge(result->evaluation, index, result->confidence, &picture, error);
    if (status == BW_OK)
        status = prepare(&shown, &picture, error);
    if (status == BW_OK)
        write_pair(file, result, &picture, &shown, number);
    bw_free(shown.jpeg);
    return status;
}

/* ---- The section ---------------------------------------------------------------------------- */

static void write_intro(FILE *file, const bw_eval_result *result, size_t shown, size_t count)
{
    fprintf(
        file,
        "<section><h2>Worst images first</h2><p class=\"note\">By F1 of the boxes that score at "
        "least %.2f, at IoU 0.50; %zu of %zu. Labels at the left, predictions at the right."
        "</p><p class=\"key\"><span class=\"right\">right</span>"
        "<span class=\"wrong\">wrong: found, but not there</span>"
        "<span class=\"missed\">missed: labelled, but not found</span>"
        "<span class=\"ignored\">counts neither way</span></p><div class=\"pairs\">\n",
        result->confidence, shown, count);
}

bw_status bw_eval_write_pictures(FILE *file, const bw_eval_result *result, int worst,
                                 bw_error *error)
{
    size_t count = result->figures->images, shown = count < (size_t)worst ? count : (size_t)worst;
    ranked_picture *ranked = calloc(count + 1, sizeof *ranked);
    if (!ranked)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the order of %zu pictures", count);
    bw_status status = rank(ranked, result, count, error);
    write_intro(file, result, shown, count);
    for (size_t i = 0; status == BW_OK && i < shown; i++)
        status = show(file, result, ranked[i].index, i, error);
    fputs("</div></section>\n", file);
    free(ranked);
    return status;
}
