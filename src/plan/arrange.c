#include "plan/arrange.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "plan/lanes.h"
#include "plan/place.h"
#include "plan/pools.h"
#include "plan/steps.h"

static bool is_input(const bw_graph *graph, int tensor)
{
    return graph->nodes[graph->tensors[tensor].producer].op == BW_OP_INPUT;
}

static int find_root(const bw_seat *seats, int tensor)
{
    while (seats[tensor].host != BW_NONE)
        tensor = seats[tensor].host;
    return tensor;
}

/* Seats a tensor inside another, if it stands nowhere else yet and its channels fall on planes. */
static void seat_inside(bw_seat *seats, const bw_graph *graph, int tensor, int host, int channel)
{
    int lanes = seats[host].layout.lanes;
    bool possible = seats[tensor].host == BW_NONE && channel % lanes == 0 &&
                    seats[tensor].layout.lanes == lanes &&
                    bw_format_equal(graph->tensors[tensor].format, graph->tensors[host].format) &&
                    find_root(seats, host) != tensor && !is_input(graph, tensor) &&
                    !is_input(graph, host);
    if (possible) {
        seats[tensor].host = host;
        seats[tensor].host_channel = channel;
    }
}

static void choose_hosts(bw_seat *seats, const bw_graph *graph)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op == BW_OP_SLICE)
            seat_inside(seats, graph, node->output, node->inputs[0],
                        node->attributes.first_channel);
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        int channel = 0;
        for (int input = 0; node->op == BW_OP_CONCAT && input < node->input_count; input++) {
            seat_inside(seats, graph, node->inputs[input], node->output, channel);
            channel += graph->tensors[node->inputs[input]].shape.channels;
        }
    }
}

static int largest(int a, int b)
{
    return a > b ? a : b;
}

/* How far a convolution's windows reach over the edges of its input. */
static int reach(const bw_graph *graph, const bw_node *conv)
{
    const bw_attributes *a = &conv->attributes;
    bw_shape in = graph->tensors[conv->inputs[0]].shape;
    bw_shape out = graph->tensors[conv->output].shape;
    int bottom = (out.height - 1) * a->stride + a->kernel_height - a->pad_top - in.height;
    int right = (out.width - 1) * a->stride + a->kernel_width - a->pad_left - in.width;
    return largest(largest(a->pad_top, a->pad_left), largest(bottom, right));
}

/* All tensors of one root have the border that the neediest of them wants. */
static void choose_borders(bw_seat *seats, const bw_graph *graph)
{
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        if (node->op != BW_OP_CONV)
            continue;
        bw_layout *root = &seats[find_root(seats, node->inputs[0])].layout;
        root->border = largest(root->border, reach(graph, node));
    }
}

static void lay_out(bw_seat *seats, const bw_graph *graph)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        bw_shape shape = graph->tensors[tensor].shape;
        const bw_layout *root = &seats[find_root(seats, (int)tensor)].layout;
        seats[tensor].layout = bw_layout_make(shape.height, shape.width, shape.channels,
                                              seats[tensor].layout.lanes, root->border);
        seats[tensor].layout.format = graph->tensors[tensor].format;
    }
}

/* A block for each root: from the first node that writes into it to the last that reads it. */
static void measure_lives(bw_block *blocks, const bw_seat *seats, const bw_graph *graph)
{
    for (size_t tensor = 0; tensor < graph->tensor_count; tensor++) {
        bool root = seats[tensor].host == BW_NONE && seats[tensor].pooled == BW_NONE;
        const bw_layout *layout = &seats[tensor].layout;
        size_t size = bw_layout_elements(layout, 1) * bw_type_size(layout->format.type);
        blocks[tensor] = (bw_block){INT_MAX, -1, root ? size : 0, 0};
    }
    for (size_t index = 0; index < graph->node_count; index++) {
        const bw_node *node = &graph->nodes[index];
        bw_block *written = &blocks[find_root(seats, bw_node_written(seats, node))];
        if (written->first_use > (int)index)
            written->first_use = (int)index;
        written->last_use = largest(written->last_use, (int)index);
        for (int input = 0; input < node->input_count; input++)
            blocks[find_root(seats, node->inputs[input])].last_use = (int)index;
        if (node->residual != BW_NONE)
            blocks[find_root(seats, node->residual)].last_use = (int)index;
    }
    for (size_t index = 0; index < graph->output_count; index++)
        blocks[find_root(seats, graph->outputs[index].tensor)].last_use = INT_MAX;
}

/* Tensors inside others take their strides; hosts may come after their guests in the table. */
static void sit_down(bw_seat *seats, const bw_block *blocks, size_t count, size_t image_bytes)
{
    for (size_t tensor = 0; tensor < count; tensor++) {
        int host = (int)tensor, channel = 0;
        for (; seats[host].host != BW_NONE; host = seats[host].host)
            channel += seats[host].host_channel;
        const bw_layout *root = &seats[host].layout;
        bw_layout *layout = &seats[tensor].layout;
        assert(root->lanes > 0);
        layout->row_stride = root->row_stride;
        layout->plane_stride = root->plane_stride;
        size_t element = bw_type_size(root->format.type);
        layout->image_stride = image_bytes / element;
        size_t elements =
            bw_layout_origin(root) + (size_t)(channel / root->lanes) * root->plane_stride;
        seats[tensor].offset = blocks[host].offset + elements * element;
    }
}

/* The arena's size: each image of the batch has a part of its own, laid out alike. */
static bw_status size_arena(size_t *bytes, size_t image_bytes, int batch, bw_error *error)
{
    if (!bw_size_multiply(bytes, image_bytes, (size_t)batch) || *bytes > SIZE_MAX / 16)
        return bw_fail(error, BW_ERROR_LIMIT,
                       "a batch of %d images is too large for a network whose activations take %zu "
                       "bytes",
                       batch, image_bytes);
    return BW_OK;
}

bw_status bw_arrange(bw_seat *seats, size_t *arena_bytes, const bw_graph *graph, int batch,
                     uint32_t cpu, bw_error *error)
{
    size_t count = graph->tensor_count, image_bytes;
    for (size_t tensor = 0; tensor < count; tensor++)
        seats[tensor] = (bw_seat){.host = BW_NONE, .pooled = BW_NONE};
    bw_choose_lanes(seats, graph, cpu);
    choose_hosts(seats, graph);
    choose_borders(seats, graph);
    lay_out(seats, graph);
    bw_status status = bw_join_pools(seats, graph, cpu, error);
    if (status != BW_OK)
        return status;
    bw_block *blocks = calloc(count + 1, sizeof *blocks);
    if (!blocks)
        return bw_fail_memory(error, count * sizeof *blocks, "memory placement");
    measure_lives(blocks, seats, graph);
    status = bw_place_blocks(blocks, count, BW_ALIGNMENT, &image_bytes, error);
    if (status == BW_OK) {
        image_bytes = bw_round_up(image_bytes, BW_ALIGNMENT);
        sit_down(seats, blocks, count, image_bytes);
        status = size_arena(arena_bytes, image_bytes, batch, error);
    }
    free(blocks);
    return status;
}
