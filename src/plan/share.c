#include "plan/share.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/rans.h"

enum { LARGEST_INTEGER = 127 };

static size_t count_weights(const bw_operation *operation)
{
    return (size_t)operation->kernel_height * (size_t)operation->kernel_width *
           (size_t)(operation->in.channels / operation->groups) * (size_t)operation->out.channels;
}

size_t bw_shared_head_bytes(const bw_operation *operation, int bits)
{
    size_t level = sizeof(int8_t) + sizeof(uint16_t);
    return (level << bits) + BW_RANS_STATES * sizeof(uint32_t) +
           (size_t)operation->out.channels * 2 * sizeof(float);
}

static size_t packed_bytes(const bw_step *step)
{
    const bw_kernel *kernel = bw_kernel_find(step->kernel);
    return kernel->packed_bytes ? kernel->packed_bytes(&step->operation) : 0;
}

static size_t stored_bytes(const bw_step *step)
{
    return step->shared_bits ? step->shared_bytes : packed_bytes(step);
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
    double bytes = 0.0, weights = 0.0;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        if (!step->shared_bits)
            continue;
        bytes += (double)step->shared_bytes;
        weights += (double)count_weights(&step->operation);
    }
    return weights > 0.0 ? 8.0 * bytes / weights : 0.0;
}

/* The parts of a step's shared weights. */
typedef struct shared_block {
    uint8_t *codebook, *frequencies, *states, *scales, *bias, *words;
} shared_block;

static shared_block cut(uint8_t *block, const bw_operation *operation, int bits)
{
    size_t levels = (size_t)1 << bits, floats = (size_t)operation->out.channels * sizeof(float);
    uint8_t *frequencies = block + levels, *states = frequencies + levels * sizeof(uint16_t);
    uint8_t *scales = states + BW_RANS_STATES * sizeof(uint32_t);
    return (shared_block){block, frequencies, states, scales, scales + floats, scales + 2 * floats};
}

/* ---- Storing -------------------------------------------------------------------------------- */

/* A convolution's integers as indices into a codebook, coded. */
typedef struct encoding {
    uint8_t levels[BW_RANS_SYMBOLS];
    uint16_t frequencies[BW_RANS_SYMBOLS];
    uint32_t states[BW_RANS_STATES];
    uint8_t *symbols;
    uint16_t *room, *words; /* `words` is at the end of the room */
    size_t word_count;
} encoding;

/* The levels in the order in which they occur, and how often they do. */
static void index_levels(encoding *e, size_t counts[BW_RANS_SYMBOLS], const int8_t *integers,
                         size_t count)
{
    int codes[BW_RANS_SYMBOLS], levels = 0;
    memset(codes, -1, sizeof codes);
    for (size_t index = 0; index < count; index++) {
        int *code = &codes[integers[index] + LARGEST_INTEGER];
        if (*code < 0) {
            e->levels[levels] = (uint8_t)integers[index];
            *code = levels++;
        }
        e->symbols[index] = (uint8_t)*code;
        counts[*code]++;
    }
}

static bool encode(encoding *e, const int8_t *integers, size_t count)
{
    size_t counts[BW_RANS_SYMBOLS] = {0}, room = bw_rans_most_words(count);
    e->symbols = malloc(count);
    e->room = malloc(room * sizeof *e->room);
    if (!e->symbols || !e->room)
        return false;
    index_levels(e, counts, integers, count);
    bw_rans_frequencies(e->frequencies, counts);
    e->word_count = bw_rans_encode(e->room, room, e->states, e->symbols, count, e->frequencies);
    e->words = e->room + room - e->word_count;
    return true;
}

static void free_encoding(encoding *e)
{
    free(e->symbols);
    free(e->room);
}

static void write_block(uint8_t *to, const encoding *e, const bw_step *step, const bw_node *node)
{
    int bits = step->shared_bits, channels = step->operation.out.channels;
    size_t levels = (size_t)1 << bits;
    shared_block block = cut(to, &step->operation, bits);
    memcpy(block.codebook, e->levels, levels);
    memcpy(block.frequencies, e->frequencies, levels * sizeof *e->frequencies);
    memcpy(block.states, e->states, sizeof e->states);
    memcpy(block.scales, node->scales, (size_t)channels * sizeof(float));
    if (node->bias.data)
        memcpy(block.bias, node->bias.data, (size_t)channels * sizeof(float));
    memcpy(block.words, e->words, e->word_count * sizeof *e->words);
}

/* `*block` (the caller's) is what the file holds of a step; NULL where it shares no weights. */
static bw_status store_step(uint8_t **block, bw_step *step, const bw_node *node, bw_error *error)
{
    *block = NULL;
    if (node->op != BW_OP_CONV || !node->integers || !node->shared_bits)
        return BW_OK;
    size_t count = count_weights(&step->operation), packed = packed_bytes(step);
    encoding e = {0};
    bw_status status =
        encode(&e, node->integers, count) ? BW_OK : bw_fail_memory(error, count, "shared weights");
    size_t bytes =
        bw_shared_head_bytes(&step->operation, node->shared_bits) + e.word_count * sizeof *e.words;
    if (bytes < packed / BW_SHARED_GROWTH)
        bytes = packed / BW_SHARED_GROWTH;
    if (status == BW_OK && bytes < packed) {
        step->shared_bits = node->shared_bits;
        step->shared_bytes = bytes;
        *block = calloc(bytes, 1);
        if (*block)
            write_block(*block, &e, step, node);
        else
            status = bw_fail_memory(error, bytes, "shared weights");
    }
    free_encoding(&e);
    return status;
}

/* Places the steps' blocks; returns the size of them all. */
static size_t place_stored(bw_plan *plan)
{
    size_t total = 0;
    for (int index = 0; index < plan->step_count; index++) {
        plan->steps[index].stored = total;
        total += bw_round_up(stored_bytes(&plan->steps[index]), BW_ALIGNMENT);
    }
    return total;
}

static bw_status join_blocks(bw_plan *plan, uint8_t *const *blocks, bw_error *error)
{
    size_t total = place_stored(plan);
    plan->coded = bw_large_alloc(total);
    if (!plan->coded)
        return bw_fail_memory(error, total, "shared weights");
    memset(plan->coded, 0, total);
    plan->stored = plan->coded;
    plan->stored_bytes = total;
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        memcpy(plan->coded + step->stored,
               blocks[index] ? blocks[index] : plan->weights + step->weights, stored_bytes(step));
    }
    return BW_OK;
}

bw_status bw_share_store(bw_plan *plan, const bw_node *const *sources, bw_error *error)
{
    size_t count = (size_t)plan->step_count;
    uint8_t **blocks = calloc(count, sizeof *blocks);
    bw_status status =
        blocks ? BW_OK : bw_fail_memory(error, count * sizeof *blocks, "shared weights");
    for (size_t index = 0; status == BW_OK && index < count; index++)
        status = store_step(&blocks[index], &plan->steps[index], sources[index], error);
    if (status == BW_OK && bw_share_used(plan))
        status = join_blocks(plan, blocks, error);
    for (size_t index = 0; blocks && index < count; index++)
        free(blocks[index]);
    free((void *)blocks);
    return status;
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
    int channels = step->operation.out.channels, levels = 1 << step->shared_bits;
    shared_block block = cut((uint8_t *)(uintptr_t)from, &step->operation, step->shared_bits);
    float *scales = (float *)(void *)memory, *bias = scales + channels;
    int8_t *integers = (int8_t *)(bias + channels);
    for (int level = 0; level < levels; level++) {
        if ((int8_t)block.codebook[level] < -LARGEST_INTEGER)
            return false;
    }
    bw_rans_code code = {.frequencies = block.frequencies,
                         .values = block.codebook,
                         .symbols = levels,
                         .words = block.words,
                         .word_count =
                             (size_t)(from + step->shared_bytes - block.words) / sizeof(uint16_t)};
    memcpy(code.states, block.states, sizeof code.states);
    *filters = (bw_filters){.integers = integers, .scales = scales, .bias = bias};
    return copy_floats(scales, block.scales, channels) && copy_floats(bias, block.bias, channels) &&
           bw_rans_decode((uint8_t *)integers, count_weights(&step->operation), &code);
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
        status = bw_fail(error, BW_ERROR_FORMAT, "layer %s: its shared weights are impossible",
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
            *total / BW_SHARED_GROWTH > plan->weight_bytes + BW_SHARED_ALLOWANCE / BW_SHARED_GROWTH)
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
