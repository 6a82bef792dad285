/**
 * boxwright convert-labels: labels from one format to another.
 */
#include <stdio.h>

#include "base/file.h"
#include "classes.h"
#include "terminal.h"
#include "tracks.h"
#include "verb.h"

enum { FORMATS = 16 };

typedef struct convert_options {
    const char *from, *to, *image_url;
    bw_labels_options labels;
    bool save_confidence, link_images;
    bw_tracks_choice tracks;
} convert_options;

static const bw_option input_table[] = {
    {"from", "NAME", "format of FROM (default: what its files look like)", bw_read_text,
     offsetof(convert_options, from), 0, 0, NULL},
    {"names", "FILE", "class names, one a line (default: what the labels tell)", bw_read_text,
     offsetof(convert_options, labels.names), 0, 0, NULL},
    {"images", "DIR", "folder of the pictures, for labels that do not tell their sizes",
     bw_read_text, offsetof(convert_options, labels.images), 0, 0, NULL},
    {0},
};

static const bw_option output_table[] = {
    {"to", "NAMES", "formats to write, with commas between (required)", bw_read_text,
     offsetof(convert_options, to), 0, 0, NULL},
    {"save-conf", NULL, "scores also where a format has no place of its own for them", bw_read_flag,
     offsetof(convert_options, save_confidence), 0, 0, NULL},
    {"link-images", NULL, "yolo: make images/ with links to the pictures", bw_read_flag,
     offsetof(convert_options, link_images), 0, 0, NULL},
    {"image-url", "PREFIX", "label-studio: what stands before a picture's name", bw_read_text,
     offsetof(convert_options, image_url), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Input", input_table, 0},
    {"Output", output_table, 0},
    {"Tracks", bw_tracks_table, offsetof(convert_options, tracks)},
    {0},
};

static int run_convert_labels(int argc, char **argv);

const bw_verb bw_verb_convert_labels = {
    {
        .name = "convert-labels",
        .summary = "Write labels of one format in another",
        .operands = "FROM DIR",
        .details = "FROM is a file of labels, or the folder that holds them; DIR is written into. "
                   "Formats:\n"
                   "yolo, coco (results), coco-dataset, voc, kitti, cvat (images), cvat-video,\n"
                   "label-studio, x-anylabeling, darknet, jsonl, csv.",
        .groups = groups,
    },
    run_convert_labels,
};

static void print_warnings(const char *warnings)
{
    for (const char *at = warnings; *at;) {
        const char *end = at;
        while (*end && *end != '\n')
            end++;
        fputs("boxwright: warning: ", stderr);
        for (; at < end; at++)
            fputc((unsigned char)*at < ' ' ? '?' : *at, stderr);
        fputc('\n', stderr);
        at = *end ? end + 1 : end;
    }
}

static void print_summary(const char *directory, const bw_labels_info *info)
{
    bw_print_clean(stdout, directory);
    printf(": %zu image%s, %zu box%s, %d class%s, from %s\n", info->images,
           info->images == 1 ? "" : "s", info->boxes, info->boxes == 1 ? "" : "es", info->classes,
           info->classes == 1 ? "" : "es", info->format);
}

static bw_status convert(const convert_options *options, char **paths, const char *const *formats,
                         bw_error *error)
{
    bw_labels *labels;
    bw_labels_info info;
    bw_writer_options choice = {.with_confidence = options->save_confidence,
                                .link_images = options->link_images,
                                .image_url = options->image_url};
    bw_status status = bw_labels_read(&labels, paths[0], &options->labels, error);
    if (status != BW_OK)
        return status;
    bw_labels_describe(labels, &info);
    print_warnings(info.warnings);
    if (options->tracks.track)
        status = bw_labels_track(labels, &options->tracks.options, error);
    if (status == BW_OK)
        status = bw_make_folders(paths[1], error);
    for (int i = 0; status == BW_OK && formats[i]; i++)
        status = bw_labels_write(labels, formats[i], paths[1], &choice, error);
    if (status == BW_OK)
        print_summary(paths[1], &info);
    bw_labels_close(&labels);
    return status;
}

static int run_convert_labels(int argc, char **argv)
{
    const bw_usage *usage = &bw_verb_convert_labels.usage;
    convert_options options = {.tracks = bw_tracks_default()};
    int operands;
    bw_options_result result = bw_options_read(usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    if (operands != 2)
        return bw_usage_error(usage, "say what to read and into which folder to write");
    if (!options.to)
        return bw_usage_error(usage, "say which formats to write: --to NAME,NAME");
    bw_error error;
    const char *from[2] = {NULL}, *to[FORMATS + 1];
    if (bw_formats_parse(to, FORMATS, options.to, &error) != BW_OK)
        return bw_usage_error(usage, "--to: %s", error.message);
    if (options.from && bw_formats_parse(from, 1, options.from, &error) != BW_OK)
        return bw_usage_error(usage, "--from: %s", error.message);
    const char *problem = bw_link_images_problem(options.link_images, to);
    if (!problem)
        problem = bw_tracks_problem(&options.tracks);
    if (problem)
        return bw_usage_error(usage, "%s", problem);
    options.labels.format = from[0];
    if (convert(&options, argv, to, &error) == BW_OK)
        return BW_EXIT_OK;
    bw_print_message(error.message);
    return bw_exit_status(&error);
}
