/**
 * What eval prints: COCO's lines and the table of classes, or those of Pascal VOC or darknet.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "eval.h"

const char *const bw_summary_names[BW_SUMMARY_FIGURES] = {
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
};

/* ---- COCO ----------------------------------------------------------------------------------- */

static void print_summary(const double *summary)
{
    static const struct {
        const char *overlap, *area;
        int depth;
    } lines[BW_SUMMARY_FIGURES] = {
        {"0.50:0.95", "all", 100},   {"0.50", "all", 100},         {"0.75", "all", 100},
        {"0.50:0.95", "small", 100}, {"0.50:0.95", "medium", 100}, {"0.50:0.95", "large", 100},
        {"0.50:0.95", "all", 1},     {"0.50:0.95", "all", 10},     {"0.50:0.95", "all", 100},
        {"0.50:0.95", "small", 100}, {"0.50:0.95", "medium", 100}, {"0.50:0.95", "large", 100},
    };
    for (int i = 0; i < BW_SUMMARY_FIGURES; i++)
        printf(" %-18s %s @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %0.3f\n",
               i < 6 ? "Average Precision" : "Average Recall", i < 6 ? "(AP)" : "(AR)",
               lines[i].overlap, lines[i].area, lines[i].depth, summary[i]);
}

static void print_row(const bw_figures *figures)
{
    double summary[BW_SUMMARY_FIGURES];
    char *name = bw_utf8_clean(figures->name, true);
    bw_figures_summarize(summary, figures);
    printf("%22s %10zu %10zu %10.3f %10.3f %10.3f %10.3f\n", name ? name : "", figures->images,
           figures->instances, figures->best.precision, figures->best.recall, summary[1],
           summary[0]);
    free(name);
}

static void print_point(const char *title, const bw_operating_point *point)
{
    printf("%s confidence %.4f: precision %.3f, recall %.3f, F1 %.3f\n", title, point->confidence,
           point->precision, point->recall, point->f1);
}

static void print_coco(const bw_eval_result *result)
{
    const bw_figures *all = result->figures;
    print_summary(result->summary);
    printf("\n%22s %10s %10s %10s %10s %10s %10s\n", "Class", "Images", "Instances", "P", "R",
           "mAP50", "mAP50-95");
    for (int i = 0; i <= result->classes; i++)
        if (i == 0 || all[i].instances > 0)
            print_row(&all[i]);
    printf("\nP and R are those where the mean F1 of the classes is best.\n");
    print_point("Best: ", &all->best);
    print_point("Given:", &all->given);
}

/* ---- Pascal VOC ----------------------------------------------------------------------------- */

static void print_voc_row(const bw_average *row)
{
    char *name = bw_utf8_clean(row->name, true);
    printf("%22s %10zu %10zu %10zu %10zu %10.4f\n", name ? name : "", row->instances, row->found,
           row->right, row->wrong, row->ap);
    free(name);
}

static void print_voc(const bw_eval_result *result, const bw_average *averages,
                      const bw_average_options *options)
{
    printf("Pascal VOC at IoU %.2f, ", options->iou);
    if (options->points)
        printf("precision at %d recalls: mAP %.4f\n\n", options->points, averages->ap);
    else
        printf("the area below the curve of precision: mAP %.4f\n\n", averages->ap);
    printf("%22s %10s %10s %10s %10s %10s\n", "Class", "Instances", "Found", "Right", "Wrong",
           "AP");
    for (int i = 0; i <= result->classes; i++)
        if (i == 0 || averages[i].instances > 0)
            print_voc_row(&averages[i]);
    printf("\nRight and wrong are those of the boxes that score more than %.2f.\n",
           options->confidence);
}

/* ---- darknet -------------------------------------------------------------------------------- */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static void print_darknet_class(const bw_average *row, int class_id)
{
    char *name = bw_utf8_clean(row->name, true);
    printf("class_id = %d, name = %s, ap = %2.2f%%   \t (TP = %zu, FP = %zu) \n", class_id,
           name ? name : "", 100 * row->ap, row->right, row->wrong);
    free(name);
}

/* The lines of `darknet detector map`, blanks at their ends included. */
static void print_darknet(const bw_eval_result *result, const bw_average *all,
                          const bw_average_options *options)
{
    double right = (double)all->right, told = right + (double)all->wrong;
    printf("\n detections_count = %zu, unique_truth_count = %zu  \n", all->found, all->instances);
    for (int i = 1; i <= result->classes; i++)
        print_darknet_class(&all[i], i - 1);
    printf("\n for conf_thresh = %1.2f, precision = %1.2f, recall = %1.2f, F1-score = %1.2f \n",
           options->confidence, ratio(right, told), ratio(right, (double)all->instances),
           ratio(2 * right, told + (double)all->instances));
    printf(" for conf_thresh = %0.2f, TP = %zu, FP = %zu, FN = %zu, average IoU = %2.2f %% \n",
           options->confidence, all->right, all->wrong, all->instances - all->right,
           100 * ratio(all->overlaps, told));
    printf("\n IoU threshold = %2.0f %%, ", 100 * options->iou);
    if (options->points)
        printf("used %d Recall-points \n", options->points);
    else
        printf("used Area-Under-Curve for each unique Recall \n");
    printf(" mean average precision (mAP@%0.2f) = %f, or %2.2f %% \n", options->iou, all->ap,
           100 * all->ap);
}

/* ---- Whichever is asked for ----------------------------------------------------------------- */

bw_status bw_eval_print(const bw_eval_result *result, bw_metric metric,
                        const bw_average_options *options, bw_error *error)
{
    const bw_average *averages;
    int classes;
    if (metric == BW_METRIC_COCO) {
        print_coco(result);
        return BW_OK;
    }
    bw_status status =
        bw_evaluation_average(result->evaluation, options, &averages, &classes, error);
    if (status != BW_OK)
        return status;
    if (metric == BW_METRIC_DARKNET)
        print_darknet(result, averages, options);
    else
        print_voc(result, averages, options);
    return BW_OK;
}
