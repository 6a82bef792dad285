/**
 * MatMul and Gemm: products of matrices.
 */
#include "kernels/plain/loop.h"
#include "kernels/plain/operator.h"

enum { FLOATS = BW_PLAIN_TYPE(F32) | BW_PLAIN_HALVES };

/** A matrix as it lies: steps from row to row and from column to column. */
typedef struct matrix {
    const float *data;
    size_t rows, columns, row_step, column_step;
} matrix;

/* Rows of b that are added at a time, so that sums are loaded and stored less often. */
enum { TOGETHER = 4 };

/* to += scale × factors × rows of b, in their order; gives how many rows were added. */
static size_t add_rows(float *restrict to, const float *factors, size_t step, matrix b, float scale)
{
    size_t inner = 0;
    for (; b.column_step == 1 && inner + TOGETHER <= b.rows; inner += TOGETHER) {
        const float *restrict from = b.data + inner * b.row_step;
        float f[TOGETHER];
        for (size_t index = 0; index < TOGETHER; index++)
            f[index] = scale * factors[(inner + index) * step];
        for (size_t column = 0; column < b.columns; column++)
            to[column] = to[column] + f[0] * from[column] + f[1] * from[b.row_step + column] +
                         f[2] * from[2 * b.row_step + column] +
                         f[3] * from[3 * b.row_step + column];
    }
    return inner;
}

/* to += scale × a × b, to being dense. */
static void multiply(float *to, matrix a, matrix b, float scale)
{
    for (size_t row = 0; row < a.rows; row++, to += b.columns) {
        size_t inner = add_rows(to, a.data + row * a.row_step, a.column_step, b, scale);
        for (; inner < a.columns; inner++) {
            float factor = scale * a.data[row * a.row_step + inner * a.column_step];
            const float *from = b.data + inner * b.row_step;
            if (b.column_step == 1) {
                for (size_t column = 0; column < b.columns; column++)
                    to[column] += factor * from[column];
            } else {
                for (size_t column = 0; column < b.columns; column++)
                    to[column] += factor * from[column * b.column_step];
            }
        }
    }
}

/* ---- MatMul --------------------------------------------------------------------------------- */

/* A vector is a matrix of one row on the left, of one column on the right. */
static bw_plain_tensor as_matrix(const bw_plain_tensor *tensor, bool left)
{
    bw_plain_tensor two = *tensor;
    if (tensor->rank == 1) {
        two.rank = 2;
        two.dims[0] = left ? 1 : tensor->dims[0];
        two.dims[1] = left ? tensor->dims[0] : 1;
    }
    return two;
}

/* The batch that both operands broadcast to, in front of the matrices. */
static bw_status read_batch(bw_plain_tensor *batch, const bw_plain_tensor *a,
                            const bw_plain_tensor *b, bw_error *error)
{
    bw_plain_tensor left = *a, right = *b;
    left.rank -= 2;
    right.rank -= 2;
    *batch = left;
    return bw_plain_broadcast(batch, &right, error);
}

bw_status bw_plain_matmul_infer(const bw_plain_operator *self, const bw_plain_call *call,
                                bw_error *error)
{
    (void)self;
    char left[128], right[128];
    const bw_plain_tensor *x = call->inputs[0], *y = call->inputs[1];
    bw_plain_tensor a = as_matrix(x, true), b = as_matrix(y, false), batch;
    bw_plain_tensor *out = call->outputs[0];
    bw_status status = bw_plain_need_type(x, FLOATS, error);
    if (status == BW_OK)
        status = bw_plain_need_type(y, FLOATS, error);
    if (status != BW_OK)
        return status;
    if (x->rank < 1 || y->rank < 1 || a.dims[a.rank - 1] != b.dims[b.rank - 2])
        return bw_fail(error, BW_ERROR_FORMAT, "cannot multiply %s by %s",
                       bw_plain_describe(x, left, sizeof left),
                       bw_plain_describe(y, right, sizeof right));
    status = read_batch(&batch, &a, &b, error);
    if (status != BW_OK)
        return status;
    bw_plain_like(out, &batch);
    if (x->rank > 1)
        out->dims[out->rank++] = a.dims[a.rank - 2];
    if (y->rank > 1)
        out->dims[out->rank++] = b.dims[b.rank - 1];
    return BW_OK;
}

bw_status bw_plain_matmul_run(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    bw_plain_tensor a = as_matrix(call->inputs[0], true), b = as_matrix(call->inputs[1], false);
    bw_plain_tensor batch, left = a, right = b;
    bw_plain_loop loop;
    float *to = call->outputs[0]->block;
    bw_status status = read_batch(&batch, &a, &b, error);
    if (status != BW_OK)
        return status;
    size_t rows = (size_t)a.dims[a.rank - 2], inner = (size_t)a.dims[a.rank - 1];
    size_t columns = (size_t)b.dims[b.rank - 1];
    left.rank -= 2;
    right.rank -= 2;
    bw_plain_loop_make(&loop, &batch);
    bw_plain_loop_broadcast(&loop, &left);
    bw_plain_loop_broadcast(&loop, &right);
    bw_plain_loop_begin(&loop);
    memset(to, 0, bw_plain_bytes(call->outputs[0]));
    for (size_t row = 0; row < loop.rows; row++, bw_plain_loop_next(&loop)) {
        for (size_t index = 0; index < loop.row; index++, to += rows * columns) {
            int64_t along = (int64_t)index;
            size_t x = (size_t)(loop.at[0] + along * bw_plain_loop_step(&loop, 0));
            size_t y = (size_t)(loop.at[1] + along * bw_plain_loop_step(&loop, 1));
            multiply(
                to, (matrix){(const float *)a.data + x * rows * inner, rows, inner, inner, 1},
                (matrix){(const float *)b.data + y * inner * columns, inner, columns, columns, 1},
                1.0f);
        }
    }
    return BW_OK;
}

/* ---- Gemm ----------------------------------------------------------------------------------- */

static matrix read_matrix(const bw_plain_tensor *tensor, bool transposed)
{
    size_t rows = (size_t)tensor->dims[0], columns = (size_t)tensor->dims[1];
    return transposed ? (matrix){tensor->data, columns, rows, 1, columns}
                      : (matrix){tensor->data, rows, columns, columns, 1};
}

bw_status bw_plain_gemm_infer(const bw_plain_operator *self, const bw_plain_call *call,
                              bw_error *error)
{
    (void)self;
    char left[128], right[128];
    const bw_plain_tensor *x = call->inputs[0], *y = call->inputs[1];
    const bw_plain_tensor *term = bw_plain_input(call, 2);
    bw_plain_tensor *out = call->outputs[0];
    bw_status status = bw_plain_need_type(x, FLOATS, error);
    if (status == BW_OK)
        status = bw_plain_need_type(y, FLOATS, error);
    if (status != BW_OK)
        return status;
    matrix a = {0}, b = {0};
    if (x->rank == 2 && y->rank == 2) {
        a = read_matrix(x, bw_plain_int(call, "transA", 0) != 0);
        b = read_matrix(y, bw_plain_int(call, "transB", 0) != 0);
    }
    if (x->rank != 2 || y->rank != 2 || a.columns != b.rows)
        return bw_fail(error, BW_ERROR_FORMAT, "cannot multiply %s by %s",
                       bw_plain_describe(x, left, sizeof left),
                       bw_plain_describe(y, right, sizeof right));
    *out = (bw_plain_tensor){.type = x->type, .rank = 2, .block = out->block, .data = out->data};
    out->dims[0] = (int64_t)a.rows;
    out->dims[1] = (int64_t)b.columns;
    bw_plain_tensor whole = *out;
    if (term)
        status = bw_plain_broadcast(&whole, term, error);
    if (status == BW_OK && !bw_plain_same_shape(&whole, out))
        status = bw_fail(error, BW_ERROR_FORMAT, "the term %s is larger than the product %s",
                         bw_plain_describe(term, left, sizeof left),
                         bw_plain_describe(out, right, sizeof right));
    return status;
}

bw_status bw_plain_gemm_run(const bw_plain_operator *self, const bw_plain_call *call,
                            bw_error *error)
{
    (void)self;
    (void)error;
    const bw_plain_tensor *term = bw_plain_input(call, 2), *out = call->outputs[0];
    float alpha = bw_plain_float(call, "alpha", 1), beta = bw_plain_float(call, "beta", 1);
    size_t count = bw_plain_count(out);
    float *to = out->block;
    memset(to, 0, count * sizeof *to);
    if (term) {
        bw_plain_loop loop;
        bw_plain_loop_make(&loop, out);
        bw_plain_loop_broadcast(&loop, term);
        bw_plain_gather(out, term, loop.steps[0], 0);
        for (size_t index = 0; index < count; index++)
            to[index] *= beta;
    }
    multiply(to, read_matrix(call->inputs[0], bw_plain_int(call, "transA", 0) != 0),
             read_matrix(call->inputs[1], bw_plain_int(call, "transB", 0) != 0), alpha);
    return BW_OK;
}
