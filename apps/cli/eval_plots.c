/**
 * The plots of eval, under the names that people know: precision by recall, F1, precision and
 * recall by confidence, and the confusion matrix.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval.h"
#include "plot/plot.h"

/* The most classes whose curves are told apart. */
enum { MOST_TOLD_APART = 12 };

/* A plot under way; the arena holds all of it. */
typedef struct curve_plot {
    bw_arena arena;
    const bw_eval_result *result;
    bw_plot_series *series; /* of the classes that are labelled, then the mean */
    int count;
} curve_plot;

/* Which number of bw_confidence_curve is drawn. */
typedef enum curve_kind {
    CURVE_F1,
    CURVE_PRECISION,
    CURVE_RECALL,
} curve_kind;

/* ---- Series --------------------------------------------------------------------------------- */

static int labelled_classes(const bw_eval_result *result)
{
    int count = 0;
    for (int i = 1; i <= result->classes; i++)
        count += result->figures[i].instances > 0;
    return count;
}

/* Adds a curve with its values at 0 to 1 in equal steps; false without memory. */
static bool add_series(curve_plot *plot, int place, const char *name, const double *values,
                       int count)
{
    bw_plot_point *points = bw_arena_array(&plot->arena, (size_t)count, sizeof *points);
    if (!points || !name)
        return false;
    for (int i = 0; i < count; i++)
        points[i] = (bw_plot_point){(double)i / (count - 1), fmax(values[i], 0), NULL};
    bool many = labelled_classes(plot->result) > MOST_TOLD_APART;
    bw_plot_style style = place == 0 ? BW_PLOT_BOLD : many ? BW_PLOT_FAINT : BW_PLOT_THIN;
    plot->series[plot->count++] = (bw_plot_series){name, points, count, style};
    return true;
}

static bool add_precision(curve_plot *plot, int place)
{
    const bw_figures *figures = &plot->result->figures[place];
    double precision[BW_RECALLS], recall;
    bw_error error;
    if (bw_evaluation_precision(plot->result->evaluation, place ? place - 1 : BW_ALL_CLASSES, 0, 0,
                                BW_EVAL_BOXES, precision, &recall, &error) != BW_OK)
        return false;
    const char *name =
        place ? bw_arena_format(&plot->arena, "%s %.3f", figures->name, figures->ap[0][0])
              : bw_arena_format(&plot->arena, "all classes %.3f mAP@0.5", figures->ap[0][0]);
    return add_series(plot, place, name, precision, BW_RECALLS);
}

/* "all classes 0.47 at 0.312": where the curve is highest, or what it begins with. */
static const char *confidence_name(curve_plot *plot, int place, const double *values,
                                   curve_kind kind)
{
    int best = 0;
    for (int i = 1; kind != CURVE_RECALL && i < BW_CONFIDENCES; i++)
        if (values[i] > values[best] + 1e-12)
            best = i;
    if (place)
        return plot->result->figures[place].name;
    return bw_arena_format(&plot->arena, "all classes %.2f at %.3f", fmax(values[best], 0),
                           (double)best / (BW_CONFIDENCES - 1));
}

static bool add_confidence(curve_plot *plot, int place, curve_kind kind)
{
    bw_error error;
    bw_confidence_curve *curve = bw_arena_alloc(&plot->arena, sizeof *curve);
    if (!curve ||
        bw_evaluation_by_confidence(plot->result->evaluation, place ? place - 1 : BW_ALL_CLASSES,
                                    curve, &error) != BW_OK)
        return false;
    const double *values = kind == CURVE_F1          ? curve->f1
                           : kind == CURVE_PRECISION ? curve->precision
                                                     : curve->recall;
    return add_series(plot, place, confidence_name(plot, place, values, kind), values,
                      BW_CONFIDENCES);
}

/* ---- Curves --------------------------------------------------------------------------------- */

static const char *subtitle(curve_plot *plot)
{
    const bw_figures *all = plot->result->figures;
    int classes = labelled_classes(plot->result);
    return bw_arena_format(&plot->arena, "IoU 0.50; %zu images, %zu instances, %d class%s%s",
                           all->images, all->instances, classes, classes == 1 ? "" : "es",
                           classes > MOST_TOLD_APART ? ", each a thin line" : "");
}

static const struct curve_words {
    const char *file, *title, *x, *y;
} curve_words[] = {
    {"BoxF1_curve", "F1 by confidence", "Confidence", "F1"},
    {"BoxP_curve", "Precision by confidence", "Confidence", "Precision"},
    {"BoxR_curve", "Recall by confidence", "Confidence", "Recall"},
    {"BoxPR_curve", "Precision by recall", "Recall", "Precision"},
};

static bw_status write_curve(const char *folder, const bw_eval_result *result, int index,
                             bw_error *error)
{
    const struct curve_words *words = &curve_words[index];
    curve_plot plot = {.result = result};
    size_t room = (size_t)result->classes + 1;
    plot.series = bw_arena_array(&plot.arena, room, sizeof *plot.series);
    bool good = plot.series != NULL;
    for (int step = 1; good && step <= result->classes + 1; step++) {
        int place = step <= result->classes ? step : 0; /* the mean comes last */
        if (place && result->figures[place].instances == 0)
            continue;
        good = index == 3 ? add_precision(&plot, place)
                          : add_confidence(&plot, place, (curve_kind)index);
    }
    bw_plot drawn = {.title = words->title,
                     .subtitle = subtitle(&plot),
                     .x = {.title = words->x, .to_one = true},
                     .y = {.title = words->y, .to_one = true},
                     .series = plot.series,
                     .series_count = plot.count};
    const char *stem = bw_arena_format(&plot.arena, "%s/%s", folder, words->file);
    bw_status status = good && stem && drawn.subtitle
                           ? bw_plot_write(&drawn, stem, error)
                           : bw_fail_memory(error, room * sizeof *plot.series, "a plot");
    bw_arena_free(&plot.arena);
    return status;
}

/* ---- The confusion matrix ------------------------------------------------------------------- */

/* The classes that occur, as indices of the whole matrix; the background comes last. */
static int choose_classes(int *chosen, const bw_eval_result *result)
{
    int side = result->classes + 1, count = 0;
    for (int i = 0; i < side; i++) {
        size_t sum = 0;
        for (int j = 0; j < side; j++)
            sum += result->confusion[i * side + j] + result->confusion[j * side + i];
        if (sum > 0 || i == side - 1)
            chosen[count++] = i;
    }
    return count;
}

/* The chosen part of the matrix; with `shares`, as shares of what is labelled. */
static void fill_values(double *values, const bw_eval_result *result, const int *chosen, int count,
                        bool shares)
{
    int side = result->classes + 1;
    for (int column = 0; column < count; column++) {
        double sum = 0;
        for (int row = 0; row < count; row++)
            sum += (double)result->confusion[chosen[row] * side + chosen[column]];
        for (int row = 0; row < count; row++) {
            double value = (double)result->confusion[chosen[row] * side + chosen[column]];
            values[row * count + column] = !shares ? value : sum > 0 ? value / sum : 0;
        }
    }
}

static bw_status draw_matrix(bw_arena *arena, const char *folder, const bw_eval_result *result,
                             bool shares, bw_error *error)
{
    size_t side = (size_t)result->classes + 1;
    int *chosen = bw_arena_array(arena, side, sizeof *chosen);
    double *values = bw_arena_array(arena, side * side, sizeof *values);
    const char **names = bw_arena_array(arena, side, sizeof *names);
    const char *stem =
        bw_arena_format(arena, "%s/confusion_matrix%s", folder, shares ? "_normalized" : "");
    if (!chosen || !values || !names || !stem)
        return bw_fail_memory(error, side * side * sizeof *values, "the confusion matrix");
    int count = choose_classes(chosen, result);
    for (int i = 0; i < count; i++)
        names[i] = chosen[i] < result->classes ? result->figures[1 + chosen[i]].name : "background";
    fill_values(values, result, chosen, count, shares);
    bw_plot_matrix matrix = {
        .title = shares ? "Confusion matrix, normalised" : "Confusion matrix",
        .subtitle = bw_arena_format(arena, "%s; confidence over %.2f, IoU over %.2f",
                                    shares ? "Shares of each label" : "Boxes", result->confidence,
                                    BW_CONFUSION_IOU),
        .x_title = "Labelled",
        .y_title = "Predicted",
        .names = names,
        .values = values,
        .count = count,
        .decimals = shares ? 2 : 0,
    };
    if (!matrix.subtitle)
        return bw_fail_memory(error, 100, "the confusion matrix");
    return bw_plot_matrix_write(&matrix, stem, error);
}

static bw_status write_matrix(const char *folder, const bw_eval_result *result, bool shares,
                              bw_error *error)
{
    bw_arena arena = {0};
    bw_status status = draw_matrix(&arena, folder, result, shares, error);
    bw_arena_free(&arena);
    return status;
}

bw_status bw_eval_write_plots(const char *folder, const bw_eval_result *result, bw_error *error)
{
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < (int)(sizeof curve_words / sizeof *curve_words); i++)
        status = write_curve(folder, result, i, error);
    if (status == BW_OK && result->confusion)
        status = write_matrix(folder, result, false, error);
    if (status == BW_OK && result->confusion)
        status = write_matrix(folder, result, true, error);
    return status;
}
