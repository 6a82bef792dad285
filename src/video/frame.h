/**
 * What a frame consists of; private to this folder.
 */
#ifndef BW_VIDEO_FRAME_H
#define BW_VIDEO_FRAME_H

#include <libavutil/frame.h>

#include "video/video.h"

struct bw_video_frame {
    AVFrame *picture;
    const char *codec; /* its short name, which lives as long as the program */
    int orientation;   /* as EXIF counts, 1 to 8 */
};

/** The EXIF orientation, 1 to 8, that a display matrix of nine numbers asks for; see ISO 14496-12.
 */
int bw_video_orientation(const int32_t *matrix);

#endif
