#include "agreement.h"

#include <math.h>
#include <stdlib.h>

static double area(const bw_detection *box)
{
    return ((double)box->right - (double)box->left) * ((double)box->bottom - (double)box->top);
}

static double overlap(const bw_detection *a, const bw_detection *b)
{
    double width =
        fmin((double)a->right, (double)b->right) - fmax((double)a->left, (double)b->left);
    double height =
        fmin((double)a->bottom, (double)b->bottom) - fmax((double)a->top, (double)b->top);
    if (width <= 0 || height <= 0)
        return 0;
    double both = width * height;
    return both / (area(a) + area(b) - both);
}

/* Takes the free box that overlaps `box` most; false where none does so by enough. */
static bool take_best(const bw_detections *expected, bool *taken, const bw_detection *box)
{
    size_t best = expected->count;
    double most = BW_AGREEMENT_OVERLAP;
    for (size_t i = 0; i < expected->count; i++) {
        const bw_detection *candidate = &expected->items[i];
        double common =
            taken[i] || candidate->class_id != box->class_id ? 0 : overlap(candidate, box);
        if (common < most || (best < expected->count && common <= most))
            continue;
        best = i;
        most = common;
    }
    if (best == expected->count)
        return false;
    taken[best] = true;
    return true;
}

bw_status bw_agreement_add(bw_agreement *agreement, const bw_detections *expected,
                           const bw_detections *found, bw_error *error)
{
    bool *taken = calloc(expected->count + 1, sizeof *taken);
    if (!taken)
        return bw_fail_memory(error, expected->count + 1, "a picture's boxes");
    for (size_t i = 0; i < found->count; i++)
        agreement->agreed += take_best(expected, taken, &found->items[i]);
    agreement->pictures++;
    agreement->expected += expected->count;
    agreement->found += found->count;
    free(taken);
    return BW_OK;
}

double bw_agreement_f1(const bw_agreement *agreement)
{
    size_t boxes = agreement->expected + agreement->found;
    return boxes ? 2 * (double)agreement->agreed / (double)boxes : 1;
}
