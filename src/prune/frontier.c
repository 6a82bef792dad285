#include "prune/frontier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    VECTOR = 8, /* numbers of channels are multiples of it */
    MOST_LEVELS = 32,
    PROBES = 4, /* levels of a family that are measured */
    JUMPS = 3,  /* a move goes over 1, 2 or 4 levels */
    MOST_PICTURES = 32,
    LEAST_PICTURES = 8,
};

/* Multiply-accumulates that measuring may take. */
static const double work_budget = 3000e9;

/* The walk ends where so much of the time is saved. */
static const double farthest = 0.75;

/* ---- Curves --------------------------------------------------------------------------------- */

static bw_status open_curve(bw_curve *curve, const bw_order *order, bw_arena *arena,
                            bw_error *error)
{
    int n = order->count, step = VECTOR;
    while (n / step > MOST_LEVELS)
        step *= 2;
    int whole = bw_divide_up(n, step), least = n / 2 > step ? n / 2 : step;
    while (curve->levels + 1 < whole && (whole - curve->levels - 1) * step >= least)
        curve->levels++;
    curve->removed = bw_arena_array(arena, (size_t)curve->levels + 1, sizeof *curve->removed);
    curve->errors = bw_arena_array(arena, (size_t)curve->levels + 1, sizeof *curve->errors);
    if (!curve->removed || !curve->errors)
        return bw_fail_memory(error, (size_t)n * sizeof(double), "pruning");
    for (int level = 1; level <= curve->levels; level++)
        curve->removed[level] = n - (whole - level) * step;
    return BW_OK;
}

static int probed_level(const bw_curve *curve, int probe)
{
    return bw_divide_up(curve->levels * (probe + 1), PROBES);
}

/* The error that one family makes alone. */
static bw_status measure(double *difference, const bw_pruning_facts *facts, int family, int removed,
                         const bw_expected *expected, bw_error *error)
{
    int *all = calloc((size_t)facts->classes.family_count, sizeof *all);
    bool *kept = calloc((size_t)facts->classes.count, sizeof *kept);
    bw_graph graph;
    bw_status status =
        all && kept ? BW_OK : bw_fail_memory(error, (size_t)facts->classes.count, "pruning");
    if (status == BW_OK) {
        all[family] = removed;
        bw_keep_classes(kept, facts, all);
        status = bw_prune_classes(&graph, facts, kept, NULL, error);
    }
    if (status == BW_OK) {
        status = bw_expected_compare(difference, expected, &graph, facts->pool, error);
        bw_graph_free(&graph);
    }
    free(all);
    free(kept);
    return status;
}

/* Between levels that were measured, what the order predicts times what it was wrong by there. */
static void interpolate(bw_curve *curve, const bw_order *order, const double *measured)
{
    static const double trifle = 1e-12;
    int last = 0;
    double before = 1.0;
    for (int probe = 0; probe < PROBES; probe++) {
        int level = probed_level(curve, probe);
        double factor =
            (measured[probe] + trifle) / (order->errors[curve->removed[level]] + trifle);
        for (int at = last + 1; at <= level; at++) {
            double weight = last ? (double)(at - last) / (level - last) : 1.0;
            double both = exp(log(factor) * weight + log(before) * (1.0 - weight));
            curve->errors[at] = (order->errors[curve->removed[at]] + trifle) * both;
        }
        before = factor;
        last = level;
    }
    for (int level = 1; level <= curve->levels; level++)
        curve->errors[level] = fmax(curve->errors[level], curve->errors[level - 1]);
}

static bw_status probe_family(bw_curve *curve, const bw_pruning_facts *facts, int family,
                              const bw_expected *expected, bw_error *error)
{
    double measured[PROBES] = {0};
    bw_status status = BW_OK;
    for (int probe = 0; status == BW_OK && probe < PROBES; probe++) {
        int level = probed_level(curve, probe);
        if (probe > 0 && level == probed_level(curve, probe - 1))
            measured[probe] = measured[probe - 1];
        else
            status =
                measure(&measured[probe], facts, family, curve->removed[level], expected, error);
    }
    if (status == BW_OK)
        interpolate(curve, &facts->orders[family], measured);
    return status;
}

static size_t affordable(const bw_pruning_facts *facts, size_t pictures, const bw_curve *curves)
{
    double macs = (double)bw_graph_macs(facts->graph), probes = 0.0;
    for (int family = 0; family < facts->classes.family_count; family++)
        probes += curves[family].levels > 0 ? PROBES : 0;
    double some = work_budget / (macs * probes + 1.0);
    size_t most = pictures < MOST_PICTURES ? pictures : MOST_PICTURES;
    size_t wanted = some < LEAST_PICTURES ? LEAST_PICTURES : (size_t)fmin(some, MOST_PICTURES);
    return wanted < most ? wanted : most;
}

static bw_status measure_curves(bw_frontier *frontier, const bw_pruning_facts *facts,
                                const bw_small_pictures *pictures, bw_error *error)
{
    size_t used = affordable(facts, pictures->count, frontier->curves);
    bw_status status =
        bw_expected_open(&frontier->expected, facts->graph, pictures, used, facts->pool, error);
    for (int family = 0; status == BW_OK && family < facts->classes.family_count; family++) {
        if (frontier->curves[family].levels > 0)
            status =
                probe_family(&frontier->curves[family], facts, family, &frontier->expected, error);
    }
    return status;
}

/* ---- The walk ------------------------------------------------------------------------------- */

/* A state of the walk, and what each next move would give. */
typedef struct walk {
    const bw_frontier *frontier;
    const bw_pruning_facts *facts;
    int *levels;
    double cycles, error;
    bw_move *candidates; /* JUMPS of each family; level 0: none */
    bool failed;
} walk;

static bool estimate(double *cycles, const walk *w, int family, int level)
{
    const bw_pruning_facts *facts = w->facts;
    int *removed = calloc((size_t)facts->classes.family_count, sizeof *removed);
    bool *kept = calloc((size_t)facts->classes.count, sizeof *kept);
    bool good = removed && kept;
    for (int index = 0; good && index < facts->classes.family_count; index++)
        removed[index] =
            w->frontier->curves[index].removed[index == family ? level : w->levels[index]];
    if (good) {
        bw_keep_classes(kept, facts, removed);
        good = bw_estimate_classes(cycles, facts, kept, NULL) == BW_OK;
    }
    free(removed);
    free(kept);
    return good;
}

static void consider(void *context, int first, int last, int worker)
{
    (void)worker;
    walk *w = context;
    for (int index = first; index < last; index++) {
        int family = index / JUMPS, level = w->levels[family] + (1 << index % JUMPS);
        const bw_curve *curve = &w->frontier->curves[family];
        bw_move *move = &w->candidates[index];
        *move = (bw_move){.family = family};
        if (level > curve->levels)
            continue;
        if (!estimate(&move->cycles, w, family, level))
            w->failed = true;
        move->level = level;
        move->error = w->error + curve->errors[level] - curve->errors[w->levels[family]];
    }
}

/* The candidate with the least error for the time that it saves; NULL: none saves any. */
static const bw_move *best_move(const walk *w)
{
    const bw_move *best = NULL;
    double least = (double)INFINITY;
    for (int index = 0; index < w->facts->classes.family_count * JUMPS; index++) {
        const bw_move *move = &w->candidates[index];
        double saved = w->cycles - move->cycles;
        if (move->level == 0 || saved <= w->frontier->cycles * 1e-5)
            continue;
        double price = (move->error - w->error) / saved;
        if (price < least) {
            least = price;
            best = move;
        }
    }
    return best;
}

static bw_status walk_on(bw_frontier *frontier, walk *w, size_t most, bw_error *error)
{
    while (frontier->move_count < most && w->cycles > frontier->cycles * (1.0 - farthest)) {
        bw_pool_run(w->facts->pool, consider, w, w->facts->classes.family_count * JUMPS, 1);
        if (w->failed)
            return bw_fail_memory(error, sizeof(bw_plan), "an estimate");
        const bw_move *move = best_move(w);
        if (!move)
            break;
        w->levels[move->family] = move->level;
        w->cycles = move->cycles;
        w->error = move->error;
        frontier->moves[frontier->move_count++] = *move;
    }
    return BW_OK;
}

static bw_status walk_frontier(bw_frontier *frontier, const bw_pruning_facts *facts,
                               bw_error *error)
{
    size_t families = (size_t)facts->classes.family_count, most = 0;
    for (size_t family = 0; family < families; family++)
        most += (size_t)frontier->curves[family].levels;
    walk w = {.frontier = frontier, .facts = facts};
    w.levels = calloc(families + 1, sizeof *w.levels);
    w.candidates = calloc(families * JUMPS + 1, sizeof *w.candidates);
    frontier->moves = bw_arena_array(&frontier->arena, most + 1, sizeof *frontier->moves);
    bw_status status = w.levels && w.candidates && frontier->moves
                           ? BW_OK
                           : bw_fail_memory(error, most * sizeof(bw_move), "pruning");
    if (status == BW_OK && !estimate(&frontier->cycles, &w, BW_NONE, 0))
        status = bw_fail_memory(error, sizeof(bw_plan), "an estimate");
    w.cycles = frontier->cycles;
    if (status == BW_OK)
        status = walk_on(frontier, &w, most, error);
    free(w.levels);
    free(w.candidates);
    return status;
}

bw_status bw_frontier_open(bw_frontier *frontier, const bw_pruning_facts *facts,
                           const bw_small_pictures *pictures, bw_error *error)
{
    size_t families = (size_t)facts->classes.family_count;
    frontier->curves = bw_arena_array(&frontier->arena, families + 1, sizeof *frontier->curves);
    bw_status status =
        frontier->curves ? BW_OK : bw_fail_memory(error, families * sizeof(bw_curve), "pruning");
    for (size_t family = 0; status == BW_OK && family < families; family++)
        status =
            open_curve(&frontier->curves[family], &facts->orders[family], &frontier->arena, error);
    if (status == BW_OK)
        status = measure_curves(frontier, facts, pictures, error);
    return status == BW_OK ? walk_frontier(frontier, facts, error) : status;
}

void bw_frontier_levels(int *levels, const bw_frontier *frontier, int family_count, double share)
{
    memset(levels, 0, (size_t)family_count * sizeof *levels);
    double cycles = frontier->cycles;
    for (size_t index = 0; index < frontier->move_count; index++) {
        if (cycles <= frontier->cycles * (1.0 - share))
            return;
        levels[frontier->moves[index].family] = frontier->moves[index].level;
        cycles = frontier->moves[index].cycles;
    }
}

void bw_frontier_close(bw_frontier *frontier)
{
    bw_expected_close(&frontier->expected);
    bw_arena_free(&frontier->arena);
    *frontier = (bw_frontier){0};
}
