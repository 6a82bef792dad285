#include "prune/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prune/matrix.h"
#include "prune/products.h"

enum { COLUMNS = 512 /* of a convolution's weights that are looked at together */ };

/* Of the diagonal, what is added to it: how little the samples are trusted. */
static const double damping = 1e-3;

/* ---- Readings ------------------------------------------------------------------------------- */

static bool reads(const bw_node *node, int tensor)
{
    return node->op == BW_OP_CONV && node->attributes.groups == 1 && node->inputs[0] == tensor;
}

static bool is_read(const bw_graph *graph, int tensor)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        if (reads(&graph->nodes[index], tensor))
            return true;
    }
    return false;
}

bw_status bw_find_readings(bw_reading **readings, size_t *count, const bw_graph *graph,
                           bw_arena *arena, bw_error *error)
{
    *count = 0;
    *readings = bw_arena_array(arena, graph->node_count, sizeof **readings);
    if (!*readings)
        return bw_fail_memory(error, graph->node_count * sizeof **readings, "pruning");
    for (size_t index = 0; index < graph->node_count; index++) {
        int tensor = graph->nodes[index].output;
        if (graph->nodes[index].op != BW_OP_INPUT && is_read(graph, tensor))
            (*readings)[(*count)++].tensor = tensor;
    }
    return BW_OK;
}

/* Columns of a convolution's weights: [filter and place in the window][input channel]. */
static void gather_columns(float *to, const bw_node *conv, int channels, int first, int count)
{
    int window = conv->attributes.kernel_height * conv->attributes.kernel_width;
    for (int column = first; column < first + count; column++, to += channels) {
        const float *from = conv->weights.data + column % window +
                            (size_t)(column / window) * (size_t)channels * (size_t)window;
        for (int channel = 0; channel < channels; channel++)
            to[channel] = from[(size_t)channel * (size_t)window];
    }
}

/* The Gram matrix of a convolution's weights over its input channels. */
static void find_gram(double *matrix, float *columns, const bw_node *conv, int channels,
                      bw_pool *pool)
{
    int all =
        conv->attributes.channels * conv->attributes.kernel_height * conv->attributes.kernel_width;
    memset(matrix, 0, (size_t)channels * (size_t)channels * sizeof *matrix);
    for (int first = 0; first < all; first += COLUMNS) {
        int count = all - first < COLUMNS ? all - first : COLUMNS;
        gather_columns(columns, conv, channels, first, count);
        bw_add_squares(matrix, columns, channels, count, pool);
    }
    bw_mirror(matrix, channels);
}

/* The power of the result, numbers under a window taken to be independent of pixel to pixel. */
static double power_of(const double *gram_matrix, const double *covariance, size_t n)
{
    double power = 0.0;
    for (size_t at = 0; at < n * n; at++)
        power += gram_matrix[at] * covariance[at];
    return power;
}

static void add_demand(bw_reading *reading, const bw_node *conv, double *scratch, float *columns,
                       bw_pool *pool)
{
    int channels = reading->moments.channels;
    size_t all = (size_t)channels * (size_t)channels;
    find_gram(scratch, columns, conv, channels, pool);
    double power = power_of(scratch, reading->moments.square, (size_t)channels);
    if (power > 0.0)
        for (size_t at = 0; at < all; at++)
            reading->demand[at] += scratch[at] / power;
}

bw_status bw_reading_finish(bw_reading *reading, const bw_graph *graph, bw_pool *pool,
                            bw_error *error)
{
    int n = reading->moments.channels;
    size_t all = (size_t)n * (size_t)n;
    double *scratch = malloc(all * sizeof *scratch);
    float *columns = malloc((size_t)n * COLUMNS * sizeof *columns);
    reading->precision = calloc(all, sizeof *reading->precision);
    reading->demand = calloc(all, sizeof *reading->demand);
    if (!scratch || !columns || !reading->precision || !reading->demand) {
        free(scratch);
        free(columns);
        return bw_fail_memory(error, all * sizeof *scratch, "pruning");
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        if (reads(&graph->nodes[index], reading->tensor))
            add_demand(reading, &graph->nodes[index], scratch, columns, pool);
    }
    memcpy(scratch, reading->moments.square, all * sizeof *scratch);
    bw_dampen(scratch, n, damping);
    bw_factorize(scratch, n, pool);
    for (size_t at = 0; at < (size_t)n; at++)
        reading->precision[at * (size_t)n + at] = 1.0;
    bw_solve_rows(scratch, n, reading->precision, n, pool);
    free(scratch);
    free(columns);
    return BW_OK;
}

/* ---- Elimination ---------------------------------------------------------------------------- */

/* The matrices of a reading while channels go: the first `left` rows and columns are alive. */
typedef struct remaining {
    double *precision, *demand;
    int *place;   /* of each channel */
    int *channel; /* at each place */
    int n, left;
} remaining;

static void swap_places(double *matrix, int n, int a, int b, int left)
{
    for (int at = 0; at < left; at++) {
        double number = matrix[(size_t)a * (size_t)n + (size_t)at];
        matrix[(size_t)a * (size_t)n + (size_t)at] = matrix[(size_t)b * (size_t)n + (size_t)at];
        matrix[(size_t)b * (size_t)n + (size_t)at] = number;
    }
    for (int at = 0; at < left; at++) {
        double number = matrix[(size_t)at * (size_t)n + (size_t)a];
        matrix[(size_t)at * (size_t)n + (size_t)a] = matrix[(size_t)at * (size_t)n + (size_t)b];
        matrix[(size_t)at * (size_t)n + (size_t)b] = number;
    }
}

static void move_to_end(remaining *r, int channel)
{
    int a = r->place[channel], b = r->left - 1;
    swap_places(r->precision, r->n, a, b, r->left);
    swap_places(r->demand, r->n, a, b, r->left);
    r->channel[a] = r->channel[b];
    r->place[r->channel[a]] = a;
    r->channel[b] = channel;
    r->place[channel] = b;
}

/* What it costs to do without a channel of those that are left. */
static double cost_of(const remaining *r, int channel)
{
    size_t at = (size_t)r->place[channel] * (size_t)(r->n + 1);
    return fmax(r->demand[at], 0.0) / r->precision[at];
}

/* The others take over: x_c = −Σ P_cj / P_cc x_j, and P and D become those without it. */
static void eliminate(remaining *r, int channel)
{
    move_to_end(r, channel);
    int last = --r->left;
    size_t n = (size_t)r->n;
    const double *gone = r->precision + (size_t)last * n, *asked = r->demand + (size_t)last * n;
    double pivot = gone[last], own = asked[last];
    for (int row = 0; row < last; row++) {
        double share = -gone[row] / pivot;
        double *precision = r->precision + (size_t)row * n, *demand = r->demand + (size_t)row * n;
        for (int at = 0; at < last; at++) {
            double other = -gone[at] / pivot;
            precision[at] += share * gone[at];
            demand[at] += asked[row] * other + share * asked[at] + own * share * other;
        }
    }
}

static bw_status open_remaining(remaining *r, const bw_reading *reading, bw_error *error)
{
    int n = reading->moments.channels;
    size_t bytes = (size_t)n * (size_t)n * sizeof(double);
    *r = (remaining){.n = n, .left = n};
    r->precision = malloc(bytes);
    r->demand = malloc(bytes);
    r->place = calloc((size_t)n, sizeof *r->place);
    r->channel = calloc((size_t)n, sizeof *r->channel);
    if (!r->precision || !r->demand || !r->place || !r->channel)
        return bw_fail_memory(error, bytes, "pruning");
    memcpy(r->precision, reading->precision, bytes);
    memcpy(r->demand, reading->demand, bytes);
    for (int channel = 0; channel < n; channel++)
        r->place[channel] = r->channel[channel] = channel;
    return BW_OK;
}

static void close_remaining(remaining *r)
{
    free(r->precision);
    free(r->demand);
    free(r->place);
    free(r->channel);
}

/* A family at work: the readings that its classes lie in. */
typedef struct elimination {
    const bw_channel_classes *classes;
    const bw_reading *readings;
    remaining *left; /* one a reading; n is 0 where the family is not in it */
    size_t count;
    double *costs; /* of each class, at the present step */
} elimination;

/* What each class costs that lies in a reading. */
static void sum_costs(const elimination *e)
{
    memset(e->costs, 0, (size_t)e->classes->count * sizeof *e->costs);
    for (size_t index = 0; index < e->count; index++) {
        const remaining *left = &e->left[index];
        for (int place = 0; place < left->left; place++) {
            int channel = left->channel[place];
            e->costs[bw_class_of(e->classes, e->readings[index].tensor, channel)] +=
                cost_of(left, channel);
        }
    }
}

static void eliminate_class(elimination *e, int id)
{
    for (size_t index = 0; index < e->count; index++) {
        for (int channel = 0; channel < e->left[index].n; channel++) {
            if (bw_class_of(e->classes, e->readings[index].tensor, channel) == id)
                eliminate(&e->left[index], channel);
        }
    }
}

/* Fills the order from its unordered classes; the last one stays in any case. */
static void run(elimination *e, bw_order *order)
{
    for (int done = 0; done + 1 < order->count; done++) {
        int best = done;
        sum_costs(e);
        for (int index = done; index < order->count; index++) {
            if (e->costs[order->classes[index]] < e->costs[order->classes[best]])
                best = index;
        }
        int id = order->classes[best];
        order->classes[best] = order->classes[done];
        order->classes[done] = id;
        order->errors[done + 1] = order->errors[done] + e->costs[id];
        eliminate_class(e, id);
    }
}

static bool lies_in(const bw_channel_classes *classes, int family, const bw_reading *reading)
{
    for (int channel = 0; channel < reading->moments.channels; channel++) {
        if (classes->families[bw_class_of(classes, reading->tensor, channel)] == family)
            return true;
    }
    return false;
}

static bw_status open_order(bw_order *order, const bw_channel_classes *classes, int family,
                            bw_arena *arena, bw_error *error)
{
    *order = (bw_order){0};
    order->classes = bw_arena_array(arena, (size_t)classes->count, sizeof *order->classes);
    order->errors = bw_arena_array(arena, (size_t)classes->count, sizeof *order->errors);
    if (!order->classes || !order->errors)
        return bw_fail_memory(error, (size_t)classes->count * sizeof(double), "pruning");
    for (int id = 0; id < classes->count; id++) {
        if (classes->families[id] == family)
            order->classes[order->count++] = id;
    }
    return BW_OK;
}

bw_status bw_order_family(bw_order *order, const bw_channel_classes *classes, int family,
                          const bw_reading *readings, size_t count, bw_arena *arena,
                          bw_error *error)
{
    elimination e = {classes, readings, calloc(count + 1, sizeof *e.left), count,
                     calloc((size_t)classes->count + 1, sizeof *e.costs)};
    bw_status status = e.left && e.costs ? open_order(order, classes, family, arena, error)
                                         : bw_fail_memory(error, count * sizeof *e.left, "pruning");
    for (size_t index = 0; status == BW_OK && index < count; index++) {
        if (lies_in(classes, family, &readings[index]))
            status = open_remaining(&e.left[index], &readings[index], error);
    }
    if (status == BW_OK)
        run(&e, order);
    for (size_t index = 0; e.left && index < count; index++)
        close_remaining(&e.left[index]);
    free(e.left);
    free(e.costs);
    return status;
}
