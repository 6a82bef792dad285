/**
 * Where an axis starts and ends, and which round numbers are marked on it.
 */
#ifndef BW_CLI_PLOT_TICKS_H
#define BW_CLI_PLOT_TICKS_H

#include <stdbool.h>

enum { BW_MOST_TICKS = 40 };

typedef enum bw_scale {
    BW_SCALE_LINEAR,
    BW_SCALE_LOGARITHMIC, /* for values over 0 */
} bw_scale;

/** An axis from `low` to `high`, and the values marked on it, ascending. */
typedef struct bw_ticks {
    bw_scale scale;
    double low, high;
    double values[BW_MOST_TICKS];
    int count;
} bw_ticks;

/**
 * Ticks for data from `low` to `high`: about `wanted` multiples of 1, 2 or 5 times a power of ten;
 * the axis ends on ticks. On a logarithmic axis they are 1, 2 and 5 times powers of ten, or powers
 * of ten alone where those are enough. A range of no length is widened.
 */
bw_ticks bw_ticks_choose(bw_scale scale, double low, double high, int wanted);

/** How far along the axis a value is: 0 at `low`, 1 at `high`. */
double bw_ticks_place(const bw_ticks *ticks, double value);

#endif
