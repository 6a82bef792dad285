/* What video/video.h tells, by the module, which is loaded for the first video. */
#include <stdatomic.h>

#include "module.h"
#include "video/functions.h"

static _Atomic(const bw_video_functions *) loaded;

static bw_status load(bw_error *error)
{
    static const bw_module_description description = {
        "boxwright-video.so",
        "videos are not read",
        "install what is missing: boxwright-video.so comes with Boxwright, all else with FFmpeg",
    };
    const void *table = loaded;
    bw_status status = table ? BW_OK : bw_module_load(&table, &description, error);
    loaded = table;
    return status;
}

bw_status bw_video_version(const char **version, bw_error *error)
{
    bw_status status = load(error);
    return status == BW_OK ? loaded->version(version, error) : status;
}

bw_status bw_video_open(bw_video **out, const char *path, int threads, const bw_limits *limits,
                        bw_error *error)
{
    *out = NULL;
    bw_status status = load(error);
    if (status != BW_OK)
        return bw_fail_prefix(error, status, "%s", path);
    return loaded->open(out, path, threads, limits, error);
}

bw_status bw_video_next(bw_video *video, bw_video_frame **frame, bw_video_place *place,
                        bw_error *error)
{
    return loaded->next(video, frame, place, error);
}

void bw_video_close(bw_video **video)
{
    if (video && *video)
        loaded->close(video);
}

size_t bw_video_frame_bytes(const bw_video_frame *frame)
{
    return loaded->frame_bytes(frame);
}

bw_status bw_video_frame_convert(bw_image *out, const bw_video_frame *frame, bool upright,
                                 bw_error *error)
{
    return loaded->frame_convert(out, frame, upright, error);
}

void bw_video_frame_free(bw_video_frame **frame)
{
    if (frame && *frame)
        loaded->frame_free(frame);
}
