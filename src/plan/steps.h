/**
 * From a node of the graph to the operation of its step.
 */
#ifndef BW_PLAN_STEPS_H
#define BW_PLAN_STEPS_H

#include "plan/arrange.h"

/** The tensor that a node adds to or multiplies its first by, or BW_NONE. */
int bw_node_second(const bw_node *node);

/** The tensor that a node's step writes: its output, or what is pooled of that. */
int bw_node_written(const bw_seat *seats, const bw_node *node);

/** What the step computes that takes a node's input number `input`, on the layouts of the seats. */
bw_operation bw_node_operation(const bw_seat *seats, const bw_node *node, int input);

#endif
