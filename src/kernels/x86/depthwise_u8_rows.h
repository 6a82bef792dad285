/**
 * Depthwise on bytes by groups of rows: the packed weights, and all else that is called where the
 * vectors of the kernel itself may be missing.
 *
 * Packed weights, 16 channels: multipliers, offsets and starts of BW_LANES each, then a vector for
 * each column and group of rows, [channel][row].
 */
#ifndef BW_KERNELS_X86_DEPTHWISE_U8_ROWS_H
#define BW_KERNELS_X86_DEPTHWISE_U8_ROWS_H

#include "kernels/kernels.h"

enum {
    BW_DEPTHWISE_ROWS = 4,    /* of a group */
    BW_DEPTHWISE_LARGEST = 5, /* window */
    BW_DEPTHWISE_VECTOR_BYTES = BW_LANES * BW_DEPTHWISE_ROWS,
};

/** The packed weights of 16 channels. */
typedef struct bw_depthwise_weights {
    float *multipliers, *offsets;
    int32_t *starts;
    int8_t *vectors;
} bw_depthwise_weights;

/** Those of a plane. */
bw_depthwise_weights bw_depthwise_weights_of(const bw_operation *operation, const void *packed,
                                             int plane);

/** As the fields of bw_kernel. */
bool bw_depthwise_rows_accepts(const bw_operation *operation);
double bw_depthwise_rows_cost(const bw_operation *operation);
size_t bw_depthwise_rows_packed_bytes(const bw_operation *operation);
void bw_depthwise_rows_pack(const bw_operation *operation, const bw_filters *filters, void *packed);

#endif
