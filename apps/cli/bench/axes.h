/**
 * The settings that bench varies, and the axes of a sweep: their values, each measured with each.
 *
 * A new axis is a name here, a row in axes.c, a field of bw_machine_choice in sweep.c, and what the
 * engine made of it in measure.c.
 */
#ifndef BW_CLI_BENCH_AXES_H
#define BW_CLI_BENCH_AXES_H

#include "base/error.h"

enum { BW_MOST_AXIS_VALUES = 32 };

typedef enum bw_axis_kind {
    BW_AXIS_BATCH,
    BW_AXIS_THREADS,
    BW_AXIS_STREAMS,
    BW_AXES,
} bw_axis_kind;

/** One value for each axis; 0 where it is left to the engine. */
typedef struct bw_setting {
    int value[BW_AXES];
} bw_setting;

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

/** The name of an axis: "batch", "threads", "streams". */
const char *bw_axis_name(bw_axis_kind kind);

/** "batch 4, 2 threads" in a buffer of the caller's, without values of 0. Returns `text`. */
const char *bw_setting_words(char *text, size_t size, const bw_setting *setting);

/** Whether the text begins as the word of an axis: "batch=…". */
bool bw_axes_match(const char *text);

#endif
