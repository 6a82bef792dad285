#include "video/functions.h"

BW_API extern const bw_video_functions bw_module;

const bw_video_functions bw_module = {
    .version = bw_video_version,
    .open = bw_video_open,
    .next = bw_video_next,
    .close = bw_video_close,
    .frame_bytes = bw_video_frame_bytes,
    .frame_convert = bw_video_frame_convert,
    .frame_free = bw_video_frame_free,
};
