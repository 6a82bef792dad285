/* What video/video.h tells, by the module, which is loaded for the first video. */
#include "module.h"
#include "video/functions.h"

static bw_module_use module = {
    .file = "boxwright-video.so",
    .failing = "videos are not read",
    .remedy =
        "install what is missing: boxwright-video.so comes with Boxwright, all else with FFmpeg",
};

/* Once the module is loaded. */
static const bw_video_functions *functions(void)
{
    return module.table;
}

bw_status bw_video_version(const char **version, bw_error *error)
{
    bw_status status = bw_module_load(&module, error);
    return status == BW_OK ? functions()->version(version, error) : status;
}

bw_status bw_video_open(bw_video **out, const char *path, int threads, const bw_limits *limits,
                        bw_error *error)
{
    *out = NULL;
    bw_status status = bw_module_load(&module, error);
    if (status != BW_OK)
        return bw_fail_prefix(error, status, "%s", path);
    return functions()->open(out, path, threads, limits, error);
}

bw_status bw_video_next(bw_video *video, bw_video_frame **frame, bw_video_place *place,
                        bw_error *error)
{
    return functions()->next(video, frame, place, error);
}

void bw_video_close(bw_video **video)
{
    if (video && *video)
        functions()->close(video);
}

size_t bw_video_frame_bytes(const bw_video_frame *frame)
{
    return functions()->frame_bytes(frame);
}

bw_status bw_video_frame_convert(bw_image *out, const bw_video_frame *frame, bool upright,
                                 bw_error *error)
{
    return functions()->frame_convert(out, frame, upright, error);
}

void bw_video_frame_free(bw_video_frame **frame)
{
    if (frame && *frame)
        functions()->frame_free(frame);
}
