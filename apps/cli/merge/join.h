/**
 * The pictures of all runs, put in order and handed to a sink.
 */
#ifndef BW_CLI_MERGE_JOIN_H
#define BW_CLI_MERGE_JOIN_H

#include "merge/duplicates.h"
#include "progress.h"
#include "sink.h"

/** A thumbnail that a run has, and the number of its picture in what is written. */
typedef struct bw_merge_thumbnail {
    int64_t number, item; /* there and in its run */
    size_t run;
} bw_merge_thumbnail;

typedef struct bw_join {
    const bw_merge_runs *runs;
    bw_duplicates *duplicates;
    bw_sink *sink;
    bool draw; /* take over what the runs have drawn */
    bw_progress *progress;
    int64_t done;                   /* the highest number that the sink had before; 0 for none */
    int64_t last;                   /* the number of the last picture handed on */
    int64_t moved;                  /* pictures that got another number */
    int64_t undrawn;                /* pictures whose drawn file is not there */
    bw_merge_thumbnail *thumbnails; /* in rising number; the caller frees them */
    size_t thumbnail_count, thumbnail_capacity;
} bw_join;

/** Hands on all pictures, or those until bw_interrupted. */
bw_status bw_join_runs(bw_join *join, bw_error *error);

#endif
