/** The graph: shape inference, its refusals, resizing, cloning, the verifier. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

enum { LIMIT = 1 << 30 };

static const float numbers[65536];

static bw_node conv(int input, int filters, int size, int stride, int pad, size_t weights)
{
    static int inputs[1];
    inputs[0] = input;
    return (bw_node){
        .op = BW_OP_CONV,
        .name = "conv",
        .inputs = inputs,
        .input_count = 1,
        .residual = BW_NONE,
        .weights = {numbers, weights},
        .attributes = {.kernel_height = size,
                       .kernel_width = size,
                       .stride = stride,
                       .pad_top = pad,
                       .pad_left = pad,
                       .pad_bottom = pad,
                       .pad_right = pad,
                       .groups = 1,
                       .channels = filters},
    };
}

static int start(bw_graph *graph, int height, int width)
{
    int tensor;
    bw_graph_init(graph, LIMIT);
    check_ok(bw_graph_add_input(graph, &tensor, (bw_shape){height, width, 3}, &error));
    return tensor;
}

static void check_shape(const bw_graph *graph, int tensor, int height, int width, int channels)
{
    bw_shape shape = graph->tensors[tensor].shape;
    assert_int_equal(shape.height, height);
    assert_int_equal(shape.width, width);
    assert_int_equal(shape.channels, channels);
}

static void infers_and_resizes(void **state)
{
    (void)state;
    bw_graph graph, copy;
    int input = start(&graph, 416, 320), a, b;
    bw_node first = conv(input, 8, 3, 2, 1, 8 * 27);
    check_ok(bw_graph_add(&graph, &a, &first, &error));
    check_shape(&graph, a, 208, 160, 8);
    bw_node pool = {
        .op = BW_OP_MAX_POOL,
        .name = "pool",
        .inputs = &a,
        .input_count = 1,
        .residual = BW_NONE,
        .attributes = {
            .kernel_height = 2, .kernel_width = 2, .stride = 1, .pad_bottom = 1, .pad_right = 1}};
    check_ok(bw_graph_add(&graph, &b, &pool, &error));
    check_shape(&graph, b, 208, 160, 8);
    check_ok(bw_graph_add_output(&graph, b, &(bw_head){.classes = 1}, &error));
    check_ok(bw_graph_verify(&graph, &error));
    assert_int_equal(bw_node_macs(&graph, &graph.nodes[1]), 27 * 8 * 208 * 160);
    check_ok(bw_graph_clone(&copy, &graph, &error));
    check_ok(bw_graph_resize(&copy, 32, 64, &error));
    check_shape(&copy, b, 16, 32, 8);
    check_shape(&graph, b, 208, 160, 8);
    check_ok(bw_graph_verify(&copy, &error));
    bw_graph_free(&copy);
    bw_graph_free(&graph);
}

static void clones_after_an_insertion(void **state)
{
    (void)state;
    bw_graph graph, copy;
    int input = start(&graph, 8, 8), last, first;
    bw_node node = conv(input, 8, 3, 1, 1, 216);
    check_ok(bw_graph_add(&graph, &last, &node, &error));
    node = conv(input, 3, 1, 1, 0, 9);
    check_ok(bw_graph_insert(&graph, &first, &node, 1, &error));
    graph.nodes[2].inputs[0] = first;
    check_ok(bw_graph_add_output(&graph, last, &(bw_head){.classes = 1}, &error));
    check_ok(bw_graph_verify(&graph, &error));
    check_ok(bw_graph_clone(&copy, &graph, &error));
    check_ok(bw_graph_verify(&copy, &error));
    assert_int_equal(copy.nodes[2].output, last);
    check_shape(&copy, first, 8, 8, 3);
    check_shape(&copy, last, 8, 8, 8);
    bw_graph_free(&copy);
    bw_graph_free(&graph);
}

static void refuses_nonsense(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph, 8, 8), tensor;
    bw_node node = conv(input, 8, 3, 0, 1, 216);
    check_fails(bw_graph_add(&graph, &tensor, &node, &error), BW_ERROR_FORMAT, "stride of 0");
    node = conv(input, 8, 11, 1, 1, 216);
    check_fails(bw_graph_add(&graph, &tensor, &node, &error), BW_ERROR_FORMAT, "larger than");
    node = conv(input, 8, 3, 1, 1, 216);
    node.attributes.groups = 2;
    check_fails(bw_graph_add(&graph, &tensor, &node, &error), BW_ERROR_FORMAT, "unevenly");
    node = conv(7, 8, 3, 1, 1, 216);
    check_fails(bw_graph_add(&graph, &tensor, &node, &error), BW_ERROR_FORMAT, "does not exist");
    node = conv(input, 1 << 24, 3, 1, 1, 216);
    check_fails(bw_graph_add(&graph, &tensor, &node, &error), BW_ERROR_LIMIT, "limit");
    assert_int_equal(graph.node_count, 1);
    bw_graph_free(&graph);
}

static void verifier_finds_breaks(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph, 8, 8), tensor;
    bw_node node = conv(input, 8, 3, 1, 1, 215);
    check_ok(bw_graph_add(&graph, &tensor, &node, &error));
    check_fails(bw_graph_verify(&graph, &error), BW_ERROR_ARGUMENT, "weights");
    graph.nodes[1].weights.count = 216;
    check_ok(bw_graph_verify(&graph, &error));
    graph.nodes[1].residual = input;
    check_fails(bw_graph_verify(&graph, &error), BW_ERROR_ARGUMENT, "another shape");
    graph.nodes[1].residual = BW_NONE;
    graph.nodes[1].inputs[0] = tensor;
    check_fails(bw_graph_verify(&graph, &error), BW_ERROR_ARGUMENT, "comes later");
    bw_graph_free(&graph);
}

static void dumps_a_line_a_node(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph, 8, 8), tensor;
    bw_node node = conv(input, 8, 3, 2, 1, 216);
    node.attributes.activation = BW_LEAKY;
    check_ok(bw_graph_add(&graph, &tensor, &node, &error));
    check_ok(bw_graph_add_output(&graph, tensor, &(bw_head){.classes = 1}, &error));
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    bw_graph_dump(&graph, file);
    fclose(file);
    assert_non_null(strstr(text, "%0    input"));
    assert_non_null(strstr(text, "%0 → 4×4×8 3×3/2 leaky\n"));
    assert_non_null(strstr(text, "output 0: %1\n"));
    free(text);
    bw_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infers_and_resizes),  cmocka_unit_test(clones_after_an_insertion),
        cmocka_unit_test(refuses_nonsense),    cmocka_unit_test(verifier_finds_breaks),
        cmocka_unit_test(dumps_a_line_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
