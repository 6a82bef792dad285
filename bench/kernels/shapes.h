/**
 * The layers that kernels are timed on: those of YOLOv3-416 and of YOLO-Fastest-1.1 at 320.
 */
#ifndef BW_BENCH_KERNELS_SHAPES_H
#define BW_BENCH_KERNELS_SHAPES_H

#include "kernels/kernels.h"

typedef struct bw_shape {
    const char *name;
    bw_family family;
    int channels, size, out_channels, out_size, window, stride;
    bw_activation activation;
    bool second; /* a residual */
} bw_shape;

/** The `index`-th shape, or NULL past the last. */
const bw_shape *bw_shape_at(int index);

/** The operation on dense layouts of one type, with as much border as the window needs. */
bw_operation bw_shape_operation(const bw_shape *shape, bw_type type);

#endif
