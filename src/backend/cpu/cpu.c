/**
 * The processor as a backend: one arena, one pool of threads, the plan's steps one after the other.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/cpu/padding.h"
#include "backend/cpu/regions.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "kernels/plain/use.h"

enum { PIECES = 8 }; /* of a thread's share of a step, so that a faster thread can help */

/** What a thread did last, on a line of the cache of its own. */
typedef struct bw_turn {
    _Alignas(64) uint64_t call; /* the step_call's */
    int32_t done;               /* the end of its units */
} bw_turn;

struct bw_executor {
    const bw_plan *plan;
    const bw_kernel **kernels; /* one a step */
    uint8_t *arena;
    uint8_t *scratch; /* `scratch_bytes` for each thread */
    size_t scratch_bytes;
    bw_turn *turns;                    /* one a thread */
    uint64_t calls;                    /* that threads shared */
    bw_pool *pool;                     /* borrowed */
    atomic_uint_least64_t *step_times; /* nanoseconds of threads with images of their own, a sum */
    atomic_int *failures;              /* a bw_status of each step, see bw_operands */
    bw_padding *padding;               /* NULL where the plan has no use for it */
};

/* What the pool's threads need to know of the step that is running. */
typedef struct bw_step_call {
    const bw_kernel *kernel;
    bw_operation operation;
    bw_operands operands;
    uint8_t *scratch;
    size_t scratch_bytes;
    bw_turn *turns;
    uint64_t number; /* among those that threads shared */
} bw_step_call;

/* Steps that follow each other and are shared in one way. */
typedef struct bw_stretch {
    bw_executor *executor;
    int first, last;
    uint64_t *step_times; /* nanoseconds to add to, of all steps; NULL: nobody asks */
} bw_stretch;

static void close_executor(bw_executor **handle)
{
    bw_executor *executor = *handle;
    if (!executor)
        return;
    bw_aligned_free(executor->arena);
    bw_aligned_free(executor->scratch);
    bw_aligned_free(executor->turns);
    bw_padding_close(&executor->padding);
    free((void *)executor->kernels);
    free(executor->step_times);
    free(executor->failures);
    free(executor);
    *handle = NULL;
}

static bw_status refuse_kernel(const bw_step *step, uint32_t missing, bw_error *error)
{
    char names[64];
    bw_cpu_describe(names, sizeof names, missing);
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "layer %s: kernel '%s' needs %s, which this machine lacks; build the plan again "
                   "here",
                   step->layer, step->kernel, names);
}

static bw_status bind_kernels(bw_executor *executor, bw_error *error)
{
    const bw_plan *plan = executor->plan;
    uint32_t features = bw_cpu_features();
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        const bw_kernel *kernel = bw_kernel_find(step->kernel);
        if (!kernel)
            return bw_fail(error, BW_ERROR_UNSUPPORTED, "layer %s: there is no kernel '%s' here",
                           step->layer, step->kernel);
        if (kernel->needs & ~features)
            return refuse_kernel(step, kernel->needs & ~features, error);
        executor->kernels[index] = kernel;
        size_t bytes = kernel->scratch_bytes ? kernel->scratch_bytes(&step->operation) : 0;
        if (executor->scratch_bytes < bytes)
            executor->scratch_bytes = bytes;
    }
    executor->scratch_bytes = bw_round_up(executor->scratch_bytes, 4096);
    return BW_OK;
}

static bw_status allocate(bw_executor *executor, bw_error *error)
{
    int threads = bw_pool_threads(executor->pool);
    size_t bytes = executor->plan->arena_bytes, scratch;
    executor->arena = bw_large_alloc(bytes);
    if (!executor->arena)
        return bw_fail_memory(error, bytes, "activations");
    if (!bw_size_multiply(&scratch, executor->scratch_bytes, (size_t)threads))
        return bw_fail(error, BW_ERROR_LIMIT, "%d threads need too much scratch memory", threads);
    executor->scratch = bw_large_alloc(scratch);
    if (!executor->scratch)
        return bw_fail_memory(error, scratch, "scratch memory");
    size_t turns = (size_t)threads * sizeof *executor->turns;
    executor->turns = bw_aligned_alloc(turns);
    if (!executor->turns)
        return bw_fail_memory(error, turns, "an executor");
    memset(executor->turns, 0, turns);
    return BW_OK;
}

static bw_status open_executor(bw_executor **out, const bw_plan *plan, bw_pool *pool, int padding,
                               bw_error *error)
{
    *out = NULL;
    bw_executor *executor = calloc(1, sizeof *executor);
    if (!executor)
        return bw_fail_memory(error, sizeof *executor, "an executor");
    executor->plan = plan;
    executor->pool = pool;
    executor->kernels = calloc((size_t)plan->step_count + 1, sizeof *executor->kernels);
    executor->step_times = calloc((size_t)plan->step_count + 1, sizeof *executor->step_times);
    executor->failures = calloc((size_t)plan->step_count + 1, sizeof *executor->failures);
    bw_status status = executor->kernels && executor->step_times && executor->failures
                           ? bind_kernels(executor, error)
                           : bw_fail_memory(error, sizeof *executor, "an executor");
    if (status == BW_OK)
        status = allocate(executor, error);
    if (status == BW_OK)
        status = bw_padding_open(&executor->padding, plan, executor->kernels,
                                 executor->scratch_bytes, padding, error);
    if (status != BW_OK)
        close_executor(&executor);
    *out = executor;
    return status;
}

/* From one image of a batch to the next. */
static size_t image_bytes(const bw_layout *layout)
{
    return bw_layout_bytes(layout, layout->image_stride);
}

static void *input(bw_executor *executor, int index)
{
    const bw_port *port = &executor->plan->input;
    return executor->arena + port->offset + (size_t)index * image_bytes(&port->layout);
}

static void run_units(const bw_step_call *call, int first, int last, int done, int worker)
{
    bw_operands operands = call->operands;
    operands.done = done;
    call->kernel->run(&call->operation, &operands, first, last,
                      call->scratch + (size_t)worker * call->scratch_bytes);
}

static void run_shared_units(void *context, int first, int last, int worker)
{
    const bw_step_call *call = context;
    bw_turn *turn = &call->turns[worker];
    run_units(call, first, last, turn->call == call->number ? turn->done : 0, worker);
    *turn = (bw_turn){call->number, last};
}

static const bw_region *region_of(const bw_executor *executor, int index, int image)
{
    return executor->padding ? bw_padding_region(executor->padding, index, image) : NULL;
}

/* Narrows a call to the part of the step that depends on the picture. */
static void cut_call(bw_step_call *call, const bw_region *region)
{
    bw_region_offsets by = bw_region_offsets_of(&call->operation, region);
    bw_operands *operands = &call->operands;
    operands->in = (const uint8_t *)operands->in + by.in;
    operands->second = (const uint8_t *)operands->second + by.second;
    operands->out = (uint8_t *)operands->out + by.out;
    call->operation = bw_region_operation(&call->operation, region);
}

/* The call of step `index` for `images` images of the batch from image `first` on. */
static bw_step_call prepare_whole(const bw_executor *executor, int index, int first, int images)
{
    const bw_step *step = &executor->plan->steps[index];
    const bw_operation *operation = &step->operation;
    size_t image = (size_t)first;
    return (bw_step_call){
        .kernel = executor->kernels[index],
        .operation = *operation,
        .operands = {executor->arena + step->in + image * image_bytes(&operation->in),
                     executor->arena + step->second + image * image_bytes(&operation->second),
                     executor->arena + step->out + image * image_bytes(&operation->out),
                     executor->plan->weights + step->weights, images, &executor->failures[index],
                     0},
        .scratch = executor->scratch,
        .scratch_bytes = executor->scratch_bytes,
        .turns = executor->turns,
    };
}

/* The same for images that have one region. */
static bw_step_call prepare_call(const bw_executor *executor, int index, int first, int images)
{
    bw_step_call call = prepare_whole(executor, index, first, images);
    const bw_region *region = region_of(executor, index, first);
    if (region)
        cut_call(&call, region);
    return call;
}

/* What the calls for these images leave to be written. */
static void finish_call(const bw_executor *executor, int index, int first, int images)
{
    for (int image = first; executor->padding && image < first + images; image++)
        bw_padding_restore(executor->padding, index, image, executor->arena);
}

/* The images, of so many from `first` on, that have the region of the first one. */
static int count_alike(const bw_executor *executor, int index, int first, int images)
{
    const bw_region *region = region_of(executor, index, first);
    for (int count = 1; count < images; count++) {
        const bw_region *other = region_of(executor, index, first + count);
        if (region != other && (!region || !other || !bw_region_equals(region, other)))
            return count;
    }
    return images;
}

/* All threads share the call. */
static void share_call(bw_executor *executor, bw_step_call *call)
{
    call->number = ++executor->calls;
    int units = call->kernel->units(&call->operation, call->operands.images);
    int grain = units / (bw_pool_threads(executor->pool) * PIECES);
    bw_pool_run(executor->pool, run_shared_units, call, units, grain > 0 ? grain : 1);
}

static void run_step(bw_executor *executor, int index, int first, int images)
{
    for (int alike; images > 0; first += alike, images -= alike) {
        alike = count_alike(executor, index, first, images);
        bw_step_call call = prepare_call(executor, index, first, alike);
        share_call(executor, &call);
        finish_call(executor, index, first, alike);
    }
}

/* Each thread takes an image through all steps of a stretch. */
static void run_whole_images(void *context, int first, int last, int worker)
{
    const bw_stretch *stretch = context;
    const bw_executor *executor = stretch->executor;
    uint64_t before = stretch->step_times ? bw_clock() : 0;
    for (int image = first; image < last; image++) {
        for (int index = stretch->first; index < stretch->last; index++) {
            bw_step_call call = prepare_call(executor, index, image, 1);
            run_units(&call, 0, call.kernel->units(&call.operation, 1), 0, worker);
            finish_call(executor, index, image, 1);
            if (stretch->step_times) {
                uint64_t now = bw_clock();
                atomic_fetch_add(&executor->step_times[index], now - before);
                before = now;
            }
        }
    }
}

/*
 * Nobody waits for another after a step. The times that are added are the mean of the threads, so
 * that they add up to that of the run.
 */
static void run_apart(bw_stretch *stretch, int images)
{
    bw_executor *executor = stretch->executor;
    uint64_t threads = (uint64_t)bw_pool_threads(executor->pool);
    bw_pool_run(executor->pool, run_whole_images, stretch, images, 1);
    for (int index = stretch->first; stretch->step_times && index < stretch->last; index++)
        stretch->step_times[index] += atomic_exchange(&executor->step_times[index], 0) / threads;
}

static void run_together(const bw_stretch *stretch, int first, int images)
{
    uint64_t *step_times = stretch->step_times;
    uint64_t before = step_times ? bw_clock() : 0;
    for (int index = stretch->first; index < stretch->last; index++) {
        run_step(stretch->executor, index, first, images);
        if (step_times) {
            uint64_t now = bw_clock();
            step_times[index] += now - before;
            before = now;
        }
    }
}

/* The first step that met numbers it could not compute with; the next run starts afresh. */
static bw_status tell_failure(bw_executor *executor, bw_error *error)
{
    const bw_step *failed = NULL;
    for (int index = executor->plan->step_count - 1; index >= 0; index--) {
        if (executor->plan->steps[index].operation.plain &&
            atomic_exchange(&executor->failures[index], BW_OK) != BW_OK)
            failed = &executor->plan->steps[index];
    }
    if (!failed)
        return BW_OK;
    return bw_fail(error, BW_ERROR_FORMAT,
                   "layer %s (%s) met numbers that it cannot compute with, or too little memory",
                   failed->layer, failed->operation.plain->operation->name);
}

static void frame(bw_executor *executor, int index, const bw_region *inside)
{
    bw_region all = bw_region_all(&executor->plan->input.layout);
    if (executor->padding && !bw_region_equals(inside, &all))
        bw_padding_frame(executor->padding, index, inside);
}

static void run_padding(void *context, int step)
{
    bw_executor *executor = context;
    bw_step_call call = prepare_whole(executor, step, 0, 1);
    share_call(executor, &call);
}

/* The steps from `first` on that are shared as that one is. */
static bw_stretch stretch_from(bw_executor *executor, int first, uint64_t *step_times)
{
    const bw_plan *plan = executor->plan;
    int last = first + 1;
    while (last < plan->step_count && plan->steps[last].sharing == plan->steps[first].sharing)
        last++;
    return (bw_stretch){executor, first, last, step_times};
}

/* As many images as share out evenly go apart, if any do. */
static void run_stretch(bw_stretch *stretch, int images)
{
    const bw_executor *executor = stretch->executor;
    int threads = bw_pool_threads(executor->pool);
    bool apart = executor->plan->steps[stretch->first].sharing == BW_SHARE_IMAGES;
    int whole = apart ? images / threads * threads : 0;
    if (whole > 0)
        run_apart(stretch, whole);
    if (whole < images)
        run_together(stretch, whole, images - whole);
}

static void run_images(bw_executor *executor, int images, uint64_t *step_times)
{
    for (int first = 0; first < executor->plan->step_count;) {
        bw_stretch stretch = stretch_from(executor, first, step_times);
        run_stretch(&stretch, images);
        first = stretch.last;
    }
}

static bw_status run(bw_executor *executor, int images, uint64_t *step_times, bw_error *error)
{
    if (images < 1 || images > executor->plan->batch)
        return bw_fail(error, BW_ERROR_ARGUMENT, "%d images do not fit a plan for %d", images,
                       executor->plan->batch);
    bw_padding *padding = executor->padding;
    bw_status status =
        padding ? bw_padding_learn(padding, executor->arena, images, run_padding, executor, error)
                : BW_OK;
    if (status == BW_OK)
        run_images(executor, images, step_times);
    if (padding)
        bw_padding_forget(padding);
    return status == BW_OK ? tell_failure(executor, error) : status;
}

static void run_steps(bw_executor *executor, int first, int last)
{
    for (int index = first; index < last; index++)
        run_step(executor, index, 0, 1);
}

static bw_head_view output(const bw_executor *executor, int index, int image)
{
    const bw_port *port = &executor->plan->outputs[index];
    const bw_layout *layout = &port->layout;
    return (bw_head_view){
        .data = (const float *)(const void *)(executor->arena + port->offset +
                                              (size_t)image * image_bytes(layout)),
        .height = layout->height,
        .width = layout->width,
        .lanes = layout->lanes,
        .plane_stride = layout->plane_stride,
        .row_stride = layout->row_stride,
    };
}

const bw_backend bw_backend_cpu = {
    .name = "cpu",
    .open = open_executor,
    .input = input,
    .frame = frame,
    .run = run,
    .run_steps = run_steps,
    .output = output,
    .close = close_executor,
};
