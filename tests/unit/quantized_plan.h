/**
 * Networks of bytes lowered for a processor and run on a picture at random, for tests that compare
 * plans with each other.
 */
#ifndef BW_TESTS_QUANTIZED_PLAN_H
#define BW_TESTS_QUANTIZED_PLAN_H

#include "test_import.h"

#include "backend/backend.h"
#include "base/memory.h"
#include "passes/passes.h"
#include "passes/quantize.h"
#include "plan/plan.h"

/* A layer in darknet's words. */
#define CONV(filters, size, stride)                                                                \
    "[convolutional]\nbatch_normalize=1\nfilters=" #filters "\nsize=" #size "\nstride=" #stride    \
    "\npad=1\nactivation=leaky\n"

/** A quantisation, and what it was opened with. */
typedef struct test_quantization {
    bw_histogram *channels;
    bw_statistics *statistics;
    bw_quantization how;
} test_quantization;

/* Ranges that fit numbers of magnitude one are good enough for what is tested here. */
static inline test_quantization open_quantization(bw_graph *graph)
{
    enum { MOST_CHANNELS = 4096 };
    static const float means[MOST_CHANNELS];
    bw_error error = {0};
    if (bw_passes_run(graph, &error) != BW_OK)
        fail_msg("%s", error.message);
    test_quantization made = {calloc(MOST_CHANNELS, sizeof *made.channels),
                              calloc(graph->tensor_count, sizeof *made.statistics),
                              {0}};
    assert_non_null(made.channels);
    assert_non_null(made.statistics);
    for (int channel = 0; channel < MOST_CHANNELS; channel++) {
        bw_histogram_add(&made.channels[channel], -0.5f);
        bw_histogram_add(&made.channels[channel], 2.0f);
    }
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        assert_true(graph->tensors[tensor].shape.channels <= MOST_CHANNELS);
        made.statistics[tensor] = (bw_statistics){.channels = made.channels, .means = means};
    }
    if (bw_quantization_open(&made.how, graph, made.statistics, 127, &error) != BW_OK ||
        bw_choose_ranges(&made.how, graph, BW_RANGE_ALL, &error) != BW_OK)
        fail_msg("%s", error.message);
    return made;
}

static inline void close_quantization(test_quantization *made)
{
    free(made->statistics);
    free(made->channels);
}

static inline void quantize(bw_graph *graph)
{
    bw_error error = {0};
    test_quantization made = open_quantization(graph);
    if (bw_pass_quantize(graph, &made.how, &error) != BW_OK)
        fail_msg("%s", error.message);
    close_quantization(&made);
}

static inline void lower(bw_plan *plan, const bw_graph *graph, uint32_t cpu)
{
    bw_error error = {0};
    *plan = (bw_plan){0};
    if (bw_plan_lower(plan, graph, 1, cpu, &error) != BW_OK)
        fail_msg("%s", error.message);
}

static inline void release(bw_plan *plan)
{
    bw_aligned_free(plan->packed);
    bw_arena_free(&plan->arena);
}

static inline uint64_t hash_view(bw_head_view view)
{
    uint64_t hash = 0;
    for (int y = 0; y < view.height; y++) {
        for (int number = 0; number < view.width * view.lanes; number++) {
            uint32_t bits;
            memcpy(&bits, view.data + (size_t)y * view.row_stride + number, sizeof bits);
            hash = hash * 31 + bits;
        }
    }
    return hash;
}

/* Sets element `at` of an image of the input, which has bytes or floats. */
static inline void set_input(const bw_layout *layout, void *image, size_t at, uint8_t value)
{
    if (layout->format.type == BW_U8)
        ((uint8_t *)image)[at] = value;
    else
        ((float *)image)[at] = (float)value / UINT8_MAX;
}

/* Makes an image of the input a picture at random. */
static inline void fill_at_random(const bw_plan *plan, bw_executor *executor, int image,
                                  uint32_t seed)
{
    const bw_layout *in = &plan->input.layout;
    void *first = bw_backend_cpu.input(executor, image);
    for (size_t y = 0; y < (size_t)in->height; y++) {
        for (int at = 0; at < in->width * in->lanes; at++) {
            seed = seed * 1664525 + 1013904223;
            set_input(in, first, y * in->row_stride + (size_t)at,
                      at % in->lanes < in->channels ? (uint8_t)(seed >> 24) : 0);
        }
    }
}

/* Runs a plan on a picture at random; what the first plane of the first output holds. */
static inline uint64_t run_plan(const bw_plan *plan)
{
    bw_pool *pool = NULL;
    bw_executor *executor = NULL;
    bw_error error = {0};
    if (bw_pool_open(&pool, 2, &error) != BW_OK ||
        bw_backend_cpu.open(&executor, plan, pool, BW_ALL_PADDING, &error) != BW_OK)
        fail_msg("%s", error.message);
    assert_int_equal(plan->input.layout.format.type, BW_U8);
    fill_at_random(plan, executor, 0, 12345);
    if (bw_backend_cpu.run(executor, 1, NULL, &error) != BW_OK)
        fail_msg("%s", error.message);
    uint64_t hash = hash_view(bw_backend_cpu.output(executor, 0, 0));
    bw_backend_cpu.close(&executor);
    bw_pool_close(&pool);
    return hash;
}

#endif
