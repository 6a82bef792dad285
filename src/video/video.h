/**
 * Frames of a video file, one after the other, by FFmpeg's libraries; nothing else includes them.
 *
 * The program has these functions from a module, boxwright-video.so, that the first call of
 * bw_video_open loads, or bw_video_version.
 *
 * Videos are untrusted. Only regular files of well-known containers are opened, never what a
 * playlist would lead to; the limits on a picture's size hold for frames. A frame that is damaged
 * is an error of its own, not half a picture, and what follows it is still read. Damage is what the
 * decoder notices: changed bits that happen to spell another valid picture stay unseen, as do
 * traces in frames that are predicted from a damaged one.
 */
#ifndef BW_VIDEO_VIDEO_H
#define BW_VIDEO_VIDEO_H

#include "base/error.h"

typedef struct bw_video bw_video;

/** A decoded frame, still in the video's own colours. */
typedef struct bw_video_frame bw_video_frame;

/** Where a frame stands. */
typedef struct bw_video_place {
    int64_t number;  /* from 0, as the frames are shown; a damaged one counts */
    int64_t time_ns; /* when it is shown, from the video's start, by the stream's time stamps */
    bool whole;      /* on a failure: it is the whole video's, which ends too early */
} bw_video_place;

/** The version of FFmpeg; lasts as long as the program. Fails where its libraries are missing. */
bw_status bw_video_version(const char **version, bw_error *error);

/** Opens the first video stream of a file, to be decoded by up to `threads` threads. */
bw_status bw_video_open(bw_video **out, const char *path, int threads, const bw_limits *limits,
                        bw_error *error);

/**
 * Decodes the next frame: `*frame` is the caller's, to be freed, and NULL at the end. On a failure
 * `*place` is the damaged frame's, and the next call goes on behind it; once nothing more can be
 * read, the failure is followed by the end. Only running out of memory is BW_ERROR_MEMORY.
 */
bw_status bw_video_next(bw_video *video, bw_video_frame **frame, bw_video_place *place,
                        bw_error *error);

void bw_video_close(bw_video **video);

/** Bytes that the frame's pixels take before they are converted. */
size_t bw_video_frame_bytes(const bw_video_frame *frame);

/**
 * Converts a frame to 8-bit RGB by the matrix and range that the stream names; where it names none,
 * by BT.709 from 720 lines on and BT.601 below, and the narrow range. Transfer functions are not
 * touched. With `upright`, the rotation that the stream asks players for is applied. Frames of one
 * video may be converted in several threads at once. `out` is cleared by bw_image_clear.
 */
bw_status bw_video_frame_convert(bw_image *out, const bw_video_frame *frame, bool upright,
                                 bw_error *error);

/** NULL-safe. */
void bw_video_frame_free(bw_video_frame **frame);

#endif
