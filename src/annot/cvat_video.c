/**
 * CVAT for video 1.1: cvat_video/<sequence>.xml, with a <track> for each track of boxes. A sequence
 * is a video, or the pictures of one folder of labels, which then count as its frames in the order
 * in which they come. Boxes without a track are tracks of one frame. CVAT moves a box from one
 * keyframe to the next and shows it until it is outside; so each box is a keyframe, and where the
 * track is missing in the next frame that was looked at, an outside box says so there.
 */
#include <stdlib.h>
#include <string.h>

#include "annot/cvat_meta.h"
#include "annot/output.h"
#include "annot/sort_file.h"
#include "annot/writer.h"
#include "base/path.h"

/* A box as it is sorted: by track, then by frame. */
typedef struct track_box {
    int64_t track, frame, place; /* place: which of the frames looked at it is */
    int32_t class_id;
    float left, top, right, bottom;
} track_box;

typedef struct video_writer {
    const char *directory;
    const bw_writer_options *options;
    bw_text text, sequence, file; /* what is being written; the sequence's folder; its file */
    char *source;
    bool open;
    bw_sort_file *boxes;
    int64_t *frames; /* that were looked at */
    size_t frame_count, frame_capacity;
    int64_t highest_track, loose; /* boxes without a track get the numbers above */
    int width, height;
} video_writer;

#define LOOSE_TRACK ((int64_t)1 << 62)

static int compare_boxes(const void *left, const void *right)
{
    const track_box *a = left, *b = right;
    if (a->track != b->track)
        return a->track < b->track ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static bw_status video_open(void **out, const char *directory, const bw_writer_options *options,
                            bw_error *error)
{
    video_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return bw_fail_memory(error, sizeof *writer, "the writer of CVAT's videos");
    writer->directory = directory;
    writer->options = options;
    *out = writer;
    return BW_OK;
}

/* ---- Writing a sequence --------------------------------------------------------------------- */

static void add_box(bw_text *text, const track_box *box, int64_t frame, bool outside)
{
    bw_text_format(text, "<box frame=\"%lld\" outside=\"%d\" occluded=\"0\" keyframe=\"1\"",
                   (long long)frame, outside);
    bw_cvat_corners(text, (double)box->left, (double)box->top, (double)box->right,
                    (double)box->bottom);
    bw_text_add(text, " z_order=\"0\"></box>\n");
}

/* Says that the track is missing in the frame after `box`, if there is one before `next`. */
static void add_gap(video_writer *writer, const track_box *box, int64_t next)
{
    if (box->place + 1 < next)
        add_box(&writer->text, box, writer->frames[box->place + 1], true);
}

static void begin_track(video_writer *writer, const track_box *box)
{
    char room[BW_CLASS_SIZE];
    int64_t id = box->track < LOOSE_TRACK ? box->track
                                          : box->track - LOOSE_TRACK + writer->highest_track + 1;
    bw_text_format(&writer->text, "<track id=\"%lld\" label=\"", (long long)id);
    bw_text_xml(&writer->text, bw_class_name(writer->options, box->class_id, room));
    bw_text_add(&writer->text, "\" source=\"auto\">\n");
}

static bw_status write_tracks(video_writer *writer, bw_output *out, bw_error *error)
{
    int64_t end = (int64_t)writer->frame_count;
    track_box last = {.track = -1};
    bw_status status = bw_sort_file_finish(writer->boxes, error);
    for (const void *record = ""; status == BW_OK && record;) {
        status = bw_sort_file_next(writer->boxes, &record, error);
        if (status != BW_OK)
            break;
        track_box box = {.track = -1};
        if (record)
            memcpy(&box, record, sizeof box);
        bool same = box.track == last.track;
        if (last.track >= 0)
            add_gap(writer, &last, same ? box.place : end);
        if (last.track >= 0 && !same)
            bw_text_add(&writer->text, "</track>\n");
        if (record && !same)
            begin_track(writer, &box);
        if (record)
            add_box(&writer->text, &box, box.frame, false);
        last = box;
        status = bw_output_write(out, &writer->text, error);
    }
    return status;
}

static bw_status write_sequence(video_writer *writer, bw_error *error)
{
    bw_output out;
    const char *folder = bw_base_name(writer->sequence.bytes);
    bw_cvat_task task = {.name = writer->source ? bw_base_name(writer->source)
                                 : *folder      ? folder
                                                : "boxwright",
                         .mode = "interpolation",
                         .size = writer->frames[writer->frame_count - 1] + 1,
                         .width = writer->width,
                         .height = writer->height};
    bw_status status = bw_output_open(&out, writer->directory, writer->file.bytes, error);
    if (status != BW_OK)
        return status;
    bw_cvat_begin(&writer->text, &task, writer->options);
    status = write_tracks(writer, &out, error);
    bw_text_add(&writer->text, "</annotations>\n");
    if (status == BW_OK)
        status = bw_output_write(&out, &writer->text, error);
    bw_status closed = bw_output_close(&out, status == BW_OK, error);
    return status == BW_OK ? closed : status;
}

static void forget_sequence(video_writer *writer)
{
    bw_sort_file_close(&writer->boxes);
    free(writer->source);
    writer->source = NULL;
    writer->open = false;
    writer->frame_count = 0;
    writer->highest_track = -1;
    writer->loose = 0;
}

static bw_status end_sequence(video_writer *writer, bw_error *error)
{
    bw_status status = writer->open ? write_sequence(writer, error) : BW_OK;
    forget_sequence(writer);
    return status;
}

/* ---- Taking pictures ------------------------------------------------------------------------ */

static bool same_folder(const video_writer *writer, const bw_annotation *annotation)
{
    size_t length = bw_folder_length(annotation->label);
    return writer->sequence.bytes && strlen(writer->sequence.bytes) == length &&
           memcmp(writer->sequence.bytes, annotation->label, length) == 0;
}

static bool same_sequence(const video_writer *writer, const bw_annotation *annotation)
{
    if (!writer->open || !same_folder(writer, annotation))
        return false;
    if (!writer->source || !annotation->source)
        return writer->source == annotation->source;
    return strcmp(writer->source, annotation->source) == 0;
}

/* The file is called as the folder; further videos of the same folder by their first picture. */
static bw_status begin_sequence(video_writer *writer, const bw_annotation *annotation,
                                bw_error *error)
{
    bool again = same_folder(writer, annotation);
    int length = (int)bw_folder_length(annotation->label);
    bw_text_clear(&writer->sequence);
    bw_text_clear(&writer->file);
    bw_text_format(&writer->sequence, "%.*s", length, annotation->label);
    bw_text_format(&writer->file, "cvat_video/%s", length ? writer->sequence.bytes : "frames");
    if (again)
        bw_text_format(&writer->file, "-%lld", (long long)annotation->number);
    bw_text_format(&writer->file, ".xml");
    writer->source = annotation->source ? strdup(annotation->source) : NULL;
    if (writer->sequence.failed || writer->file.failed || (annotation->source && !writer->source))
        return bw_fail_memory(error, strlen(annotation->label), "a file name");
    writer->width = annotation->width;
    writer->height = annotation->height;
    writer->open = true;
    return bw_sort_file_open(&writer->boxes, sizeof(track_box), compare_boxes, writer->directory,
                             error);
}

static bw_status add_frame(video_writer *writer, const bw_annotation *annotation, bw_error *error)
{
    int64_t frame = annotation->source ? annotation->frame : (int64_t)writer->frame_count;
    if (writer->frame_count > 0 && frame <= writer->frames[writer->frame_count - 1])
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "CVAT's video format takes frames in their order, but frame %lld of "
                       "'%.200s' comes late",
                       (long long)frame, annotation->source);
    if (!bw_array_reserve((void **)&writer->frames, &writer->frame_capacity,
                          writer->frame_count + 1, sizeof *writer->frames))
        return bw_fail_memory(error, writer->frame_count * sizeof *writer->frames, "frames");
    writer->frames[writer->frame_count++] = frame;
    return BW_OK;
}

static bw_status add_boxes(video_writer *writer, const bw_annotation *annotation, bw_error *error)
{
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < annotation->count; i++) {
        const bw_detection *detection = &annotation->detections[i];
        bw_clamped_box clamped = bw_clamp_box(detection, annotation->width, annotation->height);
        int64_t track = bw_track_of(annotation, i);
        if (track > writer->highest_track)
            writer->highest_track = track;
        track_box box = {
            .track = track >= 0 ? track : LOOSE_TRACK + writer->loose++,
            .frame = writer->frames[writer->frame_count - 1],
            .place = (int64_t)writer->frame_count - 1,
            .class_id = detection->class_id,
            .left = (float)clamped.x,
            .top = (float)clamped.y,
            .right = (float)(clamped.x + clamped.width),
            .bottom = (float)(clamped.y + clamped.height),
        };
        status = bw_sort_file_add(writer->boxes, &box, error);
    }
    return status;
}

static bw_status video_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    video_writer *writer = state;
    bw_status status = BW_OK;
    if (!bw_label_is_safe(annotation->label))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "the label '%.200s' does not stay below the folder of labels",
                       annotation->label);
    if (!same_sequence(writer, annotation)) {
        status = end_sequence(writer, error);
        if (status == BW_OK)
            status = begin_sequence(writer, annotation, error);
    }
    if (status == BW_OK)
        status = add_frame(writer, annotation, error);
    return status == BW_OK ? add_boxes(writer, annotation, error) : status;
}

static bw_status video_close(void *state, bool commit, bw_error *error)
{
    video_writer *writer = state;
    bw_status status = commit ? end_sequence(writer, error) : BW_OK;
    forget_sequence(writer);
    bw_text_free(&writer->text);
    bw_text_free(&writer->sequence);
    bw_text_free(&writer->file);
    free(writer->frames);
    free(writer);
    return status;
}

static const char *const files[] = {"cvat_video/", NULL};

const bw_writer_plugin bw_cvat_video_writer = {
    .name = "cvat-video",
    .description = "CVAT for video 1.1, a file a sequence, with tracks",
    .files = files,
    .order = BW_ORDER_SEQUENCE,
    .open = video_open,
    .add = video_add,
    .close = video_close,
};
