/**
 * The annotation formats of a run: those that have a file for each picture are written while the
 * run goes on, the others at its end from its database. Where there are tracks, which are known at
 * the end only, all are written then.
 */
#ifndef BW_CLI_RUN_FORMATS_H
#define BW_CLI_RUN_FORMATS_H

#include "sink.h"
#include "tracks.h"

/** Formats that are written at the end, null-ended, and the tracks that they tell. */
typedef struct bw_run_formats {
    bw_tracks_choice tracks; /* the caller's, set before the formats are parted */
    const char *later[BW_SINK_FORMATS + 1];
} bw_run_formats;

/** Parts the formats of a list such as "yolo,coco"; `now` becomes those of the sink. */
bw_status bw_run_formats_split(bw_run_formats *formats, const char *now[BW_SINK_FORMATS + 1],
                               const char *list, bw_error *error);

/** Writes those of the end below `directory`. */
bw_status bw_run_formats_write(const bw_run_formats *formats, const char *directory,
                               bool with_confidence, bw_store *store, bw_error *error);

#endif
