#include "backend/cpu/parts.h"

enum {
    EDGE_PART = 4, /* of a step's height and width, which an edge reaches at most */
    LARGEST_SCALE = 1 << 14
};

typedef struct finder {
    const bw_plan *plan;
    const bw_readings *readings;
    const bw_kernel *const *kernels;
    bw_part *parts;
} finder;

/* ---- The same results ----------------------------------------------------------------------- */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static bw_edge larger_edge(bw_edge a, bw_edge b)
{
    return (bw_edge){larger(a.rows, b.rows), larger(a.columns, b.columns)};
}

/* The largest edge of what a step reads as one of its operands. */
static bw_edge edge_of(const finder *find, int index, bool second)
{
    bw_edge edge = {0, 0};
    const bw_reading *of = bw_readings_of(find->readings, index);
    for (; of < bw_readings_end(find->readings, index); of++)
        if (of->second == second && of->writer != BW_FROM_INPUT)
            edge = larger_edge(edge, find->parts[of->writer].edge);
    return edge;
}

/* The edges that a step's output has, from those of its input and the border around it. */
static bw_edge next_edge(const finder *find, int index, bw_edge in)
{
    const bw_operation *operation = &find->plan->steps[index].operation;
    const bw_layout *from = &operation->in, *to = &operation->out;
    bw_region all = bw_region_bordered(from);
    bw_region begin = {{all.rows.first, in.rows}, {all.columns.first, in.columns}};
    bw_region end = {{from->height - in.rows, all.rows.last},
                     {from->width - in.columns, all.columns.last}};
    begin = bw_region_affected(find->kernels[index], operation, &begin);
    end = bw_region_affected(find->kernels[index], operation, &end);
    return (bw_edge){larger(begin.rows.last, to->height - end.rows.first),
                     larger(begin.columns.last, to->width - end.columns.first)};
}

static bool is_worth_it(const bw_layout *out, bw_edge of)
{
    return of.rows * EDGE_PART <= out->height && of.columns * EDGE_PART <= out->width;
}

/* Whether a step reads the input, or steps that are computed in part, and no more. */
static bool reads_parts(const finder *find, int index)
{
    const bw_reading *of = bw_readings_of(find->readings, index);
    for (; of < bw_readings_end(find->readings, index); of++) {
        bool of_part = of->writer == BW_FROM_INPUT ||
                       (of->writer != BW_FROM_ELSEWHERE && find->parts[of->writer].possible);
        if (!of_part || !of->alike)
            return false;
    }
    return true;
}

static void examine_same(const finder *find, int index)
{
    const bw_operation *operation = &find->plan->steps[index].operation;
    bw_part *of = &find->parts[index];
    if (operation->in.format.type != BW_U8 || operation->out.format.type != BW_U8 ||
        !bw_region_possible(operation) || !bw_region_suits(find->kernels[index]) ||
        !reads_parts(find, index))
        return;
    of->edge = larger_edge(next_edge(find, index, edge_of(find, index, false)),
                           edge_of(find, index, true));
    of->possible = is_worth_it(&operation->out, of->edge);
}

/* ---- Near results --------------------------------------------------------------------------- */

/* The scale of what a step reads as its first operand. */
static int input_scale(const finder *find, int index)
{
    int scale = 0;
    const bw_reading *of = bw_readings_of(find->readings, index);
    for (; of < bw_readings_end(find->readings, index); of++) {
        if (of->second)
            continue;
        bool known = of->alike && of->writer != BW_FROM_ELSEWHERE;
        int one = !known ? 0 : of->writer == BW_FROM_INPUT ? 1 : find->parts[of->writer].scale;
        if (one == 0 || (scale != 0 && one != scale))
            return 0;
        scale = one;
    }
    return scale;
}

static int64_t output_scale(const bw_operation *operation, int64_t scale)
{
    switch (operation->family) {
    case BW_FAMILY_CONV:
    case BW_FAMILY_CONV_POOL:
    case BW_FAMILY_DEPTHWISE:
    case BW_FAMILY_MAX_POOL:
    case BW_FAMILY_REORG: return scale * operation->stride * bw_pool_side(operation);
    case BW_FAMILY_UPSAMPLE: return scale % operation->stride == 0 ? scale / operation->stride : 0;
    case BW_FAMILY_ADD:
    case BW_FAMILY_MULTIPLY:
    case BW_FAMILY_ACTIVATION:
    case BW_FAMILY_COPY:
    case BW_FAMILY_CONVERT: return scale;
    default: return 0;
    }
}

static void examine_near(const finder *find, int index)
{
    const bw_operation *operation = &find->plan->steps[index].operation;
    bw_part *of = &find->parts[index];
    int64_t scale = output_scale(operation, input_scale(find, index));
    of->scale = scale <= LARGEST_SCALE ? (int)scale : 0;
    of->possible = of->scale > 0 && bw_region_possible(operation);
}

/* ---- Both ----------------------------------------------------------------------------------- */

/* The first general operator, which reads and writes tensors that its step does not tell; or how
 * many steps there are. */
static int first_general(const bw_plan *plan)
{
    int index = 0;
    while (index < plan->step_count && plan->steps[index].operation.family != BW_FAMILY_PLAIN)
        index++;
    return index;
}

/* Results, behind the last step, are read whole. */
static void mark_whole_readers(const finder *find)
{
    const int steps = find->plan->step_count;
    const bool unknown = first_general(find->plan) < steps;
    for (int index = 0; index < steps; index++)
        find->parts[index].read_whole = unknown;
    for (int index = 0; index <= steps; index++) {
        bool whole = index == steps || !find->parts[index].possible;
        const bw_reading *of = bw_readings_of(find->readings, index);
        for (; of < bw_readings_end(find->readings, index); of++)
            if (of->writer >= 0 && (whole || !of->alike))
                find->parts[of->writer].read_whole = true;
    }
}

void bw_parts_find(bw_part *parts, const bw_plan *plan, const bw_readings *readings,
                   const bw_kernel *const *kernels, bool near)
{
    const finder find = {plan, readings, kernels, parts};
    const int end = first_general(plan);
    for (int index = 0; index < end; index++) {
        if (near)
            examine_near(&find, index);
        else
            examine_same(&find, index);
    }
    mark_whole_readers(&find);
}
