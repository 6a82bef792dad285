#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "eval.h"

enum { GATE_FILE_LIMIT = 256 << 20 };

static const char *const area_names[BW_AREAS] = {"all", "small", "medium", "large"};

const char *const bw_summary_names[BW_SUMMARY_FIGURES] = {
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
};

/* ---- For people ----------------------------------------------------------------------------- */

static void print_summary(const double *summary)
{
    static const struct {
        const char *overlap, *area;
        int depth;
    } lines[BW_SUMMARY_FIGURES] = {
        {"0.50:0.95", "all", 100},   {"0.50", "all", 100},         {"0.75", "all", 100},
        {"0.50:0.95", "small", 100}, {"0.50:0.95", "medium", 100}, {"0.50:0.95", "large", 100},
        {"0.50:0.95", "all", 1},     {"0.50:0.95", "all", 10},     {"0.50:0.95", "all", 100},
        {"0.50:0.95", "small", 100}, {"0.50:0.95", "medium", 100}, {"0.50:0.95", "large", 100},
    };
    for (int i = 0; i < BW_SUMMARY_FIGURES; i++)
        printf(" %-18s %s @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %0.3f\n",
               i < 6 ? "Average Precision" : "Average Recall", i < 6 ? "(AP)" : "(AR)",
               lines[i].overlap, lines[i].area, lines[i].depth, summary[i]);
}

static void print_row(const bw_figures *figures)
{
    double summary[BW_SUMMARY_FIGURES];
    char *name = bw_utf8_clean(figures->name, true);
    bw_figures_summarize(summary, figures);
    printf("%22s %10zu %10zu %10.3f %10.3f %10.3f %10.3f\n", name ? name : "", figures->images,
           figures->instances, figures->best.precision, figures->best.recall, summary[1],
           summary[0]);
    free(name);
}

static void print_point(const char *title, const bw_operating_point *point)
{
    printf("%s confidence %.4f: precision %.3f, recall %.3f, F1 %.3f\n", title, point->confidence,
           point->precision, point->recall, point->f1);
}

void bw_eval_print(const bw_eval_result *result)
{
    const bw_figures *all = result->figures;
    print_summary(result->summary);
    printf("\n%22s %10s %10s %10s %10s %10s %10s\n", "Class", "Images", "Instances", "P", "R",
           "mAP50", "mAP50-95");
    for (int i = 0; i <= result->classes; i++)
        if (i == 0 || all[i].instances > 0)
            print_row(&all[i]);
    printf("\nP and R are those where the mean F1 of the classes is best.\n");
    print_point("Best: ", &all->best);
    print_point("Given:", &all->given);
}

/* ---- For programs --------------------------------------------------------------------------- */

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

static json_t *figures_json(const bw_figures *figures)
{
    double summary[BW_SUMMARY_FIGURES];
    bw_figures_summarize(summary, figures);
    json_t *object = json_object();
    for (int i = 0; i < BW_SUMMARY_FIGURES; i++)
        json_object_set_new(object, bw_summary_names[i], json_real(summary[i]));
    json_object_set_new(object, "images", json_integer((json_int_t)figures->images));
    json_object_set_new(object, "instances", json_integer((json_int_t)figures->instances));
    json_object_set_new(object, "best", point_json(&figures->best));
    json_object_set_new(object, "given", point_json(&figures->given));
    json_object_set_new(object, "ap_by_area_and_iou", areas_json(figures->ap));
    json_object_set_new(object, "ar_by_area_and_iou", areas_json(figures->ar));
    return object;
}

static json_t *result_json(const bw_eval_result *result)
{
    json_t *root = figures_json(result->figures), *classes = json_array();
    for (int i = 1; i <= result->classes; i++) {
        json_t *row = figures_json(&result->figures[i]);
        json_object_set_new(row, "name", json_string(result->figures[i].name));
        json_array_append_new(classes, row);
    }
    json_object_set_new(root, "classes", classes);
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

static void print_csv_row(FILE *file, const bw_figures *figures)
{
    double summary[BW_SUMMARY_FIGURES];
    bw_figures_summarize(summary, figures);
    print_field(file, figures->name);
    fprintf(file, ",%zu,%zu,%.6f,%.6f,%.6f,%.6f,%.6f\n", figures->images, figures->instances,
            figures->best.precision, figures->best.recall, figures->best.f1, summary[1],
            summary[0]);
}

bw_status bw_eval_write_csv(const char *file, const bw_eval_result *result, bw_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the CSV result");
    fputs("Class,Images,Instances,P,R,F1,mAP50,mAP50-95\n", stream);
    for (int i = 0; i <= result->classes; i++)
        print_csv_row(stream, &result->figures[i]);
    bool written = fclose(stream) == 0;
    bw_status status = written ? bw_write_file(file, text, size, error)
                               : bw_fail(error, BW_ERROR_MEMORY, "cannot allocate the CSV result");
    free(text);
    return status;
}

/* ---- The gate ------------------------------------------------------------------------------- */

static int find_figure(const char *text, size_t length)
{
    for (int i = 0; i < BW_SUMMARY_FIGURES; i++)
        if (strlen(bw_summary_names[i]) == length && memcmp(bw_summary_names[i], text, length) == 0)
            return i;
    return -1;
}

bw_status bw_read_gate(const bw_option *option, void *field, const char *text, bw_error *error)
{
    bw_gate *gate = field;
    size_t name = strcspn(text, "=");
    char *end;
    gate->figure = find_figure(text, name);
    if (gate->figure < 0)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--%s knows no figure '%.*s': it takes AP, AP50, AP75, APs, APm, APl, AR1, "
                       "AR10, AR100, ARs, ARm or ARl",
                       option->name, (int)(name < 60 ? name : 60), text);
    const char *number = text + name + (text[name] == '=');
    gate->allowed = strtod(number, &end);
    if (end == number || *end != ':' || !end[1] || !(gate->allowed <= 0 && gate->allowed >= -1))
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--%s takes what may be lost, from -1 to 0, and a file, such as "
                       "AP=-0.005:reference.json, not '%s'",
                       option->name, text);
    gate->file = end + 1;
    return BW_OK;
}

static bw_status read_reference(double *value, const bw_gate *gate, bw_error *error)
{
    uint8_t *text;
    size_t size;
    json_error_t problem;
    bw_status status = bw_read_file(&text, &size, gate->file, GATE_FILE_LIMIT, error);
    if (status != BW_OK)
        return status;
    json_t *root = json_loadb((const char *)text, size, 0, &problem);
    free(text);
    const json_t *number = json_object_get(root, bw_summary_names[gate->figure]);
    *value = json_number_value(number);
    if (!root)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: line %d: is not JSON: %s", gate->file,
                         problem.line, problem.text);
    else if (!json_is_number(number) || *value < 0)
        status = bw_fail(error, BW_ERROR_FORMAT, "%s: tells no %s to compare with", gate->file,
                         bw_summary_names[gate->figure]);
    json_decref(root);
    return status;
}

bw_status bw_gate_check(bool *passed, const bw_gate *gate, const double *summary, bw_error *error)
{
    /* What twelve digits in the reference may round away. */
    const double rounding = 1e-11;
    double reference, value = summary[gate->figure];
    bw_status status = read_reference(&reference, gate, error);
    if (status != BW_OK)
        return status;
    double change = fabs(value - reference) < rounding ? 0 : value - reference;
    *passed = change >= gate->allowed - rounding;
    printf("Gate: %s %.4f, reference %.4f: %+.4f, allowed %+.4f: %s\n",
           bw_summary_names[gate->figure], value, reference, change, gate->allowed,
           *passed ? "passed" : "not passed");
    return BW_OK;
}
