#include "kernels/x86/copy_rows.h"

#include <string.h>

#include "kernels/copy.h"

bool bw_copy_row_accepts(const bw_operation *operation)
{
    return bw_copy_accepts(operation) && bw_rows_in_planes(operation);
}

void bw_copy_row(const bw_row *row, bw_move_lanes *move)
{
    const bw_operation *operation = row->operation;
    const bw_layout *in = &operation->in;
    int start = row->plane * BW_LANES, pixels = operation->out.width;
    int channel = start > operation->out_channel ? start : operation->out_channel;
    int end = operation->out_channel + bw_copy_channels(operation);
    end = end < start + BW_LANES ? end : start + BW_LANES;
    while (channel < end) {
        int source = operation->first_channel + channel - operation->out_channel;
        int count = BW_LANES - source % BW_LANES;
        count = count < end - channel ? count : end - channel;
        const float *from = bw_row_of(in, row->operands->in, row->image, source / BW_LANES, row->y);
        if (count == BW_LANES)
            memcpy(row->out, from, (size_t)pixels * BW_LANES * sizeof *from);
        else
            move((float *)row->out + channel % BW_LANES, from + source % BW_LANES, pixels, count);
        channel += count;
    }
}
