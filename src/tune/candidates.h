/**
 * Who competes for a step: the kernels that could compute it in a reasonable time.
 */
#ifndef BW_TUNE_CANDIDATES_H
#define BW_TUNE_CANDIDATES_H

#include "kernels/kernels.h"

enum {
    BW_MOST_CANDIDATES = 6,
    BW_OPERATION_TEXT = 256, /* bytes that the description of an operation takes at most */
};

/**
 * Fills in the kernels that accept the operation, need only features in `cpu`, and whose estimated
 * cost is at most four times the least. The first is bw_kernel_choose's; 0 where there is none.
 */
int bw_candidates_list(const bw_kernel *candidates[BW_MOST_CANDIDATES],
                       const bw_operation *operation, uint32_t cpu);

/**
 * All of the operation that its speed depends on, on one line: operations with the same text are
 * timed once.
 */
void bw_candidates_describe(char text[BW_OPERATION_TEXT], const bw_operation *operation);

#endif
