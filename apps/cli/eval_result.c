#include <stdlib.h>

#include "eval.h"

/* AP of all and of each class by VOC's rules. */
static bw_status average(double **out, bw_evaluation *evaluation, int points, bw_error *error)
{
    const bw_average *averages;
    int classes;
    bw_average_options options;
    bw_average_options_init(&options);
    options.points = points;
    bw_status status = bw_evaluation_average(evaluation, &options, &averages, &classes, error);
    if (status != BW_OK)
        return status;
    *out = calloc((size_t)classes + 1, sizeof **out);
    if (!*out)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the figures of %d classes",
                       classes);
    for (int i = 0; i <= classes; i++)
        (*out)[i] = averages[i].ap;
    return BW_OK;
}

bw_status bw_eval_measure_all(bw_eval_result *result, bw_evaluation *evaluation, double confidence,
                              bool full, bw_error *error)
{
    *result = (bw_eval_result){.evaluation = evaluation, .confidence = confidence};
    bw_status status =
        bw_evaluation_measure(evaluation, confidence, &result->figures, &result->classes, error);
    if (status != BW_OK)
        return status;
    bw_figures_summarize(result->summary, result->figures);
    if (!full)
        return BW_OK;
    status = average(&result->voc, evaluation, 0, error);
    if (status == BW_OK)
        status = average(&result->voc07, evaluation, 11, error);
    if (status == BW_OK && result->classes <= BW_CONFUSION_CLASSES)
        status = bw_evaluation_confusion(evaluation, confidence, BW_CONFUSION_IOU,
                                         &result->confusion, &result->classes, error);
    return status;
}

void bw_eval_result_free(bw_eval_result *result)
{
    free(result->voc);
    free(result->voc07);
    *result = (bw_eval_result){0};
}
