/**
 * The gate: figures that must not fall below those of a file that --json wrote.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "eval.h"
#include "terminal.h"

enum { REFERENCE_LIMIT = 256 << 20, FIGURES = BW_SUMMARY_FIGURES + 2 };

/* The figures as JSON names them: COCO's, then VOC's two. */
static const char *figure_name(int figure)
{
    static const char *const others[] = {"VOC", "VOC07"};
    return figure < BW_SUMMARY_FIGURES ? bw_summary_names[figure]
                                       : others[figure - BW_SUMMARY_FIGURES];
}

/* ---- The option ----------------------------------------------------------------------------- */

static int find_figure(const char *text, size_t length)
{
    for (int i = 0; i < FIGURES; i++)
        if (strlen(figure_name(i)) == length && memcmp(figure_name(i), text, length) == 0)
            return i;
    return -1;
}

/* Reads "AP50/person=-0.01" up to the comma or colon after it; `*end` is that. */
static bw_status read_condition(bw_gate_condition *condition, const char *text, const char **end,
                                const char *option, bw_error *error)
{
    size_t name = strcspn(text, "/="), whole = strcspn(text, "=");
    *condition = (bw_gate_condition){.figure = find_figure(text, name)};
    if (condition->figure < 0)
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--%s knows no figure '%.*s': it takes AP, AP50, AP75, APs, APm, APl, AR1, "
                       "AR10, AR100, ARs, ARm, ARl, VOC or VOC07",
                       option, (int)(name < 60 ? name : 60), text);
    if (name < whole) {
        condition->class_name = text + name + 1;
        condition->class_length = (int)(whole - name - 1);
    }
    const char *number = text + whole + (text[whole] == '=');
    char *stop;
    condition->allowed = strtod(number, &stop);
    *end = stop;
    if (stop != number && (*stop == ',' || *stop == ':') && stop[1] && condition->allowed <= 0 &&
        condition->allowed >= -1)
        return BW_OK;
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "--%s takes what may be lost, from -1 to 0, and a file, such as "
                   "AP=-0.005:reference.json, not '%s'",
                   option, text);
}

bw_status bw_read_gate(const bw_option *option, void *field, const char *text, bw_error *error)
{
    bw_gate *gate = field;
    gate->count = 0;
    do {
        if (gate->count == BW_GATE_CONDITIONS)
            return bw_fail(error, BW_ERROR_ARGUMENT, "--%s takes at most %d figures", option->name,
                           BW_GATE_CONDITIONS);
        bw_status status =
            read_condition(&gate->conditions[gate->count++], text, &text, option->name, error);
        if (status != BW_OK)
            return status;
    } while (*text++ == ',');
    gate->file = text;
    return BW_OK;
}

/* ---- The comparison ------------------------------------------------------------------------- */

static bw_status read_reference(json_t **root, const char *file, bw_error *error)
{
    uint8_t *text;
    size_t size;
    json_error_t problem;
    bw_status status = bw_read_file(&text, &size, file, REFERENCE_LIMIT, error);
    *root = NULL;
    if (status != BW_OK)
        return status;
    *root = json_loadb((const char *)text, size, 0, &problem);
    free(text);
    return *root ? BW_OK
                 : bw_fail(error, BW_ERROR_FORMAT, "%s: line %d: is not JSON: %s", file,
                           problem.line, problem.text);
}

static bool is_class(const bw_gate_condition *condition, const char *name)
{
    return name && strlen(name) == (size_t)condition->class_length &&
           memcmp(name, condition->class_name, (size_t)condition->class_length) == 0;
}

/* The part of the reference that tells of the condition's class, or all of it; NULL for none. */
static const json_t *find_part(const json_t *root, const bw_gate_condition *condition)
{
    if (!condition->class_name)
        return root;
    const json_t *classes = json_object_get(root, "classes");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const json_t *row = json_array_get(classes, i);
        if (is_class(condition, json_string_value(json_object_get(row, "name"))))
            return row;
    }
    return NULL;
}

/* The place of the condition's class in the figures, 0 for all; -1 for none. */
static int find_class(const bw_eval_result *result, const bw_gate_condition *condition)
{
    if (!condition->class_name)
        return 0;
    for (int i = 1; i <= result->classes; i++)
        if (is_class(condition, result->figures[i].name))
            return i;
    return -1;
}

static double measured(const bw_eval_result *result, int place, int figure)
{
    double summary[BW_SUMMARY_FIGURES];
    if (figure == BW_SUMMARY_FIGURES)
        return result->voc[place];
    if (figure > BW_SUMMARY_FIGURES)
        return result->voc07[place];
    bw_figures_summarize(summary, &result->figures[place]);
    return summary[figure];
}

static bw_status check(bool *passed, const bw_gate_condition *condition, const char *file,
                       const json_t *root, const bw_eval_result *result, bw_error *error)
{
    /* What twelve digits in the reference may round away. */
    const double rounding = 1e-11;
    const char *name = figure_name(condition->figure), *of = condition->class_name ? "/" : "";
    int length = condition->class_length;
    const char *class_name = condition->class_name ? condition->class_name : "";
    const json_t *number = json_object_get(find_part(root, condition), name);
    int place = find_class(result, condition);
    double reference = json_number_value(number);
    if (!json_is_number(number) || reference < 0)
        return bw_fail(error, BW_ERROR_FORMAT, "%s: tells no %s%s%.*s to compare with", file, name,
                       of, length, class_name);
    if (place < 0)
        return bw_fail(error, BW_ERROR_ARGUMENT, "the ground truth has no class '%.*s'", length,
                       class_name);
    double value = measured(result, place, condition->figure);
    double change = fabs(value - reference) < rounding ? 0 : value - reference;
    bool good = change >= condition->allowed - rounding;
    printf("Gate: %s%s", name, of);
    bw_print_clean(stdout, place ? result->figures[place].name : "");
    printf(" %.4f, reference %.4f: %+.4f, allowed %+.4f: %s\n", value, reference, change,
           condition->allowed, good ? "passed" : "not passed");
    *passed &= good;
    return BW_OK;
}

bw_status bw_gate_check(bool *passed, const bw_gate *gate, const bw_eval_result *result,
                        bw_error *error)
{
    json_t *root;
    *passed = true;
    bw_status status = read_reference(&root, gate->file, error);
    for (int i = 0; status == BW_OK && i < gate->count; i++)
        status = check(passed, &gate->conditions[i], gate->file, root, result, error);
    json_decref(root);
    return status;
}
