/**
 * Annotation writers: one plug-in a format.
 *
 * To add a format: a file with one `const bw_writer_plugin`, its line in writer.c's table.
 * Every writer takes pictures in rising number, holds bounded memory, and clamps boxes to the
 * picture, so that a label file never names a pixel that does not exist.
 */
#ifndef BW_ANNOT_WRITER_H
#define BW_ANNOT_WRITER_H

#include "base/error.h"

typedef struct bw_writer_plugin {
    const char *name, *description;
    const char *const *files; /* as bw_format_info has them */
    const char *suffix;
    bw_format_order order;

    /** Opens below `directory`; `options` and `directory` are borrowed until close. */
    bw_status (*open)(void **out, const char *directory, const bw_writer_options *options,
                      bw_error *error);
    bw_status (*add)(void *state, const bw_annotation *annotation, bw_error *error);

    /** As bw_writer_flush; NULL where files are final only at the end. */
    bw_status (*flush)(void *state, bw_error *error);

    /** Frees `state` in every case; with `commit`, what was added stands under final names. */
    bw_status (*close)(void *state, bool commit, bw_error *error);
} bw_writer_plugin;

extern const bw_writer_plugin bw_yolo_writer, bw_coco_writer, bw_coco_dataset_writer, bw_voc_writer,
    bw_kitti_writer, bw_cvat_writer, bw_cvat_video_writer, bw_label_studio_writer,
    bw_x_anylabeling_writer, bw_darknet_writer, bw_json_lines_writer, bw_csv_writer;

/** Room that the name of a class without one needs. */
#define BW_CLASS_SIZE 24

/** The name of a class; "class 7", made in `room`, where it has none. */
const char *bw_class_name(const bw_writer_options *options, int32_t class_id,
                          char room[BW_CLASS_SIZE]);

/** The track of a picture's box; -1 for none. */
int64_t bw_track_of(const bw_annotation *annotation, size_t box);

/** A box inside its picture: x and y of the top left corner, width and height; pixels. */
typedef struct bw_clamped_box {
    double x, y, width, height;
} bw_clamped_box;

bw_clamped_box bw_clamp_box(const bw_detection *detection, int width, int height);

/** Room that bw_format_fixed needs. */
#define BW_FIXED_SIZE 40

/**
 * Writes `value` with `decimals` (at most 9) digits after the point, whatever the locale, at the
 * end of `text`, which has BW_FIXED_SIZE bytes, and returns where it starts. Values that are not
 * finite count as 0, and all are cut to ±10^9.
 */
const char *bw_format_fixed(char *text, double value, int decimals);

/**
 * Whether `label` is a path that stays below the folder it is joined to: relative, no empty, "."
 * or ".." part, each part short enough to get a suffix.
 */
bool bw_label_is_safe(const char *label);

#endif
