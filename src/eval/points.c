#include <math.h>
#include <stdlib.h>

#include "eval/tally.h"

/* How many boxes of a class were right and wrong so far. */
typedef struct class_count {
    size_t hits, misses;
} class_count;

/* A walk down the scores of all classes together. */
typedef struct score_walk {
    const bw_eval *eval;
    const bw_outcome **items; /* by falling score */
    class_count *counts;      /* one a class */
    double f1_sum;            /* of the classes that are labelled */
    size_t at;
} score_walk;

static int compare_scores(const void *left, const void *right)
{
    const bw_outcome *a = *(const bw_outcome *const *)left, *b = *(const bw_outcome *const *)right;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return a < b ? -1 : a > b;
}

static double f1_of(const class_count *count, size_t expected)
{
    return 2 * (double)count->hits / (double)(count->hits + count->misses + expected);
}

static void step(score_walk *walk)
{
    const bw_outcome *outcome = walk->items[walk->at++];
    size_t expected = walk->eval->tallies[outcome->class_id].expected[0];
    class_count *count = &walk->counts[outcome->class_id];
    if (expected == 0 || (outcome->ignored[0] & 1))
        return;
    walk->f1_sum -= f1_of(count, expected);
    if (outcome->matched[0] & 1)
        count->hits++;
    else
        count->misses++;
    walk->f1_sum += f1_of(count, expected);
}

static void walk_to(score_walk *walk, double confidence)
{
    while (walk->at < walk->eval->count && walk->items[walk->at]->score >= confidence)
        step(walk);
}

static void restart(score_walk *walk)
{
    for (int i = 0; i < walk->eval->classes; i++)
        walk->counts[i] = (class_count){0};
    walk->f1_sum = 0;
    walk->at = 0;
}

/* The score down to which boxes are kept where mean F1 is best; 0 where nothing is found. */
static double find_best(score_walk *walk)
{
    double best = 0, confidence = 0;
    restart(walk);
    while (walk->at < walk->eval->count) {
        double score = walk->items[walk->at]->score;
        walk_to(walk, score);
        if (walk->f1_sum > best + 1e-12) {
            best = walk->f1_sum;
            confidence = score;
        }
    }
    return confidence;
}

static bw_operating_point point_of(const class_count *count, size_t expected, double confidence)
{
    size_t found = count->hits + count->misses;
    if (expected == 0)
        return (bw_operating_point){confidence, -1, -1, -1};
    return (bw_operating_point){
        .confidence = confidence,
        .precision = found ? (double)count->hits / (double)found : 0,
        .recall = (double)count->hits / (double)expected,
        .f1 = f1_of(count, expected),
    };
}

static bw_operating_point *member(bw_figures *figures, bool best)
{
    return best ? &figures->best : &figures->given;
}

/* Tells the point of every class at a confidence, and the mean of those that are labelled. */
static void tell(score_walk *walk, double confidence, bw_figures *figures, bool best)
{
    bw_operating_point mean = {confidence, 0, 0, 0};
    int labelled = 0;
    restart(walk);
    walk_to(walk, confidence);
    for (int i = 0; i < walk->eval->classes; i++) {
        size_t expected = walk->eval->tallies[i].expected[0];
        bw_operating_point point = point_of(&walk->counts[i], expected, confidence);
        *member(&figures[1 + i], best) = point;
        if (expected == 0)
            continue;
        labelled++;
        mean.precision += point.precision;
        mean.recall += point.recall;
        mean.f1 += point.f1;
    }
    if (labelled)
        *member(figures, best) = (bw_operating_point){confidence, mean.precision / labelled,
                                                      mean.recall / labelled, mean.f1 / labelled};
    else
        *member(figures, best) = (bw_operating_point){confidence, -1, -1, -1};
}

bw_status bw_eval_points(const bw_eval *eval, double confidence, bw_figures *figures,
                         bw_error *error)
{
    score_walk walk = {
        .eval = eval,
        .items = calloc(eval->count + 1, sizeof *walk.items),
        .counts = calloc((size_t)eval->classes, sizeof *walk.counts),
    };
    bw_status status = BW_OK;
    if (walk.items && walk.counts) {
        for (size_t i = 0; i < eval->count; i++)
            walk.items[i] = &eval->outcomes[i];
        qsort(walk.items, eval->count, sizeof *walk.items, compare_scores);
        tell(&walk, find_best(&walk), figures, true);
        tell(&walk, confidence, figures, false);
    } else {
        status = bw_fail_memory(error, eval->count * sizeof *walk.items, "an evaluation");
    }
    free(walk.items);
    free(walk.counts);
    return status;
}
