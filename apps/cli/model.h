/**
 * The model that the options name: where it is looked for, how it is opened.
 */
#ifndef BW_CLI_MODEL_H
#define BW_CLI_MODEL_H

#include "calibrate.h"
#include "gate.h"
#include "options.h"
#include "prune.h"
#include "tuning.h"

#define BW_DEFAULT_MODEL "yolov3-tiny"

typedef struct bw_model_choice {
    const char *model;   /* a file, or a name that is looked up; NULL for the default */
    const char *weights; /* NULL for the file beside the model */
    const char *names;   /* NULL for what the model comes with */
    bw_size size;        /* 0 × 0 for the model's own */
    bool quiet;          /* print no warnings: they were printed before */
} bw_model_choice;

/** Options that fill a bw_model_choice. */
extern const bw_option bw_model_options[];

typedef struct bw_machine_choice {
    int threads; /* 0: one for each processor */
    int streams; /* 0: as the engine chooses */
    int batch;   /* 0: 1, or the plan's */
    bw_cpu_level cpu;
} bw_machine_choice;

/** Options that fill a bw_machine_choice. */
extern const bw_option bw_machine_options[];

/** What a bw_machine_choice is before any option was read. */
extern const bw_machine_choice bw_machine_defaults;

/**
 * Finds a model: `name` as a file; then <name>.cfg, <name>/<name>.cfg and the same of .onnx below
 * $BOXWRIGHT_MODELS, the user's data folder, the installed one and the source tree's. `*path` is
 * the caller's (free). When it is nowhere, the message lists the places.
 */
bw_status bw_model_find(char **path, const char *name, bw_error *error);

/** Loads, names and resizes the model; its warnings go to standard error. `*path` as above. */
bw_status bw_model_open(bw_model **out, char **path, const bw_model_choice *choice,
                        bw_error *error);

/** Everything that decides which plan is used. */
typedef struct bw_plan_choice {
    const bw_model_choice *model;
    const bw_precision_choice *precision;
    const bw_machine_choice *machine;
    bool cache;                 /* take the plan from the cache, and keep it there */
    const bw_gate_choice *gate; /* what the plan has to pass; NULL: nothing */
    bw_gate_outcome *outcome;   /* where a gate tells what it measured */
    int share_bits;             /* as in bw_build_options; AUTO: the fewest that pass the gate */
    const bw_tuning_choice *tuning; /* NULL: kernels are chosen by estimates */
    const bw_prune_choice *prune;   /* NULL: the network stays whole */
    bw_prune_outcome *pruned;       /* where pruning tells what it did */
    const bw_model *reference;      /* of the gate, in FP32; NULL: the model itself */
} bw_plan_choice;

/**
 * Opens the model, calibrates where the precision needs it, builds its plan in one go, and lets it
 * pass the gate, if there is one; a plan from the cache has passed when it was built. A plan file,
 * recognised by its tag, is loaded instead; options that contradict it are refused.
 */
bw_status bw_plan_open(bw_plan **out, char **path, const bw_plan_choice *choice, bw_error *error);

#endif
