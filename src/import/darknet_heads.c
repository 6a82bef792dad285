/**
 * Detection heads: [yolo] (YOLOv3, Redmon and Farhadi 2018, and later) and [region] (YOLO9000,
 * Redmon and Farhadi 2017).
 */
#include <string.h>

#include "import/darknet.h"

enum { MOST_ANCHORS = 64, MOST_CLASSES = 1 << 20 };

/* The anchors of a section, width and height by turns. */
typedef struct anchor_list {
    int count; /* of anchors */
    float sides[2 * MOST_ANCHORS];
} anchor_list;

static bw_status read_anchors(bw_cfg_reader *options, anchor_list *out)
{
    int numbers = bw_cfg_numbers(options, "anchors", out->sides, 2 * MOST_ANCHORS);
    out->count = bw_cfg_integer(options, "num", 1, 1, MOST_ANCHORS);
    if (numbers != 2 * out->count)
        return bw_cfg_fail(options, bw_cfg_line(options, "anchors"), BW_ERROR_FORMAT,
                           "[%s] has %d numbers as anchors, but num=%d needs %d",
                           options->section->name, numbers, out->count, 2 * out->count);
    for (int index = 0; index < numbers; index++) {
        if (!(out->sides[index] > 0.0f && out->sides[index] <= 65536.0f))
            return bw_cfg_fail(options, bw_cfg_line(options, "anchors"), BW_ERROR_FORMAT,
                               "anchor side %g is not between 0 and 65536",
                               (double)out->sides[index]);
    }
    return options->status;
}

/* Gives the head the anchors that `mask` chooses; all of them where there is no such key. */
static bw_status choose_anchors(bw_cfg_reader *options, bw_head *head)
{
    anchor_list anchors;
    int mask[BW_MAX_ANCHORS];
    bw_status status = read_anchors(options, &anchors);
    if (status != BW_OK)
        return status;
    bool masked = bw_cfg_has(options, "mask");
    head->anchors = masked ? bw_cfg_integers(options, "mask", mask, BW_MAX_ANCHORS) : anchors.count;
    if (head->anchors > BW_MAX_ANCHORS)
        return bw_cfg_fail(options, bw_cfg_line(options, "num"), BW_ERROR_UNSUPPORTED,
                           "%d anchors a head are not supported; at most %d are", head->anchors,
                           BW_MAX_ANCHORS);
    for (int index = 0; index < head->anchors; index++) {
        int anchor = masked ? mask[index] : index;
        if (anchor < 0 || anchor >= anchors.count)
            return bw_cfg_fail(options, bw_cfg_line(options, "mask"), BW_ERROR_FORMAT,
                               "mask names anchor %d, but there are only %d (from 0)", anchor,
                               anchors.count);
        memcpy(head->anchor[index], &anchors.sides[2 * anchor], sizeof head->anchor[index]);
    }
    return options->status;
}

static bw_nms read_nms(bw_cfg_reader *options)
{
    static const struct {
        const char *word;
        bw_nms nms;
    } kinds[] = {{"default", BW_NMS_AUTO}, {"greedynms", BW_NMS_GREEDY}, {"diounms", BW_NMS_DIOU}};
    const char *word = bw_cfg_word(options, "nms_kind", "default");
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
        if (strcmp(word, kinds[index].word) == 0)
            return kinds[index].nms;
    }
    bw_cfg_fail(options, bw_cfg_line(options, "nms_kind"), BW_ERROR_UNSUPPORTED,
                "nms_kind '%.40s' is not supported; supported are default, greedynms and diounms",
                word);
    return BW_NMS_AUTO;
}

static bw_status check_channels(bw_darknet *net, int tensor, const bw_head *head)
{
    bw_cfg_reader *options = &net->options;
    int channels = bw_darknet_shape(net, tensor).channels;
    int wanted = head->anchors * (5 + head->classes);
    if (channels == wanted)
        return BW_OK;
    char before[32] = "the input";
    if (net->count > 0)
        snprintf(before, sizeof before, "layer %d", net->count - 1);
    return bw_cfg_fail(options, options->section->line, BW_ERROR_FORMAT,
                       "%s gives %d channels, but [%s] needs %d × (5 + %d) = %d", before, channels,
                       options->section->name, head->anchors, head->classes, wanted);
}

static bw_status check_classes(bw_darknet *net, const bw_head *head)
{
    const bw_graph *graph = net->graph;
    if (graph->output_count == 0 || graph->outputs[0].head.classes == head->classes)
        return BW_OK;
    return bw_cfg_fail(&net->options, bw_cfg_line(&net->options, "classes"), BW_ERROR_UNSUPPORTED,
                       "this head has %d classes and the first one %d; all must have the same",
                       head->classes, graph->outputs[0].head.classes);
}

/* Reads what both kinds have and adds the output. */
static bw_status add_head(bw_darknet *net, int tensor, bw_head *head)
{
    bw_cfg_reader *options = &net->options;
    head->classes = bw_cfg_integer(options, "classes", 20, 1, MOST_CLASSES);
    bw_status status = choose_anchors(options, head);
    if (status == BW_OK)
        status = check_channels(net, tensor, head);
    if (status == BW_OK)
        status = check_classes(net, head);
    return status == BW_OK ? bw_graph_add_output(net->graph, tensor, head, net->error) : status;
}

bw_status bw_darknet_yolo(bw_darknet *net, int *tensor)
{
    bw_cfg_reader *options = &net->options;
    bw_head head = {.kind = BW_HEAD_YOLO};
    bool scaled = bw_cfg_integer(options, "new_coords", 0, 0, 1);
    head.form = scaled ? BW_HEAD_SCALED : BW_HEAD_RAW;
    head.scale_xy = bw_cfg_number(options, "scale_x_y", 1.0f, 0.5f, 16.0f);
    head.nms = read_nms(options);
    return add_head(net, *tensor, &head);
}

bw_status bw_darknet_region(bw_darknet *net, int *tensor)
{
    bw_cfg_reader *options = &net->options;
    bw_head head = {.kind = BW_HEAD_REGION, .form = BW_HEAD_RAW, .scale_xy = 1.0f};
    if (bw_cfg_integer(options, "softmax", 0, 0, 1) == 0)
        bw_cfg_fail(options, bw_cfg_line(options, "softmax"), BW_ERROR_UNSUPPORTED,
                    "[region] without softmax=1 is not supported");
    bw_cfg_refuse(options, "coords", 4.0f);
    bw_cfg_refuse(options, "background", 0.0f);
    if (bw_cfg_has(options, "tree"))
        bw_cfg_fail(options, bw_cfg_line(options, "tree"), BW_ERROR_UNSUPPORTED,
                    "a tree of classes (YOLO9000) is not supported");
    return add_head(net, *tensor, &head);
}
