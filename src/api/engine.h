/**
 * What the two halves of an engine share: engine.c opens, times and closes it, detect.c takes
 * pictures through it.
 */
#ifndef BW_API_ENGINE_H
#define BW_API_ENGINE_H

#include <stdatomic.h>

#include "backend/group.h"
#include "detect/detect.h"

/** What one thread of a stream needs for the pictures whose boxes it finds. */
typedef struct bw_detector {
    bw_candidates candidates;
    int failed_image; /* of the batch: the first that failed in this thread */
    bw_error error;   /* of that image; BW_OK while none has failed */
} bw_detector;

/** As bw_engine_times, written by the stream while anybody reads. */
typedef struct bw_lane_times {
    atomic_ullong images, prepare, network, detect;
} bw_lane_times;

/** What the engine keeps for one stream; only that stream's threads touch it during a call. */
typedef struct bw_lane {
    bw_detector *detectors; /* one a thread */
    int threads;
    bw_lane_times times;
} bw_lane;

struct bw_engine {
    const bw_plan *plan;
    const bw_backend *backend;
    bw_group *group;
    bw_lane *lanes;         /* one a stream */
    bw_run_options options; /* every AUTO resolved; `classes` is our own copy */
    bool *classes;
    bw_nms_options nms;
};

#endif
