/**
 * The options of tracks, for the verbs that join boxes of frames.
 */
#ifndef BW_CLI_TRACKS_H
#define BW_CLI_TRACKS_H

#include "options.h"

typedef struct bw_tracks_choice {
    bool track;
    bw_track_options options;
} bw_tracks_choice;

/** The rows of the options, for a group whose struct is a bw_tracks_choice. */
extern const bw_option bw_tracks_table[];

bw_tracks_choice bw_tracks_default(void);

#endif
