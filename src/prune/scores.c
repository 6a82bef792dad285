#include "prune/scores.h"

#include <math.h>

/* What a box's place counts beside its scores. */
static const double box_weight = 0.1;

/* Where an entry, an anchor's or a cell's numbers, has what. */
typedef struct entry {
    size_t numbers;              /* to the next entry */
    size_t box, box_numbers;     /* of each of `sets` boxes */
    size_t first, scores;        /* of each of the sets */
    size_t sets;                 /* of scores, one behind the other */
    size_t objectness, unwanted; /* the factor of all; the score of the background; or NONE */
    bool scaled, softmax;
} entry;

static const size_t none = SIZE_MAX;

static entry describe_anchor(const bw_head *head)
{
    bool late = head->kind == BW_HEAD_FASTEST;
    size_t classes = (size_t)head->classes;
    return (entry){.numbers = 5 + classes,
                   .box = late ? 1 : 0,
                   .box_numbers = 4,
                   .first = 5,
                   .scores = classes,
                   .sets = 1,
                   .objectness = late ? 0 : 4,
                   .unwanted = none,
                   .scaled = head->form == BW_HEAD_SCALED,
                   .softmax = late || head->kind == BW_HEAD_REGION};
}

static entry describe(const bw_head *head)
{
    if (head->kind < BW_HEAD_DISTANCES)
        return describe_anchor(head);
    entry e = {.numbers = (size_t)bw_head_channels(head),
               .sets = 1,
               .objectness = none,
               .unwanted = none,
               .scaled = head->form == BW_HEAD_SCALED,
               .softmax = head->softmax};
    if (head->kind == BW_HEAD_ROWS) {
        e.first = 4;
        e.scores = 1;
        e.scaled = true;
        return e;
    }
    bool distances = head->kind == BW_HEAD_DISTANCES;
    e.sets = distances ? 1 : (size_t)head->anchors;
    e.box_numbers = 4 * (distances ? (size_t)head->bins : 1);
    e.first = e.sets * e.box_numbers;
    e.scores = (e.numbers - e.first) / e.sets;
    if (head->background != BW_BACKGROUND_NONE)
        e.unwanted = head->background == BW_BACKGROUND_FIRST ? 0 : (size_t)head->classes;
    return e;
}

static double probability(float number, bool scaled)
{
    return scaled ? (double)number : 1.0 / (1.0 + exp(-(double)number));
}

/* How a set's numbers become scores. */
typedef struct scale {
    double factor, largest, sum;
    bool softmax, scaled;
} scale;

static scale scale_of(const entry *e, const float *numbers, const float *set)
{
    scale s = {.factor = 1.0, .sum = 0.0, .scaled = e->scaled};
    s.softmax = e->softmax && !e->scaled;
    s.largest = -HUGE_VAL;
    if (e->objectness != none)
        s.factor = probability(numbers[e->objectness], e->scaled);
    for (size_t at = 0; s.softmax && at < e->scores; at++)
        s.largest = fmax(s.largest, (double)set[at]);
    for (size_t at = 0; s.softmax && at < e->scores; at++)
        s.sum += exp((double)set[at] - s.largest);
    return s;
}

static double score_of(const scale *s, float number)
{
    return s->factor * (s->softmax ? exp((double)number - s->largest) / s->sum
                                   : probability(number, s->scaled));
}

/* The squares of a set's scores or of their difference; `*best` is the largest one expected. */
static double compare_scores(double *best, const entry *e, const float *expected,
                             const float *other, size_t from)
{
    double sum = 0.0;
    scale mine = scale_of(e, expected, expected + from), theirs = mine;
    if (other)
        theirs = scale_of(e, other, other + from);
    *best = 0.0;
    for (size_t at = 0; at < e->scores; at++) {
        if (at == e->unwanted)
            continue;
        double score = score_of(&mine, expected[from + at]);
        double difference = score - (other ? score_of(&theirs, other[from + at]) : 0.0);
        *best = fmax(*best, score);
        sum += difference * difference;
    }
    return sum;
}

/* Of four numbers, where a side has several. */
static double compare_boxes(const entry *e, const float *expected, const float *other)
{
    double sum = 0.0;
    for (size_t at = 0; at < e->box_numbers; at++) {
        double difference = (double)expected[at] - (double)other[at];
        sum += difference * difference;
    }
    return e->box_numbers ? sum * 4.0 / (double)e->box_numbers : 0.0;
}

static double compare_entry(const entry *e, const float *expected, const float *other)
{
    double sum = 0.0, best;
    for (size_t set = 0; set < e->sets; set++) {
        size_t box = e->box + set * e->box_numbers;
        sum += compare_scores(&best, e, expected, other, e->first + set * e->scores);
        if (other)
            sum += box_weight * best * best * compare_boxes(e, expected + box, other + box);
    }
    return sum;
}

double bw_score_squares(const bw_head *head, const float *expected, const float *other,
                        size_t count)
{
    entry e = describe(head);
    double sum = 0.0;
    for (size_t start = 0; start + e.numbers <= count; start += e.numbers)
        sum += compare_entry(&e, expected + start, other ? other + start : NULL);
    return sum;
}
