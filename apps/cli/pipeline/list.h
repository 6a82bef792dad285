/**
 * The pictures that the command line names: files, folders, patterns, archives, and lists of them.
 */
#ifndef BW_CLI_LIST_H
#define BW_CLI_LIST_H

#include "pipeline/walk.h"

typedef struct bw_sources {
    char **paths; /* "-" is a list on standard input, each line of which is a file or folder */
    int count;
    bool null_separated; /* the lists' paths end with NUL instead of newline */
    const char *list;    /* a file that is such a list, taken after the paths; NULL for none */
} bw_sources;

/** A picture that was found, or something in the place of pictures that could not be read. */
typedef struct bw_found {
    const char *path;        /* "photos.zip/a.jpg" for a.jpg in an archive */
    const char *name;        /* the part of `path` below the folder given */
    const char *source;      /* the archive that holds it; NULL for a file of its own */
    const bw_error *problem; /* why it cannot be used; NULL where it can be tried */
    bool container;          /* is itself an archive, which was not opened */

    /** Reads a picture that is no file of its own; NULL otherwise. The caller frees `*bytes`. */
    bw_status (*read)(void *reader, uint8_t **bytes, size_t *size, bw_error *error);
    void *reader;
} bw_found;

/** Takes what was found, which is valid during the call. Returns false to end the list. */
typedef bool bw_found_visitor(void *context, const bw_found *found);

/** Asked now and then while waiting for input; true ends the list. */
typedef bool bw_list_stopped(void *context);

typedef struct bw_list_options {
    bw_found_visitor *visit;
    bw_list_stopped *stopped;
    void *context;
    bool closed; /* archives are visited as what they are, not opened */
} bw_list_options;

/** Visits the pictures in order; false when the visitor or `stopped` ended it, or memory did. */
bool bw_list_sources(const bw_sources *sources, const bw_list_options *options);

/** Whether the pictures can be counted beforehand: no list comes from standard input. */
bool bw_list_is_countable(const bw_sources *sources);

/** Whether a path of the command line exists or is a pattern that some path matches. */
bool bw_list_exists(const char *path);

#endif
