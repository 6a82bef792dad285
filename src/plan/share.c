#include "plan/share.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_INTEGER = 127,
    LARGEST_GROWTH = 16,        /* of packed weights over the file's, padding included … */
    GROWTH_ALLOWANCE = 1 << 22, /* … and over that, in bytes, for small networks */
};

static size_t count_weights(const bw_operation *operation)
{
    return (size_t)operation->kernel_height * (size_t)operation->kernel_width *
           (size_t)(operation->in.channels / operation->groups) * (size_t)operation->out.channels;
}

size_t bw_shared_bytes(const bw_operation *operation, int bits)
{
    size_t count = count_weights(operation);
    size_t codes = count / 8 * (size_t)bits + (count % 8 * (size_t)bits + 7) / 8;
    return ((size_t)1 << bits) + (size_t)operation->out.channels * 2 * sizeof(float) + codes;
}

static size_t packed_bytes(const bw_step *step)
{
    const bw_kernel *kernel = bw_kernel_find(step->kernel);
    return kernel->packed_bytes ? kernel->packed_bytes(&step->operation) : 0;
}

static size_t stored_bytes(const bw_step *step)
{
    return step->shared_bits ? bw_shared_bytes(&step->operation, step->shared_bits)
                             : packed_bytes(step);
}

bool bw_share_used(const bw_plan *plan)
{
    for (int index = 0; index < plan->step_count; index++) {
        if (plan->steps[index].shared_bits)
            return true;
    }
    return false;
}

double bw_share_mean_bits(const bw_plan *plan)
{
    double bits = 0.0, weights = 0.0;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        if (!step->shared_bits)
            continue;
        double count = (double)count_weights(&step->operation);
        bits += count * step->shared_bits;
        weights += count;
    }
    return weights > 0.0 ? bits / weights : 0.0;
}

/* ---- Indices -------------------------------------------------------------------------------- */

static void put_code(uint8_t *codes, size_t index, int bits, unsigned code)
{
    size_t bit = index * (size_t)bits;
    unsigned word = code << bit % 8;
    codes[bit / 8] |= (uint8_t)word;
    if (bit % 8 + (size_t)bits > 8)
        codes[bit / 8 + 1] |= (uint8_t)(word >> 8);
}

static unsigned get_code(const uint8_t *codes, size_t index, int bits)
{
    size_t bit = index * (size_t)bits;
    unsigned word = codes[bit / 8];
    if (bit % 8 + (size_t)bits > 8)
        word |= (unsigned)codes[bit / 8 + 1] << 8;
    return word >> bit % 8 & ((1u << bits) - 1);
}

/* ---- Storing -------------------------------------------------------------------------------- */

/* The parts of a step's shared weights. */
typedef struct shared_block {
    uint8_t *codebook, *scales, *bias, *codes;
} shared_block;

static shared_block cut(uint8_t *block, const bw_step *step)
{
    size_t floats = (size_t)step->operation.out.channels * sizeof(float);
    uint8_t *scales = block + ((size_t)1 << step->shared_bits);
    return (shared_block){block, scales, scales + floats, scales + 2 * floats};
}

static void store_shared(uint8_t *to, const bw_step *step, const bw_node *node)
{
    int codes[256], levels = 0, channels = step->operation.out.channels;
    shared_block block = cut(to, step);
    memset(codes, -1, sizeof codes);
    for (size_t index = 0; index < count_weights(&step->operation); index++) {
        int8_t integer = node->integers[index];
        int *code = &codes[integer + LARGEST_INTEGER];
        if (*code < 0) {
            assert(levels < 1 << step->shared_bits);
            block.codebook[levels] = (uint8_t)integer;
            *code = levels++;
        }
        put_code(block.codes, index, step->shared_bits, (unsigned)*code);
    }
    memcpy(block.scales, node->scales, (size_t)channels * sizeof(float));
    if (node->bias.data)
        memcpy(block.bias, node->bias.data, (size_t)channels * sizeof(float));
}

/* Decides what is shared and places it; returns the size of it all. */
static size_t place_stored(bw_plan *plan, const bw_node *const *sources)
{
    size_t total = 0;
    for (int index = 0; index < plan->step_count; index++) {
        bw_step *step = &plan->steps[index];
        const bw_node *node = sources[index];
        int bits = node->op == BW_OP_CONV && node->integers ? node->shared_bits : 0;
        if (bits && bw_shared_bytes(&step->operation, bits) < packed_bytes(step))
            step->shared_bits = bits;
        step->stored = total;
        total += bw_round_up(stored_bytes(step), BW_ALIGNMENT);
    }
    return total;
}

bw_status bw_share_store(bw_plan *plan, const bw_node *const *sources, bw_error *error)
{
    size_t total = place_stored(plan, sources);
    if (!bw_share_used(plan))
        return BW_OK;
    plan->coded = bw_large_alloc(total);
    if (!plan->coded)
        return bw_fail_memory(error, total, "shared weights");
    memset(plan->coded, 0, total);
    plan->stored = plan->coded;
    plan->stored_bytes = total;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        if (step->shared_bits)
            store_shared(plan->coded + step->stored, step, sources[index]);
        else
            memcpy(plan->coded + step->stored, plan->weights + step->weights, packed_bytes(step));
    }
    return BW_OK;
}

/* ---- Expanding ------------------------------------------------------------------------------ */

static bool copy_floats(float *to, const uint8_t *from, int count)
{
    memcpy(to, from, (size_t)count * sizeof *to);
    for (int index = 0; index < count; index++) {
        if (!isfinite(to[index]))
            return false;
    }
    return true;
}

/* Integers, scales and bias of a step in one block of the caller's; false: impossible numbers. */
static bool read_shared(bw_filters *filters, uint8_t *memory, const bw_step *step,
                        const uint8_t *from)
{
    int channels = step->operation.out.channels;
    shared_block block = cut((uint8_t *)(uintptr_t)from, step);
    float *scales = (float *)(void *)memory, *bias = scales + channels;
    int8_t *integers = (int8_t *)(bias + channels);
    for (int level = 0; level < 1 << step->shared_bits; level++) {
        if ((int8_t)block.codebook[level] < -LARGEST_INTEGER)
            return false;
    }
    for (size_t index = 0; index < count_weights(&step->operation); index++)
        integers[index] = (int8_t)block.codebook[get_code(block.codes, index, step->shared_bits)];
    *filters = (bw_filters){.integers = integers, .scales = scales, .bias = bias};
    return copy_floats(scales, block.scales, channels) && copy_floats(bias, block.bias, channels);
}

static bw_status expand_step(uint8_t *packed, const bw_step *step, const uint8_t *stored,
                             bw_error *error)
{
    const bw_kernel *kernel = bw_kernel_find(step->kernel);
    size_t bytes =
        (size_t)step->operation.out.channels * 2 * sizeof(float) + count_weights(&step->operation);
    uint8_t *memory = bw_aligned_alloc(bytes);
    if (!memory)
        return bw_fail_memory(error, bytes, "shared weights");
    bw_filters filters;
    bw_status status = BW_OK;
    if (read_shared(&filters, memory, step, stored))
        kernel->pack(&step->operation, &filters, packed);
    else
        status = bw_fail(error, BW_ERROR_FORMAT, "layer %s: its codebook or scales are impossible",
                         step->layer);
    bw_aligned_free(memory);
    return status;
}

/* Moves the steps' offsets to `stored` and places the packed weights. */
static bw_status place_packed(bw_plan *plan, size_t *total, bw_error *error)
{
    size_t end = 0;
    *total = 0;
    for (int index = 0; index < plan->step_count; index++) {
        bw_step *step = &plan->steps[index];
        if (step->weights != end)
            return bw_fail(error, BW_ERROR_FORMAT,
                           "layer %s: its weights do not follow those before them", step->layer);
        end += bw_round_up(stored_bytes(step), BW_ALIGNMENT);
        step->stored = step->weights;
        step->weights = *total;
        if (!bw_size_add(total, *total, bw_round_up(packed_bytes(step), BW_ALIGNMENT)) ||
            *total / LARGEST_GROWTH > plan->weight_bytes + GROWTH_ALLOWANCE / LARGEST_GROWTH)
            return bw_fail(error, BW_ERROR_LIMIT,
                           "layer %s: its shared weights would take too much memory", step->layer);
    }
    return BW_OK;
}

bw_status bw_share_expand(bw_plan *plan, bw_error *error)
{
    size_t total;
    bw_status status = place_packed(plan, &total, error);
    if (status != BW_OK)
        return status;
    plan->packed = bw_large_alloc(total);
    if (!plan->packed)
        return bw_fail_memory(error, total, "packed weights");
    for (int index = 0; status == BW_OK && index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        const uint8_t *from = plan->weights + step->stored;
        if (step->shared_bits)
            status = expand_step(plan->packed + step->weights, step, from, error);
        else
            memcpy(plan->packed + step->weights, from, packed_bytes(step));
    }
    plan->stored = plan->weights;
    plan->stored_bytes = plan->weight_bytes;
    plan->weights = plan->packed;
    plan->weight_bytes = total;
    return status;
}
