/**
 * The pictures that the command line names: files, folders, and lists on standard input.
 */
#ifndef BW_CLI_LIST_H
#define BW_CLI_LIST_H

#include "pipeline/walk.h"

typedef struct bw_sources {
    char **paths; /* "-" is a list on standard input, each line of which is a file or folder */
    int count;
    bool null_separated; /* the list's paths end with NUL instead of newline */
} bw_sources;

/** Asked now and then while waiting for standard input; true ends the list. */
typedef bool bw_list_stopped(void *context);

/** Visits the pictures in order; false when the visitor or `stopped` ended it, or memory did. */
bool bw_list_sources(const bw_sources *sources, bw_walk_visitor *visit, bw_list_stopped *stopped,
                     void *context);

/** Whether the pictures can be counted beforehand: no list comes from standard input. */
bool bw_list_is_countable(const bw_sources *sources);

#endif
