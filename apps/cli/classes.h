/**
 * Lists on the command line: classes to keep, annotation formats to write.
 */
#ifndef BW_CLI_CLASSES_H
#define BW_CLI_CLASSES_H

#include "base/error.h"

/**
 * Reads "person,car,7" into a flag for each class; `*flags` is the caller's (free). A word that is
 * neither a class's name nor its number fails, and says what name it comes near to.
 */
bw_status bw_classes_parse(bool **flags, const char *text, const bw_model_info *model,
                           bw_error *error);

/** Reads "yolo,coco" into a null-ended array of at most `most` names, without repetitions. */
bw_status bw_formats_parse(const char **formats, int most, const char *text, bw_error *error);

/** What makes no sense in --link-images with these formats; NULL for nothing. */
const char *bw_link_images_problem(bool link_images, const char *const *formats);

#endif
