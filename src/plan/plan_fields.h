/**
 * The records of a plan file, each described once for reading and writing; see plan_file.h.
 */
#ifndef BW_PLAN_PLAN_FIELDS_H
#define BW_PLAN_PLAN_FIELDS_H

#include "plan/cursor.h"
#include "plan/plan_file.h"

void bw_move_head(bw_cursor *cursor, bw_plan_head *head);

/** The tables up to the sums: what decides whether the rest can be used here at all. */
void bw_move_origin(bw_cursor *cursor, const char **library, uint32_t *needs);

/** The tables after the sums. Reading allocates in the plan's arena; strides are left at 0. */
void bw_move_plan(bw_cursor *cursor, bw_plan *plan);

#endif
