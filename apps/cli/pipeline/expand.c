#include "pipeline/expand.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "input/archive.h"
#include "video/video.h"

static bool visit(const bw_list_options *options, const bw_found *found)
{
    return options->visit(options->context, found);
}

static bool stopped(const bw_list_options *options)
{
    return options->stopped(options->context);
}

static bool visit_damaged(const bw_list_options *options, const bw_found *container,
                          const bw_error *problem)
{
    bw_found found = *container;
    found.problem = problem;
    return visit(options, &found);
}

/* ---- Archives ------------------------------------------------------------------------------- */

static bw_status read_member(void *reader, uint8_t **bytes, size_t *size, bw_error *error)
{
    return bw_archive_read(reader, bytes, size, error);
}

static bool visit_member(const bw_list_options *options, const bw_found *archive,
                         bw_archive *reader, bw_member *member)
{
    char *path;
    if (asprintf(&path, "%s/%s", archive->path, member->name) < 0)
        return false;
    bool usable = member->problem.status == BW_OK;
    if (!usable)
        bw_fail_prefix(&member->problem, member->problem.status, "%s", path);
    bw_found found = {.path = path,
                      .name = path + (archive->name - archive->path),
                      .source = archive->path,
                      .frame = BW_NO_FRAME,
                      .problem = usable ? NULL : &member->problem,
                      .read = usable ? read_member : NULL,
                      .reader = reader};
    bool on = visit(options, &found);
    free(path);
    return on;
}

bool bw_expand_archive(const bw_list_options *options, const bw_found *archive)
{
    bw_archive *reader;
    bw_member member;
    bw_error error;
    bw_limits limits;
    bw_limits_init(&limits);
    bool on = true;
    if (bw_archive_open(&reader, archive->path, limits.image_bytes, &error) != BW_OK)
        return visit_damaged(options, archive, &error);
    do {
        if (bw_archive_next(reader, &member, options->stopped, options->context, &error) != BW_OK) {
            bw_fail_prefix(&error, error.status, "%s", archive->path);
            on = visit_damaged(options, archive, &error);
            break;
        }
        if (member.name)
            on = visit_member(options, archive, reader, &member);
    } while (on && member.name);
    bw_archive_close(&reader);
    return on && !stopped(options);
}

/* ---- Videos --------------------------------------------------------------------------------- */

/* `*slot` counts the frames that a rate of frames asks for. */
static bool is_chosen(const bw_frame_choice *choice, const bw_video_place *place, double *slot)
{
    double seconds = (double)place->time_ns / 1e9;
    if (seconds < (double)choice->start ||
        (choice->every > 1 && place->number % choice->every != 0))
        return false;
    if (choice->rate <= 0)
        return true;
    double due = floor((seconds - (double)choice->start) * (double)choice->rate + 1e-6);
    if (due < *slot)
        return false;
    *slot = due + 1;
    return true;
}

static bool visit_frame(const bw_list_options *options, const bw_found *video,
                        bw_video_frame **frame, const bw_video_place *place, bw_error *problem)
{
    char *path;
    if (asprintf(&path, "%s/%06lld.jpg", video->path, (long long)place->number) < 0)
        return false;
    if (problem)
        bw_fail_prefix(problem, problem->status, "%s", path);
    bw_found found = {.path = path,
                      .name = path + (video->name - video->path),
                      .source = video->path,
                      .frame = place->number,
                      .time_ns = place->time_ns,
                      .problem = problem,
                      .picture = frame};
    bool on = visit(options, &found);
    free(path);
    return on;
}

/* Decodes a frame and visits it where it is chosen. `*more` is false at the video's end. */
static bool next_frame(const bw_list_options *options, const bw_frame_choice *choice,
                       const bw_found *video, bw_video *reader, double *slot, bool *more)
{
    bw_video_frame *frame;
    bw_video_place place;
    bw_error error;
    bw_status status = bw_video_next(reader, &frame, &place, &error);
    if (status == BW_ERROR_MEMORY)
        return false;
    *more = status != BW_OK || frame;
    if (*more && choice->end > 0 && (double)place.time_ns / 1e9 >= (double)choice->end)
        *more = false;
    bool on = true;
    if (*more && status != BW_OK && place.whole) {
        bw_fail_prefix(&error, status, "%s", video->path);
        return visit_damaged(options, video, &error);
    }
    if (*more && is_chosen(choice, &place, slot))
        on = visit_frame(options, video, &frame, &place, status == BW_OK ? NULL : &error);
    bw_video_frame_free(&frame);
    return on;
}

bool bw_expand_video(const bw_list_options *options, const bw_frame_choice *choice,
                     const bw_found *video)
{
    bw_video *reader;
    bw_error error;
    bw_limits limits;
    bw_limits_init(&limits);
    if (bw_video_open(&reader, video->path, options->threads, &limits, &error) != BW_OK)
        return visit_damaged(options, video, &error);
    double slot = 0;
    bool on = true, more = true;
    while (on && more)
        on = next_frame(options, choice, video, reader, &slot, &more) && !stopped(options);
    bw_video_close(&reader);
    return on;
}
