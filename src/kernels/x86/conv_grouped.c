#include "kernels/x86/conv_grouped.h"

#include <string.h>

/* One part: a dense convolution, and where its channels stand in the whole. */
typedef struct dense_part {
    bw_operation operation;
    int first_input, first_output; /* multiples of BW_LANES */
} dense_part;

static int inputs_of_group(const bw_operation *operation)
{
    return operation->in.channels / operation->groups;
}

static int outputs_of_group(const bw_operation *operation)
{
    return operation->out.channels / operation->groups;
}

/* The output channels of a part, but for the last. */
static int part_outputs(const bw_operation *operation)
{
    bool whole =
        inputs_of_group(operation) % BW_LANES == 0 && outputs_of_group(operation) % BW_LANES == 0;
    return whole ? outputs_of_group(operation) : BW_LANES;
}

static int count_parts(const bw_operation *operation)
{
    int outputs = part_outputs(operation);
    return (operation->out.channels + outputs - 1) / outputs;
}

static dense_part part_at(const bw_operation *operation, int index)
{
    int outputs = part_outputs(operation), left = operation->out.channels - index * outputs;
    dense_part made = {.operation = *operation, .first_output = index * outputs};
    bw_operation *dense = &made.operation;
    int count = left < outputs ? left : outputs;
    int first_group = made.first_output / outputs_of_group(operation);
    int last_group = (made.first_output + count - 1) / outputs_of_group(operation);
    made.first_input = first_group * inputs_of_group(operation) / BW_LANES * BW_LANES;
    dense->groups = 1;
    dense->in.channels = (last_group + 1) * inputs_of_group(operation) - made.first_input;
    dense->out.channels = dense->second.channels = count;
    return made;
}

static size_t part_weights(const bw_operation *dense)
{
    return (size_t)dense->out.channels * (size_t)dense->in.channels * (size_t)dense->kernel_height *
           (size_t)dense->kernel_width;
}

bool bw_conv_grouped_accepts(const bw_operation *operation)
{
    if (operation->family != BW_FAMILY_CONV || operation->groups < 2 ||
        operation->in.lanes != BW_LANES)
        return false;
    bw_operation dense = part_at(operation, 0).operation;
    return bw_conv_direct_accepts(&dense);
}

double bw_conv_grouped_cost(const bw_conv_tiles *tiles, const bw_operation *operation)
{
    double cost = 0.0;
    for (int index = 0; index < count_parts(operation); index++) {
        dense_part part = part_at(operation, index);
        cost += bw_conv_direct_cost(tiles, &part.operation);
    }
    return cost;
}

size_t bw_conv_grouped_packed_bytes(const bw_operation *operation)
{
    size_t bytes = 0, most = 0;
    for (int index = 0; index < count_parts(operation); index++) {
        dense_part part = part_at(operation, index);
        size_t count = part_weights(&part.operation);
        bytes += bw_conv_direct_packed_bytes(&part.operation);
        most = count > most ? count : most;
    }
    return bytes + most * sizeof(float);
}

/* The weights of a part as a dense convolution has them, zeros between the groups. */
static void spread(const bw_operation *operation, const dense_part *part, const float *weights,
                   float *dense)
{
    const bw_operation *of_part = &part->operation;
    size_t window = (size_t)operation->kernel_height * (size_t)operation->kernel_width;
    size_t own = (size_t)inputs_of_group(operation) * window;
    size_t row = (size_t)of_part->in.channels * window;
    memset(dense, 0, part_weights(of_part) * sizeof *dense);
    for (int output = 0; output < of_part->out.channels; output++) {
        int channel = part->first_output + output;
        int group = channel / outputs_of_group(operation);
        int first = group * inputs_of_group(operation) - part->first_input;
        memcpy(dense + (size_t)output * row + (size_t)first * window,
               weights + (size_t)channel * own, own * sizeof *dense);
    }
}

void bw_conv_grouped_pack(const bw_conv_tiles *tiles, const bw_operation *operation,
                          const bw_filters *filters, void *packed)
{
    int parts = count_parts(operation);
    uint8_t *to = packed, *room = packed;
    for (int index = 0; index < parts; index++) {
        dense_part part = part_at(operation, index);
        room += bw_conv_direct_packed_bytes(&part.operation);
    }
    float *dense = (float *)(void *)room;
    for (int index = 0; index < parts; index++) {
        dense_part part = part_at(operation, index);
        spread(operation, &part, filters->weights, dense);
        const float *bias = filters->bias ? filters->bias + part.first_output : NULL;
        bw_conv_direct_pack(tiles, &part.operation, &(bw_filters){.weights = dense, .bias = bias},
                            to);
        to += bw_conv_direct_packed_bytes(&part.operation);
    }
}

size_t bw_conv_grouped_scratch_bytes(const bw_conv_tiles *tiles, const bw_operation *operation)
{
    size_t most = 0;
    for (int index = 0; index < count_parts(operation); index++) {
        dense_part part = part_at(operation, index);
        size_t bytes = bw_conv_direct_scratch_bytes(tiles, &part.operation);
        most = bytes > most ? bytes : most;
    }
    return most;
}

int bw_conv_grouped_units(const bw_conv_tiles *tiles, const bw_operation *operation, int images)
{
    int units = 0;
    for (int index = 0; index < count_parts(operation); index++) {
        dense_part part = part_at(operation, index);
        units += bw_conv_direct_units(tiles, &part.operation, images);
    }
    return units;
}

static void run_part(const bw_conv_tiles *tiles, const dense_part *part,
                     const bw_operands *operands, const uint8_t *weights, int first, int last,
                     void *scratch)
{
    const bw_operation *dense = &part->operation;
    size_t plane = (size_t)part->first_output / BW_LANES;
    bw_operands own = *operands;
    size_t in_plane = (size_t)part->first_input / BW_LANES;
    own.in = (const float *)operands->in + in_plane * dense->in.plane_stride;
    own.out = (float *)operands->out + plane * dense->out.plane_stride;
    if (dense->has_second)
        own.second = (const float *)operands->second + plane * dense->second.plane_stride;
    own.weights = weights;
    bw_conv_direct_run(tiles, dense, &own, first, last, scratch);
}

void bw_conv_grouped_run(const bw_conv_tiles *tiles, const bw_operation *operation,
                         const bw_operands *operands, int first, int last, void *scratch)
{
    const uint8_t *weights = operands->weights;
    int begin = 0;
    for (int index = 0; index < count_parts(operation) && begin < last; index++) {
        dense_part part = part_at(operation, index);
        int end = begin + bw_conv_direct_units(tiles, &part.operation, operands->images);
        int from = first > begin ? first : begin, to = last < end ? last : end;
        if (from < to)
            run_part(tiles, &part, operands, weights, from - begin, to - begin, scratch);
        weights += bw_conv_direct_packed_bytes(&part.operation);
        begin = end;
    }
}
