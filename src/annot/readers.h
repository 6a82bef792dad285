/**
 * Readers of labels: a function a format that fills a set. To add one: a function in a file of its
 * own and a line in readers.c.
 *
 * `path` is the format's file, or the folder that holds its files; `images` is the folder of the
 * pictures, or NULL. Where a file does not tell a picture's size, it is measured there.
 */
#ifndef BW_ANNOT_READERS_H
#define BW_ANNOT_READERS_H

#include "annot/dataset.h"

typedef bw_status bw_label_reader(bw_dataset *set, const char *path, const char *images,
                                  bw_error *error);

bw_label_reader bw_coco_results_read, bw_cvat_read, bw_cvat_video_read, bw_kitti_read,
    bw_label_studio_read, bw_x_anylabeling_read, bw_darknet_read, bw_json_lines_read, bw_csv_read;

/** The reader of a format; NULL where there is none. */
bw_label_reader *bw_find_reader(const char *format);

/** Reads in any format: `format`, or with NULL the one that the files show, which it tells. */
bw_status bw_labels_fill(bw_dataset *set, const char *path, const char **format, const char *images,
                         bw_error *error);

#endif
