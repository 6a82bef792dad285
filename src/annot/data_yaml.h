/**
 * data.yaml, the file that trainers of YOLO take: of it only the classes' names count, a list or a
 * map from numbers.
 */
#ifndef BW_ANNOT_DATA_YAML_H
#define BW_ANNOT_DATA_YAML_H

#include "annot/dataset.h"

/** Reads the names in place of what classes there are; none where the file has no `names`. */
bw_status bw_data_yaml_read(bw_dataset *set, const char *path, bw_error *error);

#endif
