#include "plan/plain_step.h"

#include <string.h>

enum {
    ATTRIBUTE_BYTES = 12, /* the least that a record takes */
    INPUT_BYTES = 4,
    OUTPUT_BYTES = 8,
    LARGEST_OPSET = 1 << 16,
};

/* ---- records -------------------------------------------------------------------------------- */

static void move_i64(bw_cursor *cursor, int64_t *value)
{
    uint64_t bits = (uint64_t)*value;
    bw_move_u64(cursor, &bits);
    *value = (int64_t)bits;
}

static void move_tensor(bw_cursor *cursor, bw_plain_tensor *tensor)
{
    int type = (int)tensor->type;
    bw_move_int(cursor, &type);
    bw_move_int(cursor, &tensor->rank);
    tensor->type = (bw_element)type;
    bool sound =
        type >= 0 && type < BW_ELEMENT_COUNT && tensor->rank >= 0 && tensor->rank <= BW_PLAIN_RANK;
    if (!sound) {
        cursor->failed = true;
        *tensor = (bw_plain_tensor){0};
    }
    for (int axis = 0; axis < tensor->rank; axis++)
        move_i64(cursor, &tensor->dims[axis]);
}

static void move_operand(bw_cursor *cursor, bw_plain_operand *operand)
{
    int source = (int)operand->source;
    bw_move_int(cursor, &source);
    if (source < 0 || source >= BW_PLAIN_SOURCE_COUNT)
        cursor->failed = true;
    if (!cursor->writing)
        operand->source = cursor->failed ? BW_PLAIN_OMITTED : (bw_plain_source)source;
    if (operand->source != BW_PLAIN_OMITTED)
        move_tensor(cursor, &operand->tensor);
    if (operand->source == BW_PLAIN_VARIABLE)
        bw_move_size(cursor, &operand->place);
}

/* Room for what a count claims, which the bytes that are left can hold. */
static void *make_room(bw_cursor *cursor, const void *there, size_t count, size_t size)
{
    if (cursor->writing)
        return (void *)(uintptr_t)there;
    void *room = cursor->failed ? NULL : bw_arena_array(cursor->arena, count, size);
    if (!room)
        cursor->failed = true;
    return room;
}

static void move_size_count(bw_cursor *cursor, size_t *count, size_t least)
{
    int number = (int)*count;
    bw_move_count(cursor, &number, least);
    if (!cursor->writing)
        *count = cursor->failed ? 0 : (size_t)number;
}

static void move_integers(bw_cursor *cursor, bw_plain_attribute *attribute)
{
    move_size_count(cursor, &attribute->count, sizeof(int64_t));
    int64_t *values =
        make_room(cursor, attribute->integers, attribute->count, sizeof *attribute->integers);
    attribute->integers = values;
    for (size_t index = 0; values && index < attribute->count; index++)
        move_i64(cursor, &values[index]);
}

static void move_floats(bw_cursor *cursor, bw_plain_attribute *attribute)
{
    move_size_count(cursor, &attribute->count, sizeof(float));
    float *values =
        make_room(cursor, attribute->floats, attribute->count, sizeof *attribute->floats);
    attribute->floats = values;
    for (size_t index = 0; values && index < attribute->count; index++)
        bw_move_float(cursor, &values[index]);
}

static void move_attribute(bw_cursor *cursor, bw_plain_attribute *attribute)
{
    int kind = (int)attribute->kind;
    bw_move_text(cursor, &attribute->name);
    bw_move_int(cursor, &kind);
    attribute->kind = (bw_plain_kind)kind;
    switch (attribute->kind) {
    case BW_PLAIN_INT:
    case BW_PLAIN_INTS: move_integers(cursor, attribute); break;
    case BW_PLAIN_FLOAT:
    case BW_PLAIN_FLOATS: move_floats(cursor, attribute); break;
    case BW_PLAIN_TEXT:
        attribute->count = 1;
        bw_move_text(cursor, &attribute->text);
        break;
    case BW_PLAIN_TENSOR:
    default: cursor->failed = true;
    }
    bool single = attribute->kind == BW_PLAIN_INT || attribute->kind == BW_PLAIN_FLOAT;
    if (single && attribute->count != 1)
        cursor->failed = true;
}

static void move_lists(bw_cursor *cursor, bw_plain_use *use)
{
    move_size_count(cursor, &use->attribute_count, ATTRIBUTE_BYTES);
    bw_plain_attribute *attributes =
        make_room(cursor, use->attributes, use->attribute_count, sizeof *use->attributes);
    use->attributes = attributes;
    for (size_t index = 0; attributes && index < use->attribute_count; index++)
        move_attribute(cursor, &attributes[index]);
    move_size_count(cursor, &use->input_count, INPUT_BYTES);
    use->inputs = make_room(cursor, use->inputs, use->input_count, sizeof *use->inputs);
    for (size_t index = 0; use->inputs && index < use->input_count; index++)
        move_operand(cursor, &use->inputs[index]);
    move_size_count(cursor, &use->output_count, OUTPUT_BYTES);
    use->outputs = make_room(cursor, use->outputs, use->output_count, sizeof *use->outputs);
    for (size_t index = 0; use->outputs && index < use->output_count; index++)
        move_tensor(cursor, &use->outputs[index]);
}

static void move_use(bw_cursor *cursor, bw_plain_use *use)
{
    const char *name = use->operation ? use->operation->name : "";
    bw_move_text(cursor, &name);
    bw_move_int(cursor, &use->opset);
    bool known = use->opset > 0 && use->opset < LARGEST_OPSET;
    use->operation = known ? bw_plain_find(name, use->opset) : NULL;
    if (!use->operation)
        cursor->failed = true;
    if (!cursor->failed)
        move_lists(cursor, use);
    bw_move_size(cursor, &use->kept);
}

void bw_move_plain(bw_cursor *cursor, const bw_plain_use **use)
{
    uint32_t present = *use != NULL;
    bw_move_u32(cursor, &present);
    if (cursor->failed || !present)
        return;
    bw_plain_use *room = make_room(cursor, *use, 1, sizeof *room);
    if (!room)
        return;
    move_use(cursor, room);
    *use = room;
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool is_dense(const bw_layout *layout)
{
    return layout->format.type == BW_F32 && layout->lanes == 1 && layout->border == 0;
}

/* Whether the shape is sound and, if the tensor is an activation, its bytes lie in the share. */
static bool fits(const bw_plan *plan, const bw_plain_tensor *tensor, bool variable, size_t place)
{
    size_t share = plan->arena_bytes / (size_t)plan->batch;
    size_t most = variable ? share : plan->weight_bytes;
    if (bw_plain_check(tensor, most, NULL) != BW_OK)
        return false;
    size_t bytes = bw_round_up(bw_plain_bytes(tensor), sizeof(float));
    return !variable || (place % BW_ALIGNMENT == 0 && place <= share && bytes <= share - place);
}

static bool fills(const bw_layout *layout, const bw_plain_tensor *tensor)
{
    size_t bytes =
        (size_t)layout->height * (size_t)layout->width * (size_t)layout->channels * sizeof(float);
    return bytes == bw_round_up(bw_plain_bytes(tensor), sizeof(float));
}

static bool operands_fit(const bw_plan *plan, const bw_step *step)
{
    const bw_plain_use *use = step->operation.plain;
    bool good = use->input_count <= BW_PLAIN_OPERANDS && use->output_count <= BW_PLAIN_OPERANDS &&
                use->kept < use->output_count;
    for (size_t index = 0; good && index < use->input_count; index++) {
        const bw_plain_operand *input = &use->inputs[index];
        good = input->source == BW_PLAIN_OMITTED ||
               fits(plan, &input->tensor, input->source == BW_PLAIN_VARIABLE, input->place);
    }
    for (size_t index = 0; good && index < use->output_count; index++)
        good = fits(plan, &use->outputs[index], true, index == use->kept ? step->out : 0);
    return good;
}

bw_status bw_plain_step_check(const bw_plan *plan, const bw_step *step, bw_error *error)
{
    const bw_operation *operation = &step->operation;
    const bw_plain_use *use = operation->plain;
    if ((use != NULL) != (operation->family == BW_FAMILY_PLAIN))
        return bw_fail(error, BW_ERROR_FORMAT, "layer %s: its operator is missing or too much",
                       step->layer);
    if (!use)
        return BW_OK;
    bool good = bw_plain_usable(use->operation) && operands_fit(plan, step);
    const bw_plain_operand *first = good ? bw_plain_use_first(use) : NULL;
    good = first && first->place == step->in && is_dense(&operation->in) &&
           is_dense(&operation->out) && fills(&operation->in, &first->tensor) &&
           fills(&operation->out, &use->outputs[use->kept]);
    if (!good)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "layer %s: the tensors of its operator are impossible or outside the memory",
                       step->layer);
    return BW_OK;
}

bw_status bw_plain_step_check_shapes(const bw_plan *plan, const bw_step *step, bw_error *error)
{
    const bw_plain_use *use = step->operation.plain;
    bw_plain_tensor outputs[BW_PLAIN_OPERANDS];
    size_t share = plan->arena_bytes / (size_t)plan->batch;
    bw_status status =
        bw_plain_use_infer(use, outputs, plan->weights + step->weights, share, error);
    if (status != BW_OK)
        return bw_fail_prefix(error, status, "layer %s (%s)", step->layer, use->operation->name);
    for (size_t index = 0; index < use->output_count; index++) {
        if (outputs[index].type != use->outputs[index].type ||
            !bw_plain_same_shape(&outputs[index], &use->outputs[index]))
            return bw_fail(error, BW_ERROR_FORMAT,
                           "layer %s (%s): its outputs are not what its inputs give", step->layer,
                           use->operation->name);
    }
    return BW_OK;
}
