/**
 * What eval writes for programs: JSON with all figures and curves, CSV with a row a class.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "eval.h"

static const char *const area_names[BW_AREAS] = {"all", "small", "medium", "large"};

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *point_json(const bw_operating_point *point)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "confidence", point->confidence, "precision",
                     point->precision, "recall", point->recall, "f1", point->f1);
}

static json_t *numbers_json(const double *values, int count)
{
    json_t *array = json_array();
    for (int i = 0; array && i < count; i++)
        if (json_array_append_new(array, json_real(values[i])) != 0)
            return json_decref(array), NULL;
    return array;
}

/* The figures of each area range, a number for each IoU threshold. */
static json_t *areas_json(const double values[BW_AREAS][BW_OVERLAPS])
{
    json_t *object = json_object();
    for (int area = 0; area < BW_AREAS; area++)
        json_object_set_new(object, area_names[area], numbers_json(values[area], BW_OVERLAPS));
    return object;
}

/* Precision at 101 recalls, at IoU 0.50. */
static json_t *precision_json(const bw_eval_result *result, int class_id)
{
    bw_error error;
    double precision[BW_RECALLS], recall;
    bw_status status = bw_evaluation_precision(result->evaluation, class_id, 0, 0, BW_EVAL_BOXES,
                                               precision, &recall, &error);
    return status == BW_OK ? numbers_json(precision, BW_RECALLS) : NULL;
}

/* Precision, recall and F1 by confidence, each tenth of what is known: 0, 0.01, … 1. */
static json_t *by_confidence_json(const bw_eval_result *result, int class_id)
{
    enum { STEP = 10, COUNT = (BW_CONFIDENCES - 1) / STEP + 1 };
    bw_error error;
    bw_confidence_curve curve;
    double numbers[3][COUNT];
    if (bw_evaluation_by_confidence(result->evaluation, class_id, &curve, &error) != BW_OK)
        return NULL;
    for (int i = 0; i < COUNT; i++) {
        numbers[0][i] = curve.precision[STEP * i];
        numbers[1][i] = curve.recall[STEP * i];
        numbers[2][i] = curve.f1[STEP * i];
    }
    return json_pack("{s:o, s:o, s:o}", "precision", numbers_json(numbers[0], COUNT), "recall",
                     numbers_json(numbers[1], COUNT), "f1", numbers_json(numbers[2], COUNT));
}

/* The figures of all (0) or of a class (from 1). */
static json_t *figures_json(const bw_eval_result *result, int place)
{
    const bw_figures *figures = &result->figures[place];
    int class_id = place ? place - 1 : BW_ALL_CLASSES;
    double summary[BW_SUMMARY_FIGURES];
    bw_figures_summarize(summary, figures);
    json_t *object = json_object();
    if (place)
        json_object_set_new(object, "name", json_string(figures->name));
    for (int i = 0; i < BW_SUMMARY_FIGURES; i++)
        json_object_set_new(object, bw_summary_names[i], json_real(summary[i]));
    json_object_set_new(object, "VOC", json_real(result->voc[place]));
    json_object_set_new(object, "VOC07", json_real(result->voc07[place]));
    json_object_set_new(object, "images", json_integer((json_int_t)figures->images));
    json_object_set_new(object, "instances", json_integer((json_int_t)figures->instances));
    json_object_set_new(object, "best", point_json(&figures->best));
    json_object_set_new(object, "given", point_json(&figures->given));
    json_object_set_new(object, "ap_by_area_and_iou", areas_json(figures->ap));
    json_object_set_new(object, "ar_by_area_and_iou", areas_json(figures->ar));
    json_object_set_new(object, "precision_by_recall", precision_json(result, class_id));
    json_object_set_new(object, "by_confidence", by_confidence_json(result, class_id));
    return object;
}

static json_t *counts_json(const size_t *counts, int side)
{
    json_t *rows = json_array();
    for (int i = 0; i < side; i++) {
        json_t *row = json_array();
        for (int j = 0; j < side; j++)
            json_array_append_new(row, json_integer((json_int_t)counts[i * side + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *confusion_json(const bw_eval_result *result)
{
    return json_pack("{s:f, s:f, s:o}", "confidence", result->confidence, "iou", BW_CONFUSION_IOU,
                     "counts", counts_json(result->confusion, result->classes + 1));
}

static json_t *result_json(const bw_eval_result *result)
{
    json_t *root = figures_json(result, 0), *classes = json_array();
    for (int i = 1; i <= result->classes; i++)
        json_array_append_new(classes, figures_json(result, i));
    json_object_set_new(root, "classes", classes);
    if (result->confusion)
        json_object_set_new(root, "confusion_matrix", confusion_json(result));
    return root;
}

bw_status bw_eval_write_json(const char *file, const bw_eval_result *result, bw_error *error)
{
    json_t *root = result_json(result);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(root);
    if (!text)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the JSON result");
    bw_status status = bw_write_file(file, text, strlen(text), error);
    free(text);
    return status;
}

/* ---- CSV ------------------------------------------------------------------------------------ */

/* A field of CSV: in quotes where it must be, with its quotes doubled (RFC 4180). */
static void print_field(FILE *file, const char *text)
{
    bool quoted = text[strcspn(text, ",\"\r\n")] != '\0';
    fputs(quoted ? "\"" : "", file);
    for (; *text; text++) {
        fputs(*text == '"' ? "\"" : "", file);
        fputc(*text, file);
    }
    fputs(quoted ? "\"" : "", file);
}

static void print_csv_row(FILE *file, const bw_eval_result *result, int place)
{
    const bw_figures *figures = &result->figures[place];
    const bw_operating_point *best = &figures->best, *given = &figures->given;
    double summary[BW_SUMMARY_FIGURES];
    bw_figures_summarize(summary, figures);
    print_field(file, figures->name);
    fprintf(file, ",%zu,%zu,%.6f,%.6f,%.6f,%.6f,%.6f", figures->images, figures->instances,
            best->precision, best->recall, best->f1, summary[1], summary[0]);
    for (int i = 2; i < BW_SUMMARY_FIGURES; i++)
        fprintf(file, ",%.6f", summary[i]);
    fprintf(file, ",%.6f,%.6f,%.6f,%.6f,%.6f\n", result->voc[place], result->voc07[place],
            given->precision, given->recall, given->f1);
}

bw_status bw_eval_write_csv(const char *file, const bw_eval_result *result, bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the CSV result");
    fputs("Class,Images,Instances,P,R,F1,mAP50,mAP50-95", stream);
    for (int i = 2; i < BW_SUMMARY_FIGURES; i++)
        fprintf(stream, ",%s", bw_summary_names[i]);
    fputs(",VOC,VOC07,P given,R given,F1 given\n", stream);
    for (int i = 0; i <= result->classes; i++)
        print_csv_row(stream, result, i);
    bool written = fclose(stream) == 0;
    bw_status status = written ? bw_write_file(file, text, size, error)
                               : bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the CSV result");
    free(text);
    return status;
}
