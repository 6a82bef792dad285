/**
 * Pascal VOC: Annotations/<label>.xml (Everingham et al. 2010). Coordinates are whole pixels that
 * count from 1, the last one included: boxes are rounded, which moves an edge by half a pixel at
 * most. The format has no place for scores.
 */
#include <math.h>
#include <string.h>

#include "annot/output.h"
#include "annot/writer.h"
#include "base/path.h"

static bw_status voc_open(void **out, const char *directory, const bw_writer_options *options,
                          bw_error *error)
{
    bw_label_writer *writer;
    bw_status status =
        bw_label_writer_open(&writer, directory, "Annotations", ".xml", options, error);
    *out = writer;
    return status;
}

/* The first and the last pixel that [low, high] covers, from 1; the same where it covers none. */
static void cover(long *first, long *last, double low, double high, int size)
{
    *first = lround(low) + 1 < size ? lround(low) + 1 : size;
    *last = lround(high) > *first ? lround(high) : *first;
}

static void add_box(bw_text *text, const bw_clamped_box *box, int width, int height)
{
    long left, top, right, bottom;
    cover(&left, &right, box->x, box->x + box->width, width);
    cover(&top, &bottom, box->y, box->y + box->height, height);
    bw_text_format(text,
                   "    <bndbox><xmin>%ld</xmin><ymin>%ld</ymin><xmax>%ld</xmax>"
                   "<ymax>%ld</ymax></bndbox>\n",
                   left, top, right, bottom);
}

static void add_object(bw_label_writer *writer, const bw_annotation *annotation,
                       const bw_detection *detection)
{
    bw_text *text = &writer->text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    char room[BW_CLASS_SIZE];
    bw_text_add(text, "  <object>\n    <name>");
    bw_text_xml(text, bw_class_name(writer->options, detection->class_id, room));
    bw_text_add(text, "</name>\n    <pose>Unspecified</pose>\n    <truncated>0</truncated>\n"
                      "    <difficult>0</difficult>\n");
    add_box(text, &box, annotation->width, annotation->height);
    bw_text_add(text, "  </object>\n");
}

static void add_element(bw_text *text, const char *name, const char *value)
{
    bw_text_format(text, "  <%s>", name);
    bw_text_xml(text, value);
    bw_text_format(text, "</%s>\n", name);
}

/* The name of the folder that the picture is in. */
static void add_folder(bw_text *text, const char *file_name)
{
    char folder[256] = "";
    const char *base = bw_base_name(file_name);
    if (base > file_name) {
        const char *start = base - 1;
        while (start > file_name && start[-1] != '/')
            start--;
        size_t length = (size_t)(base - 1 - start);
        if (length < sizeof folder) {
            memcpy(folder, start, length);
            folder[length] = '\0';
        }
    }
    add_element(text, "folder", folder);
}

static bw_status voc_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_label_writer *writer = state;
    bw_text *text = &writer->text;
    bw_text_add(text, "<annotation>\n");
    add_folder(text, annotation->file_name);
    add_element(text, "filename", bw_base_name(annotation->file_name));
    add_element(text, "path", annotation->path ? annotation->path : annotation->file_name);
    bw_text_add(text, "  <source><database>Unknown</database></source>\n");
    bw_text_format(text,
                   "  <size><width>%d</width><height>%d</height><depth>3</depth></size>\n"
                   "  <segmented>0</segmented>\n",
                   annotation->width, annotation->height);
    for (size_t i = 0; i < annotation->count; i++)
        add_object(writer, annotation, &annotation->detections[i]);
    bw_text_add(text, "</annotation>\n");
    return bw_label_files_write(&writer->files, annotation->label, text, error);
}

static const char *const files[] = {"Annotations/", NULL};

const bw_writer_plugin bw_voc_writer = {
    .name = "voc",
    .description = "Pascal VOC's XML, a file a picture",
    .files = files,
    .suffix = ".xml",
    .open = voc_open,
    .add = voc_add,
    .flush = bw_label_writer_flush,
    .close = bw_label_writer_close,
};
