/**
 * The pictures that a run has already: a multiset of their paths, kept as 128-bit hashes, so that a
 * million of them take some 32 MB.
 */
#ifndef BW_CLI_DONE_H
#define BW_CLI_DONE_H

#include "base/error.h"

typedef struct bw_done bw_done;

bw_status bw_done_open(bw_done **out, bw_error *error);

/** Adds a path; one that a run names twice is added twice. */
bw_status bw_done_add(bw_done *done, const void *path, size_t bytes, bw_error *error);

/** Takes the path out once; false where it is not, or no more, in the set. NULL is empty. */
bool bw_done_take(bw_done *done, const char *path);

void bw_done_close(bw_done **done);

#endif
