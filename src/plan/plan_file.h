/**
 * The plan as a file (.bwp), version 15: read by mapping it, and checked as if an enemy wrote it.
 *
 * All numbers are little-endian; u32 and u64 without a sign, i32 in two's complement, f32 as IEEE
 * 754; a text is its length (u32) and its bytes, none of them NUL. Nothing is padded but the
 * tables, with zeros, so that the weights start on a page.
 *
 *     offset  head
 *          0  8 bytes  89 'B' 'W' 'P' 0D 0A 1A 0A, the tag
 *          8  u32      version, 15
 *         12  u32      01020304: the order of the bytes
 *         16  u64      size of the file
 *         24  u64      offset of the weights, a multiple of 4096, at most 1 GiB
 *         32  u64      bytes of weights; the file ends with them
 *         40  u64      XXH3-64 of the tables: all from 56 on to the weights
 *         48  u64      XXH3-64 of the 48 bytes before
 *         56  tables, in this order:
 *             library  text: the version of Boxwright, which the reader's must equal: the form of
 *                      packed weights and the kernels' names are its own affair
 *             needs    u32: the bw_cpu_feature bits that the kernels need
 *             sums     XXH3-64 (u64) of each 4 MiB of weights, the last block shorter
 *             model    fingerprint (32 bytes); i32 width, height, layers, resize; f32 padding;
 * texts: head, pictures; u64 boxes, weights, macs; u32 number of classes; each one's name, a text
 *             settings text: what the plan was built with, "name=value" separated by spaces
 *             precision i32
 *             memory   i32 batch; u64 bytes of the arena, a multiple of batch × 64
 *             steps    u32 count; each: layer, kernel (texts); operation; u64 offset of in,
 *                      second and out in the arena, of the weights in the weights; i32 bits of
 *                      shared weights; u64 bytes of those; u64 macs; i32 sharing (plan.h); f32
 *                      error; of pruning i32 channels; f32 error, before, after
 *             input    port
 *             outputs  u32 count; each: port; i32 kind, form, classes, nms; f32 scale_xy;
 *                      u32 number of anchors; each: f32 width, height; i32 bins; f32
 *                      origin, stride, variances (2); i32 softmax, background
 *
 *     operation  i32 family; layout of in, second, out; i32 kernel height and width, stride, pad
 *                top and left, groups, activation; f32 slope; i32 has_second, first_channel,
 *                out_channel, sum_bits, may_round (0 or 1); u32 number of general operators, 0 or
 *                1; if 1, operator
 *     operator   name (text); i32 operator set; u32 attributes, each: name (text), i32 kind
 *                (bw_plain_kind), and u32 count with as many i64 or f32, or a text; u32 inputs,
 *                each: i32 source (bw_plain_source), then, unless it is left out, tensor, and, if
 *                it is variable, u64 offset in the arena; u32 outputs, each: tensor; u64 number of
 *                the output that is kept. Constants stand in the step's weights in the order of
 *                the inputs, each on a multiple of 64 bytes
 *     tensor     i32 type (bw_element), number of dimensions; i64 each dimension
 *     port       layout; u64 offset in the arena
 *     layout     i32 type; f32 scale; i32 zero point, height, width, channels, lanes, border;
 *                its strides follow from these, and from the share of the arena that an image has
 *
 * The weights are as the kernels want them, or, in steps whose bits of shared weights are not 0, as
 * share.h has it; those are expanded when the plan is read. Plans without such steps are mapped.
 *
 * The numbers behind words (families, types, activations, …) are those of the enumerations, which
 * therefore may be changed only together with the version.
 *
 * The reader refuses what is damaged, cut, of another version or for another processor before it
 * uses any of it, and says why. Checked are the size, every sum (those of the weights by several
 * threads), and then what the numbers mean (plan_check.h).
 */
#ifndef BW_PLAN_PLAN_FILE_H
#define BW_PLAN_PLAN_FILE_H

#include "plan/plan.h"

enum {
    BW_PLAN_VERSION = 15,
    BW_PLAN_TAG_SIZE = 8,
    BW_PLAN_HEAD_SIZE = 56,
    BW_PLAN_PAGE = 4096,
    BW_PLAN_BLOCK = 4 << 20, /* bytes of weights that share a sum */
};

extern const uint8_t bw_plan_tag[BW_PLAN_TAG_SIZE];

/** What the head says. */
typedef struct bw_plan_head {
    uint32_t version, order;
    uint64_t file_size, weights_offset, weight_bytes, tables_sum, head_sum;
} bw_plan_head;

/** Bytes of weights in the plan's file. */
size_t bw_plan_stored_bytes(const bw_plan *plan);

/** Everything of the file before the weights; `*bytes` is the caller's (free). */
bw_status bw_plan_encode(uint8_t **bytes, size_t *size, const bw_plan *plan, bw_error *error);

/**
 * Fills a zeroed plan from a whole file's bytes, 64-byte aligned, which stay the caller's and must
 * outlive the plan: its weights are among them, or are expanded from them into a block of the
 * plan's own, `packed`, which bw_plan_close frees. The messages begin with `name`.
 */
bw_status bw_plan_decode(bw_plan *plan, const uint8_t *bytes, size_t size, const char *name,
                         bw_error *error);

#endif
