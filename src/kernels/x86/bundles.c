#include "kernels/x86/bundles.h"

#include <string.h>

enum {
    FULL = 4, /* steps of a bundle */
    PAIRS = BW_STEP_BYTES / 2,
    REACH = 128, /* 255 × 128 fits 16 bits with a sign */
};

/* How far the 16-bit sums of some steps can go, in units of 255: up, then down. */
typedef struct reach {
    uint16_t lanes[2 * PAIRS];
} reach;

typedef struct bundle {
    reach reach;
    int steps[FULL], count;
} bundle;

/* A segment while it is sorted. */
typedef struct segment {
    int count, bundle_count, written;
    reach reaches[BW_SEGMENT_STEPS];
    int largest[BW_SEGMENT_STEPS], order[BW_SEGMENT_STEPS];
    bundle bundles[BW_SEGMENT_STEPS];
    int32_t places[BW_SEGMENT_STEPS];
    int8_t weights[BW_SEGMENT_STEPS * BW_STEP_BYTES];
} segment;

static reach reach_of(const int8_t *weights)
{
    reach made;
    for (int pair = 0; pair < PAIRS; pair++) {
        int a = weights[2 * pair], b = weights[2 * pair + 1];
        made.lanes[pair] = (uint16_t)((a > 0 ? a : 0) + (b > 0 ? b : 0));
        made.lanes[PAIRS + pair] = (uint16_t)((a < 0 ? -a : 0) + (b < 0 ? -b : 0));
    }
    return made;
}

static int reach_largest(const reach *of)
{
    int largest = 0;
    for (int lane = 0; lane < 2 * PAIRS; lane++)
        largest = of->lanes[lane] > largest ? of->lanes[lane] : largest;
    return largest;
}

static bool reach_fits(const reach *a, const reach *b)
{
    int over = 0;
    for (int lane = 0; lane < 2 * PAIRS; lane++)
        over |= REACH - (a->lanes[lane] + b->lanes[lane]);
    return over >= 0;
}

static void reach_add(reach *to, const reach *more)
{
    for (int lane = 0; lane < 2 * PAIRS; lane++)
        to->lanes[lane] = (uint16_t)(to->lanes[lane] + more->lanes[lane]);
}

/* The steps from the farthest reach to the least. */
static void sort_by_reach(segment *all)
{
    for (int step = 0; step < all->count; step++) {
        int at = step;
        for (; at > 0 && all->largest[all->order[at - 1]] < all->largest[step]; at--)
            all->order[at] = all->order[at - 1];
        all->order[at] = step;
    }
}

/* Puts a step into the first bundle that has room for it, or into a new one. */
static void bundle_step(segment *all, int *first_open, int step)
{
    int index = *first_open;
    while (index < all->bundle_count &&
           (all->bundles[index].count == FULL ||
            !reach_fits(&all->bundles[index].reach, &all->reaches[step])))
        index++;
    bundle *into = &all->bundles[index];
    if (index == all->bundle_count) {
        all->bundle_count++;
        memset(into, 0, sizeof *into);
    }
    into->steps[into->count++] = step;
    reach_add(&into->reach, &all->reaches[step]);
    while (*first_open < all->bundle_count && all->bundles[*first_open].count == FULL)
        ++*first_open;
}

static void write_step(segment *all, int step, int32_t *places, int8_t *weights)
{
    places[all->written] = all->places[step];
    memcpy(weights + all->written * BW_STEP_BYTES, all->weights + step * BW_STEP_BYTES,
           BW_STEP_BYTES);
    all->written++;
}

/* Writes the steps [from, from + size) of every bundle that has between `least` and `most`. */
static int write_bundles(segment *all, int least, int most, int from, int size, int32_t *places,
                         int8_t *weights)
{
    int count = 0;
    for (int index = 0; index < all->bundle_count; index++) {
        const bundle *of = &all->bundles[index];
        if (of->count < least || of->count > most)
            continue;
        for (int step = from; step < from + size; step++)
            write_step(all, of->steps[step], places, weights);
        count++;
    }
    return count;
}

bw_bundles bw_bundles_sort(int32_t *places, int8_t *weights, int count)
{
    segment all = {.count = count};
    int first_open = 0;
    memcpy(all.places, places, (size_t)count * sizeof *places);
    memcpy(all.weights, weights, (size_t)count * BW_STEP_BYTES);
    for (int step = 0; step < count; step++) {
        all.reaches[step] = reach_of(weights + step * BW_STEP_BYTES);
        all.largest[step] = reach_largest(&all.reaches[step]);
    }
    sort_by_reach(&all);
    int wides = 0;
    while (wides < count && all.largest[all.order[wides]] > REACH)
        wides++;
    for (int index = wides; index < count; index++)
        bundle_step(&all, &first_open, all.order[index]);
    bw_bundles made = {.wides = wides};
    made.fours = write_bundles(&all, FULL, FULL, 0, FULL, places, weights);
    made.twos = write_bundles(&all, 2, 3, 0, 2, places, weights);
    made.ones = write_bundles(&all, 1, 1, 0, 1, places, weights);
    made.ones += write_bundles(&all, 3, 3, 2, 1, places, weights);
    for (int index = 0; index < wides; index++)
        write_step(&all, all.order[index], places, weights);
    return made;
}
