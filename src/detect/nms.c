#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "detect/detect.h"

static float largest(float a, float b)
{
    return a > b ? a : b;
}

static float smallest(float a, float b)
{
    return a < b ? a : b;
}

static float area(const bw_detection *box)
{
    return (box->right - box->left) * (box->bottom - box->top);
}

static float overlap(const bw_detection *a, const bw_detection *b)
{
    float width = smallest(a->right, b->right) - largest(a->left, b->left);
    float height = smallest(a->bottom, b->bottom) - largest(a->top, b->top);
    if (width <= 0.0f || height <= 0.0f)
        return 0.0f;
    float common = width * height;
    return common / (area(a) + area(b) - common);
}

/* (distance of the centres / diagonal of the smallest box around both)². */
static float centre_distance(const bw_detection *a, const bw_detection *b)
{
    float dx = 0.5f * (a->left + a->right - b->left - b->right);
    float dy = 0.5f * (a->top + a->bottom - b->top - b->bottom);
    float width = largest(a->right, b->right) - smallest(a->left, b->left);
    float height = largest(a->bottom, b->bottom) - smallest(a->top, b->top);
    float diagonal = width * width + height * height;
    return diagonal > 0.0f ? (dx * dx + dy * dy) / diagonal : 0.0f;
}

static bool suppresses(const bw_detection *better, const bw_detection *box,
                       const bw_nms_options *options)
{
    float value = overlap(better, box);
    if (value <= options->iou)
        return false;
    return !options->diou || value - centre_distance(better, box) > options->iou;
}

/* Candidates are sorted as pairs of a score and their place in the order of decoding. */
typedef struct entry {
    float score;
    uint32_t class_id;
    uint32_t place;
} entry;

static int by_class_and_score(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    if (a->class_id != b->class_id)
        return a->class_id < b->class_id ? -1 : 1;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_score(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Within one class's entries, sorted best first: moves the kept ones to the front, counts them. */
static size_t suppress(entry *entries, size_t count, const bw_detection *items,
                       const bw_nms_options *options)
{
    size_t kept = 0;
    for (size_t index = 0; index < count && kept < (size_t)options->max_detections; index++) {
        const bw_detection *box = &items[entries[index].place];
        bool keep = true;
        for (size_t better = 0; keep && better < kept; better++)
            keep = !suppresses(&items[entries[better].place], box, options);
        if (keep)
            entries[kept++] = entries[index];
    }
    return kept;
}

static size_t suppress_classes(entry *entries, size_t count, const bw_detection *items,
                               const bw_nms_options *options)
{
    size_t kept = 0;
    if (options->none)
        return count;
    for (size_t first = 0, last; first < count; first = last) {
        for (last = first; last < count && entries[last].class_id == entries[first].class_id;)
            last++;
        size_t survivors = suppress(entries + first, last - first, items, options);
        memmove(entries + kept, entries + first, survivors * sizeof *entries);
        kept += survivors;
    }
    return kept;
}

static void make_entries(entry *entries, const bw_candidates *candidates, bool class_agnostic)
{
    for (size_t index = 0; index < candidates->count; index++) {
        const bw_detection *item = &candidates->items[index];
        uint32_t class_id = class_agnostic ? 0 : (uint32_t)item->class_id;
        entries[index] = (entry){item->score, class_id, (uint32_t)index};
    }
}

/* Scratch: the entries, and behind them room for the boxes that stay. */
static bool reserve(bw_candidates *candidates, bw_detection **kept)
{
    size_t entries, boxes, bytes;
    bool fits =
        bw_size_multiply(&entries, candidates->count, sizeof(entry)) &&
        bw_size_multiply(&boxes, candidates->count, sizeof(bw_detection)) &&
        bw_size_add(&bytes, entries, boxes) &&
        bw_array_reserve((void **)&candidates->scratch, &candidates->scratch_capacity, bytes, 1);
    *kept = fits ? (bw_detection *)(void *)(candidates->scratch + entries) : NULL;
    return fits;
}

bw_status bw_nms_apply(bw_candidates *candidates, const bw_nms_options *options, bw_error *error)
{
    if (candidates->count == 0)
        return BW_OK;
    bw_detection *kept;
    if (!reserve(candidates, &kept))
        return bw_fail_memory(error, candidates->count * sizeof(entry), "NMS");
    entry *entries = (entry *)(void *)candidates->scratch;
    make_entries(entries, candidates, options->class_agnostic);
    qsort(entries, candidates->count, sizeof *entries, by_class_and_score);
    size_t count = suppress_classes(entries, candidates->count, candidates->items, options);
    qsort(entries, count, sizeof *entries, by_score);
    if (count > (size_t)options->max_detections)
        count = (size_t)options->max_detections;
    for (size_t index = 0; index < count; index++)
        kept[index] = candidates->items[entries[index].place];
    memcpy(candidates->items, kept, count * sizeof *kept);
    candidates->count = count;
    return BW_OK;
}
