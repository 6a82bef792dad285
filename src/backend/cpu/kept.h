/**
 * What a step gives for padding alone, in small. Away from the edges all pixels of such an output
 * are alike, so that a row and a column from between stand for all of them; the edges are kept as
 * they are: [plane][row][column][lane].
 */
#ifndef BW_BACKEND_CPU_KEPT_H
#define BW_BACKEND_CPU_KEPT_H

#include "backend/cpu/parts.h"

/** Bytes of what is kept of an output with such edges. */
size_t bw_kept_bytes(const bw_layout *layout, bw_edge edge);

/** Keeps the output whose first pixel is `first`. */
void bw_kept_store(uint8_t *kept, const bw_layout *layout, bw_edge edge, const uint8_t *first);

/** Writes those pixels of `needed`, which may have some of the border, that `there` has not. */
void bw_kept_restore(const uint8_t *kept, const bw_layout *layout, bw_edge edge,
                     const bw_region *needed, const bw_region *there, uint8_t *first);

#endif
