#include "kernels/x86/conv_list.h"

/* Work is in cycles. */
static const bw_unit_limits limits = {
    .weight_bytes = 192 << 10,
    .input_bytes = 128 << 10,
    .least_work = 40000,
    .most_work = 1000000,
};

/** The input channels that the panels of a group read, from a multiple of a step's on. */
typedef struct channel_range {
    int first, last;
} channel_range;

/** A step: the first of its input channels, and a position of the window. */
typedef struct step {
    int input, position;
} step;

static int count_positions(const bw_operation *operation)
{
    return operation->kernel_height * operation->kernel_width;
}

int bw_list_channels(const bw_operation *operation)
{
    return BW_STEP_INPUT / (int)bw_type_size(operation->in.format.type);
}

static channel_range channels_of(const bw_operation *operation, int panel, int panels)
{
    int inputs = operation->in.channels / operation->groups;
    int outputs = operation->out.channels / operation->groups;
    int end = (panel + panels) * BW_LANES, together = bw_list_channels(operation);
    end = end < operation->out.channels ? end : operation->out.channels;
    int first = panel * BW_LANES / outputs * inputs;
    return (channel_range){first / together * together, ((end - 1) / outputs + 1) * inputs};
}

int bw_list_steps(const bw_operation *operation, int group_panels)
{
    int panels = operation->groups > 1 ? bw_divide_up(operation->out.channels, BW_LANES) : 1;
    int most = 0;
    for (int panel = 0; panel < panels; panel += group_panels) {
        channel_range range = channels_of(operation, panel, group_panels);
        int steps = bw_divide_up(range.last - range.first, bw_list_channels(operation));
        most = steps > most ? steps : most;
    }
    return most * count_positions(operation);
}

bw_units bw_list_units(const bw_operation *operation, int group_panels, size_t group_bytes,
                       int steps, double step_cycles)
{
    const int pool = bw_pool_side(operation), row = pool * pool * operation->out.width;
    const bw_unit_work work = {
        .panels = bw_divide_up(operation->out.channels, BW_LANES),
        .group_panels = group_panels,
        .in_planes = bw_layout_planes(&operation->in),
        .group_bytes = group_bytes,
        .group_row = step_cycles * steps * group_panels * row,
    };
    return bw_units_cut(operation, &limits, &work);
}

/* Channels that follow each other at a position, positions, and so on with the next channels. */
static step next_step(const bw_operation *operation, channel_range range, step at)
{
    int together = bw_list_channels(operation);
    int run = operation->in.format.type == BW_U8 ? together : BW_LANES;
    int first = at.input / run * run, end = first + run;
    first = first > range.first ? first : range.first;
    end = end < range.last ? end : range.last;
    at.input += together;
    if (at.input < end)
        return at;
    at.position++;
    return at.position < count_positions(operation) ? (step){first, at.position} : (step){end, 0};
}

static int32_t place_of(const bw_operation *operation, step at)
{
    const bw_layout *in = &operation->in;
    int row = at.position / operation->kernel_width, column = at.position % operation->kernel_width;
    size_t element = (size_t)(at.input / in->lanes) * in->plane_stride +
                     (size_t)row * in->row_stride + (size_t)(column * in->lanes) +
                     (size_t)(at.input % in->lanes);
    return (int32_t)(element * bw_type_size(in->format.type));
}

int bw_list_places(const bw_operation *operation, int panel, int panels, int32_t *places)
{
    channel_range range = channels_of(operation, panel, panels);
    int count = 0;
    for (step at = {range.first, 0}; at.input < range.last; at = next_step(operation, range, at))
        places[count++] = place_of(operation, at);
    return count;
}

/* The weights of one output channel. */
static void pack_lane(const bw_operation *operation, const bw_filters *filters, int output, step at,
                      uint8_t *weights)
{
    size_t size = bw_type_size(operation->in.format.type);
    int inputs = operation->in.channels / operation->groups;
    int outputs = operation->out.channels / operation->groups;
    int first = output / outputs * inputs, end = at.input + bw_list_channels(operation);
    for (int input = at.input; input < end; input++, weights += size) {
        if (input < first || input >= first + inputs)
            continue;
        size_t filter = (size_t)output * (size_t)inputs + (size_t)(input - first);
        size_t index = filter * (size_t)count_positions(operation) + (size_t)at.position;
        bw_filters_store(filters, index, operation->in.format.type, weights);
    }
}

void bw_list_pack(const bw_operation *operation, const bw_filters *filters, int panel, int panels,
                  void *weights)
{
    channel_range range = channels_of(operation, panel, panels);
    int first = panel * BW_LANES, end = first + panels * BW_LANES;
    uint8_t *to = weights;
    for (step at = {range.first, 0}; at.input < range.last; at = next_step(operation, range, at)) {
        for (int output = first; output < end; output++, to += BW_STEP_INPUT) {
            if (output < operation->out.channels)
                pack_lane(operation, filters, output, at, to);
        }
    }
}
