/**
 * What other programs see of a run while it goes on: DIR/progress.json, metrics in Prometheus' text
 * format, and a log of JSON lines on standard error.
 *
 * Both files are replaced whole about once a second and at the end. The log is one object a line:
 * {"time": "2026-01-31T12:00:00.123Z", "level": "info" | "warning" | "error", "message", …}.
 */
#ifndef BW_CLI_OBSERVE_H
#define BW_CLI_OBSERVE_H

#include "pipeline/pipeline.h"
#include "sink.h"

typedef struct bw_observer {
    const char *directory; /* where progress.json is written */
    const char *metrics;   /* NULL: none are written */
    const char *model;     /* the metrics' label */
    bool log;
    int64_t before;                 /* pictures that earlier parts of the run have annotated */
    uint64_t start, last, last_log; /* nanoseconds */
} bw_observer;

/** Begins; the texts are borrowed. Logs that the run has begun. */
void bw_observer_start(bw_observer *observer);

/** How far the run is. */
typedef struct bw_observed {
    const char *state; /* "running", "complete", "interrupted" or "failed" */
    bw_sink_counts counts;
    int64_t total; /* -1 while it is not known */
    const bw_stage_times *times;
} bw_observed;

/** Logs a picture that could not be used. */
void bw_observer_item(bw_observer *observer, const bw_item *item);

/** Writes the files and the log where it is time, or at once where the run is not `running`. */
bw_status bw_observer_update(bw_observer *observer, const bw_observed *observed, bw_error *error);

/** Whether it is time for the next update. */
bool bw_observer_is_due(const bw_observer *observer);

/** Logs a message of its own. */
void bw_observer_log(const char *level, const char *message);

#endif
