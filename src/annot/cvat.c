/**
 * CVAT for images 1.1: cvat_images.xml. Each picture has its <image>, also one without boxes, whose
 * id is the picture's place among the names in their order by bytes. Scores become an attribute of
 * the boxes, declared in each label, where scores are asked for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annot/cvat_meta.h"
#include "annot/output.h"
#include "annot/writer.h"

typedef struct cvat_writer {
    bw_stream stream;
    FILE *images; /* wait here until their number is known */
    char *name;   /* of the last picture */
    size_t name_capacity;
} cvat_writer;

void bw_cvat_begin(bw_text *text, const bw_cvat_task *task, const bw_writer_options *options)
{
    bw_text_add(text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n"
                      "<version>1.1</version>\n<meta><task><name>");
    bw_text_xml(text, task->name);
    bw_text_format(text, "</name><size>%lld</size><mode>%s</mode>\n<labels>\n",
                   (long long)task->size, task->mode);
    for (int i = 0; i < options->classes; i++) {
        bw_text_add(text, "<label><name>");
        bw_text_xml(text, options->names[i]);
        bw_text_add(text, "</name><attributes>");
        if (options->with_confidence)
            bw_text_add(text, "<attribute><name>score</name><mutable>True</mutable>"
                              "<input_type>text</input_type><default_value></default_value>"
                              "<values></values></attribute>");
        bw_text_add(text, "</attributes></label>\n");
    }
    bw_text_add(text, "</labels>\n");
    if (task->width > 0)
        bw_text_format(text,
                       "<original_size><width>%d</width><height>%d</height></original_size>\n",
                       task->width, task->height);
    bw_text_add(text, "</task></meta>\n");
}

void bw_cvat_corners(bw_text *text, double left, double top, double right, double bottom)
{
    static const char *const names[] = {"xtl", "ytl", "xbr", "ybr"};
    const double values[] = {left, top, right, bottom};
    for (int i = 0; i < 4; i++) {
        bw_text_format(text, " %s=\"", names[i]);
        bw_text_fixed(text, values[i], 2);
        bw_text_add(text, "\"");
    }
}

static bw_status cvat_close(void *state, bool commit, bw_error *error);

static bw_status cvat_open(void **out, const char *directory, const bw_writer_options *options,
                           bw_error *error)
{
    bw_status status =
        bw_stream_open(out, sizeof(cvat_writer), directory, "cvat_images.xml", options, error);
    if (status == BW_OK)
        status = bw_spool_open(&((cvat_writer *)*out)->images, directory, error);
    else
        return status;
    if (status != BW_OK)
        cvat_close(*out, false, NULL);
    return status;
}

/* Keeps the picture's name, which must not come before the last one's. */
static bw_status check_order(cvat_writer *writer, const char *name, bw_error *error)
{
    size_t size = strlen(name) + 1;
    if (writer->name && strcmp(writer->name, name) > 0)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "CVAT's format takes pictures in the order of their names, but '%.100s' "
                       "follows '%.100s'",
                       name, writer->name);
    if (!bw_array_reserve((void **)&writer->name, &writer->name_capacity, size, 1))
        return bw_fail_memory(error, size, "a file name");
    memcpy(writer->name, name, size);
    return BW_OK;
}

static void add_box(bw_stream *stream, const bw_annotation *annotation,
                    const bw_detection *detection)
{
    bw_text *text = &stream->text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    char room[BW_CLASS_SIZE];
    bw_text_add(text, "<box label=\"");
    bw_text_xml(text, bw_class_name(stream->options, detection->class_id, room));
    bw_text_add(text, "\" source=\"auto\" occluded=\"0\"");
    bw_cvat_corners(text, box.x, box.y, box.x + box.width, box.y + box.height);
    bw_text_add(text, " z_order=\"0\">");
    if (stream->options->with_confidence && !isnan(detection->score)) {
        bw_text_add(text, "<attribute name=\"score\">");
        bw_text_fixed(text, (double)detection->score, 6);
        bw_text_add(text, "</attribute>");
    }
    bw_text_add(text, "</box>\n");
}

static bw_status cvat_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    cvat_writer *writer = state;
    bw_text *text = &writer->stream.text;
    bw_status status = check_order(writer, annotation->file_name, error);
    if (status != BW_OK)
        return status;
    bw_text_format(text, "<image id=\"%lld\" name=\"", (long long)writer->stream.count++);
    bw_text_xml(text, annotation->file_name);
    bw_text_format(text, "\" width=\"%d\" height=\"%d\">\n", annotation->width, annotation->height);
    for (size_t i = 0; i < annotation->count; i++)
        add_box(&writer->stream, annotation, &annotation->detections[i]);
    bw_text_add(text, "</image>\n");
    status = bw_text_check(text, error);
    if (status == BW_OK && fwrite(text->bytes, 1, text->length, writer->images) != text->length)
        status = bw_fail_errno(error, "write", "cvat_images.xml");
    bw_text_clear(text);
    return status;
}

static bw_status write_all(cvat_writer *writer, bw_error *error)
{
    bw_stream *stream = &writer->stream;
    bw_cvat_task task = {.name = "boxwright", .mode = "annotation", .size = stream->count};
    bw_cvat_begin(&stream->text, &task, stream->options);
    bw_status status = bw_stream_write(stream, error);
    if (status == BW_OK)
        status = bw_output_append(&stream->out, writer->images, error);
    bw_text_add(&stream->text, "</annotations>\n");
    return status;
}

static bw_status cvat_close(void *state, bool commit, bw_error *error)
{
    cvat_writer *writer = state;
    bw_status status = commit ? write_all(writer, error) : BW_OK;
    if (writer->images)
        fclose(writer->images);
    free(writer->name);
    bw_status closed = bw_stream_close(&writer->stream, commit && status == BW_OK, error);
    return status == BW_OK ? closed : status;
}

static const char *const files[] = {"cvat_images.xml", NULL};

const bw_writer_plugin bw_cvat_writer = {
    .name = "cvat",
    .description = "CVAT for images 1.1",
    .files = files,
    .order = BW_ORDER_NAME,
    .open = cvat_open,
    .add = cvat_add,
    .close = cvat_close,
};
