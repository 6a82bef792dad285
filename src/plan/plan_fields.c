#include "plan/plan_fields.h"

#include <string.h>

#include "plan/plain_step.h"

/* The least bytes that a record takes: what bounds a count. */
enum { NAME_BYTES = 4, STEP_BYTES = 228, OUTPUT_BYTES = 92, ANCHOR_BYTES = 8 };

/* Enumerations are moved as numbers and checked afterwards. */
#define MOVE_WORD(cursor, word)                                                                    \
    do {                                                                                           \
        int number = (int)(word);                                                                  \
        bw_move_int(cursor, &number);                                                              \
        (word) = (__typeof__(word))number;                                                         \
    } while (0)

void bw_move_head(bw_cursor *cursor, bw_plan_head *head)
{
    uint8_t tag[BW_PLAN_TAG_SIZE];
    memcpy(tag, bw_plan_tag, sizeof tag);
    bw_move_bytes(cursor, tag, sizeof tag);
    bw_move_u32(cursor, &head->version);
    bw_move_u32(cursor, &head->order);
    bw_move_u64(cursor, &head->file_size);
    bw_move_u64(cursor, &head->weights_offset);
    bw_move_u64(cursor, &head->weight_bytes);
    bw_move_u64(cursor, &head->tables_sum);
    bw_move_u64(cursor, &head->head_sum);
}

void bw_move_origin(bw_cursor *cursor, const char **library, uint32_t *needs)
{
    bw_move_text(cursor, library);
    bw_move_u32(cursor, needs);
}

static void move_names(bw_cursor *cursor, bw_plan *plan)
{
    bw_move_count(cursor, &plan->model.classes, NAME_BYTES);
    size_t count = (size_t)plan->model.classes;
    const char **names = (const char **)(uintptr_t)plan->model.names;
    if (!cursor->writing) {
        names = bw_arena_array(&plan->arena, count, sizeof *names);
        plan->model.names = names;
    }
    if (!names)
        cursor->failed = true;
    for (size_t index = 0; names && index < count; index++)
        bw_move_text(cursor, &names[index]);
}

static void move_model(bw_cursor *cursor, bw_plan *plan)
{
    bw_model_info *model = &plan->model;
    bw_move_bytes(cursor, model->fingerprint, sizeof model->fingerprint - 1);
    bw_move_int(cursor, &model->width);
    bw_move_int(cursor, &model->height);
    bw_move_int(cursor, &model->layers);
    MOVE_WORD(cursor, model->resize);
    bw_move_float(cursor, &model->padding);
    bw_move_text(cursor, &model->head);
    bw_move_text(cursor, &model->pictures);
    if (!cursor->writing)
        model->general = "";
    bw_move_u64(cursor, &model->boxes);
    bw_move_u64(cursor, &model->weights);
    bw_move_u64(cursor, &model->macs);
    move_names(cursor, plan);
}

static void move_layout(bw_cursor *cursor, bw_layout *layout)
{
    MOVE_WORD(cursor, layout->format.type);
    bw_move_float(cursor, &layout->format.scale);
    bw_move_int(cursor, &layout->format.zero_point);
    bw_move_int(cursor, &layout->height);
    bw_move_int(cursor, &layout->width);
    bw_move_int(cursor, &layout->channels);
    bw_move_int(cursor, &layout->lanes);
    bw_move_int(cursor, &layout->border);
}

static void move_operation(bw_cursor *cursor, bw_operation *operation)
{
    int has_second = operation->has_second, may_round = operation->may_round;
    MOVE_WORD(cursor, operation->family);
    move_layout(cursor, &operation->in);
    move_layout(cursor, &operation->second);
    move_layout(cursor, &operation->out);
    bw_move_int(cursor, &operation->kernel_height);
    bw_move_int(cursor, &operation->kernel_width);
    bw_move_int(cursor, &operation->stride);
    bw_move_int(cursor, &operation->pad_top);
    bw_move_int(cursor, &operation->pad_left);
    bw_move_int(cursor, &operation->groups);
    MOVE_WORD(cursor, operation->activation);
    bw_move_float(cursor, &operation->slope);
    bw_move_int(cursor, &has_second);
    bw_move_int(cursor, &operation->first_channel);
    bw_move_int(cursor, &operation->out_channel);
    bw_move_int(cursor, &operation->sum_bits);
    bw_move_int(cursor, &may_round);
    bw_move_plain(cursor, &operation->plain);
    operation->has_second = has_second != 0;
    operation->may_round = may_round != 0;
}

static void move_step(bw_cursor *cursor, const bw_plan *plan, bw_step *step)
{
    bw_move_text(cursor, &step->layer);
    bw_move_text(cursor, &step->kernel);
    move_operation(cursor, &step->operation);
    bw_move_size(cursor, &step->in);
    bw_move_size(cursor, &step->second);
    bw_move_size(cursor, &step->out);
    bw_move_size(cursor, plan->stored ? &step->stored : &step->weights);
    bw_move_int(cursor, &step->shared_bits);
    bw_move_size(cursor, &step->shared_bytes);
    bw_move_u64(cursor, &step->macs);
    MOVE_WORD(cursor, step->sharing);
    bw_move_float(cursor, &step->error);
    bw_move_int(cursor, &step->pruned.channels);
    bw_move_float(cursor, &step->pruned.error);
    bw_move_float(cursor, &step->pruned.before);
    bw_move_float(cursor, &step->pruned.after);
}

static void move_steps(bw_cursor *cursor, bw_plan *plan)
{
    bw_move_count(cursor, &plan->step_count, STEP_BYTES);
    if (!cursor->writing)
        plan->steps = bw_arena_array(&plan->arena, (size_t)plan->step_count, sizeof *plan->steps);
    if (!plan->steps)
        cursor->failed = true;
    for (int index = 0; plan->steps && index < plan->step_count; index++)
        move_step(cursor, plan, &plan->steps[index]);
}

static void move_port(bw_cursor *cursor, bw_port *port)
{
    move_layout(cursor, &port->layout);
    bw_move_size(cursor, &port->offset);
}

static void move_detection_head(bw_cursor *cursor, bw_head *head)
{
    int softmax = head->softmax;
    MOVE_WORD(cursor, head->kind);
    MOVE_WORD(cursor, head->form);
    bw_move_int(cursor, &head->classes);
    MOVE_WORD(cursor, head->nms);
    bw_move_float(cursor, &head->scale_xy);
    bw_move_count(cursor, &head->anchors, ANCHOR_BYTES);
    if (head->anchors > BW_MAX_ANCHORS)
        cursor->failed = true;
    for (int anchor = 0; !cursor->failed && anchor < head->anchors; anchor++) {
        bw_move_float(cursor, &head->anchor[anchor][0]);
        bw_move_float(cursor, &head->anchor[anchor][1]);
    }
    bw_move_int(cursor, &head->bins);
    bw_move_float(cursor, &head->origin);
    bw_move_float(cursor, &head->stride);
    bw_move_float(cursor, &head->variance[0]);
    bw_move_float(cursor, &head->variance[1]);
    bw_move_int(cursor, &softmax);
    MOVE_WORD(cursor, head->background);
    head->softmax = softmax != 0;
}

static void move_outputs(bw_cursor *cursor, bw_plan *plan)
{
    bw_move_count(cursor, &plan->output_count, OUTPUT_BYTES);
    size_t count = (size_t)plan->output_count;
    if (!cursor->writing) {
        plan->outputs = bw_arena_array(&plan->arena, count, sizeof *plan->outputs);
        plan->heads = bw_arena_array(&plan->arena, count, sizeof *plan->heads);
    }
    if (!plan->outputs || !plan->heads)
        cursor->failed = true;
    for (size_t index = 0; !cursor->failed && index < count; index++) {
        move_port(cursor, &plan->outputs[index]);
        move_detection_head(cursor, &plan->heads[index]);
    }
}

void bw_move_plan(bw_cursor *cursor, bw_plan *plan)
{
    move_model(cursor, plan);
    bw_move_text(cursor, &plan->settings);
    MOVE_WORD(cursor, plan->precision);
    bw_move_int(cursor, &plan->batch);
    bw_move_size(cursor, &plan->arena_bytes);
    move_steps(cursor, plan);
    move_port(cursor, &plan->input);
    move_outputs(cursor, plan);
}
