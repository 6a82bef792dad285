#include "tune/meter.h"

#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "tune/random.h"

typedef struct processor {
    bw_pool *pool;
    uint64_t seed;
} processor;

/* A row of pixels: numbers from 0 to 1, or bytes; the fourth lane stays zero. */
static void fill_row(void *row, const bw_layout *layout, uint64_t *random)
{
    float *floats = row;
    uint8_t *bytes = row;
    for (int pixel = 0; pixel < layout->width * layout->lanes; pixel++) {
        if (pixel % layout->lanes >= layout->channels)
            continue;
        uint32_t number = bw_random(random) >> 8;
        if (layout->format.type == BW_F32)
            floats[pixel] = (float)number / (float)(1 << 24);
        else if (layout->format.type == BW_U8)
            bytes[pixel] = (uint8_t)(number >> 16);
    }
}

static void fill_input(bw_executor *executor, const bw_plan *plan, uint64_t seed)
{
    const bw_layout *layout = &plan->input.layout;
    size_t stride = layout->row_stride * bw_type_size(layout->format.type);
    uint64_t random = seed;
    for (int image = 0; image < plan->batch; image++) {
        uint8_t *pixels = bw_backend_cpu.input(executor, image);
        for (int y = 0; y < layout->height; y++)
            fill_row(pixels + (size_t)y * stride, layout, &random);
    }
}

/* The input's memory is used by other tensors later in a run: it is filled before each. */
static bw_status measure(void *context, const bw_plan *plan, int runs, uint64_t *times,
                         bw_error *error)
{
    const processor *self = context;
    size_t steps = (size_t)plan->step_count;
    bw_executor *executor;
    bw_status status = bw_backend_cpu.open(&executor, plan, self->pool, BW_ALL_PADDING, error);
    if (status != BW_OK)
        return status;
    fill_input(executor, plan, self->seed);
    status = bw_backend_cpu.run(executor, plan->batch, NULL, error);
    memset(times, 0, (size_t)runs * steps * sizeof *times);
    for (int run = 0; status == BW_OK && run < runs; run++) {
        fill_input(executor, plan, self->seed);
        status = bw_backend_cpu.run(executor, plan->batch, times + (size_t)run * steps, error);
    }
    bw_backend_cpu.close(&executor);
    return status;
}

static uint64_t read_clock(void *context)
{
    (void)context;
    return bw_clock();
}

bw_status bw_meter_open(bw_meter *meter, int threads, uint64_t seed, bw_error *error)
{
    *meter = (bw_meter){.measure = measure, .clock = read_clock};
    processor *self = calloc(1, sizeof *self);
    if (!self)
        return bw_fail_memory(error, sizeof *self, "a tuner");
    self->seed = seed;
    bw_status status = bw_pool_open(&self->pool, threads, error);
    if (status == BW_OK)
        meter->context = self;
    else
        free(self);
    return status;
}

void bw_meter_close(bw_meter *meter)
{
    processor *self = meter->context;
    if (self)
        bw_pool_close(&self->pool);
    free(self);
    *meter = (bw_meter){0};
}
