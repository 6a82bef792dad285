/**
 * Tracks by overlap, as in Bochinski et al. 2017 ("High-Speed Tracking-by-Detection Without Using
 * Image Information"): a box goes on with the track of its class whose last box it overlaps most.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* A track that may go on. */
typedef struct live_track {
    int64_t id;
    bw_detection box; /* the last */
    int missed;       /* frames since */
} live_track;

/* A box and a track that overlap. */
typedef struct overlap {
    double iou;
    size_t box, track;
} overlap;

struct bw_tracker {
    bw_track_options options;
    int64_t next;
    live_track *tracks; /* by rising id */
    size_t count, capacity;
    overlap *overlaps;
    size_t overlap_count, overlap_capacity;
    bool *taken;
    size_t taken_capacity;
};

void bw_track_options_init(bw_track_options *options)
{
    *options = (bw_track_options){.iou = 0.3f, .max_age = 5, .min_hits = 3};
}

bw_status bw_tracker_open(bw_tracker **out, const bw_track_options *options, bw_error *error)
{
    *out = NULL;
    bw_tracker *tracker = calloc(1, sizeof *tracker);
    if (!tracker)
        return bw_fail_memory(error, sizeof *tracker, "a tracker");
    bw_track_options_init(&tracker->options);
    if (options)
        tracker->options = *options;
    *out = tracker;
    return BW_OK;
}

void bw_tracker_close(bw_tracker **tracker)
{
    if (!tracker || !*tracker)
        return;
    free((*tracker)->tracks);
    free((*tracker)->overlaps);
    free((*tracker)->taken);
    free(*tracker);
    *tracker = NULL;
}

void bw_tracker_restart(bw_tracker *tracker)
{
    tracker->count = 0;
}

/* ---- Matching ------------------------------------------------------------------------------- */

static double side(float low_a, float high_a, float low_b, float high_b)
{
    double low = (double)(low_a > low_b ? low_a : low_b);
    double high = (double)(high_a < high_b ? high_a : high_b);
    return high > low ? high - low : 0;
}

static double area(const bw_detection *box)
{
    return ((double)box->right - (double)box->left) * ((double)box->bottom - (double)box->top);
}

static double measure_overlap(const bw_detection *a, const bw_detection *b)
{
    double common =
        side(a->left, a->right, b->left, b->right) * side(a->top, a->bottom, b->top, b->bottom);
    return common > 0 ? common / (area(a) + area(b) - common) : 0;
}

/* Falling overlap; equal ones by the older track, then the better box. */
static int compare_overlaps(const void *left, const void *right)
{
    const overlap *a = left, *b = right;
    if (a->iou < b->iou || a->iou > b->iou)
        return a->iou > b->iou ? -1 : 1;
    if (a->track != b->track)
        return a->track < b->track ? -1 : 1;
    return (a->box > b->box) - (a->box < b->box);
}

static bw_status find_overlaps(bw_tracker *tracker, const bw_detection *boxes, size_t count,
                               bw_error *error)
{
    tracker->overlap_count = 0;
    for (size_t track = 0; track < tracker->count; track++)
        for (size_t box = 0; box < count; box++) {
            const live_track *live = &tracker->tracks[track];
            double iou = live->box.class_id == boxes[box].class_id
                             ? measure_overlap(&live->box, &boxes[box])
                             : 0;
            if (!(iou > 0 && iou >= (double)tracker->options.iou))
                continue;
            if (!bw_array_reserve((void **)&tracker->overlaps, &tracker->overlap_capacity,
                                  tracker->overlap_count + 1, sizeof *tracker->overlaps))
                return bw_fail_memory(error, tracker->overlap_count * sizeof(overlap), "overlaps");
            tracker->overlaps[tracker->overlap_count++] = (overlap){iou, box, track};
        }
    if (tracker->overlap_count > 0)
        qsort(tracker->overlaps, tracker->overlap_count, sizeof *tracker->overlaps,
              compare_overlaps);
    return BW_OK;
}

/* Each track takes the box that it overlaps most, the largest overlaps first. */
static bw_status match(bw_tracker *tracker, const bw_detection *boxes, size_t count, int64_t *ids,
                       bw_error *error)
{
    if (!bw_array_reserve((void **)&tracker->taken, &tracker->taken_capacity, tracker->count + 1,
                          sizeof *tracker->taken))
        return bw_fail_memory(error, tracker->count, "tracks");
    memset(tracker->taken, 0, (tracker->count + 1) * sizeof *tracker->taken);
    for (size_t i = 0; i < count; i++)
        ids[i] = -1;
    for (size_t i = 0; i < tracker->overlap_count; i++) {
        const overlap *pair = &tracker->overlaps[i];
        if (tracker->taken[pair->track] || ids[pair->box] >= 0)
            continue;
        tracker->taken[pair->track] = true;
        ids[pair->box] = tracker->tracks[pair->track].id;
        tracker->tracks[pair->track].box = boxes[pair->box];
    }
    return BW_OK;
}

/* Ages the tracks that found no box; those that are too old end. */
static void age(bw_tracker *tracker)
{
    size_t kept = 0;
    for (size_t i = 0; i < tracker->count; i++) {
        live_track track = tracker->tracks[i];
        track.missed = tracker->taken[i] ? 0 : track.missed + 1;
        if (track.missed <= tracker->options.max_age)
            tracker->tracks[kept++] = track;
    }
    tracker->count = kept;
}

static bw_status begin_tracks(bw_tracker *tracker, const bw_detection *boxes, size_t count,
                              int64_t *ids, bw_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] >= 0)
            continue;
        if (!bw_array_reserve((void **)&tracker->tracks, &tracker->capacity, tracker->count + 1,
                              sizeof *tracker->tracks))
            return bw_fail_memory(error, tracker->count * sizeof *tracker->tracks, "tracks");
        ids[i] = tracker->next++;
        tracker->tracks[tracker->count++] = (live_track){ids[i], boxes[i], 0};
    }
    return BW_OK;
}

bw_status bw_tracker_update(bw_tracker *tracker, const bw_detection *boxes, size_t count,
                            int64_t *ids, bw_error *error)
{
    bw_status status = find_overlaps(tracker, boxes, count, error);
    if (status == BW_OK)
        status = match(tracker, boxes, count, ids, error);
    if (status != BW_OK)
        return status;
    age(tracker);
    return begin_tracks(tracker, boxes, count, ids, error);
}
