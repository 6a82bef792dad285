/**
 * Frames of a video become RGB pictures.
 */
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "image/format.h"
#include "video/frame.h"

enum { ROW_ALIGNMENT = 64, HIGH_DEFINITION = 720, FIXED_ONE = 1 << 16 };

/* ---- Rotation ------------------------------------------------------------------------------- */

int bw_video_orientation(const int32_t *matrix)
{
    double angle = -av_display_rotation_get(matrix); /* clockwise */
    if (isnan(angle))
        return 1;
    int turns = (int)(lround(angle / 90) % 4 + 4) % 4;
    if (fabs(angle - 90 * (double)lround(angle / 90)) > 1)
        return 1;
    switch (turns) {
    case 1: return matrix[3] > 0 ? 5 : 6;
    case 2:
        if (matrix[0] < 0)
            return matrix[4] < 0 ? 3 : 2;
        return matrix[4] < 0 ? 4 : 1;
    case 3: return matrix[3] < 0 ? 7 : 8;
    default: return matrix[4] < 0 ? 4 : 1;
    }
}

/* ---- Colours -------------------------------------------------------------------------------- */

static const int *matrix_of(const AVFrame *picture)
{
    switch (picture->colorspace) {
    case AVCOL_SPC_BT709: return sws_getCoefficients(SWS_CS_ITU709);
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return sws_getCoefficients(SWS_CS_ITU601);
    case AVCOL_SPC_FCC: return sws_getCoefficients(SWS_CS_FCC);
    case AVCOL_SPC_SMPTE240M: return sws_getCoefficients(SWS_CS_SMPTE240M);
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return sws_getCoefficients(SWS_CS_BT2020);
    default:
        return sws_getCoefficients(picture->height >= HIGH_DEFINITION ? SWS_CS_ITU709
                                                                      : SWS_CS_ITU601);
    }
}

static bool has_full_range(const AVFrame *picture)
{
    switch (picture->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P: return true;
    default: return picture->color_range == AVCOL_RANGE_JPEG;
    }
}

static struct SwsContext *open_converter(const AVFrame *picture)
{
    struct SwsContext *converter =
        sws_getContext(picture->width, picture->height, (enum AVPixelFormat)picture->format,
                       picture->width, picture->height, AV_PIX_FMT_RGB24,
                       SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP,
                       NULL, NULL, NULL);
    if (converter)
        sws_setColorspaceDetails(converter, matrix_of(picture), has_full_range(picture),
                                 sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, FIXED_ONE, FIXED_ONE);
    return converter;
}

/* Rows are wide enough for swscale, which may write a little past their ends. */
static bw_status allocate(bw_image *out, const AVFrame *picture, bw_error *error)
{
    size_t bytes;
    size_t stride = bw_round_up((size_t)picture->width * 3 + ROW_ALIGNMENT, ROW_ALIGNMENT);
    if (!bw_size_multiply(&bytes, stride, (size_t)picture->height))
        return bw_fail_memory(error, SIZE_MAX, "a frame");
    out->pixels = aligned_alloc(ROW_ALIGNMENT, bytes);
    if (!out->pixels)
        return bw_fail_memory(error, bytes, "a frame");
    out->width = picture->width;
    out->height = picture->height;
    out->stride = stride;
    return BW_OK;
}

static bw_status convert(bw_image *out, const bw_video_frame *frame, bw_error *error)
{
    const AVFrame *picture = frame->picture;
    struct SwsContext *converter = open_converter(picture);
    if (!converter) {
        const char *name = av_get_pix_fmt_name((enum AVPixelFormat)picture->format);
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "frames in the colours '%s' are not supported",
                       name ? name : "unknown");
    }
    bw_status status = allocate(out, picture, error);
    if (status == BW_OK) {
        uint8_t *planes[4] = {out->pixels};
        int strides[4] = {(int)out->stride};
        if (sws_scale(converter, (const uint8_t *const *)picture->data, picture->linesize, 0,
                      picture->height, planes, strides) != picture->height)
            status = bw_fail(error, BW_ERROR_FORMAT, "the frame's colours cannot be converted");
    }
    sws_freeContext(converter);
    return status;
}

bw_status bw_video_frame_convert(bw_image *out, const bw_video_frame *frame, bool upright,
                                 bw_error *error)
{
    *out = (bw_image){.format = frame->codec, .orientation = frame->orientation};
    bw_status status = convert(out, frame, error);
    if (status == BW_OK && upright)
        status = bw_image_orient(out, frame->orientation, error);
    if (status != BW_OK)
        bw_image_clear(out);
    return status;
}

size_t bw_video_frame_bytes(const bw_video_frame *frame)
{
    const AVFrame *picture = frame->picture;
    int bytes = av_image_get_buffer_size((enum AVPixelFormat)picture->format, picture->width,
                                         picture->height, ROW_ALIGNMENT);
    return bytes > 0 ? (size_t)bytes : 0;
}

void bw_video_frame_free(bw_video_frame **frame)
{
    if (!frame || !*frame)
        return;
    av_frame_free(&(*frame)->picture);
    free(*frame);
    *frame = NULL;
}
