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

/** What makes no sense in a choice that was read from options; NULL for nothing. */
const char *bw_tracks_problem(const bw_tracks_choice *choice);

/** Room for the text of a choice. */
enum { BW_TRACKS_TEXT = 80 };

/** The choice as a run's database keeps it: "none", or the three numbers. */
void bw_tracks_tell(char text[BW_TRACKS_TEXT], const bw_tracks_choice *choice);

/** Reads such a text; false where it is none. */
bool bw_tracks_parse(bw_tracks_choice *choice, const char *text);

#endif
