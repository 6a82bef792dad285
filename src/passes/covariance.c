#include "passes/covariance.h"

#include <string.h>

enum { LARGEST_BLOCK = 288 }; /* numbers: 32 channels of 3 × 3 */

/* Of the mean variance, what is added to each. */
static const float damping = 0.01f;

static int rows_of(const bw_covariance *covariance)
{
    return covariance->block * covariance->window;
}

static int blocks_of_group(const bw_covariance *covariance)
{
    return bw_divide_up(covariance->group, covariance->block);
}

bool bw_covariance_open(bw_covariance *covariance, const bw_graph *graph, const bw_node *conv,
                        bw_arena *arena)
{
    const bw_attributes *a = &conv->attributes;
    int channels = graph->tensors[conv->inputs[0]].shape.channels;
    int window = a->kernel_height * a->kernel_width, group = channels / a->groups;
    int most = LARGEST_BLOCK / window > 1 ? LARGEST_BLOCK / window : 1;
    *covariance = (bw_covariance){.channels = channels,
                                  .window = window,
                                  .group = group,
                                  .block = group < most ? group : most};
    covariance->blocks = a->groups * blocks_of_group(covariance);
    size_t row = (size_t)rows_of(covariance);
    covariance->sums =
        bw_arena_array(arena, (size_t)channels * (size_t)window, sizeof *covariance->sums);
    covariance->products =
        bw_arena_array(arena, (size_t)covariance->blocks * row * row, sizeof *covariance->products);
    return covariance->sums && covariance->products;
}

int bw_covariance_first(const bw_covariance *covariance, int block, int *channels)
{
    int of_group = blocks_of_group(covariance);
    int inside = block % of_group * covariance->block;
    int left = covariance->group - inside;
    *channels = left < covariance->block ? left : covariance->block;
    return block / of_group * covariance->group + inside;
}

static size_t size_of_block(const bw_covariance *covariance, int block)
{
    int channels;
    bw_covariance_first(covariance, block, &channels);
    return (size_t)channels * (size_t)covariance->window;
}

static float *row_of(const bw_covariance *covariance, int block, size_t row)
{
    size_t rows = (size_t)rows_of(covariance);
    return covariance->products + ((size_t)block * rows + row) * rows;
}

size_t bw_covariance_numbers(const bw_covariance *covariance)
{
    size_t count = 0;
    for (int block = 0; block < covariance->blocks; block++) {
        size_t size = size_of_block(covariance, block);
        count += size * (size + 1) / 2;
    }
    return count;
}

void bw_covariance_pack(const bw_covariance *covariance, float *numbers)
{
    for (int block = 0; block < covariance->blocks; block++) {
        for (size_t row = 0; row < size_of_block(covariance, block); row++) {
            memcpy(numbers, row_of(covariance, block, row), (row + 1) * sizeof *numbers);
            numbers += row + 1;
        }
    }
}

void bw_covariance_unpack(bw_covariance *covariance, const float *numbers)
{
    for (int block = 0; block < covariance->blocks; block++) {
        for (size_t row = 0; row < size_of_block(covariance, block); row++) {
            memcpy(row_of(covariance, block, row), numbers, (row + 1) * sizeof *numbers);
            numbers += row + 1;
        }
    }
}

/* Adds a × b for the first `count` numbers. */
static void accumulate(float *restrict sums, const float *restrict numbers, float factor, int count)
{
    for (int index = 0; index < count; index++)
        sums[index] += factor * numbers[index];
}

static void add_block(bw_covariance *covariance, int block, const float *windows, size_t count)
{
    int channels, first = bw_covariance_first(covariance, block, &channels);
    int size = channels * covariance->window, row = rows_of(covariance);
    size_t all = (size_t)covariance->channels * (size_t)covariance->window;
    float *products = covariance->products + (size_t)block * (size_t)row * (size_t)row;
    const float *start = windows + (size_t)first * (size_t)covariance->window;
    for (int at = 0; at < size; at++) {
        float *sums = products + (size_t)at * (size_t)row;
        for (size_t index = 0; index < count; index++) {
            const float *numbers = start + index * all;
            if (numbers[at] != 0.0f)
                accumulate(sums, numbers, numbers[at], at + 1);
        }
    }
}

void bw_covariance_add(bw_covariance *covariance, const float *windows, size_t count)
{
    int all = covariance->channels * covariance->window;
    for (size_t index = 0; index < count; index++)
        accumulate(covariance->sums, windows + index * (size_t)all, 1.0f, all);
    for (int block = 0; block < covariance->blocks; block++)
        add_block(covariance, block, windows, count);
    covariance->count += count;
}

static void dampen(float *matrix, size_t size)
{
    float sum = 0.0f;
    for (size_t at = 0; at < size; at++)
        sum += matrix[at * size + at];
    float share = sum > 0.0f ? sum / (float)size * damping : 1.0f;
    for (size_t at = 0; at < size; at++)
        matrix[at * size + at] += share;
}

void bw_covariance_matrix(const bw_covariance *covariance, int block, const float *factors,
                          float *matrix)
{
    int channels, first = bw_covariance_first(covariance, block, &channels);
    int window = covariance->window, size = channels * window, row = rows_of(covariance);
    const float *products = covariance->products + (size_t)block * (size_t)row * (size_t)row;
    const float *sums = covariance->sums + (size_t)first * (size_t)window;
    float inverse = covariance->count > 0 ? 1.0f / (float)covariance->count : 0.0f;
    for (int a = 0; a < size; a++) {
        for (int b = 0; b <= a; b++) {
            float moment = products[(size_t)a * (size_t)row + (size_t)b] * inverse;
            float both = factors[first + a / window] * factors[first + b / window];
            float value = (moment - sums[a] * inverse * sums[b] * inverse) * both;
            matrix[(size_t)a * (size_t)size + (size_t)b] = value;
            matrix[(size_t)b * (size_t)size + (size_t)a] = value;
        }
    }
    dampen(matrix, (size_t)size);
}
