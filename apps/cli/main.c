/**
 * boxwright: the program. Finds the verb, hands it its arguments, returns its exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "suggest.h"
#include "terminal.h"
#include "verb.h"

static const bw_verb *const verbs[] = {
    &bw_verb_annotate, &bw_verb_merge,   &bw_verb_export,  &bw_verb_convert_labels,
    &bw_verb_select,   &bw_verb_build,   &bw_verb_convert, &bw_verb_bench,
    &bw_verb_eval,     &bw_verb_inspect, &bw_verb_doctor,  NULL,
};

static void print_help(void)
{
    printf("Boxwright %s annotates images by object detection.\n\n"
           "Usage: boxwright <verb> [options]\n\nVerbs\n",
           bw_version());
    for (const bw_verb *const *verb = verbs; *verb; verb++)
        printf("  %-16s%s\n", (*verb)->usage.name, (*verb)->usage.summary);
    printf("\nOther\n"
           "  --help          this text; 'boxwright <verb> --help' tells about a verb\n"
           "  --version       the version of program and library\n\n"
           "First steps\n"
           "  boxwright doctor                         is this machine fit?\n"
           "  boxwright annotate photos/ --out run/    annotate a folder of photographs\n");
}

static int reject_verb(const char *typed)
{
    char message[200], nearest[100];
    bw_suggestion suggestion = bw_suggestion_start(typed);
    for (const bw_verb *const *verb = verbs; *verb; verb++)
        bw_suggestion_try(&suggestion, (*verb)->usage.name);
    snprintf(message, sizeof message, "there is no verb '%.60s'%s", typed,
             bw_suggestion_text(&suggestion, "", nearest, sizeof nearest));
    bw_print_message(message);
    fputs("Try 'boxwright --help'.\n", stderr);
    return BW_EXIT_USAGE;
}

static const bw_verb *find_verb(const char *name)
{
    for (const bw_verb *const *verb = verbs; *verb; verb++)
        if (strcmp((*verb)->usage.name, name) == 0)
            return *verb;
    return NULL;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return BW_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--version")) {
        printf("boxwright %s\n", bw_version());
        return BW_EXIT_OK;
    }
    bool help = !strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help");
    if (help && argc < 3) {
        print_help();
        return BW_EXIT_OK;
    }
    const bw_verb *verb = find_verb(help ? argv[2] : name);
    if (!verb)
        return reject_verb(help ? argv[2] : name);
    if (help) {
        bw_options_print_help(&verb->usage);
        return BW_EXIT_OK;
    }
    return verb->run(argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    int status = run(argc, argv);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (!written && errno != EPIPE) {
        bw_print_message("cannot write to standard output");
        return status == BW_EXIT_OK ? BW_EXIT_FAILURE : status;
    }
    return status;
}
