#include "kernels/x86/depthwise_u8_rows.h"

#include <string.h>

#include "kernels/quantize.h"
#include "kernels/x86/rows.h"

static int count_groups(int size)
{
    return (size + BW_DEPTHWISE_ROWS - 1) / BW_DEPTHWISE_ROWS;
}

static size_t plane_bytes(const bw_operation *operation)
{
    int size = operation->kernel_height;
    return BW_LANES * (2 * sizeof(float) + sizeof(int32_t)) +
           (size_t)(size * count_groups(size)) * BW_DEPTHWISE_VECTOR_BYTES;
}

bw_depthwise_weights bw_depthwise_weights_of(const bw_operation *operation, const void *packed,
                                             int plane)
{
    union {
        const void *given;
        uint8_t *bytes;
    } address = {packed};
    bw_depthwise_weights made;
    made.multipliers = (float *)(void *)(address.bytes + (size_t)plane * plane_bytes(operation));
    made.offsets = made.multipliers + BW_LANES;
    made.starts = (int32_t *)(void *)(made.offsets + BW_LANES);
    made.vectors = (int8_t *)(made.starts + BW_LANES);
    return made;
}

bool bw_depthwise_rows_accepts(const bw_operation *operation)
{
    int size = operation->kernel_height;
    return operation->family == BW_FAMILY_DEPTHWISE &&
           (size == 3 || size == BW_DEPTHWISE_LARGEST) && operation->kernel_width == size &&
           operation->stride <= 2 && operation->in.channels == operation->out.channels &&
           bw_rows_in_planes(operation) && bw_border_suffices(operation);
}

double bw_depthwise_rows_cost(const bw_operation *operation)
{
    int size = operation->kernel_height;
    return bw_rows_pixels(operation) *
           (5.0 + (2.5 * operation->stride + size) * count_groups(size));
}

size_t bw_depthwise_rows_packed_bytes(const bw_operation *operation)
{
    return (size_t)bw_layout_planes(&operation->out) * plane_bytes(operation);
}

void bw_depthwise_rows_pack(const bw_operation *operation, const bw_filters *filters, void *packed)
{
    int size = operation->kernel_height, groups = count_groups(size);
    memset(packed, 0, bw_depthwise_rows_packed_bytes(operation));
    for (int channel = 0; channel < operation->out.channels; channel++) {
        bw_depthwise_weights to = bw_depthwise_weights_of(operation, packed, channel / BW_LANES);
        int lane = channel % BW_LANES;
        to.multipliers[lane] = bw_multiplier(operation, filters, channel);
        to.offsets[lane] = bw_offset(operation, filters, channel);
        to.starts[lane] = bw_start(operation, filters, channel);
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++)
                to.vectors[(x * groups + y / BW_DEPTHWISE_ROWS) * BW_DEPTHWISE_VECTOR_BYTES +
                           lane * BW_DEPTHWISE_ROWS + y % BW_DEPTHWISE_ROWS] =
                    filters->integers[((ptrdiff_t)channel * size + y) * size + x];
        }
    }
}
