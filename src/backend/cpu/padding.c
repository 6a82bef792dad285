#include "backend/cpu/padding.h"

#include <stdlib.h>
#include <string.h>

#include "backend/cpu/kept.h"
#include "base/memory.h"

enum { PIXEL_BYTES = 64 /* the most of the input's */ };

/* What a step does for an image. */
typedef struct work {
    bw_region computed, needed;
} work;

struct bw_padding {
    const bw_plan *plan;
    const bw_kernel *const *kernels;
    size_t scratch_bytes;
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

static size_t pixel_bytes(const bw_layout *layout)
{
    return bw_layout_bytes(layout, (size_t)layout->lanes);
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
    bw_parts_find(padding->parts, padding->plan, padding->kernels);
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

static bool input_suits(const bw_layout *input)
{
    return input->format.type == BW_U8 && bw_layout_planes(input) == 1 &&
           pixel_bytes(input) <= PIXEL_BYTES;
}

bw_status bw_padding_open(bw_padding **out, const bw_plan *plan, const bw_kernel *const *kernels,
                          size_t scratch_bytes, bw_error *error)
{
    *out = NULL;
    if (!input_suits(&plan->input.layout) || plan->step_count == 0)
        return BW_OK;
    bw_padding *padding = calloc(1, sizeof *padding);
    if (!padding)
        return fail(sizeof *padding, error);
    *padding = (bw_padding){.plan = plan, .kernels = kernels, .scratch_bytes = scratch_bytes};
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

static const bw_region *affected_of(const bw_padding *padding, int source, const bw_region *inside)
{
    return source == BW_FROM_INPUT ? inside : &padding->affected[source];
}

static bool can_compute(const bw_padding *padding, int index, const bw_region *region)
{
    const bw_kernel *kernel = padding->kernels[index];
    bw_operation cut = bw_region_operation(&padding->plan->steps[index].operation, region);
    return bw_kernel_accepts(kernel, &cut) &&
           (!kernel->scratch_bytes || kernel->scratch_bytes(&cut) <= padding->scratch_bytes);
}

/* What a step computes, whose operands' regions are known. */
static void frame_step(bw_padding *padding, int index, work *to, const bw_region *inside)
{
    const bw_operation *operation = &padding->plan->steps[index].operation;
    const bw_part *of = &padding->parts[index];
    bw_region *affected = &padding->affected[index];
    *affected = bw_region_affected(padding->kernels[index], operation,
                                   affected_of(padding, of->in, inside));
    if (operation->has_second)
        *affected = bw_region_union(affected, affected_of(padding, of->second, inside));
    to->computed = bw_region_tiled(operation, affected);
    if (!can_compute(padding, index, &to->computed))
        to->computed = bw_region_all(&operation->out);
    to->needed = of->read_whole ? bw_region_bordered(&operation->out) : to->computed;
}

static void need(const bw_padding *padding, int source, int image, const bw_region *read)
{
    if (source == BW_FROM_INPUT)
        return;
    work *of = work_of(padding, source, image);
    of->needed = bw_region_union(&of->needed, read);
}

void bw_padding_frame(bw_padding *padding, int image, const bw_region *inside)
{
    padding->framed[image] = true;
    padding->inside[image] = *inside;
    for (int index = 0; index < padding->steps; index++) {
        const bw_part *of = &padding->parts[index];
        const bw_operation *operation = &padding->plan->steps[index].operation;
        if (!of->possible)
            continue;
        work *to = work_of(padding, index, image);
        frame_step(padding, index, to, inside);
        bw_region read = bw_region_read(operation, &to->computed);
        need(padding, of->in, image, &read);
        if (operation->has_second)
            need(padding, of->second, image, &to->computed);
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
    const size_t bytes = pixel_bytes(&padding->plan->input.layout);
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
    const size_t pixel = pixel_bytes(layout), row = bw_layout_bytes(layout, layout->row_stride);
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

/* Whether it is too early to keep anything, after some more images. */
static bool is_early(bw_padding *padding, int images)
{
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
        if (!padding->parts[step].possible)
            continue;
        run(context, step);
        keep(padding, step, arena);
    }
    memcpy(image, aside, bytes);
    free(aside);
    padding->known = true;
    return BW_OK;
}

/* ---- Running -------------------------------------------------------------------------------- */

const bw_region *bw_padding_region(const bw_padding *padding, int step, int image)
{
    if (!padding->framed[image] || step >= padding->steps || !padding->parts[step].possible)
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
    const work *done = work_of(padding, step, image);
    bw_kept_restore(padding->kept + padding->places[step], output_of(padding, step),
                    padding->parts[step].edge, &done->needed, &done->computed,
                    output_at(padding, step, image, arena));
}
