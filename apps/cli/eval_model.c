#include <stdlib.h>

#include "eval.h"
#include "held_out.h"
#include "progress.h"
#include "terminal.h"

enum { MOST_BOXES = 1000 };

const bw_eval_run bw_eval_run_defaults = {.iou = 0.45f, .padding = -1};

/* Pictures that keep the engine busy. */
typedef struct image_batch {
    bw_image *images;
    bw_detections *found;
    int size;
} image_batch;

static bw_status detect_batch(bw_evaluation *evaluation, bw_engine *engine,
                              const image_batch *batch, size_t first, size_t *count,
                              bw_error *error)
{
    bw_status status = BW_OK;
    const char *path;
    *count = 0;
    while (status == BW_OK && *count < (size_t)batch->size &&
           (path = bw_evaluation_image(evaluation, first + *count)) != NULL) {
        status = bw_image_read(&batch->images[*count], path, NULL, error);
        *count += status == BW_OK;
    }
    if (status == BW_OK && *count > 0)
        status = bw_engine_detect(engine, batch->images, *count, batch->found, error);
    for (size_t i = 0; status == BW_OK && i < *count; i++)
        status = bw_evaluation_add(evaluation, first + i, batch->found[i].items,
                                   batch->found[i].count, error);
    for (size_t i = 0; i < *count; i++)
        bw_image_clear(&batch->images[i]);
    return status;
}

static bw_status detect_all(bw_evaluation *evaluation, bw_engine *engine, const image_batch *batch,
                            bw_error *error)
{
    bw_progress progress = bw_progress_start(false);
    size_t done = 0, total = 0, count;
    while (bw_evaluation_image(evaluation, total))
        total++;
    bw_status status;
    do {
        status = detect_batch(evaluation, engine, batch, done, &count, error);
        done += count;
        bw_progress_update(&progress, (int64_t)done, 0, (int64_t)total);
    } while (status == BW_OK && done < total);
    bw_progress_end(&progress);
    return status;
}

static bw_status run_batches(bw_evaluation *evaluation, bw_engine *engine, int size,
                             bw_error *error)
{
    image_batch batch = {
        .images = calloc((size_t)size, sizeof *batch.images),
        .found = calloc((size_t)size, sizeof *batch.found),
        .size = size,
    };
    bw_status status = BW_OK;
    if (batch.images && batch.found)
        status = detect_all(evaluation, engine, &batch, error);
    else
        status = bw_fail(error, BW_ERROR_MEMORY, "cannot allocate a batch of %d pictures", size);
    for (int i = 0; batch.found && i < size; i++)
        bw_detections_clear(&batch.found[i]);
    free(batch.images);
    free(batch.found);
    return status;
}

bw_status bw_eval_run_plan(bw_evaluation *evaluation, const bw_plan *plan, const bw_eval_run *how,
                           bw_error *error)
{
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    bw_run_options run;
    bw_run_options_init(&run);
    run.threads = how->threads;
    run.streams = how->streams;
    run.confidence = 0.001f;
    run.iou = how->iou;
    run.max_detections = MOST_BOXES;
    run.resize = (bw_resize)how->resize;
    run.padding = how->padding;
    bw_engine *engine;
    bw_status status =
        bw_evaluation_expect(evaluation, info.model.names, info.model.classes, error);
    if (status == BW_OK)
        status = bw_engine_open(&engine, plan, &run, error);
    if (status != BW_OK)
        return status;
    bw_engine_info engine_info;
    bw_engine_describe(engine, &engine_info);
    status = run_batches(evaluation, engine, info.batch * engine_info.streams, error);
    bw_engine_close(&engine);
    return status;
}

bw_status bw_eval_run_model(bw_evaluation *evaluation, const bw_eval_options *options,
                            bw_error *error)
{
    bw_plan *plan;
    char *path;
    bw_plan_choice choice = {
        .model = &options->model, .precision = &options->precision, .machine = &options->machine};
    bw_status status = bw_plan_open(&plan, &path, &choice, error);
    if (status != BW_OK)
        return status;
    free(path);
    bw_eval_run how = {options->machine.threads, options->machine.streams, options->iou,
                       options->resize, options->padding};
    status = bw_eval_run_plan(evaluation, plan, &how, error);
    bw_plan_close(&plan);
    return status;
}

static bw_status summarize(double *summary, size_t *pictures, bw_evaluation *evaluation,
                           bw_error *error)
{
    const bw_figures *figures;
    int classes;
    bw_status status = bw_evaluation_measure(evaluation, 0.25, &figures, &classes, error);
    if (status != BW_OK)
        return status;
    bw_figures_summarize(summary, figures);
    *pictures = figures[0].images;
    return BW_OK;
}

static bool stays(void *context, const char *path)
{
    return path && bw_is_held_out(context, path);
}

/* Leaves the pictures that are wanted. */
static bw_status choose_pictures(bw_evaluation *evaluation, const bw_eval_labels *labels,
                                 bw_error *error)
{
    bw_status status = BW_OK;
    if (labels->held_out)
        status =
            bw_evaluation_filter(evaluation, stays, (void *)(uintptr_t)labels->held_out, error);
    if (status == BW_OK && labels->most)
        status = bw_evaluation_sample(evaluation, labels->most, error);
    return status;
}

bw_status bw_eval_measure_plan(double *summary, size_t *pictures, const bw_plan *plan,
                               const bw_eval_labels *labels, const bw_eval_run *how,
                               bw_error *error)
{
    bw_evaluation *evaluation;
    bw_status status =
        bw_evaluation_open(&evaluation, labels->truth, labels->images, labels->names, error);
    if (status == BW_OK)
        status = choose_pictures(evaluation, labels, error);
    if (status == BW_OK)
        status = bw_eval_run_plan(evaluation, plan, how, error);
    if (status == BW_OK)
        status = summarize(summary, pictures, evaluation, error);
    if (evaluation && !labels->quiet)
        bw_print_warnings(bw_evaluation_warnings(evaluation));
    bw_evaluation_close(&evaluation);
    return status;
}
