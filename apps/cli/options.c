#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "terminal.h"
#include "verb.h"

/* ---- Readers -------------------------------------------------------------------------------- */

bw_status bw_read_flag(const bw_option *option, void *field, const char *text, bw_error *error)
{
    (void)option;
    (void)text;
    (void)error;
    *(bool *)field = true;
    return BW_OK;
}

bw_status bw_read_text(const bw_option *option, void *field, const char *text, bw_error *error)
{
    if (*text == '\0')
        return bw_fail(error, BW_ERROR_ARGUMENT, "--%s is empty", option->name);
    *(const char **)field = text;
    return BW_OK;
}

static bw_status read_number(const bw_option *option, double *value, const char *text,
                             bw_error *error)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*value))
        return bw_fail(error, BW_ERROR_ARGUMENT, "--%s takes a number, not '%s'", option->name,
                       text);
    if (*value < option->low || *value > option->high)
        return bw_fail(error, BW_ERROR_ARGUMENT, "--%s %s is outside the range %.10g to %.10g",
                       option->name, text, option->low, option->high);
    return BW_OK;
}

bw_status bw_read_int(const bw_option *option, void *field, const char *text, bw_error *error)
{
    double value;
    bw_status status = read_number(option, &value, text, error);
    if (status != BW_OK)
        return status;
    if (value != floor(value))
        return bw_fail(error, BW_ERROR_ARGUMENT, "--%s takes a whole number, not '%s'",
                       option->name, text);
    *(int *)field = (int)value;
    return BW_OK;
}

bw_status bw_read_float(const bw_option *option, void *field, const char *text, bw_error *error)
{
    double value;
    bw_status status = read_number(option, &value, text, error);
    if (status == BW_OK)
        *(float *)field = (float)value;
    return status;
}

bw_status bw_read_choice(const bw_option *option, void *field, const char *text, bw_error *error)
{
    char list[200] = "", nearest[100];
    bw_suggestion suggestion = bw_suggestion_start(text);
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *(int *)field = i;
            return BW_OK;
        }
        bw_suggestion_try(&suggestion, option->choices[i]);
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", option->choices[i]);
    }
    return bw_fail(error, BW_ERROR_ARGUMENT, "--%s is one of %s, not '%s'%s", option->name, list,
                   text, bw_suggestion_text(&suggestion, "", nearest, sizeof nearest));
}

bw_status bw_read_size(const bw_option *option, void *field, const char *text, bw_error *error)
{
    enum { LARGEST = 16384 };
    bw_size *size = field;
    char *end;
    long width = strtol(text, &end, 10), height = width;
    bool read = end != text;
    if (read && (*end == 'x' || *end == 'X')) {
        const char *second = end + 1;
        height = strtol(second, &end, 10);
        read = end != second;
    }
    if (!read || *end != '\0')
        return bw_fail(error, BW_ERROR_ARGUMENT,
                       "--%s takes pixels, such as 416 or 640x384 (width x height), not '%s'",
                       option->name, text);
    if (width < 1 || height < 1 || width > LARGEST || height > LARGEST)
        return bw_fail(error, BW_ERROR_ARGUMENT, "--%s %s is outside the range 1 to %d",
                       option->name, text, LARGEST);
    *size = (bw_size){(int)width, (int)height};
    return BW_OK;
}

bw_status bw_read_cpu(const bw_option *option, void *field, const char *text, bw_error *error)
{
    bw_cpu_level *level = field;
    level->name = text;
    bw_status status = bw_cpu_mask_parse(&level->mask, text, error);
    return status == BW_OK ? status : bw_fail_prefix(error, status, "--%s", option->name);
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static bool name_matches(const char *name, const char *typed, size_t length)
{
    return strlen(name) == length && memcmp(name, typed, length) == 0;
}

static const bw_option *find_option(const bw_usage *usage, const char *typed, size_t length,
                                    size_t *group_offset)
{
    for (const bw_option_group *group = usage->groups; group->options; group++) {
        for (const bw_option *option = group->options; option->name; option++) {
            if (name_matches(option->name, typed, length)) {
                *group_offset = group->offset;
                return option;
            }
        }
    }
    return NULL;
}

static void reject_option(const bw_usage *usage, const char *typed, size_t length)
{
    char name[64], nearest[100];
    snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), typed);
    bw_suggestion suggestion = bw_suggestion_start(name);
    bw_suggestion_try(&suggestion, "help");
    for (const bw_option_group *group = usage->groups; group->options; group++)
        for (const bw_option *option = group->options; option->name; option++)
            bw_suggestion_try(&suggestion, option->name);
    bw_usage_error(usage, "there is no option '--%s'%s", name,
                   bw_suggestion_text(&suggestion, "--", nearest, sizeof nearest));
}

/* The name that "-x" stands for, or NULL. */
static const char *find_letter(const bw_usage *usage, const char *argument)
{
    const bw_short_option *known = usage->short_options;
    for (; known && known->name && strlen(argument) == 2; known++)
        if (known->letter == argument[1])
            return known->name;
    return NULL;
}

enum { MOST_LISTS = 4 };

/* The arguments as far as they are read. */
typedef struct reading {
    const bw_usage *usage;
    char *values;
    int argc;
    char **argv;
    int at;                             /* the last that was used */
    const bw_option *lists[MOST_LISTS]; /* that were given: a second would replace the first */
    int list_count;
} reading;

/* False where an option is a list that was given before. */
static bool note_list(reading *of, const bw_option *option)
{
    if (!option->argument || strcmp(option->argument, "LIST") != 0)
        return true;
    for (int index = 0; index < of->list_count; index++)
        if (of->lists[index] == option) {
            bw_usage_error(of->usage,
                           "--%s is given twice: put all in one list, with commas between",
                           option->name);
            return false;
        }
    if (of->list_count < MOST_LISTS)
        of->lists[of->list_count++] = option;
    return true;
}

/* Reads an option, `typed` without its dashes, and its value. */
static bool read_option(reading *of, const char *typed)
{
    const bw_usage *usage = of->usage;
    const char *text = strchr(typed, '=');
    size_t length = text ? (size_t)(text - typed) : strlen(typed), group = 0;
    const bw_option *option = find_option(usage, typed, length, &group);
    if (!option) {
        reject_option(usage, typed, length);
        return false;
    }
    if (!option->argument && text) {
        bw_usage_error(usage, "--%s takes no value", option->name);
        return false;
    }
    if (text)
        text++;
    if (option->argument && !text) {
        if (of->at + 1 >= of->argc) {
            bw_usage_error(usage, "--%s needs a value: --%s %s", option->name, option->name,
                           option->argument);
            return false;
        }
        text = of->argv[++of->at];
    }
    bw_error error;
    if (option->read(option, of->values + group + option->offset, text, &error) == BW_OK)
        return note_list(of, option);
    bw_usage_error(usage, "%s", error.message);
    return false;
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

bw_options_result bw_options_read(const bw_usage *usage, void *values, int argc, char **argv,
                                  int *operands)
{
    *operands = 0;
    bool ended = false;
    reading of = {.usage = usage, .values = values, .argc = argc, .argv = argv};
    for (; of.at < argc; of.at++) {
        char *argument = argv[of.at];
        if (ended || argument[0] != '-' || argument[1] == '\0') {
            argv[(*operands)++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            ended = true;
        } else if (is_help(argument)) {
            bw_options_print_help(usage);
            return BW_OPTIONS_HELP;
        } else if (argument[1] != '-' && !find_letter(usage, argument)) {
            bw_usage_error(usage,
                           "there is no option '%s': options have two dashes, and a name that "
                           "begins with one stands after '--'",
                           argument);
            return BW_OPTIONS_WRONG;
        } else if (!read_option(&of,
                                argument[1] == '-' ? argument + 2 : find_letter(usage, argument))) {
            return BW_OPTIONS_WRONG;
        }
    }
    if (*operands > 0 && !usage->operands) {
        bw_usage_error(usage, "'%s' is one word too many", argv[0]);
        return BW_OPTIONS_WRONG;
    }
    return BW_OPTIONS_RUN;
}

int bw_usage_error(const bw_usage *usage, const char *format, ...)
{
    char message[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    bw_print_message(message);
    fprintf(stderr, "Try 'boxwright %s --help'.\n", usage->name);
    return BW_EXIT_USAGE;
}

int bw_exit_status(const bw_error *error)
{
    return error->status == BW_ERROR_ARGUMENT ? BW_EXIT_USAGE : BW_EXIT_FAILURE;
}

/* ---- Help ----------------------------------------------------------------------------------- */

enum { HELP_COLUMN = 28, HELP_WIDTH = 96 };

/* Prints words from the column on, wrapped. */
static void print_wrapped(const char *text)
{
    int column = HELP_COLUMN;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column += printf("%s%.*s", column > HELP_COLUMN ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const bw_usage *usage, const char *name, const char *argument,
                         const char *help)
{
    char left[64], letter[8] = "";
    const bw_short_option *known = usage->short_options;
    for (; known && known->name; known++)
        if (strcmp(known->name, name) == 0)
            snprintf(letter, sizeof letter, "-%c, ", known->letter);
    int length = snprintf(left, sizeof left, "  %s--%s%s%s", letter, name, argument ? " " : "",
                          argument ? argument : "");
    printf("%s", left);
    if (length > HELP_COLUMN - 2)
        printf("\n%*s", HELP_COLUMN, "");
    else
        printf("%*s", HELP_COLUMN - length, "");
    print_wrapped(help);
}

void bw_options_print_help(const bw_usage *usage)
{
    printf("%s\n\nUsage: boxwright %s%s%s [options]\n", usage->summary, usage->name,
           usage->operands ? " " : "", usage->operands ? usage->operands : "");
    if (usage->details)
        printf("\n%s\n", usage->details);
    for (const bw_option_group *group = usage->groups; group->options; group++) {
        printf("\n%s\n", group->title);
        for (const bw_option *option = group->options; option->name; option++)
            print_option(usage, option->name, option->argument, option->help);
    }
    printf("\nOther\n");
    print_option(usage, "help", NULL, "this text");
}
