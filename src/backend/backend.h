/**
 * A backend runs plans on a kind of device. The processor is one (cpu/); a GPU would stand beside
 * it. All state of a run is in the executor; the plan stays untouched and may be shared.
 */
#ifndef BW_BACKEND_BACKEND_H
#define BW_BACKEND_BACKEND_H

#include "base/threads.h"
#include "plan/plan.h"

typedef struct bw_executor bw_executor;

/** Rows or columns of a tensor, from the first to before the last. */
typedef struct bw_interval {
    int first, last;
} bw_interval;

typedef struct bw_region {
    bw_interval rows, columns;
} bw_region;

enum { BW_ALL_PADDING = -1 };

typedef struct bw_backend {
    const char *name;

    /**
     * Allocates what a run needs and binds kernels; refuses a plan this machine can't run. `pool`
     * is borrowed: the executor uses it during a run only. `padding`: the pixels of the input
     * around a framed picture that are computed; what any step gives further away is taken to be
     * what it gives for padding alone. BW_ALL_PADDING: all, so that numbers are the same.
     */
    bw_status (*open)(bw_executor **out, const bw_plan *plan, bw_pool *pool, int padding,
                      bw_error *error);

    /** Where image `index` of the batch is to be written, in the layout of plan->input. */
    void *(*input)(bw_executor *executor, int index);

    /**
     * Tells that all pixels of image `index` outside of a region, which is not empty, are alike, as
     * those of a letterbox are. The next run, and no later one, may make use of that.
     */
    void (*frame)(bw_executor *executor, int index, const bw_region *inside);

    /**
     * Runs the first `images` images of the batch. The nanoseconds of each step are added to
     * `step_times`, if given: where threads take images of their own, the mean over the threads.
     */
    bw_status (*run)(bw_executor *executor, int images, uint64_t *step_times, bw_error *error);

    /** Runs steps [first, last) of the plan for the first image alone. */
    void (*run_steps)(bw_executor *executor, int first, int last);

    /** The numbers of output `output` for image `index`, valid until the next run. */
    bw_head_view (*output)(const bw_executor *executor, int output, int index);

    void (*close)(bw_executor **executor);
} bw_backend;

extern const bw_backend bw_backend_cpu;

#endif
