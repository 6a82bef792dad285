#include "backend/cpu/padding.h"

#include <stdlib.h>
#include <string.h>

#include "backend/cpu/kept.h"
#include "base/memory.h"

enum { PIXEL_BYTES = 64 /* the most of the input's */ };

/* What a step does for an image. */
typedef struct work {
    bw_region computed;
    bw_region there;  /* of that, what stays: beside it is what is kept */
    bw_region needed; /* of both */
} work;

struct bw_padding {
    const bw_plan *plan;
    const bw_kernel *const *kernels;
    size_t scratch_bytes;
    int computed; /* pixels of it around a picture, or BW_ALL_PADDING */
    bw_readings readings;
    bw_part *parts; /* one a step */
    int steps;      /* up to the last that is computed in part */
    size_t *places; /* of what is kept of those */
    uint8_t *kept;
    work *works;         /* [image][step] */
    bw_region *affected; /* one a step, of the image that is being framed */
    bw_region *inside;   /* one an image */
    bool *framed;        /* likewise */
    int seen;            /* images that were framed, up to BW_PADDING_PATIENCE */
    bool known;          /* whether what is kept is that of this pixel: */
    uint8_t pixel[PIXEL_BYTES];
};

/* Whether results may be near. */
static bool is_near(const bw_padding *padding)
{
    return padding->computed != BW_ALL_PADDING;
}

static const bw_layout *output_of(const bw_padding *padding, int step)
{
    return &padding->plan->steps[step].operation.out;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static bw_status fail(size_t bytes, bw_error *error)
{
    return bw_fail_memory(error, bytes, "what padding gives");
}

/* Finds the steps, and places what is kept of them in so many bytes. */
static bw_status find_steps(bw_padding *padding, size_t *bytes, bw_error *error)
{
    size_t steps = (size_t)padding->plan->step_count;
    padding->parts = calloc(steps, sizeof *padding->parts);
    padding->places = calloc(steps, sizeof *padding->places);
    if (!padding->parts || !padding->places)
        return fail(steps * sizeof *padding->parts, error);
    bw_status status = bw_readings_find(&padding->readings, padding->plan, error);
    if (status != BW_OK)
        return status;
    bw_parts_find(padding->parts, padding->plan, &padding->readings, padding->kernels,
                  is_near(padding));
    for (int index = 0; index < padding->plan->step_count; index++) {
        const bw_part *part = &padding->parts[index];
        padding->places[index] = *bytes;
        if (!part->possible)
            continue;
        padding->steps = index + 1;
        *bytes += bw_kept_bytes(output_of(padding, index), part->edge);
    }
    return BW_OK;
}

static bw_status allocate(bw_padding *padding, size_t bytes, bw_error *error)
{
    size_t images = (size_t)padding->plan->batch, steps = (size_t)padding->steps;
    padding->kept = malloc(bytes);
    padding->works = calloc(images * steps, sizeof *padding->works);
    padding->affected = calloc(steps, sizeof *padding->affected);
    padding->inside = calloc(images, sizeof *padding->inside);
    padding->framed = calloc(images, sizeof *padding->framed);
    bool good =
        padding->kept && padding->works && padding->affected && padding->inside && padding->framed;
    return good ? BW_OK : fail(bytes + images * steps * sizeof *padding->works, error);
}

/* So many pixels, or as many as there can be. */
static int at_most_all(int pixels, const bw_layout *input)
{
    int all = input->height > input->width ? input->height : input->width;
    return pixels < all ? pixels : all;
}

static bool input_suits(const bw_layout *input)
{
    return bw_layout_planes(input) == 1 && bw_layout_pixel_bytes(input) <= PIXEL_BYTES;
}

bw_status bw_padding_open(bw_padding **out, const bw_plan *plan, const bw_kernel *const *kernels,
                          size_t scratch_bytes, int computed, bw_error *error)
{
    *out = NULL;
    if (!input_suits(&plan->input.layout) || plan->step_count == 0)
        return BW_OK;
    bw_padding *padding = calloc(1, sizeof *padding);
    if (!padding)
        return fail(sizeof *padding, error);
    *padding = (bw_padding){.plan = plan,
                            .kernels = kernels,
                            .scratch_bytes = scratch_bytes,
                            .computed = at_most_all(computed, &plan->input.layout)};
    size_t bytes = 0;
    bw_status status = find_steps(padding, &bytes, error);
    if (status == BW_OK && padding->steps > 0)
        status = allocate(padding, bytes, error);
    if (status != BW_OK || padding->steps == 0)
        bw_padding_close(&padding);
    *out = padding;
    return status;
}

void bw_padding_close(bw_padding **handle)
{
    bw_padding *padding = *handle;
    if (!padding)
        return;
    bw_readings_free(&padding->readings);
    free(padding->parts);
    free(padding->places);
    free(padding->kept);
    free(padding->works);
    free(padding->affected);
    free(padding->inside);
    free(padding->framed);
    free(padding);
    *handle = NULL;
}

/* ---- Framing -------------------------------------------------------------------------------- */

static work *work_of(const bw_padding *padding, int step, int image)
{
    return &padding->works[(size_t)image * (size_t)padding->steps + (size_t)step];
}

/* What of a tensor that is read depends on the picture. */
static bw_region affected_of(const bw_padding *padding, const bw_reading *of, bw_region all,
                             const bw_region *inside)
{
    if (of->writer == BW_FROM_INPUT)
        return *inside;
    bool known =
        of->writer != BW_FROM_ELSEWHERE && of->alike && padding->parts[of->writer].possible;
    return known ? padding->affected[of->writer] : all;
}

/* The pixels of a step's output that depend on the picture. */
static bw_region find_affected(const bw_padding *padding, int index, const bw_region *inside)
{
    const bw_operation *operation = &padding->plan->steps[index].operation;
    const bw_reading *of = bw_readings_of(&padding->readings, index);
    const bw_reading *end = bw_readings_end(&padding->readings, index);
    bw_region sum = {0};
    for (; of < end; of++) {
        bw_region all = bw_region_all(of->second ? &operation->second : &operation->in);
        bw_region affected = affected_of(padding, of, all, inside);
        if (!of->second)
            affected = bw_region_affected(padding->kernels[index], operation, &affected);
        if (!bw_region_is_empty(&affected))
            sum = bw_region_is_empty(&sum) ? affected : bw_region_union(&sum, &affected);
    }
    return sum;
}

static bool can_compute(const bw_padding *padding, int index, const bw_region *region)
{
    const bw_kernel *kernel = padding->kernels[index];
    if (!bw_region_suits(kernel))
        return false;
    bw_operation cut = bw_region_operation(&padding->plan->steps[index].operation, region);
    return bw_kernel_accepts(kernel, &cut) &&
           (!kernel->scratch_bytes || kernel->scratch_bytes(&cut) <= padding->scratch_bytes);
}

/* What a step computes, whose operands' regions are known. */
static void frame_step(bw_padding *padding, int index, work *to, const bw_region *inside)
{
    const bw_operation *operation = &padding->plan->steps[index].operation;
    const bw_part *of = &padding->parts[index];
    const bw_region all = bw_region_all(&operation->out);
    bw_region affected = find_affected(padding, index, inside);
    if (is_near(padding)) {
        bw_region near = bw_region_near(inside, padding->computed, &operation->out, of->scale);
        affected = bw_region_intersection(&affected, &near);
    }
    padding->affected[index] = affected;
    bool empty = bw_region_is_empty(&affected);
    to->there = empty ? all : is_near(padding) ? affected : bw_region_tiled(operation, &affected);
    to->computed = can_compute(padding, index, &to->there) ? to->there : all;
    to->needed = of->read_whole ? bw_region_bordered(&operation->out) : to->there;
}

/* Has what a step reads written. */
static void need(bw_padding *padding, int index, int image, const bw_region *computed)
{
    const bw_operation *operation = &padding->plan->steps[index].operation;
    bw_region read = bw_region_read(padding->kernels[index], operation, computed);
    const bw_reading *of = bw_readings_of(&padding->readings, index);
    const bw_reading *end = bw_readings_end(&padding->readings, index);
    for (; of < end; of++) {
        if (of->writer < 0 || !padding->parts[of->writer].possible)
            continue;
        work *written = work_of(padding, of->writer, image);
        written->needed = bw_region_union(&written->needed, of->second ? computed : &read);
    }
}

void bw_padding_frame(bw_padding *padding, int image, const bw_region *inside)
{
    padding->framed[image] = true;
    padding->inside[image] = *inside;
    for (int index = 0; index < padding->steps; index++) {
        if (!padding->parts[index].possible)
            continue;
        work *to = work_of(padding, index, image);
        frame_step(padding, index, to, inside);
        need(padding, index, image, &to->computed);
    }
}

void bw_padding_forget(bw_padding *padding)
{
    memset(padding->framed, 0, (size_t)padding->plan->batch * sizeof *padding->framed);
}

/* ---- Padding alone -------------------------------------------------------------------------- */

/* A pixel of the input that is not in the picture. */
static const uint8_t *padding_pixel(const bw_padding *padding, const uint8_t *arena, int image)
{
    const bw_port *input = &padding->plan->input;
    const bw_region *inside = &padding->inside[image];
    const bw_layout *layout = &input->layout;
    const uint8_t *first =
        arena + input->offset + bw_layout_bytes(layout, (size_t)image * layout->image_stride);
    bool begins = inside->rows.first > 0 || inside->columns.first > 0;
    size_t end = (size_t)(layout->height - 1) * layout->row_stride +
                 (size_t)((layout->width - 1) * layout->lanes);
    return begins ? first : first + bw_layout_bytes(layout, end);
}

/* Whether the first image that is framed has another padding, which is noted; those that do not
 * have the same are framed no more. */
static bool is_new(bw_padding *padding, const uint8_t *arena, int images)
{
    const size_t bytes = bw_layout_pixel_bytes(&padding->plan->input.layout);
    bool any = false;
    for (int image = 0; image < images; image++) {
        if (!padding->framed[image])
            continue;
        const uint8_t *pixel = padding_pixel(padding, arena, image);
        bool same = memcmp(padding->pixel, pixel, bytes) == 0;
        if (!any && !same) {
            memcpy(padding->pixel, pixel, bytes);
            padding->known = false;
            same = true;
        }
        any = true;
        padding->framed[image] = same;
    }
    return any && !padding->known;
}

/* Makes the first image of the input padding alone. */
static void fill_input(const bw_padding *padding, uint8_t *arena)
{
    const bw_port *input = &padding->plan->input;
    const bw_layout *layout = &input->layout;
    const size_t pixel = bw_layout_pixel_bytes(layout),
                 row = bw_layout_bytes(layout, layout->row_stride);
    for (int y = 0; y < layout->height; y++)
        for (int x = 0; x < layout->width; x++)
            memcpy(arena + input->offset + (size_t)y * row + (size_t)x * pixel, padding->pixel,
                   pixel);
}

static void keep(bw_padding *padding, int step, const uint8_t *arena)
{
    bw_kept_store(padding->kept + padding->places[step], output_of(padding, step),
                  padding->parts[step].edge, arena + padding->plan->steps[step].out);
}

/* Whether it is too early to keep anything, after some more images; not where that would show. */
static bool is_early(bw_padding *padding, int images)
{
    if (is_near(padding))
        return false;
    for (int image = 0; image < images; image++)
        if (padding->framed[image] && padding->seen < BW_PADDING_PATIENCE)
            padding->seen++;
    return padding->seen < BW_PADDING_PATIENCE;
}

/* Later steps write where the input of the first image is: that is put aside. */
bw_status bw_padding_learn(bw_padding *padding, uint8_t *arena, int images, bw_padding_run *run,
                           void *context, bw_error *error)
{
    if (is_early(padding, images))
        bw_padding_forget(padding);
    if (!is_new(padding, arena, images))
        return BW_OK;
    const bw_port *input = &padding->plan->input;
    size_t bytes = bw_layout_bytes(&input->layout, input->layout.plane_stride);
    uint8_t *image =
        arena + input->offset - bw_layout_bytes(&input->layout, bw_layout_origin(&input->layout));
    uint8_t *aside = malloc(bytes);
    if (!aside)
        return fail(bytes, error);
    memcpy(aside, image, bytes);
    fill_input(padding, arena);
    for (int step = 0; step < padding->steps; step++) {
        const bool possible = padding->parts[step].possible;
        if (possible || is_near(padding))
            run(context, step);
        if (possible)
            keep(padding, step, arena);
    }
    memcpy(image, aside, bytes);
    free(aside);
    padding->known = true;
    return BW_OK;
}

/* ---- Running -------------------------------------------------------------------------------- */

static bool is_cut(const bw_padding *padding, int step, int image)
{
    if (!padding->framed[image] || step >= padding->steps || !padding->parts[step].possible)
        return false;
    bw_region all = bw_region_all(output_of(padding, step));
    return !bw_region_equals(&work_of(padding, step, image)->there, &all);
}

const bw_region *bw_padding_region(const bw_padding *padding, int step, int image)
{
    if (!is_cut(padding, step, image))
        return NULL;
    const bw_region *computed = &work_of(padding, step, image)->computed;
    bw_region all = bw_region_all(output_of(padding, step));
    return bw_region_equals(computed, &all) ? NULL : computed;
}

static uint8_t *output_at(const bw_padding *padding, int step, int image, uint8_t *arena)
{
    const bw_layout *out = output_of(padding, step);
    return arena + padding->plan->steps[step].out +
           bw_layout_bytes(out, (size_t)image * out->image_stride);
}

void bw_padding_restore(const bw_padding *padding, int step, int image, uint8_t *arena)
{
    if (!is_cut(padding, step, image))
        return;
    const work *done = work_of(padding, step, image);
    bw_kept_restore(padding->kept + padding->places[step], output_of(padding, step),
                    padding->parts[step].edge, &done->needed, &done->there,
                    output_at(padding, step, image, arena));
}
