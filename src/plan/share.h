/**
 * Shared weights: how a plan's file holds the filters of a step whose weights are few different
 * integers, and how they become the packed weights that its kernel reads when the plan is loaded.
 *
 * A plan with such steps has its weights twice: `weights` is the packed form, `stored` the file's.
 * In the latter the blocks of the steps follow each other in their order, each 64-byte aligned:
 * the packed weights, or, for a step of `shared_bits` b from 4 to 8, `shared_bytes` of these:
 *
 *     i8  codebook[2^b], -127 to 127
 *     u16 frequency[2^b], of each level out of 2^12, to which they add up; see rans.h
 *     u32 state[4], with which decoding begins
 *     f32 scale[output channels], finite
 *     f32 bias[output channels], finite
 *     u16 words: the weights' indices into the codebook, in the order of
 *         [output channel][input channel][row][column], entropy coded
 *
 * Words that decoding leaves over are zeros; they make a block at least a sixteenth of the packed
 * weights, so that no small file takes much memory.
 */
#ifndef BW_PLAN_SHARE_H
#define BW_PLAN_SHARE_H

#include "plan/plan.h"

enum {
    BW_SHARED_LEAST = 4,
    BW_SHARED_MOST = 8,
    BW_SHARED_GROWTH = 16,         /* of packed weights over the file's, at most … */
    BW_SHARED_ALLOWANCE = 1 << 22, /* … and over that, in bytes, for small networks */
};

/** Bytes of a step's shared weights before the words; its shapes are valid. */
size_t bw_shared_head_bytes(const bw_operation *operation, int bits);

/**
 * Makes the file's form of a plan whose weights are packed, if that is smaller for any step.
 * `sources`: for each step the node whose weights it has.
 */
bw_status bw_share_store(bw_plan *plan, const bw_node *const *sources, bw_error *error);

/** Whether any step of a plan that is being read has shared weights. */
bool bw_share_used(const bw_plan *plan);

/** Bits that a shared weight takes in the file, on average; 0 where there are none. */
double bw_share_mean_bits(const bw_plan *plan);

/**
 * Makes the packed weights of a plan that was read and checked, whose `weights` are the file's:
 * those become its `stored`. Refuses what no writer makes, and what would take far more memory than
 * the file does.
 */
bw_status bw_share_expand(bw_plan *plan, bw_error *error);

#endif
