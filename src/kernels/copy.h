/**
 * Which channels and planes a COPY touches; see bw_operation.
 */
#ifndef BW_KERNELS_COPY_H
#define BW_KERNELS_COPY_H

#include "kernels/kernels.h"

/** The number of channels that are moved. */
static inline int bw_copy_channels(const bw_operation *operation)
{
    int readable = operation->in.channels - operation->first_channel;
    int writable = operation->out.channels - operation->out_channel;
    return readable < writable ? readable : writable;
}

/** The first plane of the output that holds some of them. */
static inline int bw_copy_first_plane(const bw_operation *operation)
{
    return operation->out_channel / operation->out.lanes;
}

/** How many planes of the output hold some of them. */
static inline int bw_copy_planes(const bw_operation *operation)
{
    int last = operation->out_channel + bw_copy_channels(operation) - 1;
    return last / operation->out.lanes - bw_copy_first_plane(operation) + 1;
}

/** Whether shapes and formats agree and there is something to move. */
static inline bool bw_copy_accepts(const bw_operation *operation)
{
    const bw_layout *in = &operation->in, *out = &operation->out;
    return operation->family == BW_FAMILY_COPY && in->height == out->height &&
           in->width == out->width && bw_format_equal(in->format, out->format) &&
           operation->first_channel < in->channels && operation->out_channel < out->channels;
}

#endif
