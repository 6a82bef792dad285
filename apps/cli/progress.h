/**
 * How far a run is: a bar on a terminal, a line every ten seconds elsewhere, on standard error.
 */
#ifndef BW_CLI_PROGRESS_H
#define BW_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bw_progress {
    bool quiet, terminal, shown;
    uint64_t start, last; /* nanoseconds */
    int64_t before;       /* what was done before the start, and took none of the time; */
    double share_before;  /* the same of other work than pictures */
} bw_progress;

bw_progress bw_progress_start(bool quiet);

/** `total` is -1 while it is not known. Shows something only when it is time. */
void bw_progress_update(bw_progress *progress, int64_t done, int64_t failed, int64_t total);

/** The same of other work than pictures: what is done, in words, and the share of it, 0 to 1. */
void bw_progress_update_share(bw_progress *progress, const char *what, double done);

/** Removes the bar. */
void bw_progress_end(bw_progress *progress);

/** Formats a duration for people: "0.04 s", "0.4 s", "12 s", "3 min 20 s", "2 h 05 min". Returns
 * `text`. */
const char *bw_format_duration(char *text, int size, double seconds);

#endif
