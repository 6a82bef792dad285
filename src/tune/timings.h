/**
 * What kernels took: a table in memory, and the file that keeps it from build to build.
 *
 * The file is text: a first line that says what it is, then a line for each timing, its fields
 * separated by tabs:
 *
 *     boxwright timings 1
 *     machine <tab> setting <tab> operation <tab> kernel <tab> nanoseconds
 *
 *     machine    the library's version, the processor's name, the features that may be used
 *     setting    threads, batch and sharing, such as "2 threads, batch 8, steps"
 *     operation  as bw_candidates_describe puts it
 *
 * Of several lines with the same first four fields the last holds. Lines that are damaged are
 * passed over and counted; a file that begins otherwise is not touched.
 */
#ifndef BW_TUNE_TIMINGS_H
#define BW_TUNE_TIMINGS_H

#include "base/error.h"
#include "base/memory.h"

/** `key` is the first four fields with their tabs. */
typedef struct bw_timing {
    const char *key;
    uint64_t nanoseconds; /* at least 1 */
} bw_timing;

/** Zero-initialise it. */
typedef struct bw_timings {
    bw_arena arena; /* owns the keys */
    bw_timing *items;
    size_t count, capacity;
    size_t damaged; /* lines that were passed over */
} bw_timings;

/** The timing, or 0 where there is none. */
uint64_t bw_timings_find(const bw_timings *timings, const char *key);

/** Adds or replaces a timing; 0 nanoseconds are kept as 1. */
bw_status bw_timings_set(bw_timings *timings, const char *key, uint64_t nanoseconds,
                         bw_error *error);

/** Adds what the file holds. It is fine if there is no such file. */
bw_status bw_timings_read(bw_timings *timings, const char *path, bw_error *error);

/** Adds the timings to those that the file holds by now, and replaces it: whole or not at all. */
bw_status bw_timings_save(const bw_timings *timings, const char *path, bw_error *error);

void bw_timings_free(bw_timings *timings);

#endif
