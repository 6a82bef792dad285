#include "prune/prune.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "prune/frontier.h"
#include "prune/refit.h"
#include "prune/report.h"

enum { SAMPLES = 128 }; /* pixels of a picture that each tensor is known by */

struct bw_pruner {
    bw_arena arena;
    bw_pruning_facts facts;
    bw_small_pictures pictures;
    bw_viewer viewer; /* of all readings */
    float *numbers;   /* of SAMPLES pixels */
    bw_frontier frontier;
    bw_samples samples; /* once a network is cut */
    bool ranked;
};

/* ---- Observing ------------------------------------------------------------------------------ */

static bw_status open_readings(bw_pruner *pruner, bw_error *error)
{
    const bw_pruning_facts *facts = &pruner->facts;
    int *tensors = calloc(facts->reading_count + 1, sizeof *tensors), most = 0;
    if (!tensors)
        return bw_fail_memory(error, facts->reading_count * sizeof *tensors, "pruning");
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < facts->reading_count; index++) {
        tensors[index] = facts->readings[index].tensor;
        int channels = facts->graph->tensors[tensors[index]].shape.channels;
        most = channels > most ? channels : most;
        status = bw_moments_open(&facts->readings[index].moments, channels, channels, false, error);
    }
    pruner->numbers = calloc((size_t)most * SAMPLES + 1, sizeof *pruner->numbers);
    if (status == BW_OK && !pruner->numbers)
        status = bw_fail_memory(error, (size_t)most * SAMPLES * sizeof(float), "pruning");
    if (status == BW_OK)
        status = bw_viewer_open(&pruner->viewer, facts->graph, tensors, facts->reading_count,
                                facts->pool, error);
    free(tensors);
    return status;
}

static bw_status open_facts(bw_pruner *pruner, bw_error *error)
{
    bw_pruning_facts *facts = &pruner->facts;
    bw_status status =
        bw_find_channel_classes(&facts->classes, facts->graph, &pruner->arena, error);
    if (status == BW_OK)
        status = bw_find_readings(&facts->readings, &facts->reading_count, facts->graph,
                                  &pruner->arena, error);
    size_t families = (size_t)facts->classes.family_count;
    facts->orders = bw_arena_array(&pruner->arena, families + 1, sizeof *facts->orders);
    if (status == BW_OK && !facts->orders)
        status = bw_fail_memory(error, families * sizeof *facts->orders, "pruning");
    return status == BW_OK ? open_readings(pruner, error) : status;
}

bw_status bw_pruner_open(bw_pruner **out, const bw_graph *graph, bw_pool *pool, uint32_t cpu,
                         bw_error *error)
{
    *out = NULL;
    bw_pruner *pruner = calloc(1, sizeof *pruner);
    if (!pruner)
        return bw_fail_memory(error, sizeof *pruner, "pruning");
    pruner->facts = (bw_pruning_facts){.graph = graph, .pool = pool, .cpu = cpu};
    bw_status status = open_facts(pruner, error);
    if (status != BW_OK)
        bw_pruner_close(&pruner);
    *out = pruner;
    return status;
}

bw_status bw_pruner_add(bw_pruner *pruner, const bw_image *image, bw_resize resize, float padding,
                        bw_error *error)
{
    bw_status status = bw_image_check(image, error);
    if (status != BW_OK)
        return status;
    const bw_layout *input = &pruner->viewer.plan->input.layout;
    bw_fit fit = bw_fit_make(image->width, image->height, input->width, input->height, resize);
    fit.padding = padding;
    bw_image_pack(image, &fit, input, bw_backend_cpu.input(pruner->viewer.executor, 0), 0,
                  input->height);
    status = bw_small_pictures_add(&pruner->pictures, &pruner->viewer, error);
    if (status == BW_OK)
        status = bw_viewer_run(&pruner->viewer, 1, error);
    for (size_t index = 0; status == BW_OK && index < pruner->facts.reading_count; index++) {
        int pixels = bw_viewer_sample(&pruner->viewer, (int)index, 0, pruner->numbers, SAMPLES);
        bw_moments_add(&pruner->facts.readings[index].moments, pruner->numbers, pruner->numbers,
                       pixels, pruner->facts.pool);
    }
    return status;
}

/* ---- Ranking -------------------------------------------------------------------------------- */

/* Families shared out; each one's arrays are in an arena of its own. */
typedef struct ordering {
    bw_pruner *pruner;
    bw_arena *arenas;
    bool failed;
} ordering;

static void order_some(void *context, int first, int last, int worker)
{
    ordering *o = context;
    bw_pruning_facts *facts = &o->pruner->facts;
    for (int family = first; family < last; family++) {
        if (bw_order_family(&facts->orders[family], &facts->classes, family, facts->readings,
                            facts->reading_count, &o->arenas[worker], NULL) != BW_OK)
            o->failed = true;
    }
}

static bw_status copy_orders(bw_pruner *pruner, bw_error *error)
{
    for (int family = 0; family < pruner->facts.classes.family_count; family++) {
        bw_order *order = &pruner->facts.orders[family];
        size_t count = (size_t)order->count;
        int *classes = bw_arena_array(&pruner->arena, count + 1, sizeof *classes);
        double *errors = bw_arena_array(&pruner->arena, count + 1, sizeof *errors);
        if (!classes || !errors)
            return bw_fail_memory(error, count * sizeof *errors, "pruning");
        memcpy(classes, order->classes, count * sizeof *classes);
        memcpy(errors, order->errors, count * sizeof *errors);
        *order = (bw_order){classes, errors, order->count};
    }
    return BW_OK;
}

static bw_status order_all(bw_pruner *pruner, bw_error *error)
{
    size_t threads = (size_t)bw_pool_threads(pruner->facts.pool);
    ordering o = {pruner, calloc(threads, sizeof *o.arenas), false};
    if (!o.arenas)
        return bw_fail_memory(error, threads * sizeof *o.arenas, "pruning");
    bw_pool_run(pruner->facts.pool, order_some, &o, pruner->facts.classes.family_count, 1);
    bw_status status =
        o.failed ? bw_fail_memory(error, sizeof(bw_order), "pruning") : copy_orders(pruner, error);
    for (size_t index = 0; index < threads; index++)
        bw_arena_free(&o.arenas[index]);
    free(o.arenas);
    return status;
}

bw_status bw_pruner_rank(bw_pruner *pruner, bw_error *error)
{
    bw_pruning_facts *facts = &pruner->facts;
    if (pruner->pictures.count == 0)
        return bw_fail(error, BW_ERROR_ARGUMENT, "pruning has seen no picture");
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < facts->reading_count; index++) {
        bw_moments_finish(&facts->readings[index].moments);
        status = bw_reading_finish(&facts->readings[index], facts->graph, facts->pool, error);
    }
    if (status == BW_OK)
        status = order_all(pruner, error);
    if (status == BW_OK)
        status = bw_frontier_open(&pruner->frontier, facts, &pruner->pictures, error);
    pruner->ranked = status == BW_OK;
    return status;
}

/* ---- Cutting -------------------------------------------------------------------------------- */

/* What a cut is made of. */
typedef struct cutting {
    int *levels, *removed;
    bool *kept;
    bw_takeover *takeovers;
} cutting;

static bw_status open_cutting(cutting *c, const bw_pruner *pruner, double share, bw_error *error)
{
    const bw_pruning_facts *facts = &pruner->facts;
    int families = facts->classes.family_count;
    *c = (cutting){calloc((size_t)families + 1, sizeof *c->levels),
                   calloc((size_t)families + 1, sizeof *c->removed),
                   calloc((size_t)facts->classes.count + 1, sizeof *c->kept),
                   calloc(facts->reading_count + 1, sizeof *c->takeovers)};
    if (!c->levels || !c->removed || !c->kept || !c->takeovers)
        return bw_fail_memory(error, (size_t)facts->classes.count, "pruning");
    bw_frontier_levels(c->levels, &pruner->frontier, families, share);
    for (int family = 0; family < families; family++)
        c->removed[family] = pruner->frontier.curves[family].removed[c->levels[family]];
    bw_keep_classes(c->kept, facts, c->removed);
    return BW_OK;
}

static void close_cutting(cutting *c, size_t readings)
{
    for (size_t index = 0; c->takeovers && index < readings; index++)
        bw_takeover_close(&c->takeovers[index]);
    free(c->takeovers);
    free(c->levels);
    free(c->removed);
    free(c->kept);
}

static bw_status cut(bw_graph *out, double *saved, const bw_pruner *pruner, const cutting *c,
                     bw_error *error)
{
    const bw_pruning_facts *facts = &pruner->facts;
    double cycles = 0.0;
    bw_status status = bw_estimate_classes(&cycles, facts, c->kept, error);
    *saved = 1.0 - cycles / pruner->frontier.cycles;
    if (status == BW_OK)
        status = bw_prune_classes(out, facts, c->kept, c->takeovers, error);
    if (status != BW_OK)
        return status;
    status = bw_refit(out, c->takeovers, facts, c->kept, &pruner->frontier.expected,
                      &pruner->samples, error);
    if (status == BW_OK)
        status = bw_report_pruning(out, facts, &pruner->frontier, c->levels, error);
    if (status != BW_OK)
        bw_graph_free(out);
    return status;
}

bw_status bw_pruner_cut(bw_graph *out, double *saved, bw_pruner *pruner, double share,
                        bw_error *error)
{
    cutting c;
    bw_status status = pruner->ranked ? BW_OK : bw_pruner_rank(pruner, error);
    if (status != BW_OK)
        return status;
    status = open_cutting(&c, pruner, share, error);
    if (status == BW_OK && !pruner->samples.numbers)
        status = bw_samples_open(&pruner->samples, &pruner->facts, &pruner->pictures,
                                 &pruner->viewer, error);
    if (status == BW_OK)
        status = cut(out, saved, pruner, &c, error);
    close_cutting(&c, pruner->facts.reading_count);
    return status;
}

void bw_pruner_close(bw_pruner **handle)
{
    bw_pruner *pruner = *handle;
    if (!pruner)
        return;
    for (size_t index = 0; pruner->facts.readings && index < pruner->facts.reading_count; index++) {
        bw_moments_close(&pruner->facts.readings[index].moments);
        free(pruner->facts.readings[index].precision);
        free(pruner->facts.readings[index].demand);
    }
    bw_frontier_close(&pruner->frontier);
    bw_samples_close(&pruner->samples);
    bw_viewer_close(&pruner->viewer);
    bw_small_pictures_free(&pruner->pictures);
    free(pruner->numbers);
    bw_arena_free(&pruner->arena);
    free(pruner);
    *handle = NULL;
}
