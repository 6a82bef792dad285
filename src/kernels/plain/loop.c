#include "kernels/plain/loop.h"

void bw_plain_loop_make(bw_plain_loop *loop, const bw_plain_tensor *shape)
{
    *loop = (bw_plain_loop){.rank = shape->rank};
    memcpy(loop->dims, shape->dims, sizeof loop->dims);
}

void bw_plain_loop_add(bw_plain_loop *loop, const int64_t *steps, int64_t first)
{
    for (int axis = 0; axis < loop->rank; axis++)
        loop->steps[loop->operands][axis] = steps[axis];
    loop->at[loop->operands++] = first;
}

void bw_plain_steps(const bw_plain_tensor *tensor, int64_t *steps)
{
    int64_t step = 1;
    for (int axis = tensor->rank - 1; axis >= 0; axis--) {
        steps[axis] = step;
        step *= tensor->dims[axis];
    }
}

void bw_plain_loop_broadcast(bw_plain_loop *loop, const bw_plain_tensor *operand)
{
    int64_t dense[BW_PLAIN_RANK], steps[BW_PLAIN_RANK] = {0};
    int missing = loop->rank - operand->rank;
    bw_plain_steps(operand, dense);
    for (int axis = 0; axis < operand->rank; axis++)
        steps[missing + axis] = operand->dims[axis] == 1 ? 0 : dense[axis];
    bw_plain_loop_add(loop, steps, 0);
}

static bool mergeable(const bw_plain_loop *loop, int outer, int inner)
{
    for (int operand = 0; operand < loop->operands; operand++) {
        const int64_t *steps = loop->steps[operand];
        if (steps[outer] != steps[inner] * loop->dims[inner])
            return false;
    }
    return true;
}

static void move_axis(bw_plain_loop *loop, int to, int from)
{
    loop->dims[to] = loop->dims[from];
    for (int operand = 0; operand < loop->operands; operand++)
        loop->steps[operand][to] = loop->steps[operand][from];
}

void bw_plain_loop_begin(bw_plain_loop *loop)
{
    int kept = 0;
    loop->rows = 1;
    for (int axis = 0; axis < loop->rank; axis++) {
        if (loop->dims[axis] == 0)
            loop->rows = 0;
        if (loop->dims[axis] == 1)
            continue;
        if (kept && mergeable(loop, kept - 1, axis)) {
            loop->dims[axis] *= loop->dims[kept - 1];
            kept--;
        }
        move_axis(loop, kept++, axis);
    }
    if (kept == 0) {
        loop->dims[0] = 1;
        for (int operand = 0; operand < loop->operands; operand++)
            loop->steps[operand][0] = 0;
        kept = 1;
    }
    loop->rank = kept;
    loop->row = (size_t)loop->dims[kept - 1];
    for (int axis = 0; axis + 1 < kept; axis++)
        loop->rows *= (size_t)loop->dims[axis];
}

void bw_plain_loop_next(bw_plain_loop *loop)
{
    for (int axis = loop->rank - 2; axis >= 0; axis--) {
        bool carry = ++loop->index[axis] == loop->dims[axis];
        int64_t moved = carry ? 1 - loop->dims[axis] : 1;
        for (int operand = 0; operand < loop->operands; operand++)
            loop->at[operand] += moved * loop->steps[operand][axis];
        if (!carry)
            return;
        loop->index[axis] = 0;
    }
}

bw_status bw_plain_broadcast(bw_plain_tensor *shape, const bw_plain_tensor *operand,
                             bw_error *error)
{
    char left[128], right[128];
    bw_plain_tensor wide = *shape;
    int rank = shape->rank > operand->rank ? shape->rank : operand->rank;
    wide.rank = rank;
    for (int axis = 0; axis < rank; axis++) {
        int a = axis - rank + shape->rank, b = axis - rank + operand->rank;
        int64_t mine = a >= 0 ? shape->dims[a] : 1, other = b >= 0 ? operand->dims[b] : 1;
        if (mine != other && mine != 1 && other != 1)
            return bw_fail(error, BW_ERROR_FORMAT, "the shapes %s and %s do not fit each other",
                           bw_plain_describe(shape, left, sizeof left),
                           bw_plain_describe(operand, right, sizeof right));
        wide.dims[axis] = mine == 1 ? other : mine;
    }
    *shape = wide;
    return BW_OK;
}

#define COPY_ROW(type)                                                                             \
    for (size_t index = 0; index < loop.row; index++)                                              \
        ((type *)to->block)[row * loop.row + index] =                                              \
            ((const type *)from->data)[loop.at[0] + (int64_t)index * step];                        \
    break

void bw_plain_gather(const bw_plain_tensor *to, const bw_plain_tensor *from, const int64_t *steps,
                     int64_t first)
{
    bw_plain_loop loop;
    size_t size = bw_element_size(to->type);
    bw_plain_loop_make(&loop, to);
    bw_plain_loop_add(&loop, steps, first);
    bw_plain_loop_begin(&loop);
    int64_t step = bw_plain_loop_step(&loop, 0);
    for (size_t row = 0; row < loop.rows; row++, bw_plain_loop_next(&loop)) {
        if (step == 1) {
            memcpy((uint8_t *)to->block + row * loop.row * size,
                   (const uint8_t *)from->data + (size_t)loop.at[0] * size, loop.row * size);
            continue;
        }
        switch (size) {
        case 1: COPY_ROW(uint8_t);
        case 2: COPY_ROW(uint16_t);
        case 4: COPY_ROW(uint32_t);
        default: COPY_ROW(uint64_t);
        }
    }
}
