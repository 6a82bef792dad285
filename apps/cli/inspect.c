/**
 * boxwright inspect: what a network is, and the steps that its plan takes on this machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "model.h"
#include "terminal.h"
#include "verb.h"

typedef struct inspect_options {
    bw_model_choice model;
    bw_precision_choice precision;
    bw_machine_choice machine;
} inspect_options;

static const bw_option_group groups[] = {
    {"Network", bw_model_options, offsetof(inspect_options, model)},
    {"Precision", bw_precision_options, offsetof(inspect_options, precision)},
    {"Machine", bw_machine_options, offsetof(inspect_options, machine)},
    {0},
};

static void print_model(const char *path, const bw_plan_info *info)
{
    char features[80];
    const bw_model_info *model = &info->model;
    bw_cpu_describe(features, sizeof features, info->cpu_features);
    printf("Model        ");
    bw_print_clean(stdout, path);
    printf("\nFingerprint  %s\n", model->fingerprint);
    printf("Input        %d x %d pixels, %s\n", model->width, model->height,
           model->resize == BW_RESIZE_STRETCH ? "stretched" : "letterboxed");
    printf("Classes      %d (", model->classes);
    for (int i = 0; i < model->classes && i < 5; i++) {
        fputs(i ? ", " : "", stdout);
        bw_print_clean(stdout, model->names[i]);
    }
    printf("%s)\n", model->classes > 5 ? ", ..." : "");
    printf("Layers       %d\n", model->layers);
    printf("Weights      %.3f million\n", (double)model->weights / 1e6);
    printf("Work         %.3f GMAC an image\n", (double)model->macs / 1e9);
    printf("Candidates   %llu boxes an image\n", (unsigned long long)model->boxes);
    printf("Plan         %d steps for batches of %d, on %s\n", info->steps, info->batch, features);
    if (info->file_bytes)
        printf("File         %.1f MB, built with %s\n", (double)info->file_bytes / 1e6,
               info->settings);
    printf("Memory       %.1f MB activations, %.1f MB packed weights\n",
           (double)info->arena_bytes / 1e6, (double)info->weight_bytes / 1e6);
}

static void print_steps(const bw_plan *plan, const bw_plan_info *info)
{
    printf("\n%5s  %-32s %-32s %10s %7s\n", "Step", "Layer", "Kernel", "MMAC", "Share");
    for (int i = 0; i < info->steps; i++) {
        bw_step_info step;
        bw_plan_step(plan, i, &step);
        double share = info->model.macs ? (double)step.macs / (double)info->model.macs : 0;
        printf("%5d  %-32.32s %-32.32s %10.2f %6.1f%%\n", i, step.layer, step.kernel,
               (double)step.macs / 1e6, 100 * share);
    }
}

static int run_inspect(int argc, char **argv);

const bw_verb bw_verb_inspect = {
    {
        .name = "inspect",
        .summary = "Show a network: its size, its work, and the kernels chosen for each step",
        .groups = groups,
    },
    run_inspect,
};

static int run_inspect(int argc, char **argv)
{
    inspect_options options = {.precision = bw_precision_defaults, .machine = bw_machine_defaults};
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_inspect.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    bw_plan *plan;
    char *path;
    bw_error error;
    bw_plan_choice choice = {
        .model = &options.model, .precision = &options.precision, .machine = &options.machine};
    if (bw_plan_open(&plan, &path, &choice, &error) != BW_OK) {
        bw_print_message(error.message);
        return bw_exit_status(&error);
    }
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    print_model(path, &info);
    print_steps(plan, &info);
    bw_plan_close(&plan);
    free(path);
    return BW_EXIT_OK;
}
