#include "model.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/path.h"
#include "plan_cache.h"
#include "program.h"
#include "progress.h"
#include "search.h"
#include "suggest.h"
#include "terminal.h"

const bw_option bw_model_options[] = {
    {"model", "NAME|FILE",
     "network: a .cfg, an .onnx, a plan (.bwp) or a name (default " BW_DEFAULT_MODEL ")",
     bw_read_text, offsetof(bw_model_choice, model), 0, 0, NULL},
    {"weights", "FILE", "its weights (default: beside the .cfg), or random:SEED for speed tests",
     bw_read_text, offsetof(bw_model_choice, weights), 0, 0, NULL},
    {"names", "FILE", "class names, one a line (default: beside the .cfg, or COCO's)", bw_read_text,
     offsetof(bw_model_choice, names), 0, 0, NULL},
    {"size", "N|WxH", "the network's input in pixels (default: the model's own)", bw_read_size,
     offsetof(bw_model_choice, size), 0, 0, NULL},
    {0},
};

const bw_option bw_machine_options[] = {
    {"threads", "N", "threads of the network (default: one for each processor)", bw_read_int,
     offsetof(bw_machine_choice, threads), 1, 1024, NULL},
    {"streams", "N",
     "groups of threads that work on batches side by side (default: one for each NUMA node; "
     "annotate: one a thread where there are many pictures)",
     bw_read_int, offsetof(bw_machine_choice, streams), 1, 1024, NULL},
    {"batch", "N", "pictures the network takes at once (default 1, or the plan's)", bw_read_int,
     offsetof(bw_machine_choice, batch), 1, 1024, NULL},
    {"cpu", "LEVEL", "use no more than generic, avx2, avx512, vnni, bf16, amx (default all)",
     bw_read_cpu, offsetof(bw_machine_choice, cpu), 0, 0, NULL},
    {0},
};

const bw_machine_choice bw_machine_defaults = {.cpu = {.mask = BW_CPU_ALL}};

/* ---- Where models are ----------------------------------------------------------------------- */

enum { PLACES = 4 };

/* Folders to look in, in order; NULL where the environment gives none. */
typedef struct model_places {
    bw_arena arena;
    const char *folders[PLACES];
} model_places;

static const char *environment_folder(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

static void find_places(model_places *places)
{
    bw_arena *arena = &places->arena;
    const char *data = environment_folder("XDG_DATA_HOME"), *home = environment_folder("HOME");
    const char *prefix = bw_folder_of(arena, bw_program_folder(arena));
    const char *tree = bw_folder_of(arena, prefix);
    places->folders[0] = environment_folder("BOXWRIGHT_MODELS");
    if (data)
        places->folders[1] = bw_arena_format(arena, "%s/boxwright/models", data);
    else if (home)
        places->folders[1] = bw_arena_format(arena, "%s/.local/share/boxwright/models", home);
    if (prefix)
        places->folders[2] = bw_arena_format(arena, "%s/share/boxwright/models", prefix);
    if (tree)
        places->folders[3] = bw_arena_format(arena, "%s/assets/models", tree);
}

static bool is_file(const char *path)
{
    struct stat status;
    return path && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The model's file below one of the places, or NULL. */
static const char *look_up(model_places *places, const char *name)
{
    static const char *const suffixes[] = {".cfg", ".onnx"};
    for (int i = 0; i < PLACES; i++) {
        if (!places->folders[i])
            continue;
        for (size_t kind = 0; kind < sizeof suffixes / sizeof *suffixes; kind++) {
            const char *suffix = suffixes[kind], *folder = places->folders[i];
            const char *flat = bw_arena_format(&places->arena, "%s/%s%s", folder, name, suffix);
            const char *nested =
                bw_arena_format(&places->arena, "%s/%s/%s%s", folder, name, name, suffix);
            if (is_file(flat))
                return flat;
            if (is_file(nested))
                return nested;
        }
    }
    return NULL;
}

/* Considers what a place holds: models and folders of models, by their names without suffix. */
static void suggest_from(bw_suggestion *suggestion, bw_arena *arena, const char *folder)
{
    DIR *stream = opendir(folder);
    for (struct dirent *entry = stream ? readdir(stream) : NULL; entry; entry = readdir(stream)) {
        const char *name = entry->d_name;
        bool model = bw_has_suffix(name, ".cfg") || bw_has_suffix(name, ".onnx");
        size_t length = model ? (size_t)(strrchr(name, '.') - name) : strlen(name);
        const char *stem = bw_arena_text(arena, name, length);
        if (stem && (model || entry->d_type == DT_DIR))
            bw_suggestion_try(suggestion, stem);
    }
    if (stream)
        closedir(stream);
}

/* What names a file, not a model to look up. */
static bool is_file_name(const char *name)
{
    return bw_has_suffix(name, ".cfg") || bw_has_suffix(name, ".onnx") ||
           bw_has_suffix(name, ".bwp") || bw_has_suffix(name, "/");
}

static bw_status fail_not_found(model_places *places, const char *name, bw_error *error)
{
    if (bw_is_folder(name))
        return bw_fail(error, BW_ERROR_IO, "'%s' is a folder; name the model's file in it", name);
    if (is_file_name(name))
        return bw_fail(error, BW_ERROR_IO, "there is no model file '%s'", name);
    bw_suggestion suggestion = bw_suggestion_start(name);
    char list[300] = "";
    for (int i = 0; i < PLACES; i++) {
        size_t used = strlen(list);
        if (!places->folders[i])
            continue;
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", places->folders[i]);
        suggest_from(&suggestion, &places->arena, places->folders[i]);
    }
    if (suggestion.nearest)
        return bw_fail(error, BW_ERROR_IO,
                       "there is no model '%s', and no %s.cfg or .onnx in %s; did you mean '%s'?",
                       name, name, list, suggestion.nearest);
    return bw_fail(
        error, BW_ERROR_IO,
        "there is no model '%s': no such file, and no %s.cfg or .onnx in %s; in the source "
        "tree 'make assets' fetches the default model",
        name, name, list);
}

bw_status bw_model_find(char **path, const char *name, bw_error *error)
{
    *path = NULL;
    model_places places = {0};
    const char *found = is_file(name) ? name : NULL;
    if (!found) {
        find_places(&places);
        found = look_up(&places, name);
    }
    bw_status status = BW_OK;
    if (!found)
        status = fail_not_found(&places, name, error);
    else if (!(*path = strdup(found)))
        status = bw_fail_memory(error, strlen(found) + 1, "a model's name");
    bw_arena_free(&places.arena);
    return status;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static bw_status open_model(bw_model **out, const char *path, const bw_model_choice *choice,
                            bw_error *error)
{
    bw_status status = bw_model_load(out, path, choice->weights, NULL, error);
    if (status == BW_OK && !choice->quiet)
        bw_print_warnings(bw_model_warnings(*out));
    if (status == BW_OK && choice->names)
        status = bw_model_read_names(*out, choice->names, error);
    if (status == BW_OK && choice->size.width)
        status = bw_model_resize(*out, choice->size.width, choice->size.height, error);
    if (status != BW_OK)
        bw_model_close(out);
    return status;
}

bw_status bw_model_open(bw_model **out, char **path, const bw_model_choice *choice, bw_error *error)
{
    *out = NULL;
    bw_status status = bw_model_find(path, choice->model ? choice->model : BW_DEFAULT_MODEL, error);
    if (status == BW_OK && bw_plan_recognise(*path))
        status = bw_fail(error, BW_ERROR_ARGUMENT,
                         "'%s' is a plan; this needs the model that it was built from", *path);
    else if (status == BW_OK)
        status = open_model(out, *path, choice, error);
    if (status != BW_OK) {
        free(*path);
        *path = NULL;
    }
    return status;
}

/* ---- Plans ---------------------------------------------------------------------------------- */

typedef struct measuring {
    bw_progress progress;
    double done;
} measuring;

/* Begins when the first share is told, which is after calibrating, and anew for each plan tried. */
static void show_measuring(void *context, double done)
{
    measuring *state = context;
    if (state->done == 0 || done < state->done) {
        bw_progress_end(&state->progress);
        state->progress = bw_progress_start(false);
        state->progress.share_before = done;
    }
    state->done = done;
    bw_progress_update_share(&state->progress, "measuring kernels", done);
}

static bw_status build(bw_plan **out, const bw_model *model, const bw_plan_choice *choice,
                       bw_error *error)
{
    measuring measured = {.done = 0};
    bw_build_options options;
    bw_build_options_init(&options);
    options.batch = choice->machine->batch ? choice->machine->batch : 1;
    options.cpu_mask = choice->machine->cpu.mask;
    options.precision = (bw_precision)choice->precision->precision;
    options.threads = choice->machine->threads;
    options.progress = show_measuring;
    options.progress_context = &measured;
    bw_tuning_apply(&options, choice->tuning);
    char *place = NULL;
    if (choice->cache)
        place =
            bw_plan_cache_place(model, &options, bw_gate_digest(choice->gate, choice->precision));
    bw_status status = BW_OK;
    if (!place || !bw_plan_cache_load(out, place)) {
        status = bw_build_checked(out, model, choice, &options, error);
        bw_progress_end(&measured.progress);
        if (status == BW_OK && place)
            bw_plan_cache_save(*out, place);
    }
    free(place);
    if (status == BW_OK) {
        bw_plan_info info;
        bw_plan_describe(*out, &info);
        bw_print_warnings(info.warnings);
    }
    return status;
}

/* The first option that asks for another plan than this one, or NULL. */
static const char *find_contradiction(const bw_plan *plan, const bw_plan_choice *choice)
{
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    bw_size size = choice->model->size;
    int precision = choice->precision->precision, batch = choice->machine->batch;
    if (choice->model->weights)
        return "weights";
    if (choice->model->names)
        return "names";
    if (choice->precision->calib)
        return "calib";
    if (choice->precision->ranges || choice->precision->save_ranges)
        return "ranges";
    if (size.width && (size.width != info.model.width || size.height != info.model.height))
        return "size";
    if (precision != BW_PRECISION_FP32 && precision != (int)info.precision)
        return "precision";
    if (batch && batch != info.batch)
        return "batch";
    return info.cpu_features & ~choice->machine->cpu.mask ? "cpu" : NULL;
}

static bw_status load_plan(bw_plan **out, const char *path, const bw_plan_choice *choice,
                           bw_error *error)
{
    bw_status status = bw_plan_load(out, path, error);
    if (status != BW_OK)
        return status;
    const char *option = find_contradiction(*out, choice);
    if (!option)
        return BW_OK;
    bw_plan_close(out);
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "--%s contradicts '%s', a plan, which has that built in: leave the option out, "
                   "or build another plan",
                   option, path);
}

bw_status bw_plan_open(bw_plan **out, char **path, const bw_plan_choice *choice, bw_error *error)
{
    *out = NULL;
    const char *name = choice->model->model ? choice->model->model : BW_DEFAULT_MODEL;
    bw_model *model = NULL;
    bw_status status = bw_model_find(path, name, error);
    if (status != BW_OK)
        return status;
    if (bw_plan_recognise(*path)) {
        status = load_plan(out, *path, choice, error);
    } else {
        status = open_model(&model, *path, choice->model, error);
        if (status == BW_OK)
            status = build(out, model, choice, error);
        bw_model_close(&model);
    }
    if (status != BW_OK) {
        free(*path);
        *path = NULL;
    }
    return status;
}
