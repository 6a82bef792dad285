/**
 * Pascal VOC's twenty object classes, in their order, which is the alphabet's.
 */
#ifndef BW_ANNOT_VOC_NAMES_H
#define BW_ANNOT_VOC_NAMES_H

#include <stddef.h>

#define BW_VOC_CLASSES 20

extern const char *const bw_voc_names[BW_VOC_CLASSES];

#endif
