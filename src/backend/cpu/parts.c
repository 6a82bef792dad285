#include "backend/cpu/parts.h"

enum { EDGE_PART = 4 /* of a step's height and width, which an edge reaches at most */ };

typedef struct finder {
    const bw_plan *plan;
    const bw_kernel *const *kernels;
    bw_part *parts;
} finder;

/* ---- Tensors in the arena ------------------------------------------------------------------- */

/* The bytes that a tensor of one image takes, borders included; those of other images are as far
 * apart for all tensors. */
typedef struct extent {
    size_t first, last;
} extent;

static extent extent_of(const bw_layout *layout, size_t offset)
{
    size_t first = offset - bw_layout_bytes(layout, bw_layout_origin(layout));
    size_t planes = (size_t)bw_layout_planes(layout);
    return (extent){first, first + bw_layout_bytes(layout, planes * layout->plane_stride)};
}

static bool overlaps(const extent *a, const extent *b)
{
    return a->first < b->last && b->first < a->last;
}

/* Takes what was written off what is read, where that leaves it in one piece. */
static void take_off(extent *read, const extent *written)
{
    if (written->first <= read->first)
        read->first = written->last < read->last ? written->last : read->last;
    else if (written->last >= read->last)
        read->last = written->first;
}

/* Whether a tensor is that of a step's output, or some planes of it. */
static bool is_output(const bw_step *step, const bw_layout *layout, size_t offset)
{
    const bw_layout *out = &step->operation.out;
    size_t plane = bw_layout_bytes(out, out->plane_stride);
    if (offset < step->out || (offset - step->out) % plane != 0)
        return false;
    size_t first = (offset - step->out) / plane;
    return layout->height == out->height && layout->width == out->width &&
           layout->lanes == out->lanes && layout->border == out->border &&
           layout->row_stride == out->row_stride && layout->plane_stride == out->plane_stride &&
           layout->image_stride == out->image_stride && layout->format.type == out->format.type &&
           first + (size_t)bw_layout_planes(layout) <= (size_t)bw_layout_planes(out);
}

/* Where a tensor that step `reader` reads comes from: what wrote there last. */
static int find_source(const finder *find, int reader, const bw_layout *layout, size_t offset)
{
    const bw_plan *plan = find->plan;
    extent read = extent_of(layout, offset);
    for (int index = reader - 1; index >= 0; index--) {
        const bw_step *step = &plan->steps[index];
        extent written = extent_of(&step->operation.out, step->out);
        if (!overlaps(&read, &written))
            continue;
        return find->parts[index].possible && is_output(step, layout, offset) ? index
                                                                              : BW_FROM_ELSEWHERE;
    }
    return offset == plan->input.offset ? BW_FROM_INPUT : BW_FROM_ELSEWHERE;
}

/* Outputs of which a tensor, that is read before step `reader`, has a part are read whole. A COPY
 * leaves some of what it writes to as it was. */
static void mark_read(const finder *find, int reader, const bw_layout *layout, size_t offset)
{
    extent read = extent_of(layout, offset);
    for (int index = reader - 1; index >= 0 && read.first < read.last; index--) {
        const bw_step *step = &find->plan->steps[index];
        extent written = extent_of(&step->operation.out, step->out);
        if (!overlaps(&read, &written))
            continue;
        find->parts[index].read_whole = true;
        if (step->operation.family != BW_FAMILY_COPY)
            take_off(&read, &written);
    }
}

/* ---- Which steps ---------------------------------------------------------------------------- */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static bw_edge edge_of(const finder *find, int source)
{
    return source == BW_FROM_INPUT ? (bw_edge){0, 0} : find->parts[source].edge;
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

/* Fills in a step's part; those before are. */
static void examine_step(const finder *find, int index)
{
    const bw_step *step = &find->plan->steps[index];
    const bw_operation *operation = &step->operation;
    bw_part *of = &find->parts[index];
    if (!bw_region_possible(find->kernels[index], operation))
        return;
    of->in = find_source(find, index, &operation->in, step->in);
    of->second = operation->has_second ? find_source(find, index, &operation->second, step->second)
                                       : BW_FROM_INPUT;
    if (of->in == BW_FROM_ELSEWHERE || of->second == BW_FROM_ELSEWHERE)
        return;
    of->edge = next_edge(find, index, edge_of(find, of->in));
    bw_edge second = edge_of(find, of->second);
    of->edge =
        (bw_edge){larger(of->edge.rows, second.rows), larger(of->edge.columns, second.columns)};
    of->possible = is_worth_it(&operation->out, of->edge);
}

/* General operators read tensors that their step does not tell. */
static bool reads_unknown(const bw_plan *plan)
{
    for (int index = 0; index < plan->step_count; index++)
        if (plan->steps[index].operation.family == BW_FAMILY_PLAIN)
            return true;
    return false;
}

static void mark_whole_readers(const finder *find)
{
    const bw_plan *plan = find->plan;
    bool unknown = reads_unknown(plan);
    for (int index = 0; index < plan->step_count; index++) {
        const bw_step *step = &plan->steps[index];
        find->parts[index].read_whole |= unknown;
        if (find->parts[index].possible)
            continue;
        mark_read(find, index, &step->operation.in, step->in);
        if (step->operation.has_second)
            mark_read(find, index, &step->operation.second, step->second);
    }
    for (int index = 0; index < plan->output_count; index++)
        mark_read(find, plan->step_count, &plan->outputs[index].layout,
                  plan->outputs[index].offset);
}

void bw_parts_find(bw_part *parts, const bw_plan *plan, const bw_kernel *const *kernels)
{
    const finder find = {plan, kernels, parts};
    for (int index = 0; index < plan->step_count; index++)
        examine_step(&find, index);
    mark_whole_readers(&find);
}
