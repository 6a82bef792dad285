/**
 * The functions of video.h as a table: what the module boxwright-video.so gives the program, which
 * loads it with FFmpeg's libraries when it meets a video.
 */
#ifndef BW_VIDEO_FUNCTIONS_H
#define BW_VIDEO_FUNCTIONS_H

#include "video/video.h"

typedef struct bw_video_functions {
    bw_status (*version)(const char **version, bw_error *error);
    bw_status (*open)(bw_video **out, const char *path, int threads, const bw_limits *limits,
                      bw_error *error);
    bw_status (*next)(bw_video *video, bw_video_frame **frame, bw_video_place *place,
                      bw_error *error);
    void (*close)(bw_video **video);
    size_t (*frame_bytes)(const bw_video_frame *frame);
    bw_status (*frame_convert)(bw_image *out, const bw_video_frame *frame, bool upright,
                               bw_error *error);
    void (*frame_free)(bw_video_frame **frame);
} bw_video_functions;

#endif
