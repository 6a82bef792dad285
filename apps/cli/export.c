/**
 * boxwright export: the annotation files of a run, in any format, from its database.
 */
#include "export.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "classes.h"
#include "store/read.h"
#include "terminal.h"
#include "tracks.h"
#include "verb.h"

enum { FORMATS = 16 };

typedef struct export_options {
    const char *formats, *output, *image_url;
    float confidence;
    bool save_confidence, link_images;
    bw_tracks_choice tracks;
} export_options;

static const bw_option output_table[] = {
    {"format", "NAMES", "formats to write, with commas between (required)", bw_read_text,
     offsetof(export_options, formats), 0, 0, NULL},
    {"output", "DIR", "where to write (default: RUN)", bw_read_text,
     offsetof(export_options, output), 0, 0, NULL},
    {"min-conf", "SCORE", "leave out boxes that score less (default 0)", bw_read_float,
     offsetof(export_options, confidence), 0, 1, NULL},
    {"save-conf", NULL, "scores also where a format has no place of its own for them", bw_read_flag,
     offsetof(export_options, save_confidence), 0, 0, NULL},
    {"link-images", NULL, "yolo: make images/ with links to the pictures", bw_read_flag,
     offsetof(export_options, link_images), 0, 0, NULL},
    {"image-url", "PREFIX", "label-studio: what stands before a picture's name", bw_read_text,
     offsetof(export_options, image_url), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Output", output_table, 0},
    {"Tracks", bw_tracks_table, offsetof(export_options, tracks)},
    {0},
};

static const bw_short_option short_options[] = {{'o', "output"}, {0}};

static int run_export(int argc, char **argv);

const bw_verb bw_verb_export = {
    {
        .name = "export",
        .summary = "Write a run's annotations in other formats",
        .operands = "RUN",
        .details =
            "RUN is the folder of a run. Formats: yolo, coco (results), coco-dataset, voc, kitti,\n"
            "cvat (images), cvat-video, label-studio, x-anylabeling, darknet, jsonl, csv. What is\n"
            "in DIR under the same names is replaced.",
        .groups = groups,
        .short_options = short_options,
    },
    run_export,
};

static bw_status export(const export_options *options, const char *run, const char *const *formats,
                        bw_error *error)
{
    bw_export_options choice = {
        .directory = options->output ? options->output : run,
        .formats = formats,
        .confidence = (double)options->confidence,
        .with_confidence = options->save_confidence,
        .link_images = options->link_images,
        .track = options->tracks.track,
        .tracks = options->tracks.options,
        .image_url = options->image_url,
    };
    sqlite3 *database = NULL;
    bw_export_counts counts = {0};
    bw_status status = bw_run_read(&database, run, error);
    if (status == BW_OK)
        bw_run_warn_unfinished(database, run);
    if (status == BW_OK)
        status = bw_make_folders(choice.directory, error);
    if (status == BW_OK)
        status = bw_export_run(database, &choice, &counts, error);
    sqlite3_close(database);
    if (status != BW_OK)
        return status;
    bw_print_clean(stdout, choice.directory);
    printf(": %lld image%s, %lld box%s", (long long)counts.pictures,
           counts.pictures == 1 ? "" : "s", (long long)counts.boxes, counts.boxes == 1 ? "" : "es");
    if (choice.track)
        printf(", %lld track%s", (long long)counts.tracks, counts.tracks == 1 ? "" : "s");
    putchar('\n');
    return BW_OK;
}

static int run_export(int argc, char **argv)
{
    const bw_usage *usage = &bw_verb_export.usage;
    export_options options = {.tracks = bw_tracks_default()};
    int operands;
    bw_options_result result = bw_options_read(usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    if (operands != 1)
        return bw_usage_error(usage, "say which run: the folder that annotate wrote");
    if (!options.formats)
        return bw_usage_error(usage, "say which formats: --format NAME,NAME");
    bw_error error;
    const char *formats[FORMATS + 1];
    if (bw_formats_parse(formats, FORMATS, options.formats, &error) != BW_OK)
        return bw_usage_error(usage, "--format: %s", error.message);
    const char *problem = bw_link_images_problem(options.link_images, formats);
    if (!problem)
        problem = bw_tracks_problem(&options.tracks);
    if (problem)
        return bw_usage_error(usage, "%s", problem);
    if (export(&options, argv[0], formats, &error) == BW_OK)
        return BW_EXIT_OK;
    bw_print_message(error.message);
    return bw_exit_status(&error);
}
