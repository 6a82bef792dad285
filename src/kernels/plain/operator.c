#include "kernels/plain/operator.h"

#include <inttypes.h>

#include "base/memory.h"

static const bw_plain_operator operators[] = {
#define BW_INFER(name)
#define BW_RUN(name)
#define BW_OPERATOR(name, first, last, least, most, outputs, reading, infer, run)                  \
    {#name,                                                                                        \
     first,                                                                                        \
     last,                                                                                         \
     least,                                                                                        \
     most,                                                                                         \
     outputs,                                                                                      \
     BW_PLAIN_READS_##reading,                                                                     \
     bw_plain_##infer##_infer,                                                                     \
     bw_plain_##run##_run},
#include "kernels/plain/operators.def"
#undef BW_INFER
#undef BW_RUN
#undef BW_OPERATOR
};

const bw_plain_operator *bw_plain_operator_at(size_t index)
{
    return index < sizeof operators / sizeof operators[0] ? &operators[index] : NULL;
}

const bw_plain_operator *bw_plain_find(const char *name, int opset)
{
    const bw_plain_operator *row;
    for (size_t index = 0; (row = bw_plain_operator_at(index)) != NULL; index++) {
        if (strcmp(row->name, name) == 0 && opset >= row->first_opset &&
            (row->last_opset == 0 || opset <= row->last_opset))
            return row;
    }
    return NULL;
}

/* ---- running -------------------------------------------------------------------------------- */

static bw_status check_counts(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    size_t inputs = call->input_count, outputs = call->output_count;
    if (inputs < (size_t)self->least_inputs ||
        (self->most_inputs >= 0 && inputs > (size_t)self->most_inputs))
        return bw_fail(error, BW_ERROR_FORMAT, "%s has %zu inputs", self->name, inputs);
    for (int index = 0; index < self->least_inputs; index++) {
        if (!call->inputs[index])
            return bw_fail(error, BW_ERROR_FORMAT, "%s lacks its input %d", self->name, index);
    }
    if (outputs < 1 || !call->outputs[0])
        return bw_fail(error, BW_ERROR_FORMAT, "%s has no output", self->name);
    if (self->most_outputs >= 0 && outputs > (size_t)self->most_outputs)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "%s has %zu outputs, of which %d can be computed", self->name, outputs,
                       self->most_outputs);
    return BW_OK;
}

bw_status bw_plain_infer(const bw_plain_operator *self, const bw_plain_call *call, bw_error *error)
{
    bw_status status = check_counts(self, call, error);
    if (status == BW_OK)
        status = self->infer(self, call, error);
    for (size_t index = 0; status == BW_OK && index < call->output_count; index++) {
        if (call->outputs[index])
            status = bw_plain_check(call->outputs[index], call->limit, error);
    }
    return status;
}

/* Whether `run` is to see floats instead. */
static bool is_widened(const bw_plain_tensor *tensor)
{
    uint32_t types = BW_PLAIN_HALVES | BW_PLAIN_BYTES;
    return tensor && (types >> tensor->type & 1);
}

enum { BLOCK = 256 };

/* Copies the elements of a tensor to one of the same shape and another type, through floats. */
static void convert(const bw_plain_tensor *from, const bw_plain_tensor *to)
{
    float block[BLOCK];
    size_t count = bw_plain_count(from);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t some = count - first < BLOCK ? count - first : BLOCK;
        bw_plain_load_f32(from, (int64_t)first, 1, some, block);
        bw_plain_store_f32(to, first, some, block);
    }
}

static bw_status widen(bw_plain_tensor *to, const bw_plain_tensor *from, uint64_t limit,
                       bw_error *error)
{
    *to = *from;
    to->type = BW_ELEMENT_F32;
    to->block = NULL;
    bw_status status = bw_plain_check(to, limit, error);
    if (status == BW_OK)
        status = bw_plain_allocate(to, error);
    return status;
}

enum { MOST_WIDENED = 6 }; /* inputs and outputs of any operator that computes in floats alone */

/* Runs with those inputs and outputs replaced that are not floats. */
static bw_status run_widened(const bw_plain_operator *self, const bw_plain_call *call,
                             bw_error *error)
{
    bw_plain_tensor wide_in[MOST_WIDENED] = {0}, wide_out[MOST_WIDENED] = {0};
    const bw_plain_tensor *inputs[MOST_WIDENED];
    bw_plain_tensor *outputs[MOST_WIDENED];
    bw_plain_call widened = *call;
    bw_status status = BW_OK;
    widened.inputs = inputs;
    widened.outputs = outputs;
    for (size_t index = 0; index < call->input_count && status == BW_OK; index++) {
        inputs[index] = call->inputs[index];
        if (!is_widened(inputs[index]))
            continue;
        status = widen(&wide_in[index], inputs[index], call->limit, error);
        if (status == BW_OK)
            convert(inputs[index], &wide_in[index]);
        inputs[index] = &wide_in[index];
    }
    for (size_t index = 0; index < call->output_count && status == BW_OK; index++) {
        outputs[index] = call->outputs[index];
        if (!is_widened(outputs[index]))
            continue;
        status = widen(&wide_out[index], outputs[index], call->limit, error);
        outputs[index] = &wide_out[index];
    }
    if (status == BW_OK)
        status = self->run(self, &widened, error);
    for (size_t index = 0; index < MOST_WIDENED; index++) {
        if (status == BW_OK && wide_out[index].block)
            convert(&wide_out[index], call->outputs[index]);
        bw_plain_release(&wide_in[index]);
        bw_plain_release(&wide_out[index]);
    }
    return status;
}

bw_status bw_plain_run(const bw_plain_operator *self, const bw_plain_call *call, bw_error *error)
{
    for (size_t index = 0; index < call->input_count; index++) {
        bool known = self->reading == BW_PLAIN_READS_SHAPES || !call->inputs[index] ||
                     call->inputs[index]->data;
        if (!known)
            return bw_fail(error, BW_ERROR_UNSUPPORTED,
                           "the values of input %zu are not known while the model is read", index);
    }
    bool widened = false, floats = self->reading == BW_PLAIN_READS_FLOATS;
    for (size_t index = 0; floats && index < call->input_count; index++)
        widened = widened || is_widened(call->inputs[index]);
    return widened ? run_widened(self, call, error) : self->run(self, call, error);
}

bw_status bw_plain_compute(const bw_plain_operator *self, const bw_plain_call *call,
                           bw_error *error)
{
    bw_status status = bw_plain_infer(self, call, error);
    for (size_t index = 0; status == BW_OK && index < call->output_count; index++) {
        if (call->outputs[index])
            status = bw_plain_allocate(call->outputs[index], error);
    }
    if (status == BW_OK)
        status = bw_plain_run(self, call, error);
    for (size_t index = 0; status != BW_OK && index < call->output_count; index++) {
        if (call->outputs[index])
            bw_plain_release(call->outputs[index]);
    }
    return status;
}

/* ---- attributes and inputs ------------------------------------------------------------------ */

const bw_plain_attribute *bw_plain_attribute_find(const bw_plain_call *call, const char *name,
                                                  bw_plain_kind kind)
{
    for (size_t index = 0; index < call->attribute_count; index++) {
        const bw_plain_attribute *attribute = &call->attributes[index];
        if (attribute->kind == kind && strcmp(attribute->name, name) == 0)
            return attribute;
    }
    return NULL;
}

int64_t bw_plain_int(const bw_plain_call *call, const char *name, int64_t otherwise)
{
    const bw_plain_attribute *attribute = bw_plain_attribute_find(call, name, BW_PLAIN_INT);
    return attribute ? attribute->integers[0] : otherwise;
}

float bw_plain_float(const bw_plain_call *call, const char *name, float otherwise)
{
    const bw_plain_attribute *attribute = bw_plain_attribute_find(call, name, BW_PLAIN_FLOAT);
    return attribute ? attribute->floats[0] : otherwise;
}

const char *bw_plain_text(const bw_plain_call *call, const char *name, const char *otherwise)
{
    const bw_plain_attribute *attribute = bw_plain_attribute_find(call, name, BW_PLAIN_TEXT);
    return attribute ? attribute->text : otherwise;
}

const bw_plain_tensor *bw_plain_input(const bw_plain_call *call, size_t index)
{
    return index < call->input_count ? call->inputs[index] : NULL;
}

bw_plain_tensor *bw_plain_output(const bw_plain_call *call, size_t index)
{
    return index < call->output_count ? call->outputs[index] : NULL;
}

bw_status bw_plain_list_attribute(bw_plain_list *list, const bw_plain_call *call, const char *name,
                                  bw_error *error)
{
    const bw_plain_attribute *attribute = bw_plain_attribute_find(call, name, BW_PLAIN_INTS);
    *list = (bw_plain_list){.present = attribute != NULL};
    if (!attribute)
        return BW_OK;
    if (attribute->count > BW_PLAIN_LIST)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "%s has %zu values, of at most %d", name,
                       attribute->count, BW_PLAIN_LIST);
    list->count = attribute->count;
    for (size_t index = 0; index < list->count; index++)
        list->values[index] = attribute->integers[index];
    return BW_OK;
}

bw_status bw_plain_need_data(const bw_plain_tensor *tensor, const char *name, bw_error *error)
{
    if (tensor->data)
        return BW_OK;
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "%s depends on the picture; it must be known when the model is built", name);
}

bw_status bw_plain_list_input(bw_plain_list *list, const bw_plain_call *call, size_t index,
                              const char *name, bw_error *error)
{
    const bw_plain_tensor *input = bw_plain_input(call, index);
    *list = (bw_plain_list){.present = input != NULL};
    if (!input)
        return BW_OK;
    bw_status status = bw_plain_need_type(input, BW_PLAIN_TYPE(I64) | BW_PLAIN_TYPE(I32), error);
    if (status == BW_OK)
        status = bw_plain_need_data(input, name, error);
    if (status != BW_OK)
        return bw_fail_prefix(error, status, "%s", name);
    if (input->rank > 1 || bw_plain_count(input) > BW_PLAIN_LIST)
        return bw_fail(error, BW_ERROR_UNSUPPORTED, "%s is not a list of at most %d numbers", name,
                       BW_PLAIN_LIST);
    list->count = bw_plain_count(input);
    bw_plain_load_i64(input, 0, 1, list->count, list->values);
    return BW_OK;
}

bw_status bw_plain_list_either(bw_plain_list *list, const bw_plain_call *call, const char *name,
                               int since, size_t index, bw_error *error)
{
    return call->opset < since ? bw_plain_list_attribute(list, call, name, error)
                               : bw_plain_list_input(list, call, index, name, error);
}

bw_status bw_plain_axis(int *axis, int64_t value, int rank, bw_error *error)
{
    if (value < -rank || value >= rank)
        return bw_fail(error, BW_ERROR_FORMAT, "axis %" PRId64 " of a tensor of %d dimensions",
                       value, rank);
    *axis = (int)(value < 0 ? value + rank : value);
    return BW_OK;
}

bw_status bw_plain_axes_mask(uint32_t *mask, const bw_plain_list *axes, int rank, bw_error *error)
{
    *mask = axes->count ? 0 : (UINT32_C(1) << rank) - 1;
    for (size_t index = 0; index < axes->count; index++) {
        int axis = 0;
        bw_status status = bw_plain_axis(&axis, axes->values[index], rank, error);
        if (status != BW_OK)
            return status;
        if (*mask >> axis & 1)
            return bw_fail(error, BW_ERROR_FORMAT, "axis %d is given twice", axis);
        *mask |= UINT32_C(1) << axis;
    }
    return BW_OK;
}

bw_status bw_plain_need_type(const bw_plain_tensor *tensor, uint32_t types, bw_error *error)
{
    if (types >> tensor->type & 1)
        return BW_OK;
    return bw_fail(error, BW_ERROR_UNSUPPORTED, "the type %s is not supported here",
                   bw_element_name(tensor->type));
}

void bw_plain_like(bw_plain_tensor *to, const bw_plain_tensor *from)
{
    to->type = from->type;
    to->rank = from->rank;
    memcpy(to->dims, from->dims, sizeof to->dims);
}

bw_status bw_plain_like_first_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                    bw_error *error)
{
    (void)self;
    (void)error;
    bw_plain_like(call->outputs[0], call->inputs[0]);
    return BW_OK;
}
