#include "kernels/x86/conv_units.h"

enum { UNITS_WANTED = 48 }; /* of a layer */

static int clamp(double x, int least, int most)
{
    return x < least ? least : x > most ? most : (int)x;
}

/* All groups where their weights fit, else as many as make a unit of the whole height. */
static int choose_chunk(const bw_units *units, const bw_unit_limits *limits,
                        const bw_unit_work *work, double image_work, double unit_work)
{
    double by_bytes = limits->weight_bytes / (double)work->group_bytes;
    int fit = clamp(by_bytes, 1, units->groups);
    if (fit == units->groups)
        return fit;
    double by_work = unit_work / image_work;
    return clamp(by_work < by_bytes ? by_work : by_bytes, 1, units->groups);
}

/* The rows of a band: its input must fit the cache, its work make a unit. */
static int choose_band(const bw_operation *operation, const bw_unit_limits *limits, int in_planes,
                       double by_work)
{
    const bw_layout *in = &operation->in;
    int stride = operation->stride * bw_pool_side(operation), height = operation->out.height;
    double row_bytes = (double)in->row_stride * in_planes * (double)bw_type_size(in->format.type);
    double rows = (limits->input_bytes / row_bytes - (operation->kernel_height - stride)) / stride;
    rows = rows < by_work ? rows : by_work;
    return bw_divide_up(height, bw_divide_up(height, clamp(rows, 1, height)));
}

bw_units bw_units_cut(const bw_operation *operation, const bw_unit_limits *limits,
                      const bw_unit_work *work)
{
    int height = operation->out.height;
    bw_units units = {.panels = work->panels, .group_panels = work->group_panels};
    units.groups = bw_divide_up(units.panels, units.group_panels);
    double group_work = work->group_row * height;
    double unit_work = clamp(work->group_row * units.groups * height / UNITS_WANTED,
                             limits->least_work, limits->most_work);
    units.chunk_groups = choose_chunk(&units, limits, work, group_work, unit_work);
    units.chunks = bw_divide_up(units.groups, units.chunk_groups);
    units.chunk_groups = bw_divide_up(units.groups, units.chunks);
    units.band_rows = choose_band(operation, limits, work->in_planes,
                                  unit_work / (work->group_row * units.chunk_groups));
    units.bands = bw_divide_up(height, units.band_rows);
    return units;
}

int bw_units_count(const bw_units *units, int images)
{
    return units->chunks * images * units->bands;
}

bw_unit_part bw_units_part(const bw_units *units, const bw_operation *operation, int images,
                           int index)
{
    int chunk = index / units->bands / images, first = index % units->bands * units->band_rows;
    int last_group = (chunk + 1) * units->chunk_groups, last = first + units->band_rows;
    return (bw_unit_part){
        .image = index / units->bands % images,
        .first_group = chunk * units->chunk_groups,
        .last_group = last_group < units->groups ? last_group : units->groups,
        .first = first,
        .last = last < operation->out.height ? last : operation->out.height,
    };
}
