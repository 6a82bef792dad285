/** The passes: what they fuse, what they must leave, and that the numbers are right. */
#include "check.h"

#include <math.h>
#include <string.h>

#include "passes/halve.h"
#include "passes/passes.h"
#include "passes/quantize.h"

static const float weights[] = {1.0f, -2.0f, 3.0f, 0.5f};
static const float scale[] = {2.0f, -1.0f}, shift[] = {0.25f, 4.0f};
static const float mean[] = {1.5f, -3.0f}, variance[] = {4.0f, 0.25f};

static int add(bw_graph *graph, bw_op op, int first, int second)
{
    int inputs[] = {first, second}, tensor;
    bw_node node = {.op = op, .name = bw_op_name(op), .inputs = inputs, .residual = BW_NONE};
    node.input_count = second == BW_NONE ? 1 : 2;
    node.attributes = (bw_attributes){.kernel_height = 1,
                                      .kernel_width = 1,
                                      .stride = 1,
                                      .groups = 1,
                                      .channels = 2,
                                      .epsilon = 1e-5f};
    if (op == BW_OP_CONV)
        node.weights = (bw_constant){weights, 4};
    if (op == BW_OP_ACTIVATION) {
        node.attributes.activation = BW_LEAKY;
        node.attributes.slope = 0.1f;
    }
    if (op == BW_OP_BATCH_NORM) {
        node.scale = (bw_constant){scale, 2};
        node.shift = (bw_constant){shift, 2};
        node.mean = (bw_constant){mean, 2};
        node.variance = (bw_constant){variance, 2};
    }
    check_ok(bw_graph_add(graph, &tensor, &node, &error));
    return tensor;
}

static int start(bw_graph *graph)
{
    int tensor;
    bw_graph_init(graph, 1 << 20);
    check_ok(bw_graph_add_input(graph, &tensor, (bw_shape){4, 4, 2}, &error));
    return tensor;
}

static void finish(bw_graph *graph, int tensor)
{
    check_ok(bw_graph_add_output(graph, tensor, &(bw_head){.classes = 1}, &error));
    check_ok(bw_passes_run(graph, &error));
}

static void check_close(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * (1.0 + fabs(wanted))))
        fail_msg("%.9g instead of %.9g", value, wanted);
}

static void folds_and_fuses_a_block(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int tensor = add(&graph, BW_OP_CONV, input, BW_NONE);
    tensor = add(&graph, BW_OP_BATCH_NORM, tensor, BW_NONE);
    finish(&graph, add(&graph, BW_OP_ACTIVATION, tensor, BW_NONE));
    assert_int_equal(graph.node_count, 2);
    const bw_node *conv = &graph.nodes[1];
    assert_int_equal(conv->attributes.activation, BW_LEAKY);
    for (int channel = 0; channel < 2; channel++) {
        double factor = (double)scale[channel] / sqrt((double)variance[channel] + 1e-5);
        check_close((double)conv->bias.data[channel],
                    (double)shift[channel] - factor * (double)mean[channel]);
        for (int index = 2 * channel; index < 2 * channel + 2; index++)
            check_close((double)conv->weights.data[index], factor * (double)weights[index]);
    }
    bw_graph_free(&graph);
}

static void keeps_what_others_read(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int conv = add(&graph, BW_OP_CONV, input, BW_NONE);
    int active = add(&graph, BW_OP_ACTIVATION, conv, BW_NONE);
    finish(&graph, add(&graph, BW_OP_CONCAT, conv, active));
    assert_int_equal(graph.node_count, 4);
    assert_int_equal(graph.nodes[1].attributes.activation, BW_LINEAR);
    bw_graph_free(&graph);
}

static void normalisation_alone_becomes_depthwise(void **state)
{
    (void)state;
    bw_graph graph;
    finish(&graph, add(&graph, BW_OP_BATCH_NORM, start(&graph), BW_NONE));
    const bw_node *node = &graph.nodes[1];
    assert_int_equal(node->op, BW_OP_CONV);
    assert_int_equal(node->attributes.groups, 2);
    check_close((double)node->weights.data[1], -1.0 / sqrt(0.25 + 1e-5));
    bw_graph_free(&graph);
}

static void fuses_the_later_convolution(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int first = add(&graph, BW_OP_CONV, input, BW_NONE);
    int second = add(&graph, BW_OP_CONV, first, BW_NONE);
    int active = add(&graph, BW_OP_ACTIVATION, second, BW_NONE);
    finish(&graph, add(&graph, BW_OP_ADD, first, active));
    assert_int_equal(graph.node_count, 3);
    assert_int_equal(graph.nodes[2].residual, graph.nodes[1].output);
    assert_int_equal(graph.nodes[2].attributes.activation, BW_LEAKY);
    bw_graph_free(&graph);
}

static void activation_after_a_sum_stays_after_it(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int conv = add(&graph, BW_OP_CONV, input, BW_NONE);
    int sum = add(&graph, BW_OP_ADD, conv, input);
    finish(&graph, add(&graph, BW_OP_ACTIVATION, sum, BW_NONE));
    assert_int_equal(graph.node_count, 3);
    assert_int_equal(graph.nodes[2].op, BW_OP_ADD);
    assert_int_equal(graph.nodes[2].attributes.activation, BW_LEAKY);
    assert_int_equal(graph.nodes[1].residual, BW_NONE);
    bw_graph_free(&graph);
}

static void removes_what_nobody_reads(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int conv = add(&graph, BW_OP_CONV, input, BW_NONE);
    add(&graph, BW_OP_CONV, conv, BW_NONE);
    int last = add(&graph, BW_OP_CONCAT, conv, input);
    finish(&graph, last);
    assert_int_equal(graph.node_count, 3);
    assert_int_equal(graph.tensor_count, 3);
    assert_int_equal(graph.outputs[0].tensor, 2);
    bw_graph_free(&graph);
}

static bw_type type_of(const bw_graph *graph, int tensor)
{
    return graph->tensors[tensor].format.type;
}

static void halves_all_but_picture_and_heads(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int first = add(&graph, BW_OP_CONV, input, BW_NONE);
    int second = add(&graph, BW_OP_CONV, first, BW_NONE);
    finish(&graph, second);
    check_ok(bw_pass_halve(&graph, NULL, &error));
    assert_int_equal(graph.node_count, 3);
    assert_int_equal(type_of(&graph, input), BW_F32);
    assert_int_equal(type_of(&graph, first), BW_BF16);
    assert_int_equal(type_of(&graph, second), BW_F32);
    bw_graph_free(&graph);
}

static void converts_a_head_that_others_read(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int first = add(&graph, BW_OP_CONV, input, BW_NONE);
    check_ok(bw_graph_add_output(&graph, first, &(bw_head){.classes = 1}, &error));
    finish(&graph, add(&graph, BW_OP_CONV, first, BW_NONE));
    check_ok(bw_pass_halve(&graph, NULL, &error));
    assert_int_equal(type_of(&graph, first), BW_BF16);
    int head = graph.outputs[0].tensor;
    assert_int_equal(type_of(&graph, head), BW_F32);
    assert_int_equal(graph.nodes[graph.tensors[head].producer].op, BW_OP_CONVERT);
    bw_graph_free(&graph);
}

/* Boxes and scores that different convolutions write are joined as floats; what others read too is
 * not. */
static void joins_a_head_in_floats(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        bw_graph graph;
        int input = start(&graph);
        int first = add(&graph, BW_OP_CONV, input, BW_NONE);
        int boxes = add(&graph, BW_OP_CONV, first, BW_NONE);
        int scores = shared ? first : add(&graph, BW_OP_CONV, first, BW_NONE);
        int joined = add(&graph, BW_OP_CONCAT, boxes, scores);
        finish(&graph, joined);
        check_ok(bw_pass_halve(&graph, NULL, &error));
        bw_type type = shared ? BW_BF16 : BW_F32;
        assert_int_equal(type_of(&graph, first), BW_BF16);
        assert_int_equal(type_of(&graph, boxes), type);
        assert_int_equal(type_of(&graph, joined), type);
        assert_int_equal(type_of(&graph, graph.outputs[0].tensor), BW_F32);
        bw_graph_free(&graph);
    }
}

/* The conversion comes right after the picture, before all that read it. */
static void converts_the_picture_for_others_than_convolutions(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int conv = add(&graph, BW_OP_CONV, input, BW_NONE);
    finish(&graph, add(&graph, BW_OP_CONCAT, conv, input));
    check_ok(bw_pass_halve(&graph, NULL, &error));
    assert_int_equal(graph.node_count, 5);
    assert_int_equal(graph.nodes[1].op, BW_OP_CONVERT);
    assert_int_equal(graph.nodes[2].op, BW_OP_CONV);
    assert_int_equal(graph.nodes[2].inputs[0], input);
    assert_int_equal(graph.nodes[3].op, BW_OP_CONCAT);
    assert_int_equal(graph.nodes[3].inputs[1], graph.nodes[1].output);
    assert_int_equal(type_of(&graph, input), BW_F32);
    assert_int_equal(type_of(&graph, graph.nodes[1].output), BW_BF16);
    assert_int_equal(type_of(&graph, graph.nodes[3].output), BW_BF16);
    bw_graph_free(&graph);
}

/* Floats meet bfloat16: a dense convolution writes it, a depthwise one needs a conversion. */
static void leaves_floats_where_they_are_asked_for(void **state)
{
    (void)state;
    for (int depthwise = 0; depthwise < 2; depthwise++) {
        bw_graph graph;
        int input = start(&graph);
        int first = add(&graph, BW_OP_CONV, input, BW_NONE);
        int second = add(&graph, BW_OP_CONV, first, BW_NONE);
        if (depthwise) {
            graph.nodes[graph.tensors[second].producer].attributes.groups = 2;
            graph.nodes[graph.tensors[second].producer].weights.count = 2;
        }
        finish(&graph, add(&graph, BW_OP_CONV, second, BW_NONE));
        const bool floats[] = {true, true, false, false};
        check_ok(bw_pass_halve(&graph, floats, &error));
        assert_int_equal(graph.node_count, depthwise ? 5 : 4);
        assert_int_equal(type_of(&graph, first), BW_F32);
        assert_int_equal(type_of(&graph, second), depthwise ? BW_F32 : BW_BF16);
        const bw_node *last = &graph.nodes[graph.node_count - 1];
        assert_int_equal(type_of(&graph, last->inputs[0]), BW_BF16);
        assert_int_equal(type_of(&graph, last->output), BW_F32);
        bw_graph_free(&graph);
    }
}

/* What joins the picture and stays floats reads it as it is. */
static void joins_the_picture_in_floats(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int conv = add(&graph, BW_OP_CONV, input, BW_NONE);
    int joined = add(&graph, BW_OP_CONCAT, conv, input);
    finish(&graph, joined);
    const bool floats[] = {true, true, true};
    check_ok(bw_pass_halve(&graph, floats, &error));
    assert_int_equal(graph.node_count, 3);
    assert_int_equal(graph.nodes[2].inputs[1], input);
    assert_int_equal(type_of(&graph, joined), BW_F32);
    bw_graph_free(&graph);
}

/* Two terms of one type: a convolution of bfloat16 leaves the sum with floats to an operation. */
static void adds_floats_to_bfloat16(void **state)
{
    (void)state;
    bw_graph graph;
    int input = start(&graph);
    int first = add(&graph, BW_OP_CONV, input, BW_NONE);
    int second = add(&graph, BW_OP_CONV, first, BW_NONE);
    int third = add(&graph, BW_OP_CONV, second, BW_NONE);
    finish(&graph, add(&graph, BW_OP_CONV, add(&graph, BW_OP_ADD, third, first), BW_NONE));
    assert_int_equal(graph.nodes[3].residual, first);
    const bool floats[] = {true, true, false, false, false};
    check_ok(bw_pass_halve(&graph, floats, &error));
    assert_int_equal(graph.nodes[3].residual, BW_NONE);
    assert_int_equal(graph.nodes[4].op, BW_OP_ADD);
    assert_int_equal(type_of(&graph, graph.nodes[4].output), BW_F32);
    assert_int_equal(graph.nodes[5].op, BW_OP_CONVERT);
    assert_int_equal(type_of(&graph, graph.nodes[5].output), BW_BF16);
    bw_graph_free(&graph);
}

/* Bytes that a file gives outlive the fusion of an activation; filters keep its integers unless
 * they are too large; what it gives no bytes stays floats. */
static void keeps_the_bytes_of_a_file(void **state)
{
    (void)state;
    static const float integers[] = {127.0f, -63.0f, 5.0f, 0.0f}, steps[] = {0.5f, 0.25f};
    static const float scaled[] = {127.0f * 0.5f, -63.0f * 0.5f, 5.0f * 0.25f, 0.0f};
    const bw_format bytes = {BW_U8, 0.125f, 7}, other = {BW_U8, 0.5f, 9};
    for (int largest = 63; largest <= 127; largest += 64) {
        bw_graph graph;
        int input = start(&graph);
        int conv = add(&graph, BW_OP_CONV, input, BW_NONE);
        graph.nodes[graph.tensors[conv].producer].weights = (bw_constant){scaled, 4};
        graph.nodes[graph.tensors[conv].producer].steps = steps;
        int active = add(&graph, BW_OP_ACTIVATION, conv, BW_NONE);
        graph.tensors[conv].given = other;
        graph.tensors[active].given = bytes;
        int floats = add(&graph, BW_OP_CONV, active, BW_NONE);
        assert_true(bw_is_quantized(&graph));
        finish(&graph, add(&graph, BW_OP_CONV, floats, BW_NONE));
        check_ok(bw_pass_quantize_as_given(&graph, largest, largest, &error));
        assert_true(bw_format_equal(graph.tensors[1].format, bytes));
        assert_int_equal(type_of(&graph, 2), BW_F32);
        const bw_node *first = &graph.nodes[1];
        assert_non_null(first->integers);
        assert_null(graph.nodes[3].integers);
        for (size_t at = 0; at < 4; at++) {
            size_t filter = at / 2;
            if (largest == 127 || filter == 1)
                assert_int_equal(first->integers[at], (int)integers[at]);
            assert_in_range(first->integers[at] + 128, 128 - largest, 128 + largest);
            assert_float_equal((float)first->integers[at] * first->scales[filter], scaled[at],
                               0.55f * first->scales[filter]);
        }
        bw_graph_free(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_and_fuses_a_block),
        cmocka_unit_test(keeps_what_others_read),
        cmocka_unit_test(normalisation_alone_becomes_depthwise),
        cmocka_unit_test(fuses_the_later_convolution),
        cmocka_unit_test(activation_after_a_sum_stays_after_it),
        cmocka_unit_test(removes_what_nobody_reads),
        cmocka_unit_test(halves_all_but_picture_and_heads),
        cmocka_unit_test(converts_a_head_that_others_read),
        cmocka_unit_test(joins_a_head_in_floats),
        cmocka_unit_test(keeps_the_bytes_of_a_file),
        cmocka_unit_test(converts_the_picture_for_others_than_convolutions),
        cmocka_unit_test(leaves_floats_where_they_are_asked_for),
        cmocka_unit_test(joins_the_picture_in_floats),
        cmocka_unit_test(adds_floats_to_bfloat16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
