/**
 * Boxwright: annotate images by object detection, at the limit of the CPU.
 *
 * The whole public interface. A program loads a model, builds a plan for a batch size, opens an
 * engine on it and hands it decoded pictures:
 *
 *     bw_model *model;   bw_plan *plan;   bw_engine *engine;   bw_error error;
 *     bw_model_load(&model, "yolov3.cfg", NULL, NULL, &error);
 *     bw_plan_build(&plan, model, NULL, &error);
 *     bw_engine_open(&engine, plan, NULL, &error);
 *     bw_image_read(&image, "street.jpg", NULL, &error);
 *     bw_engine_detect(engine, &image, 1, &detections, &error);
 *
 * Rules that hold everywhere:
 * - `T **out` is owned by the caller, who closes it; every other returned pointer is borrowed.
 * - A close function takes the address of the handle, accepts NULL, and sets the handle to NULL.
 * - Functions that can fail return a bw_status: 0, or a negative number and a sentence in
 *   bw_error (which is the caller's and may be NULL). On failure *out is NULL.
 * - Option structs are filled by their init function; a NULL option pointer means the defaults.
 * - The library prints nothing, exits never, and keeps no global state.
 * - A plan is immutable and may be shared; an engine serves one thread at a time.
 */
#ifndef BOXWRIGHT_H
#define BOXWRIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BW_API __attribute__((visibility("default")))
#else
#define BW_API
#endif

/* ---- Version, status and errors ------------------------------------------------------------- */

#define BW_VERSION_MAJOR 0
#define BW_VERSION_MINOR 1
#define BW_VERSION_PATCH 0

/** The version of the library that is running, as "major.minor.patch". */
BW_API const char *bw_version(void);

typedef enum bw_status {
    BW_OK = 0,
    BW_ERROR_ARGUMENT = -1,    /* the caller passed something that makes no sense */
    BW_ERROR_MEMORY = -2,      /* an allocation failed */
    BW_ERROR_IO = -3,          /* the operating system refused a file operation */
    BW_ERROR_FORMAT = -4,      /* the input is not what it claims to be, or is damaged */
    BW_ERROR_LIMIT = -5,       /* the input asks for more than bw_limits allows */
    BW_ERROR_UNSUPPORTED = -6, /* well formed, but beyond what this version or machine can do */
} bw_status;

/** What went wrong: one sentence that says what, where (file, line or layer) and what mends it. */
typedef struct bw_error {
    bw_status status;
    char message[500];
} bw_error;

/** A short English name of a status, such as "damaged input". */
BW_API const char *bw_status_name(bw_status status);

/** Bounds on what untrusted files may claim. All are checked before anything is allocated. */
typedef struct bw_limits {
    uint64_t image_bytes;  /* encoded size of one picture; default 256 MiB */
    uint64_t image_pixels; /* width × height of one picture; default 178,956,970 (as Pillow). Of a
                              progressive JPEG's coefficients there may be twice as many */
    uint64_t layers;       /* layers of a model; default 10,000 */
    uint64_t tensor_bytes; /* one tensor of a model, activations or weights; default 4 GiB */
} bw_limits;

BW_API void bw_limits_init(bw_limits *limits);

/* ---- The processor -------------------------------------------------------------------------- */

/** A bundle of instruction sets that both the processor and the operating system make usable. */
typedef enum bw_cpu_feature {
    BW_CPU_AVX2 = 1 << 0,        /* AVX2, FMA3 and F16C */
    BW_CPU_AVX512 = 1 << 1,      /* AVX-512 F, BW, CD, DQ and VL */
    BW_CPU_AVX512_VNNI = 1 << 2, /* the above and VNNI */
    BW_CPU_AVX512_BF16 = 1 << 3, /* AVX512 and its BF16 dot product */
    BW_CPU_AMX = 1 << 4, /* AVX512_VNNI and AMX tiles in INT8 and BF16, permission granted */
} bw_cpu_feature;

#define BW_CPU_ALL UINT32_MAX

/** The features usable in this process, as a set of bw_cpu_feature bits. */
BW_API uint32_t bw_cpu_features(void);

/** The processor's own name, such as "AMD EPYC". */
BW_API const char *bw_cpu_name(void);

/** Processors this process may run on (its affinity mask), at least 1. */
BW_API int bw_cpu_count(void);

/** Name of the `index`-th feature in the order above ("avx2", …), or NULL past the last. */
BW_API const char *bw_cpu_feature_name(int index);

/**
 * Reads a CPU mask as the command line takes it: the highest level to use, one of "generic" (no
 * instruction set beyond the baseline), "avx2", "avx512", "vnni", "bf16", "amx", or "all".
 */
BW_API bw_status bw_cpu_mask_parse(uint32_t *mask, const char *text, bw_error *error);

/* ---- Models --------------------------------------------------------------------------------- */

typedef struct bw_model bw_model;

/**
 * Loads a network: a darknet .cfg with its .weights.
 *
 * `weights` is a path; or NULL for the file beside `path` that has the same stem; or "random:SEED"
 * for reproducible random weights, which give a network of true speed and meaningless detections.
 * Class names are read from <stem>.names beside the cfg when there is one; COCO's names are used
 * for 80 classes without such a file, "class 0" and so on otherwise.
 * Large weights are mapped, not copied: the file must not change while the model lives.
 */
BW_API bw_status bw_model_load(bw_model **out, const char *path, const char *weights,
                               const bw_limits *limits, bw_error *error);

/** Replaces the class names by those of a text file, one a line, as many as the model has. */
BW_API bw_status bw_model_read_names(bw_model *model, const char *path, bw_error *error);

/**
 * Sets the size of the network's input in pixels. Networks that join pictures of several scales
 * take multiples of their largest stride only, often 32; the layer refuses any other by its name.
 */
BW_API bw_status bw_model_resize(bw_model *model, int width, int height, bw_error *error);

/** How a picture is fitted into the network's input. */
typedef enum bw_resize {
    BW_RESIZE_AUTO,      /* as the model asks for; letterbox where it does not say */
    BW_RESIZE_LETTERBOX, /* aspect kept, centred, the rest filled with grey (darknet) */
    BW_RESIZE_STRETCH,   /* aspect given up, the whole input filled (AlexeyAB's fork) */
    BW_RESIZE_CORNER,    /* aspect kept, at the top left, the rest filled with grey (YOLOX) */
} bw_resize;

typedef struct bw_model_info {
    int width, height;        /* the network's input, pixels */
    int classes;              /* number of classes */
    const char *const *names; /* their names, `classes` of them; borrowed from the model or plan */
    int layers;               /* layers as the source file counts them */
    uint64_t boxes;           /* candidate boxes an image */
    uint64_t weights;         /* learned numbers */
    uint64_t macs;            /* multiply-accumulates of the convolutions, an image */
    char fingerprint[33];     /* hex digest of structure and weights: the model's identity */
    bw_resize resize;         /* what AUTO means for this model */
    float padding;            /* the grey around pictures, 0 (black) to 1 */
    const char *head;         /* what its boxes are read from, such as "YOLOv8"; borrowed */
    const char *pictures;     /* the numbers it was trained on, such as "RGB, 0 to 1"; borrowed */
    bool quantized;           /* its file has bytes (QDQ): INT8 needs no calibration */
    const char *general;      /* nodes that general operators compute, slowly, and why, one a line;
                                 "" for none, and for a plan from a file; borrowed */
} bw_model_info;

BW_API void bw_model_describe(const bw_model *model, bw_model_info *info);

/** Warnings that loading produced (keys that nobody used, …), one a line; "" when none. */
BW_API const char *bw_model_warnings(const bw_model *model);

/** The network's nodes, one a line, as loaded or after all passes; bw_free it. NULL: no memory. */
BW_API char *bw_model_graph(const bw_model *model, bool optimised);

BW_API void bw_model_close(bw_model **model);

/* ---- Images --------------------------------------------------------------------------------- */

/** Decoded pixels: 8-bit RGB, interleaved, rows from the top, `stride` bytes from row to row. */
typedef struct bw_image {
    uint8_t *pixels;
    int width, height;
    size_t stride;
    int orientation;    /* EXIF orientation found in the file, 1 to 8; 1 where there is none */
    const char *format; /* "jpeg", "png", "webp", "bmp", or NULL for pixels of the caller's own */
    int full_width, full_height; /* of the decoded file, upright; more than width and height where
                                    it was decoded to fewer pixels. 0: not told */
} bw_image;

typedef struct bw_decode_options {
    bool ignore_exif; /* leave the pixels as stored, not turned upright; default false */
    bw_limits limits;
    /* A network's input, where the picture is for that alone, and how it is fitted there (not
       AUTO). A JPEG is then decoded at a half, a quarter or an eighth of its size, as far as no
       pixel of the input has less than one of the picture's. Default 0: at its own size */
    int input_width, input_height;
    bw_resize resize;
} bw_decode_options;

BW_API void bw_decode_options_init(bw_decode_options *options);

/**
 * Decodes a JPEG, PNG, WebP or BMP picture, recognised by its content. Grey, palette, 16-bit and
 * CMYK pictures become 8-bit RGB; an alpha channel is dropped, as detectors are trained.
 */
BW_API bw_status bw_image_decode(bw_image *out, const void *bytes, size_t size,
                                 const bw_decode_options *options, bw_error *error);

/** Reads and decodes a file. */
BW_API bw_status bw_image_read(bw_image *out, const char *path, const bw_decode_options *options,
                               bw_error *error);

/** Frees the pixels and clears the struct; harmless on a cleared one. */
BW_API void bw_image_clear(bw_image *image);

/* ---- Calibration ---------------------------------------------------------------------------- */

/** What numbers a model's layers produce on pictures like those it will see; INT8 needs to know. */
typedef struct bw_calibration bw_calibration;

/**
 * Starts an observation with the model's present size; the model must not change or close before
 * the calibration does. `threads`: 0 for one a processor.
 */
BW_API bw_status bw_calibration_open(bw_calibration **out, const bw_model *model, int threads,
                                     bw_error *error);

/** Observes one picture. A few dozen typical ones suffice, a few hundred are better. */
BW_API bw_status bw_calibration_add(bw_calibration *calibration, const bw_image *image,
                                    bw_error *error);

/** Writes all that was learnt to a JSON file; the head of src/calibrate/ranges.h specifies it. */
BW_API bw_status bw_calibration_save(bw_calibration *calibration, const char *path,
                                     bw_error *error);

/** A calibration from such a file, of the same model and size; no picture can be added to it. */
BW_API bw_status bw_calibration_load(bw_calibration **out, const bw_model *model, const char *path,
                                     bw_error *error);

BW_API void bw_calibration_close(bw_calibration **calibration);

/* ---- Pruning -------------------------------------------------------------------------------- */

/** What a model's channels are worth on pictures like those it will see. */
typedef struct bw_pruning bw_pruning;

/**
 * Starts an observation with the model's present size; the model must not change or close before
 * the pruning does. `cpu_mask`: the processor that is to save time. `threads`: 0: one a processor.
 */
BW_API bw_status bw_pruning_open(bw_pruning **out, const bw_model *model, uint32_t cpu_mask,
                                 int threads, bw_error *error);

/** Observes one picture; a hundred typical ones are good. */
BW_API bw_status bw_pruning_add(bw_pruning *pruning, const bw_image *image, bw_error *error);

/** Ranks the channels by all pictures, once: the longest part of the work. */
BW_API bw_status bw_pruning_rank(bw_pruning *pruning, bw_error *error);

/**
 * A smaller model, without channels that take about `share` (0 to 1) of the estimated time, or as
 * many as may go; the others take over what they can. `*saved` is what it came to.
 */
BW_API bw_status bw_pruning_cut(bw_model **out, double *saved, bw_pruning *pruning, double share,
                                bw_error *error);

BW_API void bw_pruning_close(bw_pruning **pruning);

/* ---- Conversion ----------------------------------------------------------------------------- */

typedef struct bw_onnx_options {
    int opset;                   /* version of ONNX's operator set, 13 (default) to 21 */
    bool raw;                    /* the heads' tensors instead of boxes; default false */
    bool nms;                    /* end in non-maximum suppression; default false */
    bool dynamic_batch;          /* any number of pictures, not one; default false */
    float confidence, iou;       /* of the suppression; default 0.25 and 0.45 */
    int max_detections;          /* of the suppression, for each class; default 300 */
    bw_calibration *calibration; /* INT8 as QDQ, of the same model; default NULL: floats */
    bool symmetric; /* of QDQ: signed bytes about zero, as TensorRT wants; default false */
    int halvings; /* of INT8's error, by floats in its place; default 0: bytes wherever possible */
} bw_onnx_options;

BW_API void bw_onnx_options_init(bw_onnx_options *options);

/** Writes the model, at its present size, as ONNX; whole or not at all. */
BW_API bw_status bw_model_write_onnx(const bw_model *model, const char *path,
                                     const bw_onnx_options *options, bw_error *error);

/**
 * Writes the model, at its present size, for darknet: the file `path`, a .cfg, and those of the
 * same name that end in .weights and .names. A layer that darknet does not have is refused by name.
 */
BW_API bw_status bw_model_write_darknet(const bw_model *model, const char *path, bw_error *error);

/* ---- Plans ---------------------------------------------------------------------------------- */

typedef struct bw_plan bw_plan;

typedef enum bw_precision {
    BW_PRECISION_FP32,
    BW_PRECISION_BF16, /* bfloat16 weights and activations, sums in FP32 */
    BW_PRECISION_INT8, /* bytes; the detection heads' numbers stay FP32 */
    BW_PRECISION_COUNT
} bw_precision;

BW_API const char *bw_precision_name(bw_precision precision); /* "fp32", "bf16" or "int8" */

enum { BW_SHARE_AUTO = -1 };

/** Told how much of long work is done, from 0 to 1, now and then, in the thread that does it. */
typedef void bw_progress_function(void *context, double done);

typedef struct bw_build_options {
    int batch;                   /* images that one run takes at most; default 1 */
    uint32_t cpu_mask;           /* bw_cpu_feature bits the plan may use; default BW_CPU_ALL */
    bw_precision precision;      /* default FP32 */
    bw_calibration *calibration; /* for INT8, of the same model and size; default NULL, which is
                                    for models whose file has bytes: INT8 is what the file says */
    int halvings;      /* of INT8's error, by floats in its place; default 0: where that is free */
    int share_bits;    /* of INT8's dense weights, indices of 4 to 8 bits into a codebook a layer in
                          the plan's file; BW_SHARE_AUTO: chosen for each; default 0: none */
    float share_noise; /* AUTO: power that the weights' errors may make in the heads, as a share of
                          the heads' own: fewer bits where it is more; default 0.0005 */
    bool exact;        /* INT8 whose sums are exact, none rounded for speed; default false */
    bool portable;     /* INT8 as bw_model_write_onnx makes it, for any processor; default false */
    bool symmetric;    /* of portable INT8: activations as with bw_onnx_options.symmetric */
    bool latency;      /* all threads share every step: a picture is done soonest; default false */
    int tune_seconds;  /* measure what to choose, for about so long; default 0: estimate it */
    int threads;       /* that will run the plan; default 0: one for each processor */
    uint64_t seed;     /* of the order of measurements and their pictures; default 0 */
    const char *timings; /* file of timings: known ones are used, new ones added; default NULL */
    bw_progress_function *progress; /* of the measurements; default NULL: nobody is told */
    void *progress_context;
} bw_build_options;

BW_API void bw_build_options_init(bw_build_options *options);

/** Optimises a model for this machine: passes, kernel choice, memory placement, weight packing. */
BW_API bw_status bw_plan_build(bw_plan **out, const bw_model *model,
                               const bw_build_options *options, bw_error *error);

/** Writes the plan to a file, whole or not at all; for this version of the library alone. */
BW_API bw_status bw_plan_save(const bw_plan *plan, const char *path, bw_error *error);

/**
 * Maps a saved plan. All of it is checked before use: what is damaged, of another version or for
 * another processor is refused. The file may be replaced, but not changed, while the plan lives.
 */
BW_API bw_status bw_plan_load(bw_plan **out, const char *path, bw_error *error);

BW_API bool bw_plan_recognise(const char *path); /* whether the file begins as plans do */

typedef struct bw_plan_info {
    bw_model_info model;
    bw_precision precision;
    int batch;
    int steps;             /* kernel calls of one run */
    uint64_t arena_bytes;  /* activations, for the whole batch */
    uint64_t weight_bytes; /* packed weights */
    uint64_t stored_bytes; /* what they take in a file: fewer where weights are shared */
    uint32_t cpu_features; /* what the chosen kernels need */
    uint64_t file_bytes;   /* size of the file it was loaded from; 0 where it was built */
    const char *settings;  /* what it was built with, such as "batch=1 cpu=avx2"; borrowed */
    const char *warnings;  /* that building it produced, one a line; "" when none; borrowed */
} bw_plan_info;

BW_API void bw_plan_describe(const bw_plan *plan, bw_plan_info *info);

/** Adds words, such as "ap=0.33", to the settings that the plan tells and its file will hold. */
BW_API bw_status bw_plan_note(bw_plan *plan, const char *words, bw_error *error);

typedef struct bw_step_info {
    const char *layer;    /* the layer of the source file it comes from */
    const char *kernel;   /* the kernel chosen */
    const char *type;     /* of the numbers it reads: "fp32", "bf16" or "int8" */
    const char *general;  /* the general operator that it is, such as "Softmax"; NULL: none */
    double error;         /* that storing its result as bytes makes in what the heads receive, in
                             squares relative to their numbers; 0: none, or not known */
    double cost;          /* estimated cycles of one core, an image */
    uint64_t macs;        /* multiply-accumulates, an image */
    int channels;         /* that it writes */
    int channels_before;  /* before the model was pruned; 0: it was not, or no convolution */
    double pruning_error; /* that pruning the channels it is the first to write makes in what is
                             found, by itself, in squares of scores relative to their own */
    double before, after; /* estimated cycles in FP32, without and with pruning */
} bw_step_info;

/** Describes step `index` (0 to steps - 1) of the plan. */
BW_API void bw_plan_step(const bw_plan *plan, int index, bw_step_info *info);

BW_API void bw_plan_close(bw_plan **plan);

/* ---- Detections ----------------------------------------------------------------------------- */

/** One box, in pixels of the picture as handed in (width, not full_width), from its top left. */
typedef struct bw_detection {
    float left, top, right, bottom;
    float score;      /* objectness × class probability, 0 to 1 */
    int32_t class_id; /* 0 to classes - 1 */
} bw_detection;

/** The boxes of one picture, best first. Zero it before its first use; the engine grows it. */
typedef struct bw_detections {
    bw_detection *items;
    size_t count, capacity;
} bw_detections;

BW_API void bw_detections_clear(bw_detections *detections);

/* ---- Engines -------------------------------------------------------------------------------- */

typedef enum bw_nms {
    BW_NMS_AUTO,   /* as the model asks for; greedy where it does not say */
    BW_NMS_GREEDY, /* a box that overlaps a better one by more than `iou` goes */
    BW_NMS_DIOU,   /* the overlap is reduced by the centres' distance (Zheng et al. 2020) */
    BW_NMS_NONE,   /* every box stays: the network suppresses by itself (YOLOv10, DETR) */
} bw_nms;

typedef struct bw_run_options {
    int threads;         /* default 0: one for each processor this process may use */
    int streams;         /* groups that they form, at most `threads`; default 0: see below */
    float confidence;    /* boxes score more than this; default 0.25 */
    float iou;           /* NMS overlap; default 0.45 */
    int max_detections;  /* best boxes kept an image; default 300 */
    bw_nms nms;          /* default BW_NMS_AUTO */
    bool class_agnostic; /* NMS across classes; default false */
    bw_resize resize;    /* default BW_RESIZE_AUTO */
    int padding; /* pixels of it that are computed around a picture, which is not stretched; results
                    further away are taken to be those of padding alone. Default -1: all */
    const bool *classes; /* one flag a class, true to keep; NULL (default) keeps all; copied */
} bw_run_options;

BW_API void bw_run_options_init(bw_run_options *options);

typedef struct bw_engine bw_engine;

/**
 * Makes a plan ready to run: threads started, memory allocated, kernels bound.
 *
 * Streams are groups of threads that work on batches of their own side by side, each in memory of
 * its own, all on the plan's weights. With several, each keeps to its share of the processors,
 * which lies within a NUMA node or is made of whole ones. By default there is a stream for each
 * node where the process may run on several and a batch has a picture for each; otherwise one.
 */
BW_API bw_status bw_engine_open(bw_engine **out, const bw_plan *plan, const bw_run_options *options,
                                bw_error *error);

typedef struct bw_engine_info {
    int threads, streams; /* threads: of all streams */
} bw_engine_info;

/** What the engine's options came to. */
BW_API void bw_engine_describe(const bw_engine *engine, bw_engine_info *info);

/**
 * Detects objects in `count` pictures and fills `out[0 … count-1]`. Any count is taken; the engine
 * works through it in batches of at most the plan's size, small enough that every stream has one.
 * So streams × batch pictures keep it busy. A picture's result does not depend on its neighbours,
 * nor on the number of threads or streams. Of several failures the first picture's is told.
 */
BW_API bw_status bw_engine_detect(bw_engine *engine, const bw_image *images, size_t count,
                                  bw_detections *out, bw_error *error);

/** Where the streams get pictures, each by itself; both functions are called by several at once. */
typedef struct bw_feed {
    /**
     * Points `*images` and `*out` at 1 to `most` pictures for a stream, valid until it calls
     * `done`; returns how many, or 0 when there will be no more. May wait.
     */
    size_t (*take)(void *context, int stream, size_t most, const bw_image **images,
                   bw_detections **out);
    /** These pictures' detections are filled, or `failure`, if not NULL, says why they are not. */
    void (*done)(void *context, int stream, const bw_error *failure);
    void *context;
} bw_feed;

/**
 * Detects until there is nothing to take. No stream waits for another, so that all are busy while
 * there are pictures. One that fails takes no more; the first such stream's failure is returned.
 */
BW_API bw_status bw_engine_serve(bw_engine *engine, const bw_feed *feed, bw_error *error);

/**
 * Nanoseconds spent since the engine was opened, and what they were spent on. With several streams,
 * their mean. May be called while the engine works.
 */
typedef struct bw_engine_times {
    uint64_t images;
    uint64_t prepare; /* resizing and packing pictures into the network's input */
    uint64_t network;
    uint64_t detect; /* head decoding and NMS */
} bw_engine_times;

BW_API void bw_engine_read_times(const bw_engine *engine, bw_engine_times *times);

/**
 * Runs the network alone on whatever its input holds, `runs` times on every stream at once: streams
 * × batch × runs images in all. Adds the nanoseconds of each step to
 * `step_times` (as many as the plan has steps, or NULL): the mean over the streams and over threads
 * that take pictures of their own. For profiles and benchmarks.
 */
BW_API bw_status bw_engine_profile(bw_engine *engine, int runs, uint64_t *step_times,
                                   bw_error *error);

BW_API void bw_engine_close(bw_engine **engine);

/* ---- Annotations ---------------------------------------------------------------------------- */

/** A picture with its boxes, as the annotation writers take it. All pointers are borrowed. */
typedef struct bw_annotation {
    int64_t number;        /* from 1, unique in the run */
    const char *file_name; /* as the user named it, relative to the folder that was given */
    const char *label;     /* path below the labels folder without suffix; unique in the run */
    int width, height;     /* pixels */
    const bw_detection *detections; /* a score that is NaN is not known */
    size_t count;
    const int64_t *tracks; /* each box's track, from 0, -1 for none; NULL: no box has one */
    const char *path;      /* the picture's file; NULL where it has none or it is not known */
    const char *source;    /* the video that the picture is a frame of; NULL: of none */
    int64_t frame;         /* its number in the video, from 0; where there is a source */
    int64_t time_ns;       /* when it is shown, nanoseconds from the video's start; -1: not known */
} bw_annotation;

typedef struct bw_writer bw_writer;

typedef struct bw_writer_options {
    const char *const *names; /* the classes' names */
    int classes;
    bool with_confidence;  /* scores also where a format has no place of its own; default false */
    bool link_images;      /* YOLO: links to the pictures in images/; default false */
    const char *model;     /* what found the boxes, for Label Studio; default NULL: "boxwright" */
    const char *image_url; /* what Label Studio puts before names; default NULL: its local files */
} bw_writer_options;

/** In which order a format takes pictures. */
typedef enum bw_format_order {
    BW_ORDER_NUMBER,   /* of rising number */
    BW_ORDER_NAME,     /* of rising file name, by bytes */
    BW_ORDER_SEQUENCE, /* those of a sequence (a video, or a folder of labels) together, by frame */
} bw_format_order;

/** An annotation format. */
typedef struct bw_format_info {
    const char *name, *description;
    const char *const *files; /* what a writer makes, null-ended; a name with '/' at its end is a */
    const char *suffix;       /* folder of label files with this suffix, if not NULL */
    bw_format_order order;
} bw_format_info;

/** Describes the `index`-th annotation format; false past the last. */
BW_API bool bw_format_describe(int index, bw_format_info *info);

/** Opens a writer of `format` ("yolo", "coco") that writes below `directory`, which must exist. */
BW_API bw_status bw_writer_open(bw_writer **out, const char *format, const char *directory,
                                const bw_writer_options *options, bw_error *error);

BW_API bw_status bw_writer_add(bw_writer *writer, const bw_annotation *annotation, bw_error *error);

/**
 * Gives what was added its final names, durably: after a power cut such a file is whole. Does
 * nothing for formats whose files are final only when the writer is closed.
 */
BW_API bw_status bw_writer_flush(bw_writer *writer, bw_error *error);

/**
 * Finishes and closes. With `commit`, every file stands under its final name afterwards; without,
 * what is not yet final is removed.
 */
BW_API bw_status bw_writer_close(bw_writer **writer, bool commit, bw_error *error);

/* ---- Tracks --------------------------------------------------------------------------------- */

typedef struct bw_track_options {
    float iou;    /* a box goes on with a track whose last box it overlaps so much; default 0.3 */
    int max_age;  /* a track may miss so many frames, one after the other; default 5 */
    int min_hits; /* for the caller: tracks of fewer boxes are none; default 3 */
} bw_track_options;

BW_API void bw_track_options_init(bw_track_options *options);

/** Joins boxes of the same class in frames that follow each other to tracks. */
typedef struct bw_tracker bw_tracker;

BW_API bw_status bw_tracker_open(bw_tracker **out, const bw_track_options *options,
                                 bw_error *error);

/** Takes the next frame; `ids`, as many as boxes, become their tracks, which count from 0. */
BW_API bw_status bw_tracker_update(bw_tracker *tracker, const bw_detection *boxes, size_t count,
                                   int64_t *ids, bw_error *error);

/** Ends all tracks: what comes next is another sequence. Ids go on rising. */
BW_API void bw_tracker_restart(bw_tracker *tracker);

BW_API void bw_tracker_close(bw_tracker **tracker);

/* ---- Labels --------------------------------------------------------------------------------- */

/** Labelled pictures from files, to be written in another format. */
typedef struct bw_labels bw_labels;

typedef struct bw_labels_options {
    const char *format; /* default NULL: what the files look like */
    const char *names;  /* file of class names, one a line; default NULL: what the files tell */
    const char *images; /* folder of the pictures, where sizes are not told; default NULL */
} bw_labels_options;

typedef struct bw_labels_info {
    const char *format; /* that was read */
    size_t images, boxes;
    const char *const *names; /* of the classes */
    int classes;
    const char *warnings; /* what was passed over, a sentence a line; "" when nothing was */
} bw_labels_info;

/** Reads labels of any format that bw_format_describe tells: a file, or the folder of its files. */
BW_API bw_status bw_labels_read(bw_labels **out, const char *path, const bw_labels_options *options,
                                bw_error *error);

BW_API void bw_labels_describe(const bw_labels *labels, bw_labels_info *info);

/** Joins boxes to tracks, in each video and each folder in the order of the pictures. */
BW_API bw_status bw_labels_track(bw_labels *labels, const bw_track_options *options,
                                 bw_error *error);

/** Writes as bw_writer_open's format does; of the options, names and classes are the labels'. */
BW_API bw_status bw_labels_write(bw_labels *labels, const char *format, const char *directory,
                                 const bw_writer_options *options, bw_error *error);

BW_API void bw_labels_close(bw_labels **labels);

/* ---- Evaluation ----------------------------------------------------------------------------- */

/** Labelled pictures (the ground truth), and the predictions that are measured against them. */
typedef struct bw_evaluation bw_evaluation;

/**
 * Reads ground truth: COCO's JSON, a folder with images/ and labels/ (YOLO text), or one with
 * JPEGImages/ and Annotations/ (Pascal VOC). `images` is the folder of the pictures and `names` a
 * file of class names, one a line; both may be NULL.
 */
BW_API bw_status bw_evaluation_open(bw_evaluation **out, const char *truth, const char *images,
                                    const char *names, bw_error *error);

/** Leaves at most `most` of the pictures, spread evenly over them; before predictions are added. */
BW_API bw_status bw_evaluation_sample(bw_evaluation *evaluation, size_t most, bw_error *error);

/** Leaves the pictures whose paths (NULL: unknown) are accepted, one at least; likewise. */
BW_API bw_status bw_evaluation_filter(bw_evaluation *evaluation,
                                      bool (*accept)(void *context, const char *path),
                                      void *context, bw_error *error);

/** The path of picture `index` as far as it is known; NULL past the last. */
BW_API const char *bw_evaluation_image(const bw_evaluation *evaluation, size_t index);

/** Says which classes detections have. They must be the truth's, which may lack names. */
BW_API bw_status bw_evaluation_expect(bw_evaluation *evaluation, const char *const *names,
                                      int classes, bw_error *error);

/** Adds what an engine found in picture `index`. */
BW_API bw_status bw_evaluation_add(bw_evaluation *evaluation, size_t index,
                                   const bw_detection *detections, size_t count, bw_error *error);

/** Adds predictions: COCO results, darknet's JSON, a folder of YOLO text or of a run. */
BW_API bw_status bw_evaluation_read(bw_evaluation *evaluation, const char *path, bw_error *error);

#define BW_AREAS 4     /* area ranges: all, small, medium, large */
#define BW_OVERLAPS 10 /* IoU thresholds: 0.50, 0.55, … 0.95 */

/** Precision, recall and F1 at IoU 0.50 of the boxes that score at least `confidence`. */
typedef struct bw_operating_point {
    double confidence, precision, recall, f1;
} bw_operating_point;

/** Of one class, or the means of the classes. What has nothing labelled to measure by is -1. */
typedef struct bw_figures {
    const char *name;         /* of the class, or "all" */
    size_t images, instances; /* pictures with labelled boxes (or all pictures), and boxes */
    double ap[BW_AREAS][BW_OVERLAPS], ar[BW_AREAS][BW_OVERLAPS]; /* of a picture's 100 best boxes */
    double ar1[BW_OVERLAPS], ar10[BW_OVERLAPS];                  /* of its 1 and 10 best */
    bw_operating_point best, given; /* where the mean F1 is best, and at a given confidence */
} bw_figures;

/** Measures: figures[0] is "all", figures[1 … classes] are the classes'; borrowed. */
BW_API bw_status bw_evaluation_measure(bw_evaluation *evaluation, double confidence,
                                       const bw_figures **figures, int *classes, bw_error *error);

/** COCO's twelve figures, in COCO's order, of figures[0]. */
BW_API void bw_figures_summarize(double summary[12], const bw_figures *figures);

#define BW_RECALLS 101      /* recalls 0, 0.01, … 1 */
#define BW_CONFIDENCES 1001 /* confidences 0, 0.001, … 1 */
#define BW_ALL_CLASSES (-1) /* in place of a class: the mean of those that are labelled */

/**
 * Precision at BW_RECALLS recalls and the recall that is reached: the cell of pycocotools' arrays
 * for a class, an area range, an IoU threshold, and a picture's `depth` best boxes (at most 100).
 * This and the next want the figures to have been measured.
 */
BW_API bw_status bw_evaluation_precision(const bw_evaluation *evaluation, int class_id, int area,
                                         int overlap, int depth, double precision[BW_RECALLS],
                                         double *recall, bw_error *error);

/**
 * Precision, recall and F1 at IoU 0.50 of the boxes that score at least each confidence; precision
 * is 1 where there is no box. -1 where nothing is labelled.
 */
typedef struct bw_confidence_curve {
    double precision[BW_CONFIDENCES], recall[BW_CONFIDENCES], f1[BW_CONFIDENCES];
} bw_confidence_curve;

BW_API bw_status bw_evaluation_by_confidence(const bw_evaluation *evaluation, int class_id,
                                             bw_confidence_curve *curve, bw_error *error);

/** Whose rules average precision follows besides COCO's. */
typedef enum bw_rules {
    BW_RULES_VOC,    /* the development kit of Pascal VOC */
    BW_RULES_DARKNET /* darknet's `detector map` */
} bw_rules;

typedef struct bw_average_options {
    bw_rules rules; /* default BW_RULES_VOC */
    int points;     /* recalls to average over, such as 11; default 0: the area below the curve */
    double iou;     /* the overlap that counts; default 0.5 */
    double confidence; /* right and wrong are counted among boxes that score more; default 0.25 */
} bw_average_options;

BW_API void bw_average_options_init(bw_average_options *options);

/** Of one class, or of all. */
typedef struct bw_average {
    const char *name;
    size_t instances, found; /* boxes that ought to be found, and that were at any confidence */
    size_t right, wrong;     /* boxes found at the confidence */
    double overlaps;         /* the sum of the overlaps of those that are right */
    double ap;               /* -1 (VOC) or 0 (darknet) where nothing is labelled */
} bw_average;

/** averages[0] is "all", averages[1 … classes] are the classes'; borrowed. */
BW_API bw_status bw_evaluation_average(bw_evaluation *evaluation, const bw_average_options *options,
                                       const bw_average **averages, int *classes, bw_error *error);

#define BW_CONFUSION_CLASSES 2000 /* the most that a confusion matrix has */

/**
 * The confusion matrix of boxes that score more than `confidence` and overlap by more than `iou`:
 * counts[found × (classes + 1) + labelled], borrowed. The last row counts what was missed, the last
 * column what was found on the background.
 */
BW_API bw_status bw_evaluation_confusion(bw_evaluation *evaluation, double confidence, double iou,
                                         const size_t **counts, int *classes, bw_error *error);

typedef enum bw_verdict {
    BW_VERDICT_RIGHT,  /* found, or rightly found */
    BW_VERDICT_WRONG,  /* found, but not there */
    BW_VERDICT_MISSED, /* labelled, but not found */
    BW_VERDICT_IGNORED /* counts neither way */
} bw_verdict;

/** A box in its picture's pixels; the score of a label is 1. */
typedef struct bw_judged_box {
    double left, top, right, bottom, score;
    int32_t class_id;
    bw_verdict verdict;
} bw_judged_box;

typedef struct bw_judged_picture {
    const char *name, *path;              /* the path as far as it is known, else NULL */
    int width, height;                    /* pixels; 0 where they are not known */
    const bw_judged_box *labels, *founds; /* the latter the best first */
    size_t label_count, found_count;
    size_t right, wrong, missed; /* boxes */
} bw_judged_picture;

/** Judges what scores at least `confidence` in a picture, at IoU 0.50; borrowed until the next. */
BW_API bw_status bw_evaluation_judge(bw_evaluation *evaluation, size_t index, double confidence,
                                     bw_judged_picture *out, bw_error *error);

/** What was passed over while reading, a sentence a line; "" when nothing was. */
BW_API const char *bw_evaluation_warnings(const bw_evaluation *evaluation);
BW_API void bw_evaluation_close(bw_evaluation **evaluation);

/* ---- Drawing -------------------------------------------------------------------------------- */

/** The colour of a class, 0xRRGGBB in sRGB: always the same, and not like its neighbours'. */
BW_API uint32_t bw_class_colour(int32_t class_id);

/** Draws boxes with class names and scores into the picture's own pixels, a colour a class. */
BW_API bw_status bw_draw_detections(bw_image *image, const bw_detection *detections, size_t count,
                                    const char *const *names, int classes, bw_error *error);

/** Scales a picture down so that neither side exceeds `side`; smaller pictures are copied. */
BW_API bw_status bw_image_thumbnail(bw_image *out, const bw_image *image, int side,
                                    bw_error *error);

/** Encodes as JPEG (quality 1 to 100). `*bytes` is the caller's, to be freed with bw_free. */
BW_API bw_status bw_image_encode_jpeg(uint8_t **bytes, size_t *size, const bw_image *image,
                                      int quality, bw_error *error);

/** Frees memory that the library handed over as plain bytes. */
BW_API void bw_free(void *memory);

#ifdef __cplusplus
}
#endif

#endif
