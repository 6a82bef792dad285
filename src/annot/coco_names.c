#include "annot/coco_names.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static const char *const NAMES[BW_COCO_CLASSES] = {
    "person",        "bicycle",      "car",
    "motorcycle",    "airplane",     "bus",
    "train",         "truck",        "boat",
    "traffic light", "fire hydrant", "stop sign",
    "parking meter", "bench",        "bird",
    "cat",           "dog",          "horse",
    "sheep",         "cow",          "elephant",
    "bear",          "zebra",        "giraffe",
    "backpack",      "umbrella",     "handbag",
    "tie",           "suitcase",     "frisbee",
    "skis",          "snowboard",    "sports ball",
    "kite",          "baseball bat", "baseball glove",
    "skateboard",    "surfboard",    "tennis racket",
    "bottle",        "wine glass",   "cup",
    "fork",          "knife",        "spoon",
    "bowl",          "banana",       "apple",
    "sandwich",      "orange",       "broccoli",
    "carrot",        "hot dog",      "pizza",
    "donut",         "cake",         "chair",
    "couch",         "potted plant", "bed",
    "dining table",  "toilet",       "tv",
    "laptop",        "mouse",        "remote",
    "keyboard",      "cell phone",   "microwave",
    "oven",          "toaster",      "sink",
    "refrigerator",  "book",         "clock",
    "vase",          "scissors",     "teddy bear",
    "hair drier",    "toothbrush",
};

/* Ten of the 90 numbers were never used for objects: 12, 26, 29, 30, 45, 66, 68, 69, 71, 83. */
static const unsigned char CATEGORY_IDS[BW_COCO_CLASSES] = {
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 27, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
    46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65,
    67, 70, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 84, 85, 86, 87, 88, 89, 90,
};

static const struct {
    const char *darknet, *coco;
} SPELLINGS[] = {
    {"motorbike", "motorcycle"},     {"aeroplane", "airplane"},       {"sofa", "couch"},
    {"pottedplant", "potted plant"}, {"diningtable", "dining table"}, {"tvmonitor", "tv"},
};

const char *const *bw_coco_names(void)
{
    return NAMES;
}

int bw_coco_category_id(int class_id)
{
    return class_id >= 0 && class_id < BW_COCO_CLASSES ? CATEGORY_IDS[class_id] : 0;
}

int bw_coco_category(int class_id, bool coco_classes)
{
    return coco_classes ? bw_coco_category_id(class_id) : class_id + 1;
}

const char *bw_coco_spelling(const char *name)
{
    for (size_t i = 0; i < sizeof SPELLINGS / sizeof *SPELLINGS; i++)
        if (strcmp(name, SPELLINGS[i].darknet) == 0)
            return SPELLINGS[i].coco;
    return name;
}

bool bw_coco_is(const char *const *names, int count)
{
    if (count != BW_COCO_CLASSES)
        return false;
    for (int i = 0; i < count; i++)
        if (strcmp(bw_coco_spelling(names[i]), NAMES[i]) != 0)
            return false;
    return true;
}

int64_t bw_coco_image_number(const char *file_name)
{
    const char *stem = bw_base_name(file_name);
    size_t digits = strspn(stem, "0123456789");
    const char *zeros = stem + strspn(stem, "0");
    bool is_stem =
        stem[digits] == '\0' || (stem[digits] == '.' && strchr(stem + digits + 1, '.') == NULL);
    if (digits == 0 || !is_stem || stem + digits - zeros > 18)
        return -1;
    return strtoll(stem, NULL, 10);
}
