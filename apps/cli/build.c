/**
 * boxwright build: a network's plan, made once and kept in a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cpu.h"
#include "layer_table.h"
#include "model.h"
#include "target.h"
#include "terminal.h"
#include "verb.h"

typedef struct build_options {
    const char *output;
    int share; /* of `shares` */
    bw_prune_choice prune;
    bw_model_choice model;
    bw_precision_choice precision;
    bw_gate_choice gate;
    bw_tuning_choice tuning;
    bw_machine_choice machine;
} build_options;

static const char *const shares[] = {"none", "4", "5", "6", "7", "8", "auto", NULL};

enum { SHARE_AUTO = 6, MOST_REASONS = 5 };

static const bw_option output_table[] = {
    {"output", "FILE", "the plan's file, customarily .bwp (required)", bw_read_text,
     offsetof(build_options, output), 0, 0, NULL},
    {"share-weights", "BITS",
     "keep INT8's weights as indices of 4 to 8 bits into a codebook a layer; auto: the fewest "
     "bits, chosen for each layer, that pass the gate (default none)",
     bw_read_choice, offsetof(build_options, share), 0, 0, shares},
    {"prune", "F",
     "remove channels that take this share of the time, such as 0.2; auto: as much as passes the "
     "gate (needs --calib)",
     bw_read_prune, offsetof(build_options, prune), 0, 0, NULL},
    {0},
};

static const bw_option_group groups[] = {
    {"Output", output_table, 0},
    {"Network", bw_model_options, offsetof(build_options, model)},
    {"Precision", bw_precision_options, offsetof(build_options, precision)},
    {"Calibration", bw_ranges_options, offsetof(build_options, precision)},
    {"Accuracy", bw_gate_options, offsetof(build_options, gate)},
    {"Tuning", bw_tuning_options, offsetof(build_options, tuning)},
    {"Machine", bw_machine_options, offsetof(build_options, machine)},
    {0},
};

/* `plan` is the one of the file, `built` the same with all that is known of the model. */
static void print_summary(const char *file, double seconds, const bw_plan *plan,
                          const bw_plan *built, const bw_gate_outcome *gate,
                          const bw_prune_outcome *pruned)
{
    bw_plan_info described, *info = &described;
    bw_plan_describe(plan, info);
    char features[80];
    bw_cpu_describe(features, sizeof features, info->cpu_features);
    printf("Plan         ");
    bw_print_clean(stdout, file);
    printf(", %.1f MB\n", (double)info->file_bytes / 1e6);
    printf("Fingerprint  %s\n", info->model.fingerprint);
    printf("Input        %d x %d pixels, batches of %d\n", info->model.width, info->model.height,
           info->batch);
    printf("Steps        %d in %s, on %s\n", info->steps, bw_precision_name(info->precision),
           features);
    printf("Settings     %s\n", info->settings);
    printf("Memory       %.1f MB activations, %.1f MB packed weights\n",
           (double)info->arena_bytes / 1e6, (double)info->weight_bytes / 1e6);
    bw_print_general(stdout, built, NULL, MOST_REASONS);
    bw_print_pruning(stdout, pruned);
    bw_print_worst_layers(stdout, plan, info->steps);
    if (info->stored_bytes < info->weight_bytes) {
        double dense =
            (double)info->file_bytes + (double)info->weight_bytes - (double)info->stored_bytes;
        printf("Sharing      %.2f MB instead of %.2f MB: %.1f %%\n", (double)info->file_bytes / 1e6,
               dense / 1e6, 100 * (double)info->file_bytes / dense);
    }
    bw_gate_print(stdout, "Accuracy     ", gate);
    printf("Built        in %.1f s; use it as --model ", seconds);
    bw_print_clean(stdout, file);
    putchar('\n');
}

static int share_bits(int share)
{
    if (share == SHARE_AUTO)
        return BW_SHARE_AUTO;
    return share > 0 ? share + 3 : 0;
}

/* How long it may take, and how to do without, before a bar shows how far it is. */
static void announce_tuning(const bw_tuning_choice *tuning)
{
    if (!tuning->no_tune && isatty(STDERR_FILENO))
        fprintf(stderr,
                "Kernels are measured for about %d s or less; --no-tune estimates them at once\n",
                tuning->seconds);
}

/* Builds, saves, and loads the file again: what stands there has been read once. */
static bw_status build(const build_options *options, bw_gate_outcome *gate, bw_error *error)
{
    bool prunes = options->prune.automatic || options->prune.share > 0;
    bw_prune_outcome pruned = {0};
    bw_plan_choice choice = {.model = &options->model,
                             .precision = &options->precision,
                             .machine = &options->machine,
                             .gate = &options->gate,
                             .outcome = gate,
                             .tuning = &options->tuning,
                             .prune = prunes ? &options->prune : NULL,
                             .pruned = &pruned,
                             .share_bits = share_bits(options->share)};
    uint64_t start = bw_clock();
    bw_plan *plan = NULL, *built;
    char *path;
    bw_status status = bw_target_check(options->output, &options->model, error);
    if (status == BW_OK)
        announce_tuning(&options->tuning);
    if (status == BW_OK)
        status = bw_plan_open(&built, &path, &choice, error);
    if (status != BW_OK)
        return status;
    bw_plan_info info;
    bw_plan_describe(built, &info);
    if (info.file_bytes)
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "'%s' is a plan; a plan is built from the model it came from", path);
    else
        status = bw_plan_save(built, options->output, error);
    free(path);
    if (status == BW_OK)
        status = bw_plan_load(&plan, options->output, error);
    if (status == BW_OK)
        print_summary(options->output, (double)(bw_clock() - start) / 1e9, plan, built, gate,
                      &pruned);
    bw_plan_close(&plan);
    bw_plan_close(&built);
    return status;
}

static int run_build(int argc, char **argv);

static const bw_short_option short_options[] = {{'o', "output"}, {0}};

const bw_verb bw_verb_build = {
    {
        .name = "build",
        .summary = "Build a network's plan once and keep it in a file",
        .details =
            "A plan holds everything that this machine's processor needs to run the network:\n"
            "the kernels chosen, the weights packed for them, names, anchors and settings. It\n"
            "loads in milliseconds; the other verbs take it as --model FILE. Kernels are chosen\n"
            "by measuring them in the network itself, with the threads and batch given.\n"
            "\n"
            "Exit status: 0 built, 4 the plan loses too much accuracy and is not written, 2 wrong\n"
            "use, 1 failure.",
        .groups = groups,
        .short_options = short_options,
    },
    run_build,
};

/* What makes no sense in the options, or NULL. */
static const char *find_problem(const build_options *options)
{
    const bw_precision_choice *precision = &options->precision;
    bool prunes = options->prune.automatic || options->prune.share > 0;
    bool ranges = precision->ranges || precision->save_ranges;
    bool int8 =
        precision->precision == BW_PRECISION_INT8 || precision->precision == BW_PRECISION_BEST;
    if (!options->output)
        return "say where to write the plan: -o FILE.bwp";
    if (options->share && options->precision.precision != BW_PRECISION_INT8)
        return "--share-weights is for INT8: add --precision int8 --calib DIR";
    if (ranges && !int8)
        return "--ranges and --save-ranges are for INT8: add --precision int8";
    if (ranges && prunes)
        return "--ranges and --save-ranges are of a whole network: leave --prune out";
    if (prunes && (!precision->calib || bw_is_noise(precision)))
        return "--prune needs pictures like those that will be annotated: add --calib DIR";
    if (options->prune.automatic && options->gate.off)
        return "--prune auto removes as much as the gate allows: leave --no-gate out, or say how "
               "much, such as --prune 0.2";
    return NULL;
}

static int run_build(int argc, char **argv)
{
    build_options options = {.precision = bw_precision_defaults,
                             .gate = bw_gate_defaults,
                             .tuning = bw_tuning_defaults,
                             .machine = bw_machine_defaults};
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_build.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    const char *problem = find_problem(&options);
    if (problem)
        return bw_usage_error(&bw_verb_build.usage, "%s", problem);
    bw_error error;
    bw_gate_outcome gate = {0};
    if (build(&options, &gate, &error) == BW_OK)
        return BW_EXIT_OK;
    bw_print_message(error.message);
    return gate.refused ? BW_EXIT_GATE : bw_exit_status(&error);
}
