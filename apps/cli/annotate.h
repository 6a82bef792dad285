/**
 * An annotation run: what the command line asked for, and how it is carried out.
 */
#ifndef BW_CLI_ANNOTATE_H
#define BW_CLI_ANNOTATE_H

#include "model.h"
#include "pipeline/pipeline.h"
#include "sink.h"
#include "store/lock.h"
#include "tracks.h"

typedef struct bw_annotate_options {
    bw_sources sources;
    const char *command; /* the command line, for the record */
    const char *out, *formats, *classes, *list;
    bool save_confidence, draw, no_report, overwrite, redo, quiet, null_separated, agnostic,
        no_cache, fast_decode;
    bw_share share;
    int exif;        /* 0 apply, 1 ignore */
    int resize, nms; /* bw_resize and bw_nms */
    int padding;     /* as in bw_run_options */
    float confidence, iou;
    int max_detections;
    bw_model_choice model;
    bw_precision_choice precision;
    bw_gate_choice gate;
    int log; /* 0 text, 1 JSON */
    const char *metrics;
    bw_tracks_choice tracks;
    bw_machine_choice machine;
} bw_annotate_options;

typedef struct bw_annotate_result {
    bw_sink_counts counts;
    bw_stage_times times;
    bw_gate_outcome gate; /* of the plan, where it was built */
    int64_t continued;    /* items that the run had when it went on; 0 for a new one */
    bool interrupted;
} bw_annotate_result;

/**
 * Runs, or goes on where a run with the same settings stopped. `*store` is the run's database, for
 * the caller to close, also after a failure; it is NULL where the run did not get that far. `*lock`
 * is the output folder's lock, for bw_lock_release after that.
 */
bw_status bw_annotate_run(const bw_annotate_options *options, bw_store **store, bw_lock *lock,
                          bw_annotate_result *result, bw_error *error);

#endif
