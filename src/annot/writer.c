#include "annot/writer.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bw_writer_plugin *const plugins[] = {
    &bw_yolo_writer,
    &bw_coco_writer,
    &bw_coco_dataset_writer,
    &bw_voc_writer,
    &bw_kitti_writer,
    &bw_cvat_writer,
    &bw_cvat_video_writer,
    &bw_label_studio_writer,
    &bw_x_anylabeling_writer,
    &bw_darknet_writer,
    &bw_json_lines_writer,
    &bw_csv_writer,
    NULL,
};

/* What options and directory were, kept so that a plug-in may borrow them until it is closed. */
struct bw_writer {
    const bw_writer_plugin *plugin;
    void *state;
    char *directory;
    bw_writer_options options;
};

bool bw_format_describe(int index, bw_format_info *info)
{
    int count = (int)(sizeof plugins / sizeof *plugins) - 1;
    if (index < 0 || index >= count)
        return false;
    const bw_writer_plugin *plugin = plugins[index];
    *info = (bw_format_info){
        .name = plugin->name,
        .description = plugin->description,
        .files = plugin->files,
        .suffix = plugin->suffix,
        .order = plugin->order,
    };
    return true;
}

static const bw_writer_plugin *find_plugin(const char *format)
{
    for (const bw_writer_plugin *const *plugin = plugins; *plugin; plugin++)
        if (strcmp((*plugin)->name, format) == 0)
            return *plugin;
    return NULL;
}

bw_status bw_writer_open(bw_writer **out, const char *format, const char *directory,
                         const bw_writer_options *options, bw_error *error)
{
    *out = NULL;
    const bw_writer_plugin *plugin = find_plugin(format);
    if (!plugin)
        return bw_fail(error, BW_ERROR_ARGUMENT, "there is no annotation format '%s'", format);
    bw_writer *writer = calloc(1, sizeof *writer);
    if (writer)
        writer->directory = strdup(directory);
    if (!writer || !writer->directory) {
        free(writer);
        return bw_fail_memory(error, sizeof *writer, "an annotation writer");
    }
    writer->plugin = plugin;
    if (options)
        writer->options = *options;
    bw_status status = plugin->open(&writer->state, writer->directory, &writer->options, error);
    if (status != BW_OK) {
        free(writer->directory);
        free(writer);
        return status;
    }
    *out = writer;
    return BW_OK;
}

bw_status bw_writer_add(bw_writer *writer, const bw_annotation *annotation, bw_error *error)
{
    if (annotation->width < 1 || annotation->height < 1)
        return bw_fail(error, BW_ERROR_ARGUMENT, "'%s' is said to have %d × %d pixels",
                       annotation->file_name, annotation->width, annotation->height);
    return writer->plugin->add(writer->state, annotation, error);
}

bw_status bw_writer_flush(bw_writer *writer, bw_error *error)
{
    return writer->plugin->flush ? writer->plugin->flush(writer->state, error) : BW_OK;
}

bw_status bw_writer_close(bw_writer **writer, bool commit, bw_error *error)
{
    if (!writer || !*writer)
        return BW_OK;
    bw_status status = (*writer)->plugin->close((*writer)->state, commit, error);
    free((*writer)->directory);
    free(*writer);
    *writer = NULL;
    return status;
}

const char *bw_class_name(const bw_writer_options *options, int32_t class_id,
                          char room[BW_CLASS_SIZE])
{
    if (options->names && class_id >= 0 && class_id < options->classes)
        return options->names[class_id];
    snprintf(room, BW_CLASS_SIZE, "class %d", class_id);
    return room;
}

int64_t bw_track_of(const bw_annotation *annotation, size_t box)
{
    return annotation->tracks ? annotation->tracks[box] : -1;
}

/* fmax and fmin hand on the other operand for a NaN, so the result is always within the range. */
static double clamp(double value, double highest)
{
    return fmin(fmax(value, 0), highest);
}

bw_clamped_box bw_clamp_box(const bw_detection *detection, int width, int height)
{
    double left = clamp((double)detection->left, width);
    double top = clamp((double)detection->top, height);
    double right = fmax(clamp((double)detection->right, width), left);
    double bottom = fmax(clamp((double)detection->bottom, height), top);
    return (bw_clamped_box){left, top, right - left, bottom - top};
}

const char *bw_format_fixed(char *text, double value, int decimals)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double finite = isfinite(value) ? fmin(fmax(value, -1e9), 1e9) : 0;
    uint64_t rest = (uint64_t)llround(fabs(finite) * powers[decimals]);
    bool negative = finite < 0 && rest > 0;
    char *at = text + BW_FIXED_SIZE - 1;
    *at = '\0';
    for (int digit = 0; digit <= decimals || rest > 0; digit++) {
        if (digit > 0 && digit == decimals)
            *--at = '.';
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (negative)
        *--at = '-';
    return at;
}

bool bw_label_is_safe(const char *label)
{
    enum { SUFFIX_ROOM = 16 };
    for (const char *part = label;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || length > NAME_MAX - SUFFIX_ROOM)
            return false;
        if (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.')))
            return false;
        part += length;
        if (*part == '\0')
            return true;
    }
}
