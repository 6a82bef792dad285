#include "video/video.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mathematics.h>
#include <libavutil/parseutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "video/frame.h"

enum { MOST_THREADS = 16, NANOSECONDS = 1000000000, LEAST_FRAME_RATE = 25, LEAST_GAP = 250000000 };

/* Containers whose content is in the file itself; a playlist is none. */
static const char containers[] = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,"
                                 "flv,asf,ogg,ivf,h264,hevc,m4v,mjpeg,yuv4mpegpipe,mxf,dv";

struct bw_video {
    AVFormatContext *container;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *picture;
    const AVStream *stream;
    const char *codec;
    int orientation;
    int64_t next;    /* number of the next frame */
    int64_t start;   /* time stamp of the video's start; AV_NOPTS_VALUE until it is known */
    int64_t last_ns; /* of the last frame */
    int64_t end_ns;  /* where the last frame ends, from the video's start */
    bool drained;    /* the decoder was told of the end */
    bool at_end;
};

bw_status bw_video_version(const char **version, bw_error *error)
{
    (void)error;
    *version = av_version_info();
    return BW_OK;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static bw_status refuse(bw_error *error, int code, const char *path, const char *what)
{
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, reason, sizeof reason);
    if (code == AVERROR(ENOMEM))
        return bw_fail_memory(error, 0, "a video");
    return bw_fail(error, BW_ERROR_FORMAT, "'%s' %s: %s", path, what, reason);
}

static bw_status open_container(bw_video *video, const char *path, bw_error *error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return bw_fail_errno(error, "open", path);
    if (!S_ISREG(status.st_mode))
        return bw_fail(error, BW_ERROR_IO, "'%s' is not a regular file", path);
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    av_dict_set(&options, "format_whitelist", containers, 0);
    char *url;
    if (asprintf(&url, "file:%s", path) < 0) {
        av_dict_free(&options);
        return bw_fail_memory(error, strlen(path), "a file name");
    }
    int code = avformat_open_input(&video->container, url, NULL, &options);
    free(url);
    av_dict_free(&options);
    if (code < 0)
        return refuse(error, code, path, "cannot be read as a video");
    code = avformat_find_stream_info(video->container, NULL);
    return code < 0 ? refuse(error, code, path, "holds no streams that can be read") : BW_OK;
}

static void read_orientation(bw_video *video)
{
    size_t bytes = 0;
    const uint8_t *matrix =
        av_stream_get_side_data(video->stream, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
    int32_t numbers[9];
    video->orientation = 1;
    if (!matrix || bytes < sizeof numbers)
        return;
    memcpy(numbers, matrix, sizeof numbers);
    video->orientation = bw_video_orientation(numbers);
}

static bw_status open_decoder(bw_video *video, const char *path, int threads,
                              const bw_limits *limits, bw_error *error)
{
    const AVCodec *codec = NULL;
    int index = av_find_best_stream(video->container, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (index == AVERROR_STREAM_NOT_FOUND || index == AVERROR_DECODER_NOT_FOUND || !codec)
        return refuse(error, index, path, "holds no video that can be decoded");
    for (unsigned i = 0; i < video->container->nb_streams; i++)
        if ((int)i != index)
            video->container->streams[i]->discard = AVDISCARD_ALL;
    video->stream = video->container->streams[index];
    video->codec = codec->name;
    video->start = video->stream->start_time;
    read_orientation(video);
    video->decoder = avcodec_alloc_context3(codec);
    if (!video->decoder ||
        avcodec_parameters_to_context(video->decoder, video->stream->codecpar) < 0)
        return bw_fail_memory(error, sizeof *video->decoder, "a video's decoder");
    video->decoder->pkt_timebase = video->stream->time_base;
    video->decoder->thread_count = threads < MOST_THREADS ? threads : MOST_THREADS;
    if (codec->id == AV_CODEC_ID_MJPEG)
        video->decoder->err_recognition |= AV_EF_EXPLODE;
    video->decoder->max_pixels = (int64_t)limits->image_pixels;
    int code = avcodec_open2(video->decoder, codec, NULL);
    return code < 0 ? refuse(error, code, path, "cannot be decoded") : BW_OK;
}

bw_status bw_video_open(bw_video **out, const char *path, int threads, const bw_limits *limits,
                        bw_error *error)
{
    av_log_set_level(AV_LOG_QUIET);
    bw_video *video = *out = calloc(1, sizeof *video);
    if (!video)
        return bw_fail_memory(error, sizeof *video, "a video");
    bw_status status = open_container(video, path, error);
    if (status == BW_OK)
        status = open_decoder(video, path, threads, limits, error);
    video->packet = av_packet_alloc();
    video->picture = av_frame_alloc();
    if (status == BW_OK && (!video->packet || !video->picture))
        status = bw_fail_memory(error, sizeof *video->picture, "a video's frames");
    if (status != BW_OK)
        bw_video_close(out);
    return status;
}

void bw_video_close(bw_video **video)
{
    if (!video || !*video)
        return;
    av_frame_free(&(*video)->picture);
    av_packet_free(&(*video)->packet);
    avcodec_free_context(&(*video)->decoder);
    avformat_close_input(&(*video)->container);
    free(*video);
    *video = NULL;
}

/* ---- Time stamps ---------------------------------------------------------------------------- */

static AVRational frame_rate(const bw_video *video)
{
    AVRational rate = video->stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0)
        rate = video->stream->r_frame_rate;
    return rate.num > 0 && rate.den > 0 ? rate : (AVRational){LEAST_FRAME_RATE, 1};
}

/* A frame without a time stamp follows the last one at the stream's frame rate. */
static int64_t time_of(bw_video *video, int64_t stamp)
{
    if (stamp == AV_NOPTS_VALUE) {
        AVRational duration = av_inv_q(frame_rate(video));
        return video->next == 0
                   ? 0
                   : video->last_ns + av_rescale_q(1, duration, (AVRational){1, NANOSECONDS});
    }
    if (video->start == AV_NOPTS_VALUE)
        video->start = stamp;
    return av_rescale_q(stamp - video->start, video->stream->time_base,
                        (AVRational){1, NANOSECONDS});
}

static void take_place(bw_video *video, bw_video_place *place, int64_t stamp)
{
    place->time_ns = video->last_ns = time_of(video, stamp);
    place->number = video->next++;
    place->whole = false;
}

/* ---- Frames --------------------------------------------------------------------------------- */

/* A packet that cannot be used stands for a frame that is lost. */
static bw_status lose_frame(bw_video *video, bw_video_place *place, const char *why,
                            bw_error *error)
{
    take_place(video, place, video->packet->pts);
    av_packet_unref(video->packet);
    return bw_fail(error, BW_ERROR_FORMAT, "the frame is damaged: %s", why);
}

static bw_status lose_packet(bw_video *video, bw_video_place *place, int code, bw_error *error)
{
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    if (code == AVERROR(ENOMEM))
        return bw_fail_memory(error, 0, "a video's frame");
    av_strerror(code, reason, sizeof reason);
    return lose_frame(video, place, reason, error);
}

/* Gives the decoder the next packet of the stream, or tells it of the end. */
static bw_status feed(bw_video *video, bw_video_place *place, bw_error *error)
{
    int code;
    do {
        av_packet_unref(video->packet);
        code = av_read_frame(video->container, video->packet);
    } while (code >= 0 && video->packet->stream_index != video->stream->index);
    if (code < 0) {
        video->drained = true;
        avcodec_send_packet(video->decoder, NULL);
        return code == AVERROR_EOF ? BW_OK : lose_packet(video, place, code, error);
    }
    if (video->packet->flags & AV_PKT_FLAG_CORRUPT)
        return lose_frame(video, place, "its bytes are cut off or corrupt", error);
    code = avcodec_send_packet(video->decoder, video->packet);
    if (code < 0 && code != AVERROR(EAGAIN))
        return lose_packet(video, place, code, error);
    av_packet_unref(video->packet);
    return BW_OK;
}

/* How long the stream says to be, from the first time stamp; 0 where it does not say. */
static int64_t told_duration(const bw_video *video)
{
    const AVStream *stream = video->stream;
    AVRational nanosecond = {1, NANOSECONDS};
    if (stream->duration != AV_NOPTS_VALUE && stream->duration > 0)
        return av_rescale_q(stream->duration, stream->time_base, nanosecond);
    const AVDictionaryEntry *tag = av_dict_get(stream->metadata, "DURATION", NULL, 0);
    int64_t microseconds;
    if (!tag || av_parse_time(&microseconds, tag->value, 1) < 0)
        return 0;
    int64_t start = stream->start_time == AV_NOPTS_VALUE ? 0 : stream->start_time;
    return microseconds * 1000 - av_rescale_q(start, stream->time_base, nanosecond);
}

/* At the end, once: whether there were frames, and as many as the stream says. */
static bw_status check_end(bw_video *video, bw_video_place *place, bw_error *error)
{
    int64_t told = told_duration(video);
    *place = (bw_video_place){video->next, video->end_ns, true};
    if (video->next == 0)
        return bw_fail(error, BW_ERROR_FORMAT, "the video has no frame that can be read");
    if (told - video->end_ns <= LEAST_GAP)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT,
                   "the video is cut off or damaged: it ends after %.2f s, and says to be %.2f s "
                   "long",
                   (double)video->end_ns / NANOSECONDS, (double)told / NANOSECONDS);
}

static bw_status hand_out(bw_video *video, bw_video_frame **frame, bw_video_place *place,
                          bw_error *error)
{
    AVFrame *picture = video->picture;
    take_place(video, place, picture->best_effort_timestamp);
    video->end_ns = place->time_ns + av_rescale_q(picture->pkt_duration, video->stream->time_base,
                                                  (AVRational){1, NANOSECONDS});
    if ((picture->flags & AV_FRAME_FLAG_CORRUPT) || picture->decode_error_flags) {
        av_frame_unref(picture);
        return bw_fail(error, BW_ERROR_FORMAT,
                       "the frame is damaged: parts of it, or of one it is made from, are missing");
    }
    bw_video_frame *taken = calloc(1, sizeof *taken);
    AVFrame *moved = av_frame_alloc();
    if (!taken || !moved) {
        free(taken);
        av_frame_free(&moved);
        return bw_fail_memory(error, sizeof *taken, "a video's frame");
    }
    av_frame_move_ref(moved, picture);
    *taken = (bw_video_frame){moved, video->codec, video->orientation};
    *frame = taken;
    return BW_OK;
}

bw_status bw_video_next(bw_video *video, bw_video_frame **frame, bw_video_place *place,
                        bw_error *error)
{
    *frame = NULL;
    while (!video->at_end) {
        int code = avcodec_receive_frame(video->decoder, video->picture);
        if (code >= 0)
            return hand_out(video, frame, place, error);
        video->at_end = code == AVERROR_EOF || (code != AVERROR(EAGAIN) && video->drained);
        if (code != AVERROR(EAGAIN) && code != AVERROR_EOF)
            return lose_packet(video, place, code, error);
        bw_status status =
            video->at_end ? check_end(video, place, error) : feed(video, place, error);
        if (status != BW_OK)
            return status;
    }
    return BW_OK;
}
