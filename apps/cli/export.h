/**
 * Annotation files from a run's database.
 */
#ifndef BW_CLI_EXPORT_H
#define BW_CLI_EXPORT_H

#include <sqlite3.h>

#include "base/error.h"

typedef struct bw_export_options {
    const char *directory;      /* to write below; it must exist */
    const char *const *formats; /* null-ended */
    double confidence;          /* boxes that score less are left out */
    bool with_confidence, link_images;
    bool track; /* join boxes to tracks, */
    bw_track_options tracks;
    const char *image_url; /* what Label Studio puts before names; NULL for the default */
} bw_export_options;

typedef struct bw_export_counts {
    int64_t pictures, boxes, tracks;
} bw_export_counts;

/**
 * Writes a run in all formats, each in the order that it wants. Pictures that could not be used are
 * left out. Memory does not grow with their number.
 */
bw_status bw_export_run(sqlite3 *database, const bw_export_options *options,
                        bw_export_counts *counts, bw_error *error);

#endif
