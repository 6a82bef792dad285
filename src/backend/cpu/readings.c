#include "backend/cpu/readings.h"

#include <stdlib.h>

#include "base/memory.h"

typedef struct finder {
    const bw_plan *plan;
    bw_readings *out;
    size_t count;
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

/* Whether two tensors of one piece of memory have their pixels at the same places, some planes
 * apart. */
static bool are_alike(const bw_layout *a, size_t at, const bw_layout *b, size_t other)
{
    size_t plane = bw_layout_bytes(a, a->plane_stride);
    size_t apart = at > other ? at - other : other - at;
    return a->height == b->height && a->width == b->width && a->lanes == b->lanes &&
           a->border == b->border && a->row_stride == b->row_stride &&
           a->plane_stride == b->plane_stride && a->image_stride == b->image_stride &&
           a->format.type == b->format.type && apart % plane == 0;
}

/* ---- Who wrote them ------------------------------------------------------------------------- */

static bool add(finder *find, bw_reading reading)
{
    bw_readings *out = find->out;
    if (!bw_array_reserve((void **)&out->items, &out->capacity, find->count + 1,
                          sizeof *out->items))
        return false;
    out->items[find->count++] = reading;
    return true;
}

/* Adds what wrote a tensor that step `reader` reads. A COPY leaves some of what it writes to as it
 * was. */
static bool find_writers(finder *find, int reader, const bw_layout *layout, size_t offset,
                         bool second)
{
    const bw_plan *plan = find->plan;
    extent read = extent_of(layout, offset);
    for (int index = reader - 1; index >= 0 && read.first < read.last; index--) {
        const bw_step *step = &plan->steps[index];
        const bw_layout *out = &step->operation.out;
        extent written = extent_of(out, step->out);
        if (!overlaps(&read, &written))
            continue;
        if (!add(find, (bw_reading){index, second, are_alike(layout, offset, out, step->out)}))
            return false;
        if (step->operation.family != BW_FAMILY_COPY)
            take_off(&read, &written);
    }
    if (read.first == read.last)
        return true;
    const bw_port *input = &plan->input;
    bool fed = offset == input->offset && are_alike(layout, offset, &input->layout, input->offset);
    return add(find, (bw_reading){fed ? BW_FROM_INPUT : BW_FROM_ELSEWHERE, second, fed});
}

static bool find_readings(finder *find, int index)
{
    const bw_step *step = &find->plan->steps[index];
    const bw_operation *operation = &step->operation;
    return find_writers(find, index, &operation->in, step->in, false) &&
           (!operation->has_second ||
            find_writers(find, index, &operation->second, step->second, true));
}

static bool find_results(finder *find)
{
    const bw_plan *plan = find->plan;
    for (int index = 0; index < plan->output_count; index++)
        if (!find_writers(find, plan->step_count, &plan->outputs[index].layout,
                          plan->outputs[index].offset, false))
            return false;
    return true;
}

bw_status bw_readings_find(bw_readings *out, const bw_plan *plan, bw_error *error)
{
    finder find = {.plan = plan, .out = out};
    size_t steps = (size_t)plan->step_count;
    *out = (bw_readings){.first = calloc(steps + 2, sizeof *out->first)};
    bool good = out->first != NULL;
    for (int index = 0; good && index < plan->step_count; index++) {
        out->first[index] = find.count;
        good = find_readings(&find, index);
    }
    if (good)
        out->first[steps] = find.count;
    if (!good || !find_results(&find))
        return bw_fail_memory(error, (find.count + 1) * sizeof *out->items, "what steps read");
    out->first[steps + 1] = find.count;
    return BW_OK;
}

void bw_readings_free(bw_readings *readings)
{
    free(readings->items);
    free(readings->first);
    *readings = (bw_readings){0};
}
