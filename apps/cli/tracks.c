#include "tracks.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

const char *bw_tracks_problem(const bw_tracks_choice *choice)
{
    bw_track_options defaults;
    bw_track_options_init(&defaults);
    const bw_track_options *options = &choice->options;
    bool changed = options->iou != defaults.iou || options->max_age != defaults.max_age ||
                   options->min_hits != defaults.min_hits;
    return changed && !choice->track ? "--track-iou, --track-age and --track-hits go with --track"
                                     : NULL;
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

/* What follows `label`; NULL where the text does not begin with it. */
static const char *after(const char *text, const char *label)
{
    size_t length = strlen(label);
    return text && strncmp(text, label, length) == 0 ? text + length : NULL;
}

/* Reads a number after `label`; gives what follows it, NULL where there is none. */
static const char *read_int(int *out, const char *text, const char *label)
{
    char *end = NULL;
    const char *digits = after(text, label);
    long number = digits ? strtol(digits, &end, 10) : 0;
    if (!digits || end == digits || number < INT_MIN || number > INT_MAX)
        return NULL;
    *out = (int)number;
    return end;
}

static const char *read_float(float *out, const char *text, const char *label)
{
    char *end = NULL;
    const char *digits = after(text, label);
    *out = digits ? strtof(digits, &end) : 0.0f;
    return end != digits ? end : NULL;
}

bool bw_tracks_parse(bw_tracks_choice *choice, const char *text)
{
    bw_track_options *options = &choice->options;
    *choice = bw_tracks_default();
    choice->track = strcmp(text, "none") != 0;
    if (!choice->track)
        return true;
    text = read_float(&options->iou, text, "overlap ");
    text = read_int(&options->max_age, text, ", age ");
    return read_int(&options->min_hits, text, ", hits ") != NULL;
}
