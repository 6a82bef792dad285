/**
 * Real networks: the cfg files of a models folder import, with the expected amount of work.
 */
#include "test_import.h"

#include <unistd.h>

#include "base/file.h"

static char folder[4096];

typedef struct expectation {
    const char *path;    /* below the folder, without suffix */
    const char *weights; /* a file below the folder; NULL: random */
    int size;            /* of the input, pixels; 0: as the cfg says */
    double gmacs;        /* of the convolutions; 0: not known from elsewhere */
    int layers;
    size_t outputs;
} expectation;

static const expectation expectations[] = {
    {"cfg/yolov2", NULL, 0, 0, 32, 1},
    {"cfg/yolov2-tiny", NULL, 0, 0, 16, 1},
    {"cfg/yolov3", NULL, 416, 32.932, 107, 3},
    {"cfg/yolov3-spp", NULL, 0, 0, 114, 3},
    {"cfg/yolov3-tiny", NULL, 416, 2.782, 24, 2},
    {"cfg/yolov3-tiny-prn", NULL, 0, 0, 28, 2},
    {"cfg/yolov3-voc", NULL, 0, 0, 107, 3},
    {"cfg/yolov4", NULL, 0, 0, 162, 3},
    {"cfg/yolov4-csp", NULL, 0, 0, 175, 3},
    {"cfg/yolov4-tiny", NULL, 0, 0, 38, 2},
    {"cfg/yolov7", NULL, 0, 0, 143, 3},
    {"cfg/yolov7-tiny", NULL, 0, 0, 99, 3},
    {"yolo-fastest-1.1/yolo-fastest-1.1", "yolo-fastest-1.1/yolo-fastest-1.1.weights", 0, 0.125,
     131, 2},
    {"yolo-fastest-1.1-xl/yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.weights",
     0, 0.362, 131, 2},
};

static void read_source(bw_source *source, const expectation *expected, const bw_limits *limits)
{
    static char path[8192], weights_path[8192];
    bw_error error = {0};
    uint8_t *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s.cfg", folder, expected->path);
    *source = (bw_source){.path = path, .seed = 1, .limits = limits};
    if (bw_read_file(&text, &size, path, 1 << 20, &error) != BW_OK)
        fail_msg("%s", error.message);
    source->text = (char *)text;
    source->size = size;
    if (!expected->weights)
        return;
    snprintf(weights_path, sizeof weights_path, "%s/%s", folder, expected->weights);
    source->weights_path = weights_path;
    if (bw_map_file(&source->weights, weights_path, &error) != BW_OK)
        fail_msg("%s", error.message);
}

static double sum_gmacs(const bw_graph *graph)
{
    uint64_t macs = 0;
    for (size_t index = 0; index < graph->node_count; index++)
        macs += bw_node_macs(graph, &graph->nodes[index]);
    return (double)macs * 1e-9;
}

static void expect_network(const expectation *expected)
{
    bw_limits limits = {.layers = 1000, .tensor_bytes = 1u << 30};
    bw_source source;
    bw_import import;
    bw_error error = {0};
    read_source(&source, expected, &limits);
    if (bw_import_model(&import, &source, &error) != BW_OK)
        fail_msg("%s", error.message);
    if (expected->size &&
        bw_graph_resize(&import.graph, expected->size, expected->size, &error) != BW_OK)
        fail_msg("%s", error.message);
    if (bw_graph_verify(&import.graph, &error) != BW_OK)
        fail_msg("%s", error.message);
    double gmacs = sum_gmacs(&import.graph);
    print_message("%s: %.3f GMAC, %d layers, %zu outputs\n", expected->path, gmacs, import.layers,
                  import.graph.output_count);
    if (import.warnings)
        fail_msg("%s", import.warnings);
    if (expected->gmacs > 0)
        assert_true(gmacs > expected->gmacs - 0.0005 && gmacs < expected->gmacs + 0.0005);
    assert_int_equal(import.layers, expected->layers);
    assert_int_equal(import.graph.output_count, expected->outputs);
    bw_import_free(&import);
    bw_unmap_file(&source.weights);
    free((void *)(uintptr_t)source.text);
}

static void test_networks(void **state)
{
    (void)state;
    for (size_t index = 0; index < sizeof expectations / sizeof *expectations; index++)
        expect_network(&expectations[index]);
}

static void test_fitting(void **state)
{
    (void)state;
    bw_limits limits = {.layers = 1000, .tensor_bytes = 1u << 30};
    const expectation asks = {.path = "cfg/yolov4-csp"};
    bw_source source;
    bw_import import;
    bw_error error = {0};
    read_source(&source, &asks, &limits);
    assert_int_equal(bw_import_model(&import, &source, &error), BW_OK);
    assert_int_equal(import.resize, BW_RESIZE_LETTERBOX);
    assert_int_equal(import.graph.outputs[0].head.form, BW_HEAD_SCALED);
    assert_int_equal(import.graph.outputs[0].head.nms, BW_NMS_DIOU);
    bw_import_free(&import);
    free((void *)(uintptr_t)source.text);
}

/* The weights of one network refuse to be those of another. */
static void test_exchanged_weights(void **state)
{
    (void)state;
    bw_limits limits = {.layers = 1000, .tensor_bytes = 1u << 30};
    const expectation swapped = {.path = "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl",
                                 .weights = "yolo-fastest-1.1/yolo-fastest-1.1.weights"};
    bw_source source;
    bw_import import;
    bw_error error = {0};
    read_source(&source, &swapped, &limits);
    assert_int_equal(bw_import_model(&import, &source, &error), BW_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "another network"));
    bw_unmap_file(&source.weights);
    free((void *)(uintptr_t)source.text);
}

int main(void)
{
    const char *shared = getenv("BW_SHARED");
    snprintf(folder, sizeof folder, "%s/models", shared ? shared : "../shared");
    if (access(folder, R_OK) != 0) {
        printf("skipped: there is no folder '%s'\n", folder);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_fitting),
        cmocka_unit_test(test_exchanged_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
