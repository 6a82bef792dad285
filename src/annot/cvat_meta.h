/**
 * What CVAT's two XML formats begin with: the task and its labels.
 */
#ifndef BW_ANNOT_CVAT_META_H
#define BW_ANNOT_CVAT_META_H

#include "annot/text.h"

typedef struct bw_cvat_task {
    const char *name, *mode; /* "annotation" or "interpolation" */
    int64_t size;            /* pictures or frames */
    int width, height;       /* of a video's frames; 0 where they do not matter */
} bw_cvat_task;

/** Writes all that stands before the first <image> or <track>. */
void bw_cvat_begin(bw_text *text, const bw_cvat_task *task, const bw_writer_options *options);

/** Writes the four corners as attributes. */
void bw_cvat_corners(bw_text *text, double left, double top, double right, double bottom);

#endif
