/**
 * Items by name, and what nodes read of them.
 */
#include <string.h>

#include "import/onnx/lower.h"

static const bw_onnx_item absent = {.name = "", .role = BW_ONNX_ABSENT, .tensor = BW_NONE};

/* FNV-1a (Fowler, Noll, Vo). */
static size_t hash(const char *name)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        value = (value ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return (size_t)(value ^ value >> 32);
}

/* Where the name stands, or the empty slot where it would. */
static size_t *find_slot(const bw_onnx_lowering *lowering, const char *name)
{
    size_t mask = lowering->slot_count - 1, at = hash(name) & mask;
    while (lowering->slots[at] && strcmp(lowering->items[lowering->slots[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &lowering->slots[at];
}

const bw_onnx_item *bw_onnx_item_named(const bw_onnx_lowering *lowering, const char *name)
{
    size_t number = *find_slot(lowering, name);
    return *name && number ? &lowering->items[number - 1] : &absent;
}

const bw_onnx_item *bw_onnx_input_item(const bw_onnx_lowering *lowering, size_t index)
{
    const bw_onnx_node *node = lowering->node;
    return index < node->input_count ? bw_onnx_item_named(lowering, node->inputs[index]) : &absent;
}

bw_status bw_onnx_reserve_items(bw_onnx_lowering *lowering, size_t count)
{
    size_t slots = 16;
    while (slots < 2 * count)
        slots *= 2;
    lowering->items = bw_arena_array(&lowering->scratch, count + 1, sizeof *lowering->items);
    lowering->slots = bw_arena_array(&lowering->scratch, slots, sizeof *lowering->slots);
    lowering->item_capacity = count;
    lowering->slot_count = slots;
    return lowering->items && lowering->slots
               ? BW_OK
               : bw_fail_memory(lowering->error, count * sizeof *lowering->items, "ONNX values");
}

void bw_onnx_name_item(bw_onnx_lowering *lowering, const char *name, bw_onnx_item item)
{
    if (!*name || lowering->item_count == lowering->item_capacity)
        return;
    size_t *slot = find_slot(lowering, name);
    item.name = name;
    if (!*slot)
        *slot = ++lowering->item_count;
    else
        item.inner = lowering->items[*slot - 1].inner;
    lowering->items[*slot - 1] = item;
}

void bw_onnx_mark_inner(bw_onnx_lowering *lowering, const char *name)
{
    size_t *slot = find_slot(lowering, name);
    if (!*slot)
        bw_onnx_name_item(lowering, name, (bw_onnx_item){.role = BW_ONNX_ABSENT});
    if (*slot)
        lowering->items[*slot - 1].inner = true;
}

void bw_onnx_output_item(bw_onnx_lowering *lowering, size_t index, bw_onnx_item item)
{
    item.node = lowering->node;
    if (item.role == BW_ONNX_PICTURE || item.role == BW_ONNX_DENSE)
        item.twin = 0;
    if (index < lowering->node->output_count)
        bw_onnx_name_item(lowering, lowering->node->outputs[index], item);
}

bw_status bw_onnx_input_picture(bw_onnx_lowering *lowering, size_t index, int *tensor)
{
    const bw_onnx_node *node = lowering->node;
    *tensor = BW_NONE;
    bw_status status = index < node->input_count
                           ? bw_onnx_picture_named(lowering, node->inputs[index], tensor)
                           : BW_OK;
    if (status != BW_OK || *tensor != BW_NONE)
        return status;
    return bw_onnx_decline(lowering, "its input %zu is not the network's own kind of tensor",
                           index);
}

bw_status bw_onnx_input_numbers(bw_onnx_lowering *lowering, size_t index,
                                const bw_onnx_tensor **numbers)
{
    const bw_onnx_item *item = bw_onnx_input_item(lowering, index);
    bool left_out =
        index >= lowering->node->input_count || lowering->node->inputs[index][0] == '\0';
    *numbers = item->numbers;
    if (item->role == BW_ONNX_NUMBERS || left_out)
        return BW_OK;
    return bw_onnx_decline(lowering, "its input %zu must be a constant", index);
}

int64_t bw_onnx_whole(const bw_onnx_tensor *numbers, size_t index)
{
    int64_t value = 0;
    int32_t word = 0;
    if (numbers->type == BW_ONNX_I64) {
        memcpy(&value, numbers->data + 8 * index, 8);
    } else if (numbers->type == BW_ONNX_I32) {
        memcpy(&word, numbers->data + 4 * index, 4);
        value = word;
    }
    return value;
}

double bw_onnx_real(const bw_onnx_tensor *numbers, size_t index)
{
    float value = 0.0f;
    if (numbers->type == BW_ONNX_F32)
        memcpy(&value, numbers->data + 4 * index, 4);
    return (double)value;
}

/* ---- attributes ----------------------------------------------------------------------------- */

int64_t bw_onnx_int(const bw_onnx_lowering *lowering, const char *name, int64_t otherwise)
{
    const bw_onnx_attribute *found = bw_onnx_find_attribute(lowering->node, name);
    return found && found->kind == BW_ONNX_INT_VALUE ? found->ints[0] : otherwise;
}

float bw_onnx_float(const bw_onnx_lowering *lowering, const char *name, float otherwise)
{
    const bw_onnx_attribute *found = bw_onnx_find_attribute(lowering->node, name);
    return found && found->kind == BW_ONNX_FLOAT_VALUE ? found->floats[0] : otherwise;
}

const char *bw_onnx_word_of(const bw_onnx_lowering *lowering, const char *name,
                            const char *otherwise)
{
    const bw_onnx_attribute *found = bw_onnx_find_attribute(lowering->node, name);
    return found && found->kind == BW_ONNX_TEXT_VALUE && found->count ? found->texts[0] : otherwise;
}

bw_status bw_onnx_read_ints(bw_onnx_lowering *lowering, bw_onnx_ints *out, const char *name,
                            size_t input)
{
    const bw_onnx_attribute *found = bw_onnx_find_attribute(lowering->node, name);
    const bw_onnx_tensor *numbers = NULL;
    bw_status status = BW_OK;
    out->count = found && found->kind == BW_ONNX_INTS_VALUE ? found->count : 0;
    out->present = found != NULL;
    if (!found && input > 0)
        status = bw_onnx_input_numbers(lowering, input, &numbers);
    if (status == BW_OK && numbers) {
        out->present = true;
        out->count = numbers->count;
        if (numbers->type != BW_ONNX_I64 && numbers->type != BW_ONNX_I32)
            return bw_onnx_decline(lowering, "'%s' must be whole numbers", name);
    }
    if (status == BW_OK && out->count > BW_ONNX_LIST)
        return bw_onnx_decline(lowering, "'%s' has %zu numbers", name, out->count);
    for (size_t index = 0; status == BW_OK && index < out->count; index++)
        out->values[index] = numbers ? bw_onnx_whole(numbers, index) : found->ints[index];
    return status;
}
