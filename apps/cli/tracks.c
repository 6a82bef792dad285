#include "tracks.h"

#include <stdio.h>
#include <string.h>

const bw_option bw_tracks_table[] = {
    {"track", NULL, "join boxes of frames that follow each other to tracks", bw_read_flag,
     offsetof(bw_tracks_choice, track), 0, 0, NULL},
    {"track-iou", "OVERLAP", "a box goes on with a track that it overlaps so much (default 0.3)",
     bw_read_float, offsetof(bw_tracks_choice, options.iou), 0, 1, NULL},
    {"track-age", "N", "frames that a track may miss, one after the other (default 5)", bw_read_int,
     offsetof(bw_tracks_choice, options.max_age), 0, 1000000, NULL},
    {"track-hits", "N", "tracks of fewer boxes are none (default 3)", bw_read_int,
     offsetof(bw_tracks_choice, options.min_hits), 1, 1000000, NULL},
    {0},
};

bw_tracks_choice bw_tracks_default(void)
{
    bw_tracks_choice choice = {0};
    bw_track_options_init(&choice.options);
    return choice;
}

void bw_tracks_tell(char text[BW_TRACKS_TEXT], const bw_tracks_choice *choice)
{
    const bw_track_options *options = &choice->options;
    if (choice->track)
        snprintf(text, BW_TRACKS_TEXT, "overlap %g, age %d, hits %d", (double)options->iou,
                 options->max_age, options->min_hits);
    else
        snprintf(text, BW_TRACKS_TEXT, "none");
}

bool bw_tracks_parse(bw_tracks_choice *choice, const char *text)
{
    bw_track_options *options = &choice->options;
    *choice = bw_tracks_default();
    choice->track = strcmp(text, "none") != 0;
    return !choice->track || sscanf(text, "overlap %f, age %d, hits %d", &options->iou,
                                    &options->max_age, &options->min_hits) == 3;
}
