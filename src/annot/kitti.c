/**
 * KITTI's 2D objects: label_2/<label>.txt (Geiger et al. 2012), a line a box:
 *
 *     type truncated occluded alpha left top right bottom h w l x y z ry score
 *
 * in pixels that count from 0; what a box in a picture does not tell has the values that KITTI
 * gives for unknown. Fields end at blanks, so a blank in a class's name becomes "_". The score is
 * left out where it is not known, as in KITTI's own labels.
 */
#include <math.h>

#include "annot/output.h"
#include "annot/writer.h"

static bw_status kitti_open(void **out, const char *directory, const bw_writer_options *options,
                            bw_error *error)
{
    bw_label_writer *writer;
    bw_status status = bw_label_writer_open(&writer, directory, "label_2", ".txt", options, error);
    *out = writer;
    return status;
}

static bool is_blank(char sign)
{
    return (unsigned char)sign <= ' ' || sign == 0x7F;
}

static void add_type(bw_text *text, const char *name)
{
    if (*name == '\0')
        bw_text_add(text, "_");
    for (; *name; name++)
        bw_text_format(text, "%c", is_blank(*name) ? '_' : *name);
}

static void add_line(bw_label_writer *writer, const bw_annotation *annotation,
                     const bw_detection *detection)
{
    bw_text *text = &writer->text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    const double numbers[] = {box.x, box.y, box.x + box.width, box.y + box.height};
    char room[BW_CLASS_SIZE];
    add_type(text, bw_class_name(writer->options, detection->class_id, room));
    bw_text_add(text, " -1 -1 -10");
    for (int i = 0; i < 4; i++) {
        bw_text_add(text, " ");
        bw_text_fixed(text, numbers[i], 2);
    }
    bw_text_add(text, " -1 -1 -1 -1000 -1000 -1000 -10");
    if (!isnan(detection->score)) {
        bw_text_add(text, " ");
        bw_text_fixed(text, (double)detection->score, 6);
    }
    bw_text_add(text, "\n");
}

static bw_status kitti_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_label_writer *writer = state;
    for (size_t i = 0; i < annotation->count; i++)
        add_line(writer, annotation, &annotation->detections[i]);
    return bw_label_files_write(&writer->files, annotation->label, &writer->text, error);
}

static const char *const files[] = {"label_2/", NULL};

const bw_writer_plugin bw_kitti_writer = {
    .name = "kitti",
    .description = "KITTI's text of 2D objects, a file a picture",
    .files = files,
    .suffix = ".txt",
    .open = kitti_open,
    .add = kitti_add,
    .flush = bw_label_writer_flush,
    .close = bw_label_writer_close,
};
