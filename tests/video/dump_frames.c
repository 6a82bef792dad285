/**
 * Writes all frames of a video, upright, as RGB bytes to standard output, and a line for each to
 * standard error: number, nanoseconds, width, height, or the reason why it could not be used.
 */
#include <stdio.h>

#include "video/video.h"

static void write_picture(const bw_image *image)
{
    for (int y = 0; y < image->height; y++)
        fwrite(image->pixels + (size_t)y * image->stride, 3, (size_t)image->width, stdout);
}

static bw_status dump(const bw_video_frame *frame, const bw_video_place *place, bw_error *error)
{
    bw_image image;
    if (bw_video_frame_convert(&image, frame, true, error) != BW_OK)
        return error->status;
    fprintf(stderr, "%lld %lld %d %d %s\n", (long long)place->number, (long long)place->time_ns,
            image.width, image.height, image.format);
    write_picture(&image);
    bw_image_clear(&image);
    return BW_OK;
}

int main(int argc, char **argv)
{
    bw_video *video;
    bw_video_frame *frame = NULL;
    bw_video_place place = {0, 0, false};
    bw_error error;
    bw_limits limits;
    bw_limits_init(&limits);
    if (argc != 2 || bw_video_open(&video, argv[1], 2, &limits, &error) != BW_OK) {
        fprintf(stderr, "refused: %s\n", argc == 2 ? error.message : "usage: dump_frames VIDEO");
        return 1;
    }
    for (bool more = true; more;) {
        bw_status status = bw_video_next(video, &frame, &place, &error);
        more = status != BW_OK || frame;
        if (status == BW_OK && frame)
            status = dump(frame, &place, &error);
        if (status != BW_OK)
            fprintf(stderr, "%lld failed: %s\n", (long long)place.number, error.message);
        bw_video_frame_free(&frame);
    }
    bw_video_close(&video);
    return 0;
}
