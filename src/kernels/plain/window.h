/**
 * How windows slide over pictures: what Conv, ConvTranspose and the pools have in common.
 */
#ifndef BW_KERNELS_PLAIN_WINDOW_H
#define BW_KERNELS_PLAIN_WINDOW_H

#include "kernels/plain/operator.h"

/** Rows first, then columns. */
typedef struct bw_window {
    int64_t in[2], out[2], kernel[2], stride[2], dilation[2], begin[2], end[2];
} bw_window;

/**
 * Reads strides, dilations, pads and auto_pad for an input [images, channels, rows, columns] and
 * the kernel that stands in window->kernel, and computes the output's rows and columns. Other than
 * two spatial dimensions are refused. `ceil` is ceil_mode: windows that begin inside the picture
 * or the padding before it count even where they reach over the end.
 */
bw_status bw_window_read(bw_window *window, const bw_plain_call *call, bool ceil, bw_error *error);

/** Reads kernel_shape into window->kernel. */
bw_status bw_window_kernel(bw_window *window, const bw_plain_call *call, bw_error *error);

/** Reads two numbers, 0 to 2³¹ − 1, of an attribute that may be absent. */
bw_status bw_window_pair(int64_t pair[2], const bw_plain_call *call, const char *name,
                         int64_t least, bw_error *error);

/** Refuses tensors that are not [images, channels, rows, columns]. */
bw_status bw_window_need_pictures(const bw_plain_tensor *tensor, bw_error *error);

/**
 * The positions [first, last) of the window's `axis` that lie in the picture, for output `at`;
 * `origin` is where position 0 lies.
 */
void bw_window_span(const bw_window *window, int axis, int64_t at, int64_t *origin, int64_t *first,
                    int64_t *last);

#endif
