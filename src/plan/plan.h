/**
 * The plan: what remains of a network once everything that can be decided has been decided.
 *
 * A list of steps over one arena. A step names a kernel and holds the operation, the offsets of
 * its operands in the arena, and that of its packed weights. Nothing of the graph is needed to run
 * it. A plan stores kernel names; the backend binds them when it opens the plan.
 *
 *     arena:   [ tensor | tensor | … ]   offsets in bytes, tensors share space over time
 *     weights: [ step's packed block | … ]   offsets in bytes, each 64-byte aligned
 */
#ifndef BW_PLAN_PLAN_H
#define BW_PLAN_PLAN_H

#include "base/file.h"
#include "detect/head.h"
#include "graph/graph.h"
#include "kernels/kernels.h"

/** How the threads divide the work of a step. */
typedef enum bw_sharing {
    BW_SHARE_STEPS,  /* all work on it, for the whole batch */
    BW_SHARE_IMAGES, /* each takes an image through it and those next to it that are shared so, as
                        far as images share out evenly: the image's tensors stay in its cache */
    BW_SHARING_COUNT
} bw_sharing;

/** "steps" or "images". */
const char *bw_sharing_name(bw_sharing sharing);

typedef struct bw_step {
    const char *layer;  /* the layer of the source file */
    const char *kernel; /* name of a bw_kernel */
    bw_operation operation;
    size_t in, second, out; /* offsets of the operands' first inner pixel, in bytes */
    size_t weights;         /* offset of the packed weights, in bytes */
    size_t stored;          /* where the plan has shared weights: likewise in `stored` */
    int shared_bits;        /* of an index there; 0: the packed weights stand there */
    size_t shared_bytes;    /* of its block there, where shared_bits is not 0 */
    uint64_t macs;
    bw_sharing sharing;
    bw_pruned pruned; /* of a convolution of a pruned network */
    float error;      /* that rounding its output to bytes makes in the heads, relative; 0: none */
} bw_step;

/** A tensor of the arena that someone outside the plan reads or writes. */
typedef struct bw_port {
    bw_layout layout;
    size_t offset; /* of its first inner pixel, in bytes */
} bw_port;

struct bw_plan {
    bw_arena arena; /* owns names and tables */
    bw_model_info model;
    bw_precision precision;
    int batch;
    bw_step *steps;
    int step_count;
    bw_port input;
    bw_port *outputs;
    bw_head *heads; /* as many as outputs */
    int output_count;
    size_t arena_bytes;
    const uint8_t *weights; /* in one of the two that follow */
    size_t weight_bytes;
    const uint8_t
        *stored; /* weights as a file holds them where some are shared (share.h), or NULL */
    size_t stored_bytes;
    uint8_t *coded;        /* the same, a block of the plan's own; NULL where it came from a file */
    uint8_t *packed;       /* a block of the plan's own; NULL where it came from a file */
    bw_mapping file;       /* the plan's file; empty where the plan was built */
    const char *settings;  /* what it was built with, "name=value" separated by spaces */
    const char *warnings;  /* of its build, one a line, or NULL */
    uint32_t cpu_features; /* what the chosen kernels need */
};

/**
 * Lowers an optimised graph: picks a layout for each tensor and a kernel for each node, places the
 * tensors, packs the weights. `plan` is zeroed; on success everything but `model` is filled.
 * Threads share images where the weights are so small that they stay in the cache: all of them
 * together, or a step's beside its image's tensors.
 */
bw_status bw_plan_lower(bw_plan *plan, const bw_graph *graph, int batch, uint32_t cpu,
                        bw_error *error);

/** The kernel for step `step`, counted from 0, among those that accept the operation; or NULL. */
typedef const bw_kernel *bw_kernel_chooser(void *context, const bw_operation *operation, int step);

/** As above, with kernels that the caller chooses. */
bw_status bw_plan_lower_with(bw_plan *plan, const bw_graph *graph, int batch, uint32_t cpu,
                             bw_kernel_chooser *choose, void *context, bw_error *error);

/** As above, but for the packed weights, of which there is only the size: a plan to look at. */
bw_status bw_plan_outline(bw_plan *plan, const bw_graph *graph, int batch, uint32_t cpu,
                          bw_kernel_chooser *choose, void *context, bw_error *error);

/**
 * The same for a batch of one and with the kernels that are cheapest by estimate, as bw_plan_lower
 * chooses them. The caller closes it; NULL after a failure.
 */
bw_status bw_plan_outline_cheapest(bw_plan **out, const bw_graph *graph, uint32_t cpu,
                                   bw_error *error);

/** Has all steps shared one way. */
void bw_plan_share(bw_plan *plan, bw_sharing sharing);

/** What the steps' sharing is called, or "both". */
const char *bw_plan_sharing(const bw_plan *plan);

/** The estimated cycles of one image. */
double bw_plan_time(const bw_plan *plan);

#endif
