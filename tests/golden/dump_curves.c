/**
 * The arrays of an evaluation, as pycocotools has them, for tests in Python.
 *
 * usage: dump_curves TRUTH PREDICTIONS OUT
 *
 * OUT gets doubles: for each class, area range, IoU threshold and depth (1, 10, 100) precision at
 * 101 recalls, then the recall that is reached.
 */
#include <stdio.h>

#include "boxwright/boxwright.h"

static bw_status dump(FILE *file, const bw_evaluation *evaluation, int class_id, bw_error *error)
{
    static const int depths[] = {1, 10, 100};
    double numbers[BW_RECALLS + 1];
    for (int area = 0; area < BW_AREAS; area++)
        for (int overlap = 0; overlap < BW_OVERLAPS; overlap++)
            for (int depth = 0; depth < 3; depth++) {
                bw_status status =
                    bw_evaluation_precision(evaluation, class_id, area, overlap, depths[depth],
                                            numbers, &numbers[BW_RECALLS], error);
                if (status != BW_OK)
                    return status;
                fwrite(numbers, sizeof numbers, 1, file);
            }
    return BW_OK;
}

static bw_status run(const char *truth, const char *predictions, FILE *file, bw_error *error)
{
    bw_evaluation *evaluation;
    const bw_figures *figures;
    int classes;
    bw_status status = bw_evaluation_open(&evaluation, truth, NULL, NULL, error);
    if (status == BW_OK)
        status = bw_evaluation_read(evaluation, predictions, error);
    if (status == BW_OK)
        status = bw_evaluation_measure(evaluation, 0.25, &figures, &classes, error);
    for (int i = 0; status == BW_OK && i < classes; i++)
        status = dump(file, evaluation, i, error);
    bw_evaluation_close(&evaluation);
    return status;
}

int main(int argc, char **argv)
{
    bw_error error = {0};
    FILE *file = argc == 4 ? fopen(argv[3], "we") : NULL;
    if (!file) {
        fprintf(stderr, "usage: dump_curves TRUTH PREDICTIONS OUT\n");
        return 2;
    }
    bw_status status = run(argv[1], argv[2], file, &error);
    if (fclose(file) != 0 || status != BW_OK) {
        fprintf(stderr, "dump_curves: %s\n", error.message);
        return 1;
    }
    return 0;
}
