/**
 * Fuzz target of the readers of labels: the bytes are taken as COCO's dataset, as predictions in
 * any form of JSON, as lines of numbers, and as VOC's XML. What is read must be measurable.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "annot/folder.h"
#include "annot/voc_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char truth[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":64,\"height\":48},"
    "{\"id\":2,\"file_name\":\"b.jpg\",\"width\":64,\"height\":48}],"
    "\"categories\":[{\"id\":1,\"name\":\"cat\"},{\"id\":3,\"name\":\"dog\"}],"
    "\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":3,\"bbox\":[1,2,30,40]}]}";

/* A file in memory and the path by which it can be opened. */
static int make_file(char *path, size_t path_size, const void *bytes, size_t size)
{
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0 || (size > 0 && write(file, bytes, size) != (ssize_t)size)) {
        perror("fuzz_eval");
        exit(1);
    }
    snprintf(path, path_size, "/proc/self/fd/%d", file);
    return file;
}

static void check(bw_status status, const bw_error *error)
{
    if (status != BW_OK && (!error->message[0] || error->status != status))
        abort();
}

/* The other things that an evaluation tells: each must stay within what it can be. */
static void tell(bw_evaluation *evaluation)
{
    bw_average_options options;
    const bw_average *averages;
    const size_t *counts;
    bw_judged_picture picture;
    bw_error error = {0};
    int classes;
    bw_average_options_init(&options);
    for (int rules = BW_RULES_VOC; rules <= BW_RULES_DARKNET; rules++) {
        options.rules = (bw_rules)rules;
        options.points = rules == BW_RULES_VOC ? 11 : 0;
        check(bw_evaluation_average(evaluation, &options, &averages, &classes, &error), &error);
        for (int i = 0; i <= classes; i++)
            if (!(averages[i].ap >= -1 && averages[i].ap <= 1 + 1e-9))
                abort();
    }
    check(bw_evaluation_confusion(evaluation, 0.25, 0.45, &counts, &classes, &error), &error);
    for (size_t i = 0; i < 3; i++) {
        bw_status status = bw_evaluation_judge(evaluation, i, 0.25, &picture, &error);
        check(status, &error);
        if (status == BW_OK && picture.right + picture.wrong > picture.found_count)
            abort();
    }
}

static void measure(bw_evaluation *evaluation)
{
    const bw_figures *figures;
    int classes;
    bw_error error = {0};
    bw_status status = bw_evaluation_measure(evaluation, 0.25, &figures, &classes, &error);
    check(status, &error);
    for (int i = 0; status == BW_OK && i <= classes; i++)
        if (!(figures[i].ap[0][0] >= -1 && figures[i].ap[0][0] <= 1))
            abort();
    if (status == BW_OK)
        tell(evaluation);
}

static void read_with(const char *truth_path, const char *predictions)
{
    bw_evaluation *evaluation;
    bw_error error = {0};
    bw_status status = bw_evaluation_open(&evaluation, truth_path, NULL, NULL, &error);
    check(status, &error);
    if (status != BW_OK)
        return;
    check(bw_evaluation_read(evaluation, predictions, &error), &error);
    measure(evaluation);
    bw_evaluation_close(&evaluation);
}

static bw_status take_line(void *context, const double *values, int count, size_t line,
                           bw_error *error)
{
    (void)context;
    (void)error;
    if (count < 1 || count > BW_LINE_NUMBERS || line < 1 || !(values[0] <= values[0]))
        abort();
    return BW_OK;
}

static void parse_voc(const uint8_t *data, size_t size)
{
    bw_voc_file file;
    bw_error error = {0};
    check(bw_voc_parse(&file, data, size, &error), &error);
    for (size_t i = 0; i < file.count; i++)
        if (!file.objects[i].name[0] || !(file.objects[i].right >= file.objects[i].left))
            abort();
    bw_voc_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], truth_path[64];
    int file = make_file(path, sizeof path, data, size);
    int truth_file = make_file(truth_path, sizeof truth_path, truth, sizeof truth - 1);
    bw_error error = {0};
    read_with(path, truth_path);
    read_with(truth_path, path);
    check(bw_number_lines_parse((const char *)data, size, take_line, NULL, &error), &error);
    parse_voc(data, size);
    close(file);
    close(truth_file);
    return 0;
}
