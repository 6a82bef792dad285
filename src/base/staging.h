/**
 * Files that get their names together: many small files made durable at the price of one.
 *
 * A staged file is written under a temporary name beside its final one. Publishing waits once until
 * all of them are on the disk, gives each its name, and waits for the names; so after a power cut
 * a final name stands for a whole file or for nothing.
 */
#ifndef BW_BASE_STAGING_H
#define BW_BASE_STAGING_H

#include "base/error.h"
#include "base/memory.h"

/** Zero-initialise it. */
typedef struct bw_staging {
    bw_arena arena;
    const char **paths; /* the final names */
    size_t count, capacity;
} bw_staging;

/** Writes `size` bytes for `path`, whose folder must exist. */
bw_status bw_stage_file(bw_staging *staging, const char *path, const void *bytes, size_t size,
                        bw_error *error);

/** Publishes what was staged. After a failure nothing unpublished is left to be published. */
bw_status bw_staging_publish(bw_staging *staging, bw_error *error);

/** Removes what was staged and not published, and frees everything. */
void bw_staging_clear(bw_staging *staging);

#endif
