#include "kernels/plain/use.h"

#include <string.h>

enum { LARGEST_SCRATCH = 1 << 30 };

bool bw_plain_usable(const bw_plain_operator *operation)
{
    return operation->run != bw_plain_nms_run;
}

/* ---- calls ---------------------------------------------------------------------------------- */

/** A call and the tables that it points at. */
typedef struct frame {
    bw_plain_tensor *inputs, *outputs;
    const bw_plain_tensor **input_list;
    bw_plain_tensor **output_list;
    bw_plain_call call;
} frame;

static size_t frame_bytes(const bw_plain_use *use)
{
    size_t tensors = use->input_count + use->output_count;
    return bw_round_up(tensors * (sizeof(bw_plain_tensor) + sizeof(void *)), BW_ALIGNMENT);
}

/* Lays the tables out in `memory` of frame_bytes; no tensor has numbers yet. */
static frame make_frame(const bw_plain_use *use, void *memory)
{
    frame made = {.inputs = memory};
    made.outputs = made.inputs + use->input_count;
    made.input_list = (const bw_plain_tensor **)(void *)(made.outputs + use->output_count);
    made.output_list = (bw_plain_tensor **)(uintptr_t)(made.input_list + use->input_count);
    for (size_t index = 0; index < use->input_count; index++) {
        bool there = use->inputs[index].source != BW_PLAIN_OMITTED;
        made.inputs[index] = use->inputs[index].tensor;
        made.inputs[index].data = NULL;
        made.inputs[index].block = NULL;
        made.input_list[index] = there ? &made.inputs[index] : NULL;
    }
    for (size_t index = 0; index < use->output_count; index++) {
        made.outputs[index] = use->outputs[index];
        made.output_list[index] = &made.outputs[index];
    }
    made.call = (bw_plain_call){.opset = use->opset,
                                .attributes = use->attributes,
                                .attribute_count = use->attribute_count,
                                .inputs = made.input_list,
                                .input_count = use->input_count,
                                .outputs = made.output_list,
                                .output_count = use->output_count,
                                .limit = LARGEST_SCRATCH};
    return made;
}

static void give_constants(frame *made, const bw_plain_use *use, const uint8_t *constants)
{
    for (size_t index = 0; index < use->input_count; index++) {
        const bw_plain_operand *input = &use->inputs[index];
        if (input->source == BW_PLAIN_CONSTANT)
            made->inputs[index].data = constants ? constants + input->place : input->tensor.data;
    }
}

bw_status bw_plain_use_infer(const bw_plain_use *use, bw_plain_tensor *outputs,
                             const uint8_t *constants, uint64_t limit, bw_error *error)
{
    void *memory = bw_aligned_alloc(frame_bytes(use));
    if (!memory)
        return bw_fail_memory(error, frame_bytes(use), "an operator");
    frame made = make_frame(use, memory);
    give_constants(&made, use, constants);
    made.call.limit = limit;
    bw_status status = bw_plain_infer(use->operation, &made.call, error);
    for (size_t index = 0; status == BW_OK && index < use->output_count; index++) {
        outputs[index] = made.outputs[index];
        outputs[index].data = outputs[index].block = NULL;
    }
    bw_aligned_free(memory);
    return status;
}

double bw_plain_use_work(const bw_plain_use *use)
{
    void *memory = bw_aligned_alloc(frame_bytes(use));
    if (!memory)
        return 0.0;
    frame made = make_frame(use, memory);
    double work = bw_plain_work(use->operation, &made.call);
    bw_aligned_free(memory);
    return work;
}

/* ---- constants ------------------------------------------------------------------------------ */

static size_t room(const bw_plain_operand *input)
{
    return input->source == BW_PLAIN_CONSTANT
               ? bw_round_up(bw_plain_bytes(&input->tensor), BW_ALIGNMENT)
               : 0;
}

size_t bw_plain_use_place(bw_plain_use *use)
{
    size_t total = 0;
    for (size_t index = 0; index < use->input_count; index++) {
        if (use->inputs[index].source == BW_PLAIN_CONSTANT)
            use->inputs[index].place = total;
        total += room(&use->inputs[index]);
    }
    return total;
}

size_t bw_plain_use_constants(const bw_plain_use *use)
{
    size_t total = 0;
    for (size_t index = 0; index < use->input_count; index++)
        total += room(&use->inputs[index]);
    return total;
}

void bw_plain_use_pack(const bw_plain_use *use, uint8_t *block)
{
    for (size_t index = 0; index < use->input_count; index++) {
        const bw_plain_operand *input = &use->inputs[index];
        size_t bytes = input->source == BW_PLAIN_CONSTANT ? bw_plain_bytes(&input->tensor) : 0;
        if (bytes)
            memcpy(block + input->place, input->tensor.data, bytes);
    }
}

/* ---- copies --------------------------------------------------------------------------------- */

static void *copy_array(bw_arena *arena, const void *from, size_t count, size_t size)
{
    void *to = bw_arena_array(arena, count, size);
    if (to && count && from)
        memcpy(to, from, count * size);
    return to;
}

static bool copy_attribute(bw_arena *arena, bw_plain_attribute *to, const bw_plain_attribute *from)
{
    *to = *from;
    to->name = bw_arena_text(arena, from->name, strlen(from->name));
    to->tensor = NULL;
    bool good = to->name != NULL;
    if (from->kind == BW_PLAIN_INT || from->kind == BW_PLAIN_INTS)
        good = (to->integers =
                    copy_array(arena, from->integers, from->count, sizeof *from->integers)) &&
               good;
    if (from->kind == BW_PLAIN_FLOAT || from->kind == BW_PLAIN_FLOATS)
        good = (to->floats = copy_array(arena, from->floats, from->count, sizeof *from->floats)) &&
               good;
    if (from->kind == BW_PLAIN_TEXT)
        good = (to->text = bw_arena_text(arena, from->text, strlen(from->text))) && good;
    return good;
}

bw_plain_use *bw_plain_use_copy(bw_arena *arena, const bw_plain_use *use)
{
    bw_plain_use *copy = copy_array(arena, use, 1, sizeof *use);
    bw_plain_attribute *attributes =
        bw_arena_array(arena, use->attribute_count, sizeof *attributes);
    if (!copy || !attributes)
        return NULL;
    copy->attributes = attributes;
    copy->inputs = copy_array(arena, use->inputs, use->input_count, sizeof *use->inputs);
    copy->outputs = copy_array(arena, use->outputs, use->output_count, sizeof *use->outputs);
    bool good = copy->inputs && copy->outputs;
    for (size_t index = 0; good && index < use->attribute_count; index++)
        good = copy_attribute(arena, &attributes[index], &use->attributes[index]);
    return good ? copy : NULL;
}

/* ---- runs ----------------------------------------------------------------------------------- */

const bw_plain_operand *bw_plain_use_first(const bw_plain_use *use)
{
    for (size_t index = 0; index < use->input_count; index++) {
        if (use->inputs[index].source == BW_PLAIN_VARIABLE)
            return &use->inputs[index];
    }
    return NULL;
}

static size_t output_room(const bw_plain_use *use, size_t index)
{
    return index == use->kept ? 0 : bw_round_up(bw_plain_bytes(&use->outputs[index]), BW_ALIGNMENT);
}

size_t bw_plain_use_scratch(const bw_plain_use *use)
{
    size_t total = frame_bytes(use);
    for (size_t index = 0; index < use->output_count; index++)
        total += output_room(use, index);
    return total;
}

bw_status bw_plain_use_run(const bw_plain_use *use, const uint8_t *first, const uint8_t *constants,
                           void *out, void *scratch, bw_error *error)
{
    frame made = make_frame(use, scratch);
    const bw_plain_operand *start = bw_plain_use_first(use);
    uint8_t *rest = (uint8_t *)scratch + frame_bytes(use);
    give_constants(&made, use, constants);
    for (size_t index = 0; index < use->input_count; index++) {
        const bw_plain_operand *input = &use->inputs[index];
        if (input->source == BW_PLAIN_VARIABLE)
            made.inputs[index].data = first + ((ptrdiff_t)input->place - (ptrdiff_t)start->place);
    }
    for (size_t index = 0; index < use->output_count; index++) {
        bool kept = index == use->kept;
        made.outputs[index].block = kept ? out : rest;
        made.outputs[index].data = made.outputs[index].block;
        rest += output_room(use, index);
    }
    return bw_plain_run(use->operation, &made.call, error);
}
