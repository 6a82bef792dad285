/**
 * Guesses for files that leave decoding to the program: the parts of the results and what the side
 * file says have to tell.
 */
#include <stdio.h>
#include <string.h>

#include "import/onnx/heads.h"

/* A guess in the making. */
typedef struct raw {
    bw_onnx_guess *out;
    const bw_onnx_lowering *lowering;
    const bw_onnx_tail *tail;
    const bw_onnx_maps *maps;
    const bw_side *side;
    const bw_onnx_part *parts; /* of the finest scale */
    int part_count, classes;   /* 0: not known */
} raw;

int bw_onnx_known_classes(const bw_onnx_lowering *lowering)
{
    const bw_side *side = lowering->side;
    size_t names = side->name_count ? side->name_count : lowering->name_count;
    return side->classes ? side->classes : (int)names;
}

static bw_status refuse(const raw *r, const char *what, const char *lines)
{
    return bw_fail(r->lowering->error, BW_ERROR_UNSUPPORTED,
                   "%s: write %s into %s, see docs/models.md", what, lines, r->side->path);
}

/* The range of all of part `part` becomes that of place `place`, in each scale. */
static void take_part(const raw *r, int place, int part)
{
    for (int index = 0; index < r->maps->scale_count; index++)
        r->out->ranges[index][place] =
            (bw_onnx_range){part, 0, r->maps->scales[index].parts[part].channels};
    r->out->range_count = place + 1;
}

static void take_channels(const raw *r, int place, int first, int channels)
{
    for (int index = 0; index < r->maps->scale_count; index++)
        r->out->ranges[index][place] = (bw_onnx_range){0, first, channels};
    r->out->range_count = place + 1;
}

static void set_heads(const raw *r, const bw_head *head)
{
    for (int index = 0; index < r->maps->scale_count; index++)
        r->out->heads[index] = *head;
}

/* ---- families ------------------------------------------------------------------------------- */

/* Which of two parts holds the boxes, when they have `bins` numbers a side (0: any); −1: neither.
 */
static int find_boxes(const raw *r, int bins)
{
    int found = -1, count = 0;
    for (int box = 0; box < 2; box++) {
        int channels = r->parts[box].channels, classes = r->parts[1 - box].channels;
        bool fits = channels % 4 == 0 && channels / 4 <= BW_MAX_BINS && !r->parts[box].logistic &&
                    (bins == 0 ? channels > 4 : channels == 4 * bins) &&
                    (r->classes == 0 || r->classes == classes);
        found = fits ? box : found;
        count += fits;
    }
    if (count == 2 && r->parts[0].channels != r->parts[1].channels && bins == 0)
        return find_boxes(r, 16);
    return count == 1 ? found : -1;
}

/* NanoDet's larger form has a fourth scale, and boxes start at the corners of cells. */
static void set_distances(const raw *r, int bins, int classes)
{
    bw_head head = r->out->family->head;
    head.bins = bins;
    head.classes = classes;
    if (strcmp(r->out->family->word, "nanodet") == 0 && r->maps->scale_count == 4)
        head.origin = 0.0f;
    set_heads(r, &head);
}

static bw_status guess_distances(const raw *r)
{
    const bw_head *head = &r->out->family->head;
    int bins = r->side->bins ? r->side->bins : head->bins;
    if (r->part_count == 1) {
        int channels = r->parts[0].channels, boxes = 4 * bins, classes = channels - boxes;
        if (classes < 1 || (r->classes && r->classes != classes))
            return refuse(r, "its maps do not have 4 × bins + classes channels",
                          "'bins = N' and 'classes = N'");
        bool last = strcmp(r->out->family->word, "nanodet") == 0;
        take_channels(r, 0, last ? classes : 0, last ? boxes : channels);
        if (last)
            take_channels(r, 1, 0, classes);
        set_distances(r, bins, classes);
        return BW_OK;
    }
    int box = r->part_count == 2 ? find_boxes(r, r->side->bins) : -1;
    if (box < 0)
        return refuse(r, "which of its maps are boxes and which are classes cannot be told",
                      "'bins = N' and 'classes = N'");
    take_part(r, 0, box);
    take_part(r, 1, 1 - box);
    set_distances(r, r->parts[box].channels / 4, r->parts[1 - box].channels);
    return BW_OK;
}

/* YOLO's anchors, as many for each scale, from the finest on. */
static bw_status guess_anchors(const raw *r)
{
    const bw_side *side = r->side;
    bw_head head = r->out->family->head;
    size_t scales = (size_t)r->maps->scale_count, count = side->anchor_count / scales;
    char lines[120];
    snprintf(lines, sizeof lines,
             "'head = %s' and 'anchors = width, height, …' (for each of %zu "
             "scales as many, the finest first)",
             r->out->family->word, scales);
    if (side->anchor_count == 0)
        return refuse(r, "its results are not decoded and the file does not tell the anchors",
                      lines);
    if (side->anchor_count % scales || count > BW_MAX_ANCHORS || r->part_count != 1 ||
        r->parts[0].channels % (int)count || r->parts[0].channels / (int)count < 6)
        return refuse(r, "the anchors of the side file do not fit the network's results", lines);
    head.anchors = (int)count;
    head.classes = r->parts[0].channels / (int)count - 5;
    take_part(r, 0, 0);
    for (size_t index = 0; index < scales; index++) {
        memcpy(head.anchor, side->anchors + 2 * index * count, 2 * count * sizeof(float));
        r->out->heads[index] = head;
    }
    return BW_OK;
}

/* The parts of a box, an objectness and classes. */
typedef struct triple {
    int box, objectness, classes;
} triple;

/* Boxes are never logistic, an objectness always is, and it stands before the classes. */
static bool find_triple(const raw *r, triple *out)
{
    const bw_onnx_part *parts = r->parts;
    *out = (triple){-1, -1, -1};
    for (int part = 0; part < r->part_count && r->part_count == 3; part++) {
        if (parts[part].channels == 1 && parts[part].logistic && out->objectness < 0)
            out->objectness = part;
        else if (parts[part].tensor == r->tail->softmaxed || parts[part].logistic)
            out->classes = part;
        else if (parts[part].channels == 4)
            out->box = part;
    }
    return out->box >= 0 && out->objectness >= 0 && out->classes >= 0;
}

/* Boxes, an objectness and classes: in one part, or in three. */
static bw_status guess_single(const raw *r)
{
    triple parts;
    bool apart = find_triple(r, &parts), last = r->out->family->head.kind == BW_HEAD_FASTEST;
    bw_head head = r->out->family->head;
    head.classes = r->maps->scales[0].channels - 5;
    if ((!apart && r->part_count != 1) || head.classes < 1)
        return refuse(r,
                      "its results are not the 5 + classes numbers of a cell that such heads have",
                      "another head");
    take_part(r, 0, !apart ? 0 : last ? parts.objectness : parts.box);
    if (apart) {
        take_part(r, 1, last ? parts.box : parts.objectness);
        take_part(r, 2, parts.classes);
    }
    set_heads(r, &head);
    return BW_OK;
}

static bw_status guess_offsets(const raw *r)
{
    bw_head head = r->out->family->head;
    const float *anchors = r->side->anchors;
    size_t left = r->side->anchor_count;
    int box = r->part_count == 2 && r->parts[1].channels < r->parts[0].channels;
    if (r->side->has_background)
        head.background = r->side->background;
    if (r->side->scores != BW_SCORES_UNSAID)
        head.softmax = r->side->scores == BW_SCORES_SOFTMAX;
    if (r->side->variance_count)
        memcpy(head.variance, r->side->variance, sizeof head.variance);
    for (int index = 0; index < r->maps->scale_count; index++) {
        const bw_onnx_part *parts = r->maps->scales[index].parts;
        int count = parts[box].channels / 4, scores = count ? parts[1 - box].channels / count : 0;
        head.anchors = count;
        head.classes = scores - (head.background != BW_BACKGROUND_NONE);
        if (r->part_count != 2 || count < 1 || count > BW_MAX_ANCHORS || parts[box].channels % 4 ||
            head.classes < 1 || parts[1 - box].channels != count * scores || (size_t)count > left)
            return refuse(r, "its anchors cannot be told, or do not fit its results",
                          "'anchors = width, height, …' (those of the finest scale first)");
        memcpy(head.anchor, anchors, 2 * (size_t)count * sizeof *anchors);
        anchors += 2 * count;
        left -= (size_t)count;
        r->out->heads[index] = head;
    }
    take_part(r, 0, box);
    take_part(r, 1, 1 - box);
    return BW_OK;
}

static bw_status guess_family(const raw *r)
{
    switch (r->out->family->head.kind) {
    case BW_HEAD_DISTANCES: return guess_distances(r);
    case BW_HEAD_OFFSETS: return guess_offsets(r);
    case BW_HEAD_YOLOX:
    case BW_HEAD_FASTEST: return guess_single(r);
    default: return guess_anchors(r);
    }
}

/* ---- which family --------------------------------------------------------------------------- */

/* The word of the family that the parts alone make certain, or NULL. */
static const char *family_of_parts(const raw *r)
{
    const bw_onnx_part *parts = r->parts;
    int channels = parts[0].channels;
    triple apart;
    if (find_triple(r, &apart))
        return parts[apart.classes].tensor != r->tail->softmaxed ? "yolox"
               : r->maps->scale_count == 1                       ? "fastestdet"
                                                                 : NULL;
    if (r->part_count == 2 && find_boxes(r, 0) >= 0)
        return parts[find_boxes(r, 0)].channels == 32 ? "nanodet" : "yolov8";
    if (r->part_count == 1 && r->classes && channels == 64 + r->classes)
        return "yolov8";
    if (r->part_count == 1 && r->classes && channels == 32 + r->classes)
        return "nanodet";
    if (r->part_count == 1 && r->classes && channels % (5 + r->classes) == 0 &&
        r->maps->scale_count > 1 && channels > 5 + r->classes)
        return "yolov5";
    return NULL;
}

bw_status bw_onnx_guess_raw(bw_onnx_guess *out, const bw_onnx_lowering *lowering,
                            const bw_onnx_tail *tail)
{
    const bw_onnx_maps *maps = tail->maps;
    raw r = {.out = out,
             .lowering = lowering,
             .tail = tail,
             .maps = maps,
             .side = lowering->side,
             .parts = maps->scales[0].parts,
             .part_count = maps->scales[0].part_count,
             .classes = bw_onnx_known_classes(lowering)};
    char words[200], what[260];
    for (int index = 0; index < maps->scale_count; index++) {
        if (maps->scales[index].part_count != r.part_count || maps->spare_count)
            return refuse(&r, "its results differ in form from scale to scale", "a head");
    }
    bw_status status = bw_onnx_side_family(lowering, &out->family);
    if (status != BW_OK)
        return status;
    const char *word = out->family ? NULL : family_of_parts(&r);
    if (word)
        out->family = bw_onnx_find_family(word);
    if (out->family)
        return guess_family(&r);
    bw_onnx_list_families(words, sizeof words);
    snprintf(what, sizeof what, "its results may be those of several heads");
    snprintf(what + strlen(what), sizeof what - strlen(what), " (%s)", words);
    return refuse(&r, what, "'head = WORD', and 'classes = N'");
}
