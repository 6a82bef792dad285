/**
 * The pictures that the command line names: files, folders, patterns, archives, videos, and lists
 * of them.
 */
#ifndef BW_CLI_LIST_H
#define BW_CLI_LIST_H

#include "pipeline/walk.h"
#include "remote/remote.h"

enum { BW_NO_FRAME = -1 };

/** Which frames of videos are taken. */
typedef struct bw_frame_choice {
    int every;        /* each one whose number, from 0, is a multiple; 0 or 1: all of them */
    float rate;       /* at most so many a second, the first at or after each tick; 0: all */
    float start, end; /* seconds from the video's start; an end of 0 is the video's own */
} bw_frame_choice;

/** A frame of a video; video/video.h. */
struct bw_video_frame;

typedef struct bw_sources {
    char **paths; /* "-" is a list on standard input, each line of which is a file or folder */
    int count;
    bool null_separated; /* the lists' paths end with NUL instead of newline */
    const char *list;    /* a file that is such a list, taken after the paths; NULL for none */
    bw_frame_choice frames;
    bw_remote_options remote;
} bw_sources;

/** A picture that was found, or something in the place of pictures that could not be read. */
typedef struct bw_found {
    const char *path;        /* "photos.zip/a.jpg" for a.jpg in an archive, "clip.mp4/000123.jpg"
                                for frame 123 of a video */
    const char *name;        /* the part of `path` below the folder given */
    bool remote;             /* lies in a network: remote/remote.h reads it */
    const char *source;      /* the archive or video that holds it; NULL for a file of its own */
    int64_t frame, time_ns;  /* of a video's frame; BW_NO_FRAME and 0 otherwise */
    const bw_error *problem; /* why it cannot be used; NULL where it can be tried */
    bool container;          /* is itself an archive or video, which was not opened */

    /** Reads a picture that is no file of its own; NULL otherwise. The caller frees `*bytes`. */
    bw_status (*read)(void *reader, uint8_t **bytes, size_t *size, bw_error *error);
    void *reader;

    struct bw_video_frame **picture; /* of a video; who takes it clears it. NULL otherwise */
} bw_found;

/** Takes what was found, which is valid during the call. Returns false to end the list. */
typedef bool bw_found_visitor(void *context, const bw_found *found);

/** Asked now and then while waiting for input; true ends the list. */
typedef bool bw_list_stopped(void *context);

typedef struct bw_list_options {
    bw_found_visitor *visit;
    bw_list_stopped *stopped;
    void *context;
    bool closed; /* archives, videos and what a network holds are visited as what they are, not
                    opened */
    int threads; /* that may decode a video */
    bw_error *failure; /* becomes why a list in a network could not be read to its end, which ends
                          this one; its status is to be BW_OK before. Not for `closed` */
} bw_list_options;

/** Visits the pictures in order; false when the visitor or `stopped` ended it, or memory did. */
bool bw_list_sources(const bw_sources *sources, const bw_list_options *options);

/** Whether the pictures can be counted beforehand: no list comes from standard input. */
bool bw_list_is_countable(const bw_sources *sources);

/** Whether something may lie in a network: a path does, or there is a list, which may name it. */
bool bw_list_may_be_remote(const bw_sources *sources);

/** Whether a path of the command line exists or is a pattern that some path matches;
 * true for what lies in a network. */
bool bw_list_exists(const char *path);

#endif
