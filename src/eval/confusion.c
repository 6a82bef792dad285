/**
 * The confusion matrix, by the rule of the YOLO programs: each found box that scores enough points
 * at the labelled box of whatever class that it overlaps most, by more than the threshold, and each
 * labelled box takes the one of those that overlaps it most. What is taken confuses the two
 * classes; the rest is found on the background, or missed.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "eval/eval.h"

/* The best box that points at a labelled one. */
typedef struct suitor {
    size_t found;
    double overlap; /* 0: nobody */
} suitor;

static size_t *cell(const bw_confusion *confusion, size_t predicted, size_t labelled)
{
    return &confusion->counts[predicted * ((size_t)confusion->classes + 1) + labelled];
}

/* The labelled box that a found one overlaps most and enough; truth_count for none. */
static size_t find_best(const bw_confusion *confusion, const bw_truth_box *truth,
                        size_t truth_count, const bw_found_box *found, double *overlap)
{
    size_t best = truth_count;
    *overlap = confusion->iou;
    for (size_t i = 0; i < truth_count; i++) {
        double value = bw_box_overlap(&found->box, &truth[i].box);
        if (value > *overlap) {
            *overlap = value;
            best = i;
        }
    }
    return best;
}

/* Lets each found box point; those that point at nothing, or come second, are on the background. */
static void choose(const bw_confusion *confusion, suitor *suitors, const bw_truth_box *truth,
                   size_t truth_count, const bw_found_box *found, size_t found_count)
{
    size_t background = (size_t)confusion->classes;
    for (size_t i = 0; i < found_count; i++) {
        double overlap;
        if (found[i].score <= confusion->confidence)
            continue;
        size_t best = find_best(confusion, truth, truth_count, &found[i], &overlap), loser = i;
        if (best < truth_count && (truth[best].crowd || truth[best].difficult))
            continue;
        if (best < truth_count && overlap > suitors[best].overlap) {
            loser = suitors[best].overlap > 0 ? suitors[best].found : found_count;
            suitors[best] = (suitor){i, overlap};
        }
        if (loser < found_count)
            ++*cell(confusion, (size_t)found[loser].class_id, background);
    }
}

bw_status bw_confusion_add(bw_confusion *confusion, const bw_truth_box *truth, size_t truth_count,
                           const bw_found_box *found, size_t found_count, bw_error *error)
{
    size_t background = (size_t)confusion->classes;
    suitor *suitors = calloc(truth_count + 1, sizeof *suitors);
    if (!suitors)
        return bw_fail_memory(error, truth_count * sizeof *suitors, "labelled boxes");
    choose(confusion, suitors, truth, truth_count, found, found_count);
    for (size_t i = 0; i < truth_count; i++) {
        size_t labelled = (size_t)truth[i].class_id;
        if (suitors[i].overlap > 0)
            ++*cell(confusion, (size_t)found[suitors[i].found].class_id, labelled);
        else if (!truth[i].crowd && !truth[i].difficult)
            ++*cell(confusion, background, labelled);
    }
    free(suitors);
    return BW_OK;
}
