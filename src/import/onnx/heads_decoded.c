/**
 * Guesses for files that decode their boxes, each tried on random numbers.
 */
#include <string.h>

#include "import/onnx/heads.h"

enum { MOST_COUNTS = 16, LARGEST_CLASSES = 1 << 16 };

/* What is tried. */
typedef struct attempt {
    bw_onnx_trial *trial;
    const bw_onnx_maps *maps;
    const bw_onnx_family *wanted; /* that the side file names; NULL: any */
    bw_onnx_guess *guess;
    bw_status status;
    bool right;
} attempt;

static bool done(const attempt *a)
{
    return a->right || a->status != BW_OK;
}

static bool is_wanted(const attempt *a, const char *word)
{
    const bw_onnx_family *family = bw_onnx_find_family(word);
    bool same =
        !a->wanted || a->wanted == family ||
        (a->wanted->head.kind == BW_HEAD_DISTANCES && family->head.kind == BW_HEAD_DISTANCES);
    if (!same || done(a))
        return false;
    a->guess->family = a->wanted ? a->wanted : family;
    return true;
}

/* All scales have the family's head, of so many classes and anchors. */
static void set_heads(const attempt *a, const bw_head *head, int classes, int anchors)
{
    for (int index = 0; index < a->maps->scale_count; index++) {
        a->guess->heads[index] = *head;
        a->guess->heads[index].classes = classes;
        a->guess->heads[index].anchors = anchors;
    }
}

static void set_range(const attempt *a, int scale, int place, bw_onnx_range range)
{
    a->guess->ranges[scale][place] = range;
    a->guess->range_count = place + 1;
}

/* Whether all scales have as many parts, and the parts at `place` as many channels. */
static bool are_alike(const bw_onnx_maps *maps)
{
    for (int index = 1; index < maps->scale_count; index++) {
        if (maps->scales[index].part_count != maps->scales[0].part_count)
            return false;
        for (int part = 0; part < maps->scales[0].part_count; part++) {
            if (maps->scales[index].parts[part].channels != maps->scales[0].parts[part].channels)
                return false;
        }
    }
    return true;
}

/* Whether a tensor of the tail has so many rows and columns. */
static bool has_table(const attempt *a, size_t rows, size_t columns)
{
    const bw_onnx_graph *graph = &a->trial->tail->file.graph;
    for (size_t node = 0; node < graph->node_count; node++) {
        for (size_t output = 0; output < graph->nodes[node].output_count; output++) {
            bw_onnx_table table;
            if (bw_onnx_find_table(&table, a->trial->evaluation, graph->nodes[node].outputs[output],
                                   rows) &&
                table.columns == columns)
                return true;
        }
    }
    return false;
}

static size_t all_cells(const bw_onnx_maps *maps)
{
    size_t cells = 0;
    for (int index = 0; index < maps->scale_count; index++)
        cells += bw_onnx_cells(&maps->scales[index]);
    return cells;
}

/* ---- anchors and an objectness -------------------------------------------------------------- */

static void try_anchors(attempt *a, const char *word, int classes, int anchors)
{
    if (!is_wanted(a, word))
        return;
    set_heads(a, &bw_onnx_find_family(word)->head, classes, anchors);
    a->status = bw_onnx_try_anchors(a->trial, a->guess, &a->right);
}

static void try_yolo(attempt *a)
{
    int channels = a->maps->scales[0].channels;
    size_t cells = all_cells(a->maps);
    for (int index = 0; index < a->maps->scale_count; index++)
        set_range(a, index, 0, (bw_onnx_range){0, 0, channels});
    for (int anchors = 1; anchors <= BW_MAX_ANCHORS && !done(a); anchors++) {
        int numbers = channels / anchors;
        if (channels % anchors || numbers < 6 ||
            !has_table(a, cells * (size_t)anchors, (size_t)numbers))
            continue;
        try_anchors(a, "yolov5", numbers - 5, anchors);
        try_anchors(a, "yolov3", numbers - 5, anchors);
    }
}

static void try_yolox(attempt *a)
{
    const bw_onnx_part *parts = a->maps->scales[0].parts;
    bool single = a->maps->scales[0].part_count == 1;
    if (!single &&
        (a->maps->scales[0].part_count != 3 || parts[0].channels + parts[1].channels != 5))
        return;
    for (int index = 0; index < a->maps->scale_count; index++) {
        for (int place = 0; place < (single ? 1 : 3); place++)
            set_range(a, index, place, (bw_onnx_range){place, 0, parts[place].channels});
    }
    int classes = a->maps->scales[0].channels - 5;
    if (classes < 1 || !is_wanted(a, "yolox"))
        return;
    set_heads(a, &bw_onnx_find_family("yolox")->head, classes, 1);
    a->status = bw_onnx_try(a->trial, a->guess, &a->right);
}

/* ---- distances ------------------------------------------------------------------------------ */

/* Strides are the input's size by the cells, or where that is odd the next power of two. */
static void set_strides(const attempt *a)
{
    int width = bw_onnx_shape(a->trial->tail->lowering, 0).width;
    for (int index = 0; index < a->maps->scale_count; index++) {
        float stride = 1.0f;
        while (stride * (float)a->maps->scales[index].width < (float)width)
            stride *= 2.0f;
        a->guess->heads[index].stride = stride;
    }
}

static void try_distances(attempt *a, int bins, int classes)
{
    static const float origins[] = {0.5f, 0.0f};
    if (bins < 1 || bins > BW_MAX_BINS || classes < 1 ||
        !is_wanted(a, bins == 1 ? "yolov6" : "yolov8"))
        return;
    bw_head head = a->guess->family->head;
    head.bins = bins;
    for (size_t index = 0; index < 4 && !done(a); index++) {
        head.origin = origins[index / 2];
        set_heads(a, &head, classes, 1);
        if (index % 2)
            set_strides(a);
        a->status = bw_onnx_try(a->trial, a->guess, &a->right);
    }
}

/* Boxes and classes in one part, either first. */
static void try_joined_distances(attempt *a, int classes)
{
    int channels = a->maps->scales[0].channels, boxes = channels - classes;
    for (int first = 0; first < 2 && boxes > 0 && boxes % 4 == 0 && !done(a); first++) {
        for (int index = 0; index < a->maps->scale_count; index++) {
            if (first == 0) {
                set_range(a, index, 0, (bw_onnx_range){0, 0, channels});
                continue;
            }
            set_range(a, index, 0, (bw_onnx_range){0, classes, boxes});
            set_range(a, index, 1, (bw_onnx_range){0, 0, classes});
        }
        try_distances(a, boxes / 4, classes);
    }
}

/* Boxes in one part, classes in another; masks' and key points' numbers may be in others. */
static void try_split_distances(attempt *a)
{
    const bw_onnx_part *parts = a->maps->scales[0].parts;
    int count = a->maps->scales[0].part_count;
    size_t cells = all_cells(a->maps);
    for (int pair = 0; pair < count * count && !done(a); pair++) {
        int box = pair / count, scores = pair % count;
        size_t classes = (size_t)parts[scores].channels;
        bool listed = has_table(a, cells, classes) || has_table(a, cells, classes + 4) ||
                      has_table(a, cells, classes + 5);
        if (box == scores || parts[box].channels % 4 || parts[box].logistic || !listed)
            continue;
        for (int index = 0; index < a->maps->scale_count; index++) {
            set_range(a, index, 0, (bw_onnx_range){box, 0, parts[box].channels});
            set_range(a, index, 1, (bw_onnx_range){scores, 0, parts[scores].channels});
        }
        try_distances(a, parts[box].channels / 4, parts[scores].channels);
    }
}

/* ---- offsets -------------------------------------------------------------------------------- */

/* Ranges and anchors for boxes in part `box`, with `numbers` scores an anchor. */
static bool set_offsets(const attempt *a, const bw_head *head, int box, int numbers)
{
    for (int index = 0; index < a->maps->scale_count; index++) {
        const bw_onnx_part *parts = a->maps->scales[index].parts;
        int anchors = parts[box].channels / 4;
        if (parts[box].channels % 4 || anchors < 1 || anchors > BW_MAX_ANCHORS ||
            parts[1 - box].channels != anchors * numbers)
            return false;
        a->guess->heads[index] = *head;
        a->guess->heads[index].anchors = anchors;
        set_range(a, index, 0, (bw_onnx_range){box, 0, 4 * anchors});
        set_range(a, index, 1, (bw_onnx_range){1 - box, 0, anchors * numbers});
    }
    return true;
}

static void try_variances(attempt *a, bw_head head, int box, int numbers)
{
    static const float variances[][2] = {{0.1f, 0.2f}, {1.0f, 1.0f}, {0.1f, 0.1f}};
    head.classes = numbers - (head.background != BW_BACKGROUND_NONE);
    for (size_t index = 0; index < 3 && head.classes > 0 && !done(a); index++) {
        memcpy(head.variance, variances[index], sizeof head.variance);
        if (set_offsets(a, &head, box, numbers))
            a->status = bw_onnx_try_anchors(a->trial, a->guess, &a->right);
    }
}

static void try_offsets(attempt *a)
{
    static const struct {
        const char *word;
        bool softmax;
        bw_background background;
    } forms[] = {{"ssd", true, BW_BACKGROUND_FIRST},
                 {"ssd", true, BW_BACKGROUND_LAST},
                 {"retinanet", false, BW_BACKGROUND_NONE},
                 {"ssd", false, BW_BACKGROUND_FIRST}};
    for (int box = 0; box < 2; box++) {
        const bw_onnx_part *parts = a->maps->scales[0].parts;
        int anchors = parts[box].channels / 4;
        if (parts[box].channels % 4 || anchors < 1 || parts[1 - box].channels % anchors)
            continue;
        for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
            if (!is_wanted(a, forms[form].word))
                continue;
            bw_head head = a->guess->family->head;
            head.softmax = forms[form].softmax;
            head.background = forms[form].background;
            try_variances(a, head, box, parts[1 - box].channels / anchors);
        }
    }
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void try_one_part(attempt *a)
{
    size_t cells = all_cells(a->maps);
    int channels = a->maps->scales[0].channels;
    try_yolox(a);
    try_yolo(a);
    for (int bins = 1; bins <= BW_MAX_BINS && !done(a); bins++) {
        int classes = channels - 4 * bins;
        if (classes > 0 &&
            (has_table(a, cells, (size_t)classes + 4) || has_table(a, cells, (size_t)classes + 5)))
            try_joined_distances(a, classes);
    }
}

bool bw_onnx_try_all(bw_onnx_trial *trial, bw_onnx_guess *guess, const bw_onnx_family *family,
                     bw_status *status)
{
    attempt a = {.trial = trial, .maps = trial->tail->maps, .wanted = family, .guess = guess};
    int parts = a.maps->scales[0].part_count;
    bool alike = are_alike(a.maps), same = true;
    for (int index = 1; index < a.maps->scale_count; index++)
        same &= a.maps->scales[index].part_count == parts;
    if (alike && parts == 1)
        try_one_part(&a);
    if (alike && parts == 3)
        try_yolox(&a);
    if (alike && parts > 1)
        try_split_distances(&a);
    if (same && parts == 2)
        try_offsets(&a);
    if (a.right && !family && guess->heads[0].kind == BW_HEAD_DISTANCES && trial->tail->selects &&
        !trial->tail->suppresses)
        guess->family = bw_onnx_find_family("yolov10");
    *status = a.status;
    return done(&a);
}
