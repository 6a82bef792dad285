/**
 * Products by constant matrices, which are convolutions of 1 × 1: of a tensor [.., K], each row of
 * K numbers is a pixel of a picture with K channels. That picture of rows stands beside the dense
 * tensor (an item's `rows`), so that what follows row by row, biases and activations, is the
 * engine's, too; tensors in between that nobody reads are dead nodes.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "import/onnx/lower.h"

/* Below this share of its products moving numbers costs more than is saved. */
enum { MOVES = 4 };

/* [1, channels, 1, rows] of [1, 1, rows, channels], or the other way round. */
static bw_status append_transpose(bw_onnx_lowering *lowering, int *tensor, int64_t rows,
                                  int64_t channels, bool to_rows)
{
    static const int64_t orders[2][4] = {{0, 3, 1, 2}, {0, 2, 3, 1}};
    bw_arena *arena = &lowering->graph->arena;
    bw_plain_use *use = bw_arena_alloc(arena, sizeof *use);
    bw_plain_operand *input = bw_arena_alloc(arena, sizeof *input);
    bw_plain_tensor *output = bw_arena_alloc(arena, sizeof *output);
    bw_plain_attribute *order = bw_arena_alloc(arena, sizeof *order);
    if (!use || !input || !output || !order)
        return bw_fail_memory(lowering->error, sizeof *use, "an operator");
    int opset = (int)lowering->file->opset, from = *tensor;
    *order = (bw_plain_attribute){
        .name = "perm", .kind = BW_PLAIN_INTS, .count = 4, .integers = orders[to_rows]};
    bw_plain_tensor kind = {.type = BW_ELEMENT_F32, .rank = 4, .dims = {1, 1, rows, channels}};
    if (to_rows)
        memcpy(kind.dims, (const int64_t[]){1, channels, 1, rows}, 4 * sizeof *kind.dims);
    *input = (bw_plain_operand){.source = BW_PLAIN_VARIABLE, .tensor = kind};
    *use = (bw_plain_use){.operation = bw_plain_find("Transpose", opset),
                          .opset = opset,
                          .attributes = order,
                          .attribute_count = 1,
                          .inputs = input,
                          .input_count = 1,
                          .outputs = output,
                          .output_count = 1};
    bw_status status =
        bw_plain_use_infer(use, output, NULL, lowering->graph->tensor_limit, lowering->error);
    bw_node node = {.op = BW_OP_PLAIN, .plain = use};
    return status == BW_OK ? bw_onnx_append_tensor(lowering, tensor, &node, &from, 1) : status;
}

static bw_status convert(bw_onnx_lowering *lowering, int *tensor, bool dense)
{
    bw_node node = {.op = BW_OP_CONVERT, .attributes = {.dense = dense}};
    int from = *tensor;
    return bw_onnx_append_tensor(lowering, tensor, &node, &from, 1);
}

/* The rows of input 0, `channels` numbers each, as a picture. */
static bw_status read_rows(bw_onnx_lowering *lowering, int *picture, int64_t channels)
{
    bw_plain_tensor kind;
    const bw_onnx_item *item = bw_onnx_input_item(lowering, 0);
    assert(channels > 0);
    *picture = item->rows;
    if (item->role == BW_ONNX_DENSE && item->rows)
        return BW_OK;
    bw_status status = bw_onnx_dense_named(lowering, lowering->node->inputs[0], picture, &kind);
    int64_t rows = status == BW_OK ? (int64_t)bw_plain_count(&kind) / channels : 0;
    if (status == BW_OK)
        status = append_transpose(lowering, picture, rows, channels, false);
    return status == BW_OK ? convert(lowering, picture, false) : status;
}

/* A picture of rows becomes the node's output, dense again. */
static bw_status write_rows(bw_onnx_lowering *lowering, int picture)
{
    int tensor = picture;
    bw_shape shape = bw_onnx_shape(lowering, picture);
    bw_status status = convert(lowering, &tensor, true);
    if (status == BW_OK)
        status = append_transpose(lowering, &tensor, shape.width, shape.channels, true);
    if (status == BW_OK)
        bw_onnx_output_item(
            lowering, 0, (bw_onnx_item){.role = BW_ONNX_DENSE, .tensor = tensor, .rows = picture});
    return status;
}

/* ---- products ------------------------------------------------------------------------------- */

/* A constant matrix [inner, columns], or [columns, inner] where it is `turned`. */
typedef struct matrix {
    const bw_onnx_tensor *numbers;
    bool turned;
    float scale;
    int64_t inner, columns;
} matrix;

static bw_status read_matrix(bw_onnx_lowering *lowering, matrix *out)
{
    const bw_onnx_tensor *numbers = bw_onnx_input_item(lowering, 1)->numbers;
    if (bw_onnx_input_item(lowering, 1)->role != BW_ONNX_NUMBERS || numbers->type != BW_ONNX_F32 ||
        numbers->rank != 2)
        return bw_onnx_decline(lowering,
                               "only products by constant matrices of floats are convolutions");
    out->numbers = numbers;
    out->inner = numbers->dims[out->turned];
    out->columns = numbers->dims[!out->turned];
    const bw_onnx_item *item = bw_onnx_input_item(lowering, 0);
    const bw_plain_tensor *kind = bw_onnx_evaluation_value(lowering->values, item->name);
    bool fits = kind && kind->type == BW_ELEMENT_F32 && kind->rank >= 2 && out->inner > 0 &&
                out->columns > 0 && kind->dims[kind->rank - 1] == out->inner;
    if (!fits || !bw_onnx_is_inner(lowering))
        return bw_onnx_decline(lowering, "what it multiplies has no rows of such a length");
    if (out->inner * out->columns < MOVES * (out->inner + out->columns))
        return bw_onnx_decline(lowering, "its matrix is too small for a convolution to pay");
    return BW_OK;
}

static bw_status make_filters(bw_onnx_lowering *lowering, bw_node *node, const matrix *from)
{
    size_t inner = (size_t)from->inner, columns = (size_t)from->columns;
    float *weights = bw_arena_array(&lowering->graph->arena, inner, columns * sizeof *weights);
    if (!weights)
        return bw_fail_memory(lowering->error, inner * columns * sizeof *weights, "weights");
    for (size_t filter = 0; filter < columns; filter++) {
        for (size_t channel = 0; channel < inner; channel++) {
            size_t at = from->turned ? filter * inner + channel : channel * columns + filter;
            float weight = from->scale * (float)bw_onnx_real(from->numbers, at);
            if (!isfinite(weight))
                return bw_onnx_decline(lowering, "one of its constants is not finite");
            weights[filter * inner + channel] = weight;
        }
    }
    node->weights = (bw_constant){weights, inner * columns};
    return BW_OK;
}

static bw_status multiply(bw_onnx_lowering *lowering, const matrix *by, bw_constant bias)
{
    int picture = BW_NONE;
    bw_node node = {.op = BW_OP_CONV,
                    .attributes = {.kernel_height = 1,
                                   .kernel_width = 1,
                                   .stride = 1,
                                   .groups = 1,
                                   .channels = (int)by->columns},
                    .bias = bias};
    bw_status status = make_filters(lowering, &node, by);
    if (status == BW_OK)
        status = read_rows(lowering, &picture, by->inner);
    if (status == BW_OK)
        status = bw_onnx_append_tensor(lowering, &picture, &node, &picture, 1);
    return status == BW_OK ? write_rows(lowering, picture) : status;
}

bw_status bw_onnx_matrix_product(bw_onnx_lowering *lowering)
{
    matrix by = {.scale = 1.0f};
    bw_status status = read_matrix(lowering, &by);
    return status == BW_OK ? multiply(lowering, &by, (bw_constant){0}) : status;
}

/* The bias of Gemm, one number a column. */
static bw_status read_bias(bw_onnx_lowering *lowering, bw_constant *out, int64_t columns)
{
    const bw_onnx_tensor *numbers;
    float scale = bw_onnx_float(lowering, "beta", 1.0f);
    bw_status status = bw_onnx_input_numbers(lowering, 2, &numbers);
    if (status != BW_OK || !numbers)
        return status;
    bool by_column = numbers->rank > 0 && numbers->dims[numbers->rank - 1] == columns &&
                     (int64_t)numbers->count == columns;
    if (numbers->type != BW_ONNX_F32 || (numbers->count != 1 && !by_column))
        return bw_onnx_decline(lowering, "its bias is not one number a column");
    float *bias = bw_arena_array(&lowering->graph->arena, (size_t)columns, sizeof *bias);
    if (!bias)
        return bw_fail_memory(lowering->error, (size_t)columns * sizeof *bias, "weights");
    for (size_t column = 0; column < (size_t)columns; column++) {
        bias[column] = scale * (float)bw_onnx_real(numbers, numbers->count == 1 ? 0 : column);
        if (!isfinite(bias[column]))
            return bw_onnx_decline(lowering, "one of its constants is not finite");
    }
    *out = (bw_constant){bias, (size_t)columns};
    return BW_OK;
}

bw_status bw_onnx_gemm(bw_onnx_lowering *lowering)
{
    matrix by = {.turned = bw_onnx_int(lowering, "transB", 0) != 0,
                 .scale = bw_onnx_float(lowering, "alpha", 1.0f)};
    bw_constant bias = {0};
    if (bw_onnx_int(lowering, "transA", 0))
        return bw_onnx_decline(lowering, "what it multiplies is transposed");
    bw_status status = read_matrix(lowering, &by);
    if (status == BW_OK)
        status = read_bias(lowering, &bias, by.columns);
    return status == BW_OK ? multiply(lowering, &by, bias) : status;
}

/* ---- what follows row by row ---------------------------------------------------------------- */

static bw_status activate(bw_onnx_lowering *lowering, int picture, bw_activation activation)
{
    bw_node node = {.op = BW_OP_ACTIVATION, .attributes = {.activation = activation}};
    bw_status status = bw_onnx_append_tensor(lowering, &picture, &node, &picture, 1);
    return status == BW_OK ? write_rows(lowering, picture) : status;
}

/* Constants for the columns are added, in either order. */
static bw_status add_constants(bw_onnx_lowering *lowering)
{
    for (size_t side = 0; side < 2; side++) {
        const bw_onnx_item *x = bw_onnx_input_item(lowering, side);
        const bw_onnx_item *other = bw_onnx_input_item(lowering, 1 - side);
        if (!x->rows || other->role != BW_ONNX_NUMBERS)
            continue;
        int picture = x->rows, channels = bw_onnx_shape(lowering, picture).channels;
        const bw_onnx_tensor *numbers = other->numbers;
        bool fits =
            numbers->type == BW_ONNX_F32 && numbers->rank == 1 && numbers->dims[0] == channels;
        if (!fits)
            break;
        bw_status status = bw_onnx_append_map(lowering, &picture, numbers, false, NULL);
        return status == BW_OK ? write_rows(lowering, picture) : status;
    }
    return bw_onnx_decline(lowering, "rows have only constants for their columns added");
}

bool bw_onnx_reads_rows(const bw_onnx_lowering *lowering)
{
    return bw_onnx_input_item(lowering, 0)->rows || bw_onnx_input_item(lowering, 1)->rows;
}

bw_status bw_onnx_by_rows(bw_onnx_lowering *lowering)
{
    static const struct {
        const char *op;
        bw_activation activation;
    } activations[] = {{"Relu", BW_RELU}, {"Sigmoid", BW_LOGISTIC}, {"Mish", BW_MISH}};
    const bw_onnx_node *node = lowering->node;
    int picture = bw_onnx_input_item(lowering, 0)->rows;
    if (strcmp(node->op, "Add") == 0)
        return add_constants(lowering);
    for (size_t index = 0; index < sizeof activations / sizeof *activations; index++) {
        if (picture && strcmp(node->op, activations[index].op) == 0)
            return activate(lowering, picture, activations[index].activation);
    }
    return bw_onnx_decline(lowering, "what it reads comes from general operators");
}
