/**
 * What a letterbox's padding spares the network. Where a picture has another shape than the
 * network's input, a quarter to a half of that is padding, and the first layers' outputs there are
 * the same for all pictures: those of a picture that is padding alone. A step computes the region
 * that depends on the picture (regions.h), and a few pixels beside it, which later steps read, are
 * copied from what is kept of that run. All bytes that any step reads are what they would be.
 *
 * It is for steps of bytes that read the input, or only outputs of such steps (parts.h). The longer
 * the chain of windows, the further a picture reaches; where an edge reaches a quarter of the
 * height or width, a step is computed whole, and so are those that read it.
 *
 * What is kept is small: away from the edges, all pixels are alike. A step keeps those rows and
 * columns that an edge reaches, and one from between (kept.h). It takes a part of a run, which is
 * made up for by some images: the first few are computed whole.
 *
 * Where results may be near those, some of the padding is computed: a step's region is also no
 * larger than what shows the picture and so many pixels around it. All that is beside a region is
 * then what the step gives in the middle of an image of padding alone, a pixel for all, in the
 * results too. No kernel matters to that: one that computes no parts computes all, of which the
 * region stays.
 */
#ifndef BW_BACKEND_CPU_PADDING_H
#define BW_BACKEND_CPU_PADDING_H

#include "backend/backend.h"

typedef struct bw_padding bw_padding;

enum { BW_PADDING_PATIENCE = 16 /* images that are framed before anything is kept */ };

/**
 * `kernels` has one a step, borrowed; `computed`: pixels of padding around a picture, or
 * BW_ALL_PADDING; `*out` is NULL where a plan has no such step.
 */
bw_status bw_padding_open(bw_padding **out, const bw_plan *plan, const bw_kernel *const *kernels,
                          size_t scratch_bytes, int computed, bw_error *error);

/** That the next run's image has its picture in `inside` alone, see bw_backend. */
void bw_padding_frame(bw_padding *padding, int image, const bw_region *inside);

/** Until the next bw_padding_frame, images are pictures everywhere. */
void bw_padding_forget(bw_padding *padding);

/** Runs a step, whole, for the first image. */
typedef void bw_padding_run(void *context, int step);

/**
 * Before a run of `images` images: where the first whose picture is framed has another padding than
 * what is kept, runs the steps for a picture of that alone and keeps what they give. Images with
 * yet another padding are pictures everywhere then, and so are all that come early, unless results
 * would tell those from others.
 */
bw_status bw_padding_learn(bw_padding *padding, uint8_t *arena, int images, bw_padding_run *run,
                           void *context, bw_error *error);

/** The region of a step's output that is to be computed; NULL for all of it. */
const bw_region *bw_padding_region(const bw_padding *padding, int step, int image);

/** Writes what else is read of that output, after the region, or all, was computed. */
void bw_padding_restore(const bw_padding *padding, int step, int image, uint8_t *arena);

void bw_padding_close(bw_padding **padding);

#endif
