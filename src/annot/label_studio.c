/**
 * Label Studio: label_studio.json, tasks with the boxes as predictions ("pre-annotations"), and
 * label_studio.xml, the labelling interface that they belong to. Boxes are in percent of the
 * picture; all boxes of a picture stand in one prediction, whose score is their mean.
 *
 * A task names its picture by a URL: `image_url`, "/data/local-files/?d=" by default, and the
 * picture's name, percent-encoded.
 */
#include <math.h>

#include "annot/output.h"
#include "annot/writer.h"

static bw_status write_interface(bw_stream *stream, bw_error *error)
{
    bw_output out;
    bw_text text = {0};
    bw_text_add(&text, "<View>\n  <Image name=\"image\" value=\"$image\"/>\n"
                       "  <RectangleLabels name=\"label\" toName=\"image\">\n");
    for (int i = 0; i < stream->options->classes; i++) {
        bw_text_add(&text, "    <Label value=\"");
        bw_text_xml(&text, stream->options->names[i]);
        bw_text_format(&text, "\" background=\"#%06x\"/>\n", (unsigned)bw_class_colour(i));
    }
    bw_text_add(&text, "  </RectangleLabels>\n</View>\n");
    bw_status status = bw_output_open(&out, stream->directory, "label_studio.xml", error);
    if (status == BW_OK)
        status = bw_output_write(&out, &text, error);
    bw_status closed = bw_output_close(&out, status == BW_OK, error);
    bw_text_free(&text);
    return status == BW_OK ? closed : status;
}

static bw_status label_studio_open(void **out, const char *directory,
                                   const bw_writer_options *options, bw_error *error)
{
    return bw_stream_open(out, sizeof(bw_stream), directory, "label_studio.json", options, error);
}

static void add_value(bw_stream *stream, const bw_annotation *annotation,
                      const bw_detection *detection)
{
    static const char *const keys[] = {"x", "y", "width", "height"};
    bw_text *text = &stream->text;
    bw_clamped_box box = bw_clamp_box(detection, annotation->width, annotation->height);
    const double numbers[] = {100 * box.x / annotation->width, 100 * box.y / annotation->height,
                              100 * box.width / annotation->width,
                              100 * box.height / annotation->height};
    char room[BW_CLASS_SIZE];
    bw_text_add(text, ",\"value\":{");
    for (int i = 0; i < 4; i++) {
        bw_text_format(text, "%s\"%s\":", i ? "," : "", keys[i]);
        bw_text_fixed(text, numbers[i], 6);
    }
    bw_text_add(text, ",\"rotation\":0,\"rectanglelabels\":[");
    bw_text_quote(text, bw_class_name(stream->options, detection->class_id, room));
    bw_text_add(text, "]}");
}

static void add_result(bw_stream *stream, const bw_annotation *annotation, size_t index)
{
    bw_text *text = &stream->text;
    const bw_detection *detection = &annotation->detections[index];
    bw_text_format(text,
                   "%s\n {\"id\":\"r%zu\",\"type\":\"rectanglelabels\",\"from_name\":\"label\","
                   "\"to_name\":\"image\",\"original_width\":%d,\"original_height\":%d,"
                   "\"image_rotation\":0",
                   index ? "," : "", index + 1, annotation->width, annotation->height);
    if (!isnan(detection->score)) {
        bw_text_add(text, ",\"score\":");
        bw_text_fixed(text, (double)detection->score, 6);
    }
    add_value(stream, annotation, detection);
    bw_text_add(text, "}");
}

static double mean_score(const bw_annotation *annotation)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < annotation->count; i++) {
        double score = (double)annotation->detections[i].score;
        sum += isnan(score) ? 0 : score;
        known += isnan(score) ? 0 : 1;
    }
    return known ? sum / (double)known : 0;
}

static bw_status label_studio_add(void *state, const bw_annotation *annotation, bw_error *error)
{
    bw_stream *stream = state;
    bw_text *text = &stream->text, url = {0};
    const bw_writer_options *options = stream->options;
    bw_text_add(&url, options->image_url ? options->image_url : "/data/local-files/?d=");
    bw_text_url(&url, annotation->file_name);
    bw_text_format(&url, "%s", ""); /* ends it with NUL */
    bw_text_add(text, bw_stream_separator(stream));
    bw_text_add(text, "{\"data\":{\"image\":");
    bw_text_quote(text, url.failed ? "" : url.bytes);
    text->failed |= url.failed;
    bw_text_free(&url);
    bw_text_add(text, "},\"predictions\":[{\"model_version\":");
    bw_text_quote(text, options->model ? options->model : "boxwright");
    bw_text_add(text, ",\"score\":");
    bw_text_fixed(text, mean_score(annotation), 6);
    bw_text_add(text, ",\"result\":[");
    for (size_t i = 0; i < annotation->count; i++)
        add_result(stream, annotation, i);
    bw_text_add(text, "]}]}");
    return bw_stream_write(stream, error);
}

static bw_status label_studio_close(void *state, bool commit, bw_error *error)
{
    bw_stream *stream = state;
    bw_status status = commit ? write_interface(stream, error) : BW_OK;
    bw_text_add(&stream->text, stream->count ? "\n]\n" : "[]\n");
    bw_status closed = bw_stream_close(stream, commit && status == BW_OK, error);
    return status == BW_OK ? closed : status;
}

static const char *const files[] = {"label_studio.json", "label_studio.xml", NULL};

const bw_writer_plugin bw_label_studio_writer = {
    .name = "label-studio",
    .description = "Label Studio's tasks with predictions, and its labelling interface",
    .files = files,
    .open = label_studio_open,
    .add = label_studio_add,
    .close = label_studio_close,
};
