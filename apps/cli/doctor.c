/**
 * boxwright doctor: whether this machine is fit, and what Boxwright will use of it.
 */
#include <cairo.h>
#include <jansson.h>
#include <spng.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <webp/decode.h>
#include <xxhash.h>

#include <jpeglib.h> /* needs stdio.h before it */

#include "base/cpu.h"
#include "base/topology.h"
#include "machine.h"
#include "model.h"
#include "remote/remote.h"
#include "terminal.h"
#include "verb.h"
#include "video/video.h"

typedef struct doctor_options {
    bw_model_choice model;
} doctor_options;

static const bw_option_group groups[] = {
    {"Network", bw_model_options, offsetof(doctor_options, model)},
    {0},
};

/* ---- The machine ---------------------------------------------------------------------------- */

static const char *const feature_texts[] = {
    "AVX2, FMA and F16C", "AVX-512 F, BW, CD, DQ, VL",        "AVX-512 VNNI (8-bit integers)",
    "AVX-512 BF16",       "AMX tiles (8-bit integers, BF16)",
};

static const char *feature_state(uint32_t feature)
{
    if (bw_cpu_features() & feature)
        return "usable";
    if (!bw_machine_has(feature))
        return "the processor does not have it";
    if (feature == BW_CPU_AMX)
        return "found, not usable: the system grants no tile state (Linux 5.16 or newer does, "
               "unless a container or virtual machine hides it)";
    return "found, not usable: the operating system does not save its registers";
}

static void print_features(void)
{
    printf("\nInstruction sets\n");
    for (int i = 0; bw_cpu_feature_name(i); i++)
        printf("  %-8s %-34s %s\n", bw_cpu_feature_name(i), feature_texts[i],
               feature_state(1u << i));
}

static void print_threads(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    double quota = bw_machine_cpu_quota();
    bw_topology topology;
    bw_topology_read(&topology);
    printf("\nThreads\n  %ld processors online, %d allowed to this process, on %d NUMA node%s\n",
           online, bw_cpu_count(), topology.nodes, topology.nodes == 1 ? "" : "s");
    if (quota > 0)
        printf("  the control group's quota is worth %.2f processors%s\n", quota,
               quota < bw_cpu_count() ? "; use --threads not above it" : "");
}

static void print_memory(void)
{
    bw_machine_memory memory = bw_machine_read_memory();
    printf("\nMemory\n  %.1f GB, %.1f GB of it available\n", (double)memory.total / 1e9,
           (double)memory.available / 1e9);
    if (memory.limit)
        printf("  the control group allows %.1f GB\n", (double)memory.limit / 1e9);
}

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

/* A library that is loaded only where it is needed. */
static void print_module(const char *name, bw_status status, const char *version,
                         const bw_error *error)
{
    printf("  %-13s  ", name);
    if (status != BW_OK)
        printf("not usable: ");
    bw_print_clean(stdout, status == BW_OK ? version : error->message);
    putchar('\n');
}

static void print_modules(void)
{
    const char *version = NULL;
    bw_error error;
    bw_status status = bw_video_version(&version, &error);
    print_module("FFmpeg", status, version, &error);
    status = bw_remote_version(&version, &error);
    print_module("libcurl", status, version, &error);
}

static void print_versions(void)
{
    int webp = WebPGetDecoderVersion();
    printf("\nLibraries\n");
    printf("  boxwright      %s\n", bw_version());
    printf("  libjpeg-turbo  %s\n", TEXT_OF(LIBJPEG_TURBO_VERSION));
    printf("  libspng        %s\n", spng_version_string());
    printf("  libwebp        %d.%d.%d\n", webp >> 16 & 255, webp >> 8 & 255, webp & 255);
    printf("  cairo          %s\n", cairo_version_string());
    printf("  jansson        %s\n", jansson_version_str());
    printf("  SQLite         %s\n", sqlite3_libversion());
    printf("  xxHash         %u\n", XXH_versionNumber());
    print_modules();
}

/* ---- The model ------------------------------------------------------------------------------ */

static void print_model(const char *path, const bw_model_info *info)
{
    printf("  ");
    bw_print_clean(stdout, path);
    printf("\n  %d x %d pixels, %d classes, fingerprint %s\n", info->width, info->height,
           info->classes, info->fingerprint);
}

static bw_status show_model(const bw_model_choice *choice, bw_error *error)
{
    bw_model *model;
    char *path;
    bw_status status = bw_model_open(&model, &path, choice, error);
    if (status != BW_OK)
        return status;
    bw_model_info info;
    bw_model_describe(model, &info);
    print_model(path, &info);
    bw_model_close(&model);
    free(path);
    return BW_OK;
}

/* A plan is opened as the other verbs would: it may be damaged, or of another processor. */
static bw_status show_plan(const bw_model_choice *choice, bw_error *error)
{
    bw_plan_choice wanted = {
        .model = choice, .precision = &bw_precision_defaults, .machine = &bw_machine_defaults};
    bw_plan *plan;
    char *path;
    bw_status status = bw_plan_open(&plan, &path, &wanted, error);
    if (status != BW_OK)
        return status;
    bw_plan_info info;
    bw_plan_describe(plan, &info);
    print_model(path, &info.model);
    printf("  a plan: %s\n", info.settings);
    bw_plan_close(&plan);
    free(path);
    return BW_OK;
}

static bool check_model(const bw_model_choice *choice)
{
    bw_error error;
    bool plan = choice->model && bw_plan_recognise(choice->model);
    printf("\nModel\n");
    bw_status status = plan ? show_plan(choice, &error) : show_model(choice, &error);
    if (status == BW_OK)
        return true;
    printf("  not usable: ");
    bw_print_clean(stdout, error.message);
    putchar('\n');
    return false;
}

static int run_doctor(int argc, char **argv);

const bw_verb bw_verb_doctor = {
    {
        .name = "doctor",
        .summary = "Tell whether this machine and its model are ready, and what will be used",
        .groups = groups,
    },
    run_doctor,
};

static int run_doctor(int argc, char **argv)
{
    doctor_options options = {0};
    int operands;
    bw_options_result result =
        bw_options_read(&bw_verb_doctor.usage, &options, argc, argv, &operands);
    if (result != BW_OPTIONS_RUN)
        return result == BW_OPTIONS_HELP ? BW_EXIT_OK : BW_EXIT_USAGE;
    printf("Processor\n  %s\n", bw_cpu_name());
    print_features();
    print_threads();
    print_memory();
    print_versions();
    bool ready = check_model(&options.model);
    char best[80];
    bw_cpu_describe(best, sizeof best, bw_cpu_features());
    if (ready)
        printf("\nReady: %d threads on %s.\n", bw_cpu_count(), best);
    else
        printf("\nThe machine is fit (%d threads on %s), but there is no model to run yet.\n",
               bw_cpu_count(), best);
    return ready ? BW_EXIT_OK : BW_EXIT_FAILURE;
}
