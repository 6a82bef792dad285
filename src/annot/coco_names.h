/**
 * COCO's 80 object classes: their names in the order in which detectors number them, and the
 * sparse ids (1 to 90) that COCO's own annotation files give them (Lin et al. 2014).
 */
#ifndef BW_ANNOT_COCO_NAMES_H
#define BW_ANNOT_COCO_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define BW_COCO_CLASSES 80

/** COCO's names, BW_COCO_CLASSES of them. */
const char *const *bw_coco_names(void);

/** COCO's category id of a class (0 to 79); 0 for any other number. */
int bw_coco_category_id(int class_id);

/** The category id of a class: COCO's own of COCO's classes, else counted from 1. */
int bw_coco_category(int class_id, bool coco_classes);

/**
 * Whether `names` are COCO's 80 in their order. Darknet's older spellings ("aeroplane", "sofa",
 * "tvmonitor", …) count as the same.
 */
bool bw_coco_is(const char *const *names, int count);

/** COCO's spelling of a class's name where darknet spells it otherwise; any other name as it is. */
const char *bw_coco_spelling(const char *name);

/**
 * The image id that a file's name tells: the number that its stem is, as in 000000000139.jpg. -1
 * when it is none, or has over 18 digits.
 */
int64_t bw_coco_image_number(const char *file_name);

#endif
