/**
 * Metadata: class names and strides under the keys that others read, and what nobody else has.
 *
 * "names" is a dictionary as Python writes it, {0: 'person', …}, "stride" the largest stride,
 * "imgsz" [height, width], as the exporters of Ultralytics write them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "export/onnx.h"

enum { MODEL_METADATA = 14 };

static void add_entry(bw_proto *model, const char *key, const char *value)
{
    size_t start = model->count;
    bw_proto_text(model, 1, key);
    bw_proto_text(model, 2, value);
    bw_proto_wrap(model, MODEL_METADATA, start);
}

static void write_quoted(FILE *file, const char *text)
{
    fputc('\'', file);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', file);
        fputc(*text, file);
    }
    fputc('\'', file);
}

static void write_names(const bw_export *what, FILE *file)
{
    fputc('{', file);
    for (int class_id = 0; class_id < what->classes; class_id++) {
        fprintf(file, "%s%d: ", class_id ? ", " : "", class_id);
        write_quoted(file, what->names[class_id]);
    }
    fputc('}', file);
}

static int stride_of(const bw_export *what, size_t output)
{
    const bw_graph *graph = what->graph;
    return graph->tensors[0].shape.width /
           graph->tensors[graph->outputs[output].tensor].shape.width;
}

static void write_strides(const bw_export *what, FILE *file)
{
    for (size_t index = 0; index < what->graph->output_count; index++)
        fprintf(file, "%s%d", index ? ", " : "[", stride_of(what, index));
    fputc(']', file);
}

static void write_stride(const bw_export *what, FILE *file)
{
    int largest = 1;
    for (size_t index = 0; index < what->graph->output_count; index++)
        largest = stride_of(what, index) > largest ? stride_of(what, index) : largest;
    fprintf(file, "%d", largest);
}

static void write_size(const bw_export *what, FILE *file)
{
    bw_shape shape = what->graph->tensors[0].shape;
    fprintf(file, "[%d, %d]", shape.height, shape.width);
}

static void write_head(const bw_head *head, FILE *file)
{
    static const char *const kinds[BW_HEAD_COUNT] = {
        [BW_HEAD_YOLO] = "yolo", [BW_HEAD_REGION] = "region", [BW_HEAD_YOLOX] = "yolox"};
    fprintf(file, "{\"kind\": \"%s\", \"form\": \"%s\", \"scale_x_y\": %.9g, \"anchors\": [",
            kinds[head->kind], head->form == BW_HEAD_SCALED ? "scaled" : "raw",
            (double)head->scale_xy);
    for (int anchor = 0; anchor < head->anchors; anchor++)
        fprintf(file, "%s[%.9g, %.9g]", anchor ? ", " : "", (double)head->anchor[anchor][0],
                (double)head->anchor[anchor][1]);
    fputs("]}", file);
}

static void write_heads(const bw_export *what, FILE *file)
{
    for (size_t index = 0; index < what->graph->output_count; index++) {
        fputs(index ? ", " : "[", file);
        write_head(&what->graph->outputs[index].head, file);
    }
    fputc(']', file);
}

static void write_resize(const bw_export *what, FILE *file)
{
    static const char *const words[] = {[BW_RESIZE_AUTO] = "letterbox",
                                        [BW_RESIZE_LETTERBOX] = "letterbox",
                                        [BW_RESIZE_STRETCH] = "stretch",
                                        [BW_RESIZE_CORNER] = "corner"};
    fputs(words[what->resize], file);
}

static void write_padding(const bw_export *what, FILE *file)
{
    fprintf(file, "%.9g", (double)what->padding);
}

static void write_fingerprint(const bw_export *what, FILE *file)
{
    fputs(what->fingerprint, file);
}

static const struct {
    const char *key;
    void (*write)(const bw_export *what, FILE *file);
} entries[] = {
    {"names", write_names},     {"stride", write_stride},
    {"strides", write_strides}, {"imgsz", write_size},
    {"heads", write_heads},     {"resize", write_resize},
    {"padding", write_padding}, {"fingerprint", write_fingerprint},
};

void bw_onnx_metadata(const bw_export *what, bw_proto *model)
{
    for (size_t index = 0; index < sizeof entries / sizeof *entries; index++) {
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);
        if (stream)
            entries[index].write(what, stream);
        if (!stream || fclose(stream) != 0)
            model->failed = true;
        else
            add_entry(model, entries[index].key, text);
        free(text);
    }
    add_entry(model, "task", "detect");
    add_entry(model, "colours", "RGB");
    add_entry(model, "range", "[0, 1]");
}
