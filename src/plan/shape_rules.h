/**
 * What an operation's shapes must have to do with each other, a rule a family.
 */
#ifndef BW_PLAN_SHAPE_RULES_H
#define BW_PLAN_SHAPE_RULES_H

#include "kernels/kernels.h"

/**
 * Whether the shapes fit the operation, its windows stay within the border of its input, and its
 * filters can be among `weight_bytes` bytes. The layouts themselves are valid.
 */
bool bw_shapes_fit(const bw_operation *operation, size_t weight_bytes);

#endif
