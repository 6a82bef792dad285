/**
 * The lock of an output folder: one run at a time writes there, and none while others read it
 * under the lock.
 *
 * It is an advisory lock on the file run.lock, which the system lets go when the process ends,
 * however it ends. The file holds the number of the process; it goes with the lock, and one that a
 * killed process has left is taken over.
 */
#ifndef BW_CLI_LOCK_H
#define BW_CLI_LOCK_H

#include "base/error.h"

typedef struct bw_lock {
    int file; /* -1: not held */
    char *path;
} bw_lock;

/** Takes the lock; fails at once where another process has it. */
bw_status bw_lock_take(bw_lock *lock, const char *directory, bw_error *error);

/**
 * Shares the lock with others that only read; fails at once where a run is writing. A folder in
 * which this process may not write is taken without a lock, unless it holds the file already.
 */
bw_status bw_lock_share(bw_lock *lock, const char *directory, bw_error *error);

/** Lets go, where it is held. */
void bw_lock_release(bw_lock *lock);

#endif
