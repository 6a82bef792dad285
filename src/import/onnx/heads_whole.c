/**
 * Detectors that end in boxes which no convolution gives: DETR (Carion et al. 2020) and RT-DETR
 * (Zhao et al. 2024), whose boxes come from a decoder of attention, and files that carry the choice
 * of the best boxes with them. Such a network is lowered as a whole; its outputs, each box a row,
 * are turned into a picture of one column for the decoder of the head.
 *
 * Outputs that are recognised, N rows each:
 *
 *     [1, N, 6]                           left, top, right, bottom in pixels, score, class
 *     [1, N, 4], [1, N], [1, N]           the same apart; whole numbers or "labels" are the classes
 *     [1, N, 4], [1, N, C]                centre and size as shares of the input, scores of classes
 *     [1, N, 4 + C]                       the same as one
 */
#include <string.h>

#include "import/onnx/heads.h"
#include "import/onnx/plain.h"

enum { OPSET = 13, LARGEST_CLASSES = 1 << 16, MOST_JOINED_ROWS = 1000, DETR_SCORES = 92 };

/* An output and what it is. */
typedef struct part {
    const char *name;
    const bw_plain_tensor *kind;
} part;

typedef struct whole {
    part joined, boxes, scores, labels; /* by name NULL where there is none */
    part score;                         /* one a row */
    int64_t rows;
    int columns; /* of all parts together */
} whole;

/* A dense tensor of floats: what the operators here read and write. */
typedef struct value {
    int tensor;
    bw_plain_tensor kind;
} value;

/* ---- which outputs are what ----------------------------------------------------------------- */

static bool is_of_rows(const bw_plain_tensor *kind, int rank)
{
    return kind->rank == rank && kind->dims[0] == 1 && kind->dims[1] > 0;
}

static bool is_whole_number(bw_element type)
{
    return type == BW_ELEMENT_I64 || type == BW_ELEMENT_I32;
}

static void sort_output(whole *w, const part *output)
{
    const bw_plain_tensor *kind = output->kind;
    bool floats = kind->type == BW_ELEMENT_F32;
    if (floats && is_of_rows(kind, 3)) {
        bool boxes = kind->dims[2] == 4 && (!w->boxes.name || strstr(output->name, "box"));
        if (boxes && w->boxes.name)
            w->scores = w->boxes;
        *(boxes ? &w->boxes : &w->scores) = *output;
    } else if (is_of_rows(kind, 2)) {
        bool labels = is_whole_number(kind->type) || strstr(output->name, "label");
        if (labels || floats)
            *(labels ? &w->labels : &w->score) = *output;
    }
}

static bool have_rows(const whole *w, const part *other)
{
    return w->boxes.name && other->name && other->kind->dims[1] == w->boxes.kind->dims[1];
}

static bool sort_outputs(whole *w, const bw_onnx_lowering *lowering)
{
    const bw_onnx_graph *graph = &lowering->file->graph;
    *w = (whole){0};
    for (size_t index = 0; index < graph->output_count; index++) {
        part output = {graph->outputs[index].name, NULL};
        output.kind = bw_onnx_evaluation_value(lowering->values, output.name);
        if (output.kind)
            sort_output(w, &output);
    }
    bool apart = have_rows(w, &w->score) && have_rows(w, &w->labels);
    if (!apart && !have_rows(w, &w->scores)) {
        w->joined = w->scores;
        w->boxes = (part){0};
    }
    if (apart)
        w->scores = (part){0};
    const part *first = w->joined.name ? &w->joined : &w->boxes;
    if (!first->name)
        return false;
    int64_t columns = first->kind->dims[2];
    columns += apart ? 2 : w->joined.name ? 0 : w->scores.kind->dims[2];
    w->rows = first->kind->dims[1];
    w->columns = columns > 4 && columns <= LARGEST_CLASSES ? (int)columns : 0;
    return w->columns > 0 && w->rows <= LARGEST_CLASSES;
}

/* The operator that made a value, beside those that only move numbers. */
static const char *maker_of(const bw_onnx_lowering *lowering, const char *name)
{
    static const char *const moves[] = {"Identity", "Reshape",   "Transpose", "Squeeze",
                                        "Cast",     "Unsqueeze", "Concat"};
    const bw_onnx_graph *graph = &lowering->file->graph;
    for (size_t at = graph->node_count; at-- > 0;) {
        const bw_onnx_node *node = &graph->nodes[at];
        if (node->output_count == 0 || strcmp(node->outputs[0], name) != 0)
            continue;
        bool moved = false;
        for (size_t index = 0; index < sizeof moves / sizeof *moves; index++)
            moved = moved || strcmp(moves[index], node->op) == 0;
        if (!moved || node->input_count == 0)
            return node->op;
        /* Of what is joined, scores are the last. */
        bool joins = strcmp(node->op, "Concat") == 0;
        name = node->inputs[joins ? node->input_count - 1 : 0];
    }
    return "";
}

static bool tell_apart(const bw_onnx_lowering *lowering, const bw_onnx_family *told)
{
    whole w;
    int known = bw_onnx_known_classes(lowering);
    if (!sort_outputs(&w, lowering))
        return false;
    if (told || !w.joined.name)
        return true;
    return w.columns == 6 || (w.rows <= MOST_JOINED_ROWS && (known == 0 || w.columns == 4 + known));
}

static bool is_whole(const bw_onnx_family *family)
{
    return family && (family->head.kind == BW_HEAD_QUERIES || family->head.kind == BW_HEAD_ROWS);
}

bool bw_onnx_is_told_whole(const bw_onnx_lowering *lowering)
{
    return lowering->side->head && is_whole(bw_onnx_find_family(lowering->side->head));
}

bool bw_onnx_may_be_whole(const bw_onnx_lowering *lowering)
{
    return !lowering->side->head && tell_apart(lowering, NULL);
}

/* ---- the rows as a picture ------------------------------------------------------------------ */

/* Appends an operator of one output, which reads the values in their order. */
static bw_status append(bw_onnx_lowering *lowering, value *out, const char *op,
                        const bw_plain_attribute *attribute, const value *inputs, size_t count)
{
    bw_arena *arena = &lowering->graph->arena;
    bw_plain_use *use = bw_arena_alloc(arena, sizeof *use);
    bw_plain_operand *operands = bw_arena_array(arena, count, sizeof *operands);
    bw_plain_tensor *output = bw_arena_alloc(arena, sizeof *output);
    int tensors[3];
    if (!use || !operands || !output)
        return bw_fail_memory(lowering->error, sizeof *use, "an operator");
    for (size_t index = 0; index < count; index++) {
        operands[index] = (bw_plain_operand){BW_PLAIN_VARIABLE, inputs[index].kind, index};
        tensors[index] = inputs[index].tensor;
    }
    *use = (bw_plain_use){.operation = bw_plain_find(op, OPSET),
                          .opset = OPSET,
                          .attributes = attribute,
                          .attribute_count = 1,
                          .inputs = operands,
                          .input_count = count,
                          .outputs = output,
                          .output_count = 1};
    bw_status status =
        bw_plain_use_infer(use, output, NULL, lowering->graph->tensor_limit, lowering->error);
    bw_node node = {.op = BW_OP_PLAIN, .plain = use};
    out->kind = *output;
    return status == BW_OK
               ? bw_onnx_append_tensor(lowering, &out->tensor, &node, tensors, (int)count)
               : status;
}

/* An output of the file as floats [1, rows, columns, 1]. */
static bw_status read_part(bw_onnx_lowering *lowering, value *out, const part *from)
{
    static const int64_t to_floats = BW_ONNX_F32;
    static const bw_plain_attribute cast = {
        .name = "to", .kind = BW_PLAIN_INT, .count = 1, .integers = &to_floats};
    bw_status status = bw_onnx_dense_named(lowering, from->name, &out->tensor, &out->kind);
    if (status == BW_OK && out->kind.type != BW_ELEMENT_F32) {
        value whole_numbers = *out;
        status = append(lowering, out, "Cast", &cast, &whole_numbers, 1);
    }
    out->kind.dims[2] = out->kind.rank == 3 ? out->kind.dims[2] : 1;
    out->kind.dims[3] = 1;
    out->kind.rank = 4;
    return status;
}

static bw_status join_parts(bw_onnx_lowering *lowering, value *out, const whole *w)
{
    static const int64_t columns = 2;
    static const bw_plain_attribute axis = {
        .name = "axis", .kind = BW_PLAIN_INT, .count = 1, .integers = &columns};
    if (w->joined.name)
        return read_part(lowering, out, &w->joined);
    const part *parts[] = {&w->boxes, w->labels.name && w->score.name ? &w->score : &w->scores,
                           &w->labels};
    size_t count = parts[1] == &w->score ? 3 : 2;
    value values[3];
    bw_status status = BW_OK;
    for (size_t index = 0; status == BW_OK && index < count; index++)
        status = read_part(lowering, &values[index], parts[index]);
    return status == BW_OK ? append(lowering, out, "Concat", &axis, values, count) : status;
}

/* [1, rows, columns, 1] as a picture of so many channels, a row of it each row. */
static bw_status make_picture(bw_onnx_lowering *lowering, int *tensor, const whole *w)
{
    static const int64_t order[] = {0, 2, 1, 3};
    static const bw_plain_attribute axes = {
        .name = "perm", .kind = BW_PLAIN_INTS, .count = 4, .integers = order};
    value rows, columns;
    bw_status status = join_parts(lowering, &rows, w);
    if (status == BW_OK)
        status = append(lowering, &columns, "Transpose", &axes, &rows, 1);
    bw_node node = {.op = BW_OP_CONVERT};
    return status == BW_OK ? bw_onnx_append_tensor(lowering, tensor, &node, &columns.tensor, 1)
                           : status;
}

/* ---- heads ---------------------------------------------------------------------------------- */

/* Scores of DETR are one more than its classes: nothing is the last. */
static const char *guess_word(const bw_onnx_lowering *lowering, const whole *w)
{
    int scores = w->columns - 4, known = bw_onnx_known_classes(lowering);
    bool nothing = known ? scores == known + 1 : scores == DETR_SCORES;
    if ((w->joined.name && w->columns == 6) || w->labels.name)
        return w->labels.name ? "rtdetr" : "rows";
    return nothing ? "detr" : "rtdetr";
}

static bool are_probabilities(const bw_onnx_lowering *lowering, const whole *w)
{
    const char *op = maker_of(lowering, w->joined.name   ? w->joined.name
                                        : w->scores.name ? w->scores.name
                                                         : "");
    if (lowering->side->scores != BW_SCORES_UNSAID)
        return lowering->side->scores == BW_SCORES_PROBABILITIES;
    return strcmp(op, "Sigmoid") == 0 || strcmp(op, "Softmax") == 0;
}

static bw_status describe(bw_onnx_lowering *lowering, bw_head *head, const whole *w)
{
    int known = bw_onnx_known_classes(lowering);
    const bw_side *side = lowering->side;
    if (w->labels.name && w->score.name)
        head->kind = BW_HEAD_ROWS;
    head->nms = side->has_suppression ? side->suppression : BW_NMS_NONE;
    if (head->kind == BW_HEAD_ROWS && w->columns != 6)
        return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                       "its outputs have %d numbers a box; left, top, right, bottom, score and "
                       "class are 6",
                       w->columns);
    if (head->kind == BW_HEAD_ROWS) {
        head->classes = known ? known : 80;
        return BW_OK;
    }
    if (side->has_background)
        head->background = side->background;
    if (side->scores == BW_SCORES_SOFTMAX)
        head->softmax = true;
    head->form = are_probabilities(lowering, w) ? BW_HEAD_SCALED : BW_HEAD_RAW;
    head->classes = w->columns - 4 - (head->background != BW_BACKGROUND_NONE);
    return head->classes > 0 ? BW_OK
                             : bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                                       "its outputs have scores of nothing alone");
}

bw_status bw_onnx_add_whole_heads(bw_onnx_lowering *lowering)
{
    whole w;
    int tensor;
    const bw_onnx_family *family;
    bw_status status = bw_onnx_side_family(lowering, &family);
    if (status != BW_OK)
        return status;
    if (!sort_outputs(&w, lowering))
        return bw_fail(lowering->error, BW_ERROR_UNSUPPORTED,
                       "its outputs are no rows of boxes: 1 × N × 6, or 1 × N × 4 with scores or "
                       "with scores and labels");
    family = family ? family : bw_onnx_find_family(guess_word(lowering, &w));
    bw_head head = family->head;
    lowering->label = "head";
    status = describe(lowering, &head, &w);
    if (status == BW_OK)
        status = make_picture(lowering, &tensor, &w);
    if (status == BW_OK)
        status = bw_graph_add_output(lowering->graph, tensor, &head, lowering->error);
    if (status == BW_OK)
        status = bw_onnx_set_pictures(lowering, &family->pictures, family->resize,
                                      family->padding / 255.0f);
    lowering->out->head = family->title;
    return status == BW_OK ? bw_onnx_choose_names(lowering) : status;
}
