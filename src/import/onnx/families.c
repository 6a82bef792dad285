/**
 * The families of detectors that are known by name.
 */
#include <stdio.h>
#include <string.h>

#include "import/onnx/heads.h"

#define RGB_TO_1                                                                                   \
    {                                                                                              \
        .scale = 1.0f, .deviation = { 1.0f, 1.0f, 1.0f }                                           \
    }

#define DISTANCES(count, place)                                                                    \
    {                                                                                              \
        .kind = BW_HEAD_DISTANCES, .anchors = 1, .scale_xy = 1.0f, .bins = (count),                \
        .origin = (place)                                                                          \
    }

static const bw_onnx_family families[] = {
    {"yolov3",
     "YOLOv3",
     {.kind = BW_HEAD_YOLO, .scale_xy = 1.0f},
     RGB_TO_1,
     BW_RESIZE_LETTERBOX,
     114.0f},
    {"yolov5",
     "YOLOv5 or YOLOv7",
     {.kind = BW_HEAD_YOLO, .form = BW_HEAD_SCALED_LOGITS, .scale_xy = 2.0f},
     RGB_TO_1,
     BW_RESIZE_LETTERBOX,
     114.0f},
    {"yolov6", "YOLOv6", DISTANCES(1, 0.5f), RGB_TO_1, BW_RESIZE_LETTERBOX, 114.0f},
    {"yolov8", "YOLOv8 or newer (boxes as distributions)", DISTANCES(16, 0.5f), RGB_TO_1,
     BW_RESIZE_LETTERBOX, 114.0f},
    {"yolov10",
     "YOLOv10",
     {.kind = BW_HEAD_DISTANCES,
      .anchors = 1,
      .scale_xy = 1.0f,
      .bins = 16,
      .origin = 0.5f,
      .nms = BW_NMS_NONE},
     RGB_TO_1,
     BW_RESIZE_LETTERBOX,
     114.0f},
    {"yolox",
     "YOLOX",
     {.kind = BW_HEAD_YOLOX, .anchors = 1, .anchor = {{1.0f, 1.0f}}, .scale_xy = 1.0f},
     {.swapped = true, .scale = 255.0f, .deviation = {1.0f, 1.0f, 1.0f}},
     BW_RESIZE_CORNER,
     114.0f},
    {"nanodet",
     "NanoDet",
     DISTANCES(8, 0.5f),
     {.swapped = true,
      .scale = 255.0f,
      .mean = {103.53f, 116.28f, 123.675f},
      .deviation = {57.375f, 57.12f, 58.395f}},
     BW_RESIZE_STRETCH,
     0.0f},
    {"fastestdet",
     "FastestDet",
     {.kind = BW_HEAD_FASTEST, .anchors = 1, .scale_xy = 1.0f},
     {.swapped = true, .scale = 1.0f, .deviation = {1.0f, 1.0f, 1.0f}},
     BW_RESIZE_STRETCH,
     0.0f},
    {"ssd",
     "SSD",
     {.kind = BW_HEAD_OFFSETS,
      .scale_xy = 1.0f,
      .origin = 0.5f,
      .variance = {0.1f, 0.2f},
      .softmax = true,
      .background = BW_BACKGROUND_FIRST},
     RGB_TO_1,
     BW_RESIZE_STRETCH,
     0.0f},
    {"retinanet",
     "RetinaNet",
     {.kind = BW_HEAD_OFFSETS, .scale_xy = 1.0f, .variance = {1.0f, 1.0f}},
     {.scale = 1.0f, .mean = {0.485f, 0.456f, 0.406f}, .deviation = {0.229f, 0.224f, 0.225f}},
     BW_RESIZE_STRETCH,
     0.0f},
    {"rtdetr",
     "RT-DETR",
     {.kind = BW_HEAD_QUERIES, .anchors = 1, .scale_xy = 1.0f, .nms = BW_NMS_NONE},
     RGB_TO_1,
     BW_RESIZE_STRETCH,
     0.0f},
    {"detr",
     "DETR",
     {.kind = BW_HEAD_QUERIES,
      .anchors = 1,
      .scale_xy = 1.0f,
      .nms = BW_NMS_NONE,
      .softmax = true,
      .background = BW_BACKGROUND_LAST},
     {.scale = 1.0f, .mean = {0.485f, 0.456f, 0.406f}, .deviation = {0.229f, 0.224f, 0.225f}},
     BW_RESIZE_STRETCH,
     0.0f},
    {"rows",
     "finished boxes",
     {.kind = BW_HEAD_ROWS, .anchors = 1, .scale_xy = 1.0f, .nms = BW_NMS_NONE},
     RGB_TO_1,
     BW_RESIZE_LETTERBOX,
     114.0f},
};

/* Other words for the same. */
static const char *const aliases[][2] = {
    {"yolov7", "yolov5"}, {"yolov9", "yolov8"}, {"yolov11", "yolov8"},
    {"yolo11", "yolov8"}, {"yolov4", "yolov3"}, {"gfl", "nanodet"},
};

const bw_onnx_family *bw_onnx_find_family(const char *word)
{
    for (size_t index = 0; index < sizeof aliases / sizeof *aliases; index++)
        word = strcmp(aliases[index][0], word) == 0 ? aliases[index][1] : word;
    for (size_t index = 0; index < sizeof families / sizeof *families; index++) {
        if (strcmp(families[index].word, word) == 0)
            return &families[index];
    }
    return NULL;
}

void bw_onnx_list_families(char *text, size_t size)
{
    size_t length = 0;
    *text = '\0';
    for (size_t index = 0; index < sizeof families / sizeof *families && length < size; index++) {
        int written =
            snprintf(text + length, size - length, "%s%s", index ? ", " : "", families[index].word);
        length += written > 0 ? (size_t)written : 0;
    }
}

bw_status bw_onnx_side_family(const bw_onnx_lowering *lowering, const bw_onnx_family **family)
{
    const bw_side *side = lowering->side;
    char words[200];
    *family = side->head ? bw_onnx_find_family(side->head) : NULL;
    if (!side->head || *family)
        return BW_OK;
    bw_onnx_list_families(words, sizeof words);
    return bw_fail(lowering->error, BW_ERROR_FORMAT,
                   "%s:%d: there is no head '%.40s'; there are %s", side->path, side->head_line,
                   side->head, words);
}
