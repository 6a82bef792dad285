#include <math.h>

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

/* ---- The best first ------------------------------------------------------------------------- */

/* Candidates in a heap, as their places in the order of decoding: most are never looked at again,
   so they are not sorted. */
typedef struct heap {
    uint32_t *places;
    size_t count;
    const bw_detection *items;
} heap;

static bool precedes(const heap *waiting, uint32_t a, uint32_t b)
{
    float first = waiting->items[a].score, second = waiting->items[b].score;
    return first > second || (first == second && a < b);
}

static void sift_down(heap *waiting, size_t at)
{
    uint32_t *places = waiting->places, place = places[at];
    for (size_t child = 2 * at + 1; child < waiting->count; child = 2 * at + 1) {
        if (child + 1 < waiting->count && precedes(waiting, places[child + 1], places[child]))
            child++;
        if (!precedes(waiting, places[child], place))
            break;
        places[at] = places[child];
        at = child;
    }
    places[at] = place;
}

static void make_heap(heap *waiting)
{
    for (size_t place = 0; place < waiting->count; place++)
        waiting->places[place] = (uint32_t)place;
    for (size_t at = waiting->count / 2; at-- > 0;)
        sift_down(waiting, at);
}

static const bw_detection *take_best(heap *waiting)
{
    const bw_detection *best = &waiting->items[waiting->places[0]];
    waiting->places[0] = waiting->places[--waiting->count];
    if (waiting->count > 0)
        sift_down(waiting, 0);
    return best;
}

/* ---- What stays ----------------------------------------------------------------------------- */

enum { NONE = -1 };

typedef struct survivor {
    bw_detection box;
    int32_t next; /* of its class; NONE at the end */
} survivor;

/* The survivors of one class, best first. */
typedef struct chain {
    int32_t first, last;
} chain;

typedef struct work {
    const bw_nms_options *options;
    heap waiting;
    survivor *survivors;
    chain *chains;
    size_t count, most; /* survivors */
    size_t chain_count; /* classes, or 1 for all together */
} work;

static bool is_suppressed(const work *state, const chain *class_chain, const bw_detection *box)
{
    for (int32_t at = class_chain->first; at != NONE; at = state->survivors[at].next) {
        if (suppresses(&state->survivors[at].box, box, state->options))
            return true;
    }
    return false;
}

static void keep(work *state, chain *class_chain, const bw_detection *box)
{
    int32_t place = (int32_t)state->count++;
    state->survivors[place] = (survivor){*box, NONE};
    if (class_chain->first == NONE)
        class_chain->first = place;
    else
        state->survivors[class_chain->last].next = place;
    class_chain->last = place;
}

/* A survivor is never suppressed later: once there are enough, the rest is of no interest. */
static void suppress(work *state)
{
    make_heap(&state->waiting);
    for (size_t index = 0; index < state->chain_count; index++)
        state->chains[index] = (chain){NONE, NONE};
    while (state->waiting.count > 0 && state->count < state->most) {
        const bw_detection *box = take_best(&state->waiting);
        chain *class_chain = &state->chains[state->chain_count > 1 ? box->class_id : 0];
        if (state->options->none || !is_suppressed(state, class_chain, box))
            keep(state, class_chain, box);
    }
}

static size_t count_chains(const bw_candidates *candidates, const bw_nms_options *options)
{
    int last = 0;
    for (size_t index = 0; !options->class_agnostic && index < candidates->count; index++) {
        if (candidates->items[index].class_id > last)
            last = candidates->items[index].class_id;
    }
    return (size_t)last + 1;
}

static bool reserve(work *state, bw_candidates *candidates)
{
    size_t survivors, places, chains, bytes;
    bool fits =
        bw_size_multiply(&survivors, state->most, sizeof(survivor)) &&
        bw_size_multiply(&places, candidates->count, sizeof(uint32_t)) &&
        bw_size_multiply(&chains, state->chain_count, sizeof(chain)) &&
        bw_size_add(&bytes, survivors, places) && bw_size_add(&bytes, bytes, chains) &&
        bw_array_reserve((void **)&candidates->scratch, &candidates->scratch_capacity, bytes, 1);
    if (!fits)
        return false;
    state->survivors = (survivor *)(void *)candidates->scratch;
    state->chains = (chain *)(void *)(candidates->scratch + survivors);
    state->waiting.places = (uint32_t *)(void *)(candidates->scratch + survivors + chains);
    return true;
}

bw_status bw_nms_apply(bw_candidates *candidates, const bw_nms_options *options, bw_error *error)
{
    size_t most = (size_t)options->max_detections;
    work state = {
        .options = options,
        .waiting = {.count = candidates->count, .items = candidates->items},
        .most = candidates->count < most ? candidates->count : most,
        .chain_count = count_chains(candidates, options),
    };
    if (candidates->count == 0)
        return BW_OK;
    if (!reserve(&state, candidates))
        return bw_fail_memory(error, candidates->count * sizeof(uint32_t), "NMS");
    suppress(&state);
    for (size_t index = 0; index < state.count; index++)
        candidates->items[index] = state.survivors[index].box;
    candidates->count = state.count;
    return BW_OK;
}
