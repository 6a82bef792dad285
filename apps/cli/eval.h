/**
 * The parts of boxwright eval: a model's detections in, figures, plots and pages out, the gate.
 */
#ifndef BW_CLI_EVAL_H
#define BW_CLI_EVAL_H

#include "model.h"

/** How many figures COCO's summary has, and what they are called. */
#define BW_SUMMARY_FIGURES 12
extern const char *const bw_summary_names[BW_SUMMARY_FIGURES];

/** Whose figures are printed. */
typedef enum bw_metric {
    BW_METRIC_COCO,
    BW_METRIC_VOC,   /* the area below the curve */
    BW_METRIC_VOC07, /* 11 recalls */
    BW_METRIC_DARKNET,
} bw_metric;

/** A figure that must not fall below a reference by more than `allowed`, which is at most 0. */
typedef struct bw_gate_condition {
    int figure;
    const char *class_name; /* so many bytes of it; NULL: of all classes */
    int class_length;
    double allowed;
} bw_gate_condition;

enum { BW_GATE_CONDITIONS = 16 };

typedef struct bw_gate {
    bw_gate_condition conditions[BW_GATE_CONDITIONS];
    int count;
    const char *file; /* what --json wrote; NULL where there is no gate */
} bw_gate;

/** Reads "AP=-0.005,AP50/person=-0.01:reference.json" into a bw_gate. */
bw_option_reader bw_read_gate;

typedef struct bw_eval_options {
    const char *truth, *images, *json, *csv, *out;
    const char *predictions; /* NULL: a model's */
    const char *command;     /* as it was typed; NULL where there was no memory for it */
    int metric;              /* a bw_metric */
    int points;       /* recalls that VOC and darknet average over; -1: as the metric has it */
    float threshold;  /* their IoU */
    int worst;        /* pictures that the report shows */
    float confidence; /* where precision and recall are told besides the best */
    float iou;        /* of a model's NMS */
    int resize;       /* a bw_resize */
    int padding;      /* as in bw_run_options */
    bw_gate gate;
    bw_model_choice model;
    bw_precision_choice precision;
    bw_machine_choice machine;
} bw_eval_options;

/** Runs the model of the options over all labelled pictures. */
bw_status bw_eval_run_model(bw_evaluation *evaluation, const bw_eval_options *options,
                            bw_error *error);

/** How a plan is run over labelled pictures. */
typedef struct bw_eval_run {
    int threads, streams; /* 0: as the engine chooses */
    float iou;            /* of NMS */
    int resize;           /* a bw_resize */
    int padding;          /* as in bw_run_options */
} bw_eval_run;

/** What `eval` does where nothing else is asked for. */
extern const bw_eval_run bw_eval_run_defaults;

/** Adds what the plan finds in all pictures of the evaluation, at confidence 0.001. */
bw_status bw_eval_run_plan(bw_evaluation *evaluation, const bw_plan *plan, const bw_eval_run *how,
                           bw_error *error);

/** Labelled pictures, as bw_evaluation_open takes them. */
typedef struct bw_eval_labels {
    const char *truth, *images, *names;
    size_t most;                        /* take at most so many pictures, spread evenly; 0: all */
    const struct bw_held_out *held_out; /* take these alone; NULL: all */
    bool quiet;                         /* print no warnings */
} bw_eval_labels;

/** COCO's figures of a plan, and of how many pictures. Warnings go to standard error. */
bw_status bw_eval_measure_plan(double *summary, size_t *pictures, const bw_plan *plan,
                               const bw_eval_labels *labels, const bw_eval_run *how,
                               bw_error *error);

/** How many of a picture's boxes COCO's figures look at. */
enum { BW_EVAL_BOXES = 100 };

/** The overlap of the confusion matrix, which is that of the YOLO programs. */
#define BW_CONFUSION_IOU 0.45

/** What was measured: figures[0] of all, and one a class. Freed with bw_eval_result_free. */
typedef struct bw_eval_result {
    bw_evaluation *evaluation;
    const bw_figures *figures;
    int classes;
    double confidence; /* of the given operating point, the confusion matrix and the pictures */
    double summary[BW_SUMMARY_FIGURES];
    double *voc, *voc07;     /* AP as the area below the curve and at 11 recalls, as figures */
    const size_t *confusion; /* [classes + 1][classes + 1], found by labelled; NULL for too many */
} bw_eval_result;

/** Measures all of it; unless `full`, COCO's figures alone. */
bw_status bw_eval_measure_all(bw_eval_result *result, bw_evaluation *evaluation, double confidence,
                              bool full, bw_error *error);
void bw_eval_result_free(bw_eval_result *result);

/** Prints what the metric asks for; COCO's does not need the options. */
bw_status bw_eval_print(const bw_eval_result *result, bw_metric metric,
                        const bw_average_options *options, bw_error *error);

/** Compares with the reference and says so on standard output. */
bw_status bw_gate_check(bool *passed, const bw_gate *gate, const bw_eval_result *result,
                        bw_error *error);

bw_status bw_eval_write_json(const char *file, const bw_eval_result *result, bw_error *error);
/** Draws BoxPR_curve, BoxF1_curve, BoxP_curve, BoxR_curve and both confusion matrices. */
bw_status bw_eval_write_plots(const char *folder, const bw_eval_result *result, bw_error *error);

/** Draws labels_and_predictions.png: some pictures of the set, labels beside what was found. */
bw_status bw_eval_write_sheet(const char *folder, const bw_eval_result *result, bw_error *error);

bw_status bw_eval_write_csv(const char *file, const bw_eval_result *result, bw_error *error);

#endif
