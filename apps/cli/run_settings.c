#include "run_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "store/read.h"

enum { MOST_SETTINGS = 40 };

/* The settings that decide the results. */
enum {
    FINGERPRINT,
    INPUT,
    NAMES,
    PRECISION,
    PLAN,
    CONFIDENCE,
    IOU,
    MAX_DETECTIONS,
    CLASS_AGNOSTIC,
    NMS,
    RESIZE,
    PADDING,
    FRAMES,
    EXIF,
    FAST_DECODE,
    CLASSES,
    FORMATS,
    SAVE_CONFIDENCE,
    DRAW,
    SHARD,
    TRACKS,
    DECIDING
};

/* Their keys, and what programs did that knew nothing of them; NULL where every run tells them. */
static const struct {
    const char *key, *absent;
} deciding[DECIDING] = {
    [FINGERPRINT] = {"fingerprint", NULL},
    [INPUT] = {"input", NULL},
    [NAMES] = {"names", NULL},
    [PRECISION] = {"precision", NULL},
    [PLAN] = {"plan", NULL},
    [CONFIDENCE] = {"confidence", NULL},
    [IOU] = {"iou", NULL},
    [MAX_DETECTIONS] = {"max_detections", NULL},
    [CLASS_AGNOSTIC] = {"class_agnostic", "0"},
    [NMS] = {"nms", "auto"},
    [RESIZE] = {"resize", NULL},
    [PADDING] = {"padding", "all"},
    [FRAMES] = {"frames", "every 0, 0 a second, from 0 to 0 s"},
    [EXIF] = {"exif", "apply"},
    [FAST_DECODE] = {"fast_decode", "0"},
    [CLASSES] = {"classes", "all"},
    [FORMATS] = {"formats", NULL},
    [SAVE_CONFIDENCE] = {"save_confidence", "0"},
    [DRAW] = {"draw", "0"},
    [SHARD] = {"shard", "all"},
    [TRACKS] = {"tracks", "none"},
};

typedef struct setting {
    const char *key, *value;
} setting;

/* Settings being listed; texts are the arena's or outlive it. */
typedef struct settings {
    bw_arena arena;
    setting all[MOST_SETTINGS];
    size_t count;
    bool failed; /* for lack of memory */
} settings;

static void add(settings *list, const char *key, const char *value)
{
    if (value)
        list->all[list->count++] = (setting){key, value};
    else
        list->failed = true;
}

static void add_number(settings *list, const char *key, double value)
{
    add(list, key, bw_arena_format(&list->arena, "%g", value));
}

static const char *resize_name(bw_resize resize, const bw_model_info *model)
{
    bw_resize used = resize == BW_RESIZE_AUTO ? model->resize : resize;
    return used == BW_RESIZE_STRETCH  ? "stretch"
           : used == BW_RESIZE_CORNER ? "corner"
                                      : "letterbox";
}

static const char *describe_padding(settings *list, int pixels)
{
    return pixels < 0 ? "all" : bw_arena_format(&list->arena, "%d", pixels);
}

static const char *nms_name(int nms)
{
    static const char *const names[] = {"auto", "greedy", "diou", "none"};
    return names[nms];
}

static const char *describe_names(settings *list, const bw_model_info *model)
{
    uint64_t sum = 0;
    for (int class_id = 0; class_id < model->classes; class_id++)
        sum = XXH3_64bits_withSeed(model->names[class_id], strlen(model->names[class_id]), sum);
    return bw_arena_format(&list->arena, "%d, sum %016llx", model->classes,
                           (unsigned long long)sum);
}

static const char *describe_frames(settings *list, const bw_frame_choice *frames)
{
    return bw_arena_format(&list->arena, "every %d, %g a second, from %g to %g s", frames->every,
                           (double)frames->rate, (double)frames->start, (double)frames->end);
}

static const char *describe_tracks(settings *list, const bw_tracks_choice *tracks)
{
    char text[BW_TRACKS_TEXT];
    bw_tracks_tell(text, tracks);
    return bw_arena_text(&list->arena, text, strlen(text));
}

static void add_deciding(settings *list, const bw_annotate_options *options,
                         const bw_run_means *means)
{
    const bw_plan_info *plan = means->plan;
    const bw_model_info *model = &plan->model;
    add(list, deciding[FINGERPRINT].key, model->fingerprint);
    add(list, deciding[INPUT].key,
        bw_arena_format(&list->arena, "%d x %d", model->width, model->height));
    add(list, deciding[NAMES].key, describe_names(list, model));
    add(list, deciding[PRECISION].key, bw_precision_name(plan->precision));
    add(list, deciding[PLAN].key, plan->settings);
    add_number(list, deciding[CONFIDENCE].key, (double)options->confidence);
    add_number(list, deciding[IOU].key, (double)options->iou);
    add_number(list, deciding[MAX_DETECTIONS].key, options->max_detections);
    add_number(list, deciding[CLASS_AGNOSTIC].key, options->agnostic);
    add(list, deciding[NMS].key, nms_name(options->nms));
    add(list, deciding[RESIZE].key, resize_name((bw_resize)options->resize, model));
    add(list, deciding[PADDING].key, describe_padding(list, options->padding));
    add(list, deciding[FRAMES].key, describe_frames(list, &options->sources.frames));
    add(list, deciding[EXIF].key, options->exif ? "ignore" : "apply");
    add_number(list, deciding[FAST_DECODE].key, options->fast_decode);
    add(list, deciding[CLASSES].key, options->classes ? options->classes : "all");
    add(list, deciding[FORMATS].key, options->formats);
    add_number(list, deciding[SAVE_CONFIDENCE].key, options->save_confidence);
    add(list, deciding[TRACKS].key, describe_tracks(list, &options->tracks));
    add_number(list, deciding[DRAW].key, options->draw);
    add(list, deciding[SHARD].key,
        options->share.count > 0
            ? bw_arena_format(&list->arena, "%d/%d", options->share.index, options->share.count)
            : "all");
}

static const char *now_text(bw_arena *arena)
{
    char text[40];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return bw_arena_text(arena, text, strlen(text));
}

/* Those for the record. */
static void add_means(settings *list, const bw_annotate_options *options, const bw_run_means *means)
{
    char features[100];
    bw_cpu_describe(features, sizeof features, means->plan->cpu_features);
    add(list, "version", bw_version());
    add(list, "command", options->command);
    add(list, "model", means->model_path);
    if (options->model.weights)
        add(list, "weights", options->model.weights);
    add(list, "cpu", bw_cpu_name());
    add(list, "features", bw_arena_text(&list->arena, features, strlen(features)));
    add_number(list, "threads", means->threads);
    add_number(list, "streams", means->engine->streams);
    add_number(list, "decoders", means->decoders);
    add_number(list, "batch", means->plan->batch);
    add(list, "state", "running");
}

const char *bw_run_settings_absent(const char *key)
{
    for (int i = 0; i < DECIDING; i++)
        if (strcmp(deciding[i].key, key) == 0)
            return deciding[i].absent;
    return NULL;
}

/* Writes the list down and frees it. */
static bw_status store_all(settings *list, bw_store *store, bw_error *error)
{
    bw_status status = list->failed
                           ? bw_fail_memory(error, MOST_SETTINGS * sizeof(setting), "the settings")
                           : BW_OK;
    for (size_t index = 0; status == BW_OK && index < list->count; index++)
        status = bw_store_set(store, list->all[index].key, list->all[index].value, error);
    bw_arena_free(&list->arena);
    return status;
}

bw_status bw_run_settings_record(bw_store *store, const bw_annotate_options *options,
                                 const bw_run_means *means, bw_error *error)
{
    settings list = {.count = 0};
    add_deciding(&list, options, means);
    add_means(&list, options, means);
    add(&list, "started", now_text(&list.arena));
    char *here = getcwd(NULL, 0);
    if (here)
        add(&list, "folder", bw_arena_text(&list.arena, here, strlen(here)));
    free(here);
    bw_status status = store_all(&list, store, error);
    const bw_model_info *model = &means->plan->model;
    return status == BW_OK ? bw_store_add_classes(store, model->names, model->classes, error)
                           : status;
}

bw_status bw_run_settings_continue(bw_store *store, const bw_annotate_options *options,
                                   const bw_run_means *means, bw_error *error)
{
    settings list = {.count = 0};
    add_deciding(&list, options, means);
    add_means(&list, options, means);
    return store_all(&list, store, error);
}

/* How a plan goes about batches, the results do not show. */
static bool is_of_batches(const char *word)
{
    return strncmp(word, "batch=", 6) == 0 || strncmp(word, "sharing=", 8) == 0;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A list with commas between, sorted and without the spaces around them; as it is where it is too
 * long for that; NULL without memory. */
static const char *sort_list(bw_arena *arena, const char *value)
{
    enum { MOST_WORDS = 1000 };
    const char *words[MOST_WORDS] = {NULL}, *sorted = NULL;
    size_t count = 0;
    const char *at = value;
    while (at && count < MOST_WORDS) {
        at += strspn(at, " ");
        size_t whole = strcspn(at, ","), length = whole;
        while (length > 0 && at[length - 1] == ' ')
            length--;
        words[count] = bw_arena_text(arena, at, length);
        if (!words[count++])
            return NULL;
        at = at[whole] ? at + whole + 1 : NULL;
    }
    if (at)
        return value;
    qsort(words, count, sizeof *words, compare_words);
    for (size_t index = 0; index < count; index++)
        sorted = sorted ? bw_arena_format(arena, "%s,%s", sorted, words[index]) : words[index];
    return sorted;
}

/* What of a setting decides results: of a plan, which tells more, not all of its words; of lists,
 * not the order. */
static const char *deciding_part(bw_arena *arena, const char *key, const char *value)
{
    if (value &&
        (strcmp(key, deciding[FORMATS].key) == 0 || strcmp(key, deciding[CLASSES].key) == 0))
        return sort_list(arena, value);
    if (!value || strcmp(key, deciding[PLAN].key) != 0)
        return value;
    char *kept = bw_arena_text(arena, value, strlen(value));
    size_t length = 0;
    for (const char *word = value; kept && *word;) {
        size_t size = strcspn(word, " ");
        size += word[size] == ' ';
        if (!is_of_batches(word)) {
            memcpy(kept + length, word, size);
            length += size;
        }
        word += size;
    }
    if (kept)
        kept[length] = '\0';
    return kept;
}

/* Settings are stored as clean UTF-8. */
static bool is_same(const setting *now, const char *then)
{
    char *clean = bw_utf8_clean(now->value, false);
    bool same = clean && then && strcmp(clean, then) == 0;
    free(clean);
    return same;
}

/* Appends "confidence is 0.5 there and 0.25 here". */
static void tell_difference(char *text, size_t size, const setting *now, const char *then)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s is %s there and %s here", used > 0 ? "; " : "",
             now->key, then ? then : "not recorded", now->value);
}

bw_status bw_run_settings_compare(bw_store *store, const bw_annotate_options *options,
                                  const bw_run_means *means, bw_error *error)
{
    settings list = {.count = 0};
    char differences[300] = "";
    add_deciding(&list, options, means);
    bw_status status = list.failed ? bw_fail_memory(error, sizeof list.all, "the settings") : BW_OK;
    for (size_t index = 0; status == BW_OK && index < list.count; index++) {
        const char *key = list.all[index].key, *then = NULL;
        status = bw_store_get(store, key, &list.arena, &then, error);
        if (!then)
            then = bw_run_settings_absent(key);
        setting now = {key, deciding_part(&list.arena, key, list.all[index].value)};
        then = deciding_part(&list.arena, key, then);
        if (status == BW_OK && !now.value)
            status = bw_fail_memory(error, sizeof list.all, "the settings");
        if (status == BW_OK && !is_same(&now, then))
            tell_difference(differences, sizeof differences, &now, then);
    }
    if (status == BW_OK && differences[0] != '\0')
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "'%s' holds a run with other settings (%s); use the same, or --redo to "
                         "annotate everything anew with these, or choose another folder",
                         options->out, differences);
    bw_arena_free(&list.arena);
    return status;
}

/* ---- Two runs ------------------------------------------------------------------------------- */

static bw_status read_deciding(sqlite3 *database, int which, bw_arena *arena, const char **value,
                               bw_error *error)
{
    bw_status status = bw_run_setting(value, database, deciding[which].key, arena, error);
    if (status == BW_OK && !*value)
        *value = deciding[which].absent ? deciding[which].absent : "not recorded";
    if (status != BW_OK)
        return status;
    *value = deciding_part(arena, deciding[which].key, *value);
    return *value ? BW_OK : bw_fail_memory(error, sizeof(setting), "the settings");
}

bw_status bw_run_settings_agree(const bw_run_pair *pair, bw_error *error)
{
    bw_arena arena = {0};
    char differences[200] = "";
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < DECIDING; i++) {
        const char *values[2];
        for (int k = 0; status == BW_OK && k < 2; k++)
            status = read_deciding(pair->databases[k], i, &arena, &values[k], error);
        size_t used = strlen(differences);
        if (status == BW_OK && i != SHARD && strcmp(values[0], values[1]) != 0)
            snprintf(differences + used, sizeof differences - used, "%s%s is %.40s there and %.40s",
                     used > 0 ? "; " : "", deciding[i].key, values[0], values[1]);
    }
    bw_arena_free(&arena);
    if (status == BW_OK && differences[0] != '\0')
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "the settings of '%.60s' and '%.60s' differ (%s here); annotate one of "
                         "them again, with --redo and the settings of the other",
                         pair->names[0], pair->names[1], differences);
    return status;
}
