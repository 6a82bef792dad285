#include "tuning.h"

enum { LATENCY = 1 };

static const char *const modes[] = {"throughput", "latency", NULL};

const bw_option bw_tuning_options[] = {
    {"no-tune", NULL, "choose kernels by estimates, at once, instead of measuring them",
     bw_read_flag, offsetof(bw_tuning_choice, no_tune), 0, 0, NULL},
    {"mode", "MODE", "throughput (most pictures a second) or latency (default throughput)",
     bw_read_choice, offsetof(bw_tuning_choice, mode), 0, 0, modes},
    {"timing-cache", "FILE", "file of timings: what it knows is not measured, what is new is added",
     bw_read_text, offsetof(bw_tuning_choice, timings), 0, 0, NULL},
    {"tune-time", "SECONDS", "about how long to measure (default 60)", bw_read_int,
     offsetof(bw_tuning_choice, seconds), 1, 86400, NULL},
    {"seed", "N", "order of the measurements and numbers of their pictures (default 1)",
     bw_read_int, offsetof(bw_tuning_choice, seed), 0, 2147483647, NULL},
    {0},
};

const bw_tuning_choice bw_tuning_defaults = {.seed = 1, .seconds = 60};

void bw_tuning_apply(bw_build_options *options, const bw_tuning_choice *choice)
{
    if (!choice)
        return;
    options->latency = choice->mode == LATENCY;
    options->tune_seconds = choice->no_tune ? 0 : choice->seconds;
    options->seed = (uint64_t)choice->seed;
    options->timings = choice->timings;
}
