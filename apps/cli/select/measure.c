#include "select/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_CLASSES = 1 << 20 };

/* In how many pictures each class was found. */
typedef struct frequencies {
    int64_t *pictures; /* by class */
    int64_t *last;     /* the number of the last picture that was counted for the class */
    size_t classes;    /* that there is room for */
    size_t capacity[2];
    int64_t all; /* usable pictures */
} frequencies;

/* ---- How rare a class is -------------------------------------------------------------------- */

static bool is_class(int32_t class_id)
{
    return class_id >= 0 && class_id < MOST_CLASSES;
}

static bool make_room(frequencies *found, size_t classes)
{
    if (classes <= found->classes)
        return true;
    if (!bw_array_reserve((void **)&found->pictures, &found->capacity[0], classes,
                          sizeof *found->pictures) ||
        !bw_array_reserve((void **)&found->last, &found->capacity[1], classes, sizeof *found->last))
        return false;
    for (; found->classes < classes; found->classes++)
        found->pictures[found->classes] = found->last[found->classes] = 0;
    return true;
}

static bw_status count_box(frequencies *found, int64_t item, int32_t class_id, bw_error *error)
{
    if (!is_class(class_id))
        return BW_OK;
    if (!make_room(found, (size_t)class_id + 1))
        return bw_fail_memory(error, (size_t)class_id * sizeof(int64_t), "counts of classes");
    if (found->last[class_id] != item)
        found->pictures[class_id]++;
    found->last[class_id] = item;
    return BW_OK;
}

/* Counts the usable pictures, and those of each class. */
static bw_status count_classes(frequencies *found, sqlite3 *database, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status =
        bw_run_query(database, &query, "SELECT count(*) FROM items WHERE boxes IS NOT NULL", error);
    if (status == BW_OK && sqlite3_step(query) == SQLITE_ROW)
        found->all = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    query = NULL;
    if (status == BW_OK)
        status = bw_run_query(database, &query, "SELECT item, class FROM detections", error);
    int step = SQLITE_DONE;
    while (status == BW_OK && (step = sqlite3_step(query)) == SQLITE_ROW)
        status =
            count_box(found, sqlite3_column_int64(query, 0), sqlite3_column_int(query, 1), error);
    if (status == BW_OK && step != SQLITE_DONE)
        status = bw_run_fail(database, error);
    sqlite3_finalize(query);
    return status;
}

/* ---- A picture ------------------------------------------------------------------------------ */

/* The entropy of a box that is right with probability `score`, bits. */
static double entropy(double score)
{
    if (!(score > 0 && score < 1))
        return 0;
    return -score * log2(score) - (1 - score) * log2(1 - score);
}

static void measure_box(bw_candidate *candidate, const frequencies *found, double score,
                        int32_t class_id)
{
    candidate->uncertainty += (float)entropy(score);
    if (!is_class(class_id) || (size_t)class_id >= found->classes)
        return;
    float rarity = (float)log2((double)found->all / (double)found->pictures[class_id]);
    if (candidate->rare_class < 0 || rarity > candidate->rarity) {
        candidate->rarity = rarity;
        candidate->rare_class = class_id;
    }
}

/* The picture of a row, which is the last candidate or a new one; NULL without memory. */
static bw_candidate *candidate_of(bw_candidates *candidates, int64_t item)
{
    bw_candidate *last = candidates->all + candidates->count;
    if (candidates->count > 0 && last[-1].item == item)
        return last - 1;
    if (!bw_array_reserve((void **)&candidates->all, &candidates->capacity, candidates->count + 1,
                          sizeof *candidates->all))
        return NULL;
    last = &candidates->all[candidates->count++];
    *last = (bw_candidate){.item = item, .rare_class = -1};
    return last;
}

static bw_status measure_pictures(bw_candidates *candidates, const frequencies *found,
                                  sqlite3 *database, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(database, &query,
                                    "SELECT number, score, class FROM items"
                                    " LEFT JOIN detections ON item = number"
                                    " WHERE boxes IS NOT NULL ORDER BY number",
                                    error);
    int step = SQLITE_DONE;
    while (status == BW_OK && (step = sqlite3_step(query)) == SQLITE_ROW) {
        bw_candidate *candidate = candidate_of(candidates, sqlite3_column_int64(query, 0));
        if (!candidate)
            status = bw_fail_memory(error, candidates->count * sizeof *candidate, "pictures");
        else if (sqlite3_column_type(query, 1) != SQLITE_NULL)
            measure_box(candidate, found, sqlite3_column_double(query, 1),
                        sqlite3_column_int(query, 2));
    }
    if (status == BW_OK && step != SQLITE_DONE)
        status = bw_run_fail(database, error);
    sqlite3_finalize(query);
    return status;
}

/* ---- Among the others ----------------------------------------------------------------------- */

static int compare_floats(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* The share of the sorted values that are less. */
static float share_below(const float *sorted, size_t count, float value)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return (float)low / (float)count;
}

static void rank(bw_candidates *candidates, float *sorted)
{
    size_t count = candidates->count;
    bw_candidate *all = candidates->all;
    for (size_t index = 0; index < count; index++)
        sorted[index] = all[index].uncertainty;
    qsort(sorted, count, sizeof *sorted, compare_floats);
    for (size_t index = 0; index < count; index++)
        all[index].doubt = share_below(sorted, count, all[index].uncertainty);
    for (size_t index = 0; index < count; index++)
        sorted[index] = all[index].rarity;
    qsort(sorted, count, sizeof *sorted, compare_floats);
    for (size_t index = 0; index < count; index++) {
        all[index].rareness = share_below(sorted, count, all[index].rarity);
        all[index].worth = (all[index].doubt + all[index].rareness) / 2;
    }
}

bw_status bw_select_measure(bw_candidates *candidates, sqlite3 *database, bw_error *error)
{
    frequencies found = {0};
    bw_status status = count_classes(&found, database, error);
    if (status == BW_OK)
        status = measure_pictures(candidates, &found, database, error);
    free(found.pictures);
    free(found.last);
    float *sorted = status == BW_OK ? malloc((candidates->count + 1) * sizeof *sorted) : NULL;
    if (sorted)
        rank(candidates, sorted);
    else if (status == BW_OK)
        status = bw_fail_memory(error, candidates->count * sizeof *sorted, "pictures to rank");
    free(sorted);
    return status;
}

static int compare_worth(const void *a, const void *b)
{
    const bw_candidate *left = a, *right = b;
    if (left->worth != right->worth)
        return left->worth < right->worth ? 1 : -1;
    return (left->item > right->item) - (left->item < right->item);
}

void bw_select_best(bw_candidates *candidates, size_t most)
{
    if (candidates->count > 0)
        qsort(candidates->all, candidates->count, sizeof *candidates->all, compare_worth);
    if (candidates->count > most)
        candidates->count = most;
}
