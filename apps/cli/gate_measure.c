/**
 * The two measures of the accuracy gate: AP where the calibration pictures have labels, otherwise
 * agreement with what FP32 finds.
 */
#include <string.h>
#include <unistd.h>

#include "agreement.h"
#include "base/memory.h"
#include "eval.h"
#include "gate.h"
#include "pipeline/walk.h"

/* ---- Labels --------------------------------------------------------------------------------- */

/* Looks for the label file of any picture. */
typedef struct label_search {
    const char *labels;
    bool found;
} label_search;

static bool look_for_label(void *context, const char *path, const char *name,
                           const bw_error *problem)
{
    label_search *search = context;
    const char *dot = strrchr(name, '.');
    (void)path;
    if (problem || !dot)
        return true;
    bw_arena arena = {0};
    const char *label =
        bw_arena_format(&arena, "%s/%.*s.txt", search->labels, (int)(dot - name), name);
    search->found = label && access(label, F_OK) == 0;
    bw_arena_free(&arena);
    return !search->found;
}

/* Where pictures and labels are below a folder, in the order in which that is tried. */
static const struct {
    const char *images, *labels;
} layouts[] = {
    {"/images", "/labels"},
    {"", "/../labels"},
    {"", "/labels"},
    {"", ""},
};

enum { LAYOUTS = sizeof layouts / sizeof *layouts };

/* Finds the labels of a folder of pictures; `truth` stays NULL where there are none. */
static bw_status find_labels(bw_arena *arena, bw_eval_labels *labels, const char *folder,
                             bw_error *error)
{
    for (int i = 0; i < LAYOUTS; i++) {
        const char *images = bw_arena_format(arena, "%s%s", folder, layouts[i].images);
        label_search search = {bw_arena_format(arena, "%s%s", folder, layouts[i].labels), false};
        if (!images || !search.labels)
            return bw_fail_memory(error, strlen(folder), "a file name");
        bw_walk(images, look_for_label, &search);
        if (!search.found)
            continue;
        labels->truth = search.labels;
        labels->images = images;
        return BW_OK;
    }
    return BW_OK;
}

static bw_status compare_ap(bw_gate_outcome *outcome, const bw_plan *plan, const bw_plan *fp32,
                            const bw_gate_job *job, bw_eval_labels *labels, bw_error *error)
{
    double summary[BW_SUMMARY_FIGURES];
    bw_eval_run how = bw_eval_run_defaults;
    how.threads = job->threads;
    bw_status status = bw_eval_measure_plan(summary, &outcome->pictures, fp32, labels, &how, error);
    outcome->measure = BW_GATE_AP;
    outcome->reference = summary[0];
    labels->quiet = true;
    if (status == BW_OK)
        status = bw_eval_measure_plan(summary, &outcome->pictures, plan, labels, &how, error);
    if (status != BW_OK)
        return status;
    outcome->value = summary[0];
    outcome->drop = outcome->reference - outcome->value;
    return BW_OK;
}

/* ---- No labels ------------------------------------------------------------------------------ */

/* Both plans at work on the same pictures. */
typedef struct comparison {
    bw_engine *expected, *found;
    bw_detections expected_boxes, found_boxes;
    bw_agreement agreement;
} comparison;

static bw_status compare_picture(void *context, const bw_image *image, const char *path,
                                 bw_error *error)
{
    comparison *both = context;
    (void)path;
    bw_status status = bw_engine_detect(both->expected, image, 1, &both->expected_boxes, error);
    if (status == BW_OK)
        status = bw_engine_detect(both->found, image, 1, &both->found_boxes, error);
    return status == BW_OK ? bw_agreement_add(&both->agreement, &both->expected_boxes,
                                              &both->found_boxes, error)
                           : status;
}

static bw_status open_both(comparison *both, const bw_plan *plan, const bw_plan *fp32, int threads,
                           bw_error *error)
{
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = threads;
    run.streams = 1;
    bw_status status = bw_engine_open(&both->expected, fp32, &run, error);
    return status == BW_OK ? bw_engine_open(&both->found, plan, &run, error) : status;
}

static bw_status compare_boxes(bw_gate_outcome *outcome, const bw_plan *plan, const bw_plan *fp32,
                               const bw_gate_job *job, bw_error *error)
{
    comparison both = {0};
    bw_status status = open_both(&both, plan, fp32, job->threads, error);
    if (status == BW_OK)
        status = bw_load_pictures(job->precision, BW_PICTURES_JUDGE, compare_picture, &both, error);
    bw_engine_close(&both.expected);
    bw_engine_close(&both.found);
    bw_detections_clear(&both.expected_boxes);
    bw_detections_clear(&both.found_boxes);
    outcome->measure = BW_GATE_AGREEMENT;
    outcome->pictures = both.agreement.pictures;
    outcome->reference = (double)both.agreement.expected;
    outcome->value = bw_agreement_f1(&both.agreement);
    outcome->drop = 1 - outcome->value;
    return status;
}

bw_status bw_gate_compare(bw_gate_outcome *outcome, const bw_plan *plan, const bw_plan *fp32,
                          const bw_gate_job *job, bw_error *error)
{
    bw_arena arena = {0};
    const bw_held_out *held_out = job->precision->held_out;
    bw_eval_labels labels = {.most = held_out ? 0 : (size_t)job->precision->pictures,
                             .held_out = held_out};
    outcome->held_out = held_out != NULL;
    bw_status status = find_labels(&arena, &labels, job->precision->calib, error);
    if (status == BW_OK && labels.truth)
        status = compare_ap(outcome, plan, fp32, job, &labels, error);
    else if (status == BW_OK)
        status = compare_boxes(outcome, plan, fp32, job, error);
    bw_arena_free(&arena);
    return status;
}
