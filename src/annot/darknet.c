/**
 * Darknet's JSON, as AlexeyAB's `detector test … -out` writes it: darknet.json, an array of frames
 * whose objects have boxes as fractions of the picture. Strings are escaped, which darknet does
 * not do.
 */
#include <math.h>

#include "annot/output.h"
#include "annot/writer.h"

static bw_status darknet_open(void **out, const char *directory, const bw_writer_options *options,
                              bw_error *error)
{
    return bw_stream_open(out, sizeof(bw_stream), directory, "darknet.json", options, error);
}

static void add_object(bw_stream *stream, const bw_annotation *annotation, size_t index)
{
    static const char *const keys[] = {"center_x", "center_y", "width", "height"};
    bw_text *text = &stream->text;
    const bw_detection *detection = &annotation->detections[index];
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    const double numbers[] = {(box.x + box.width / 2) / annotation->width,
                              (box.y + box.height / 2) / annotation->height,
                              box.width / annotation->width, box.height / annotation->height};
    char room[BW_CLASS_SIZE];
    bw_text_format(text, "%s\n {\"class_id\":%d,\"name\":", index ? "," : "", detection->class_id);
    bw_text_quote(text, bw_class_name(stream->options, detection->class_id, room));
    bw_text_add(text, ",\"relative_coordinates\":{");
    for (int i = 0; i < 4; i++) {
        bw_text_format(text, "%s\"%s\":", i ? "," : "", keys[i]);
        bw_text_fixed(text, numbers[i], 6);
    }
    bw_text_add(text, "},\"confidence\":");
    bw_text_fixed(text, isnan(detection->score) ? 1 : (double)detection->score, 6);
    bw_text_add(text, "}");
}

static bw_status darknet_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_stream *stream = state;
    bw_text *text = &stream->text;
    bw_text_add(text, bw_stream_separator(stream));
    bw_text_format(text, "{\"frame_id\":%lld,\"filename\":", (long long)annotation->number);
    bw_text_quote(text, annotation->file_name);
    bw_text_add(text, ",\"objects\":[");
    for (size_t i = 0; i < annotation->count; i++)
        add_object(stream, annotation, i);
    bw_text_add(text, "]}");
    return bw_stream_write(stream, error);
}

static bw_status darknet_close(void *state, bool commit, bw_error *error)
{
    bw_stream *stream = state;
    bw_text_add(&stream->text, stream->count ? "\n]\n" : "[]\n");
    return bw_stream_close(stream, commit, error);
}

static const char *const files[] = {"darknet.json", NULL};

const bw_writer_plugin bw_darknet_writer = {
    .name = "darknet",
    .description = "the JSON of darknet's 'detector test -out'",
    .files = files,
    .open = darknet_open,
    .add = darknet_add,
    .close = darknet_close,
};
