/**
 * The axes of a sweep: which settings are measured, each with each.
 */
#ifndef BW_CLI_BENCH_AXES_H
#define BW_CLI_BENCH_AXES_H

#include "base/error.h"

enum { BW_MOST_AXIS_VALUES = 32 };

typedef enum bw_axis_kind {
    BW_AXIS_BATCH,
    BW_AXIS_THREADS,
    BW_AXES,
} bw_axis_kind;

/** The values of one setting, ascending, none twice; `count` is 0 where the axis is not swept. */
typedef struct bw_axis {
    int values[BW_MOST_AXIS_VALUES];
    int count;
} bw_axis;

typedef struct bw_axes {
    bool swept; /* any axis was read */
    bw_axis axis[BW_AXES];
} bw_axes;

/** Reads words such as "batch=1,2,4 threads=1,2", parted by blanks, into the axes they name. */
bw_status bw_axes_read(bw_axes *axes, const char *text, bw_error *error);

/** Whether the text begins as the word of an axis: "batch=…". */
bool bw_axes_match(const char *text);

#endif
