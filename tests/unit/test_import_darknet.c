/**
 * Each section of a darknet cfg: the nodes it becomes, and every way in which it can be wrong.
 */
#include "test_import.h"

#define CONV(filters) "[convolutional]\nfilters=" #filters "\nactivation=linear\n"

static void test_net(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, "[network]\nwidth=64\nheight=32\nbatch=64\nmomentum=0.9\n" TAIL);
    const bw_node *input = find_node(&import.graph, BW_OP_INPUT, 0);
    expect_shape(&import.graph, input, 32, 64, 3);
    assert_int_equal(import.resize, BW_RESIZE_LETTERBOX);
    assert_int_equal(import.layers, 2);
    assert_null(import.warnings);
    bw_import_free(&import);
    import_text(&import, "[net]\nwidth=64\nheight=32\nletter_box=0\n" TAIL);
    assert_int_equal(import.resize, BW_RESIZE_STRETCH);
    bw_import_free(&import);
    import_text(&import, "[net]\nwidth=64\nheight=32\nletter_box=1\n" TAIL);
    assert_int_equal(import.resize, BW_RESIZE_LETTERBOX);
    bw_import_free(&import);
}

static void test_net_failures(void **state)
{
    (void)state;
    expect_failure("[yolo]\nnum=3\n", BW_ERROR_FORMAT,
                   "test.cfg:1: the first section is [yolo]; it must be [net]");
    expect_failure("[net]\nheight=3\n", BW_ERROR_FORMAT, "test.cfg:1: [net] lacks the key 'width'");
    expect_failure("[net]\nheight=0\nwidth=3\n", BW_ERROR_FORMAT,
                   "test.cfg:2: 'height' of [net] is '0'; it must be a whole number from 1 to");
    expect_failure("[net]\nheight=8\nwidth=8\nchannels=1\n" TAIL, BW_ERROR_UNSUPPORTED,
                   "test.cfg:4: the network takes pictures of 1 channels; only 3, RGB");
    expect_failure("[net]\nheight=65536\nwidth=65536\n" TAIL, BW_ERROR_LIMIT, "test.cfg:1: ");
    expect_failure(NET TAIL "[net]\n", BW_ERROR_FORMAT, "test.cfg:13: a second [net] section");
    expect_failure(NET CONV(18), BW_ERROR_FORMAT,
                   "test.cfg: the network has no [yolo] or [region] section");
    expect_failure(NET "[sam]\nfrom=-1\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:5: [sam] is not supported; supported sections are net, convolutional, "
                   "maxpool, avgpool, upsample, reorg, batchnorm, activation, dropout, route, "
                   "shortcut, yolo, region");
    static const char *const others[] = {
        "gaussian_yolo", "scale_channels", "crop", "connected", "local", "rnn", "softmax"};
    for (size_t index = 0; index < sizeof others / sizeof *others; index++) {
        char text[200], message[200];
        snprintf(text, sizeof text, NET "\n[%s]\n", others[index]);
        snprintf(message, sizeof message, "test.cfg:6: [%s] is not supported", others[index]);
        expect_failure(text, BW_ERROR_UNSUPPORTED, message);
    }
}

static void test_convolutional(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=2\n"
                             "pad=1\ngroups=3\nactivation=leaky\n" TAIL);
    const bw_node *conv = find_node(&import.graph, BW_OP_CONV, 0);
    const bw_attributes *a = &conv->attributes;
    assert_string_equal(conv->name, "0 convolutional");
    assert_int_equal(a->kernel_height, 3);
    assert_int_equal(a->kernel_width, 3);
    assert_int_equal(a->stride, 2);
    assert_int_equal(a->groups, 3);
    assert_int_equal(a->channels, 6);
    assert_true(a->pad_top == 1 && a->pad_left == 1 && a->pad_bottom == 1 && a->pad_right == 1);
    assert_int_equal(conv->weights.count, 6 * 9);
    assert_null(conv->bias.data);
    expect_shape(&import.graph, conv, 16, 16, 6);
    const bw_node *norm = find_node(&import.graph, BW_OP_BATCH_NORM, 0);
    assert_int_equal(norm->inputs[0], conv->output);
    assert_true(norm->attributes.epsilon == 1e-5f);
    const bw_node *activation = find_node(&import.graph, BW_OP_ACTIVATION, 0);
    assert_int_equal(activation->inputs[0], norm->output);
    assert_int_equal(activation->attributes.activation, BW_LEAKY);
    assert_true(activation->attributes.slope == 0.1f);
    conv = find_node(&import.graph, BW_OP_CONV, 1);
    assert_int_equal(conv->inputs[0], activation->output);
    assert_int_equal(conv->bias.count, 18);
    assert_int_equal(count_nodes(&import.graph, BW_OP_ACTIVATION), 1);
    bw_import_free(&import);
}

/* Defaults are darknet's: one filter of 1 × 1, stride 1, no padding, logistic. */
static void test_convolutional_defaults(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET "[conv]\n[conv]\nsize=5\npadding=1\nfilters=2\nstride_x=2\n"
                             "stride_y=2\ndilation=1\nactivation=swish\n" TAIL);
    const bw_node *conv = find_node(&import.graph, BW_OP_CONV, 0);
    expect_shape(&import.graph, conv, 32, 32, 1);
    assert_int_equal(find_node(&import.graph, BW_OP_ACTIVATION, 0)->attributes.activation,
                     BW_LOGISTIC);
    conv = find_node(&import.graph, BW_OP_CONV, 1);
    assert_int_equal(conv->attributes.pad_top, 1);
    expect_shape(&import.graph, conv, 15, 15, 2);
    bw_import_free(&import);
}

static void test_activations(void **state)
{
    (void)state;
    static const char *const names[] = {"relu", "leaky", "logistic", "swish", "mish"};
    static const bw_activation expected[] = {BW_RELU, BW_LEAKY, BW_LOGISTIC, BW_SWISH, BW_MISH};
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        char text[300];
        snprintf(text, sizeof text, NET "[activation]\nactivation=%s\n" TAIL, names[index]);
        bw_import import;
        import_text(&import, text);
        const bw_node *node = find_node(&import.graph, BW_OP_ACTIVATION, 0);
        assert_int_equal(node->attributes.activation, expected[index]);
        assert_string_equal(node->name, "0 activation");
        bw_import_free(&import);
    }
    expect_failure(NET "[conv]\nfilters=3\nactivation=elu\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:7: activation 'elu' is not supported; supported are linear, relu, "
                   "leaky, logistic, swish, mish");
    expect_failure(NET "[activation]\nactivation=tanh\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:6: activation 'tanh'");
}

static void test_convolutional_failures(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        bw_status status;
        const char *message;
    } cases[] = {
        {"stride=0", BW_ERROR_FORMAT,
         "test.cfg:6: 'stride' of [convolutional] is '0'; it must be a whole number from 1 to"},
        {"size=-3", BW_ERROR_FORMAT, "test.cfg:6: 'size' of [convolutional] is '-3'"},
        {"filters=0", BW_ERROR_FORMAT, "test.cfg:6: 'filters' of [convolutional] is '0'"},
        {"filters=four", BW_ERROR_FORMAT, "test.cfg:6: 'filters' of [convolutional] is 'four'"},
        {"groups=0", BW_ERROR_FORMAT, "test.cfg:6: 'groups' of [convolutional] is '0'"},
        {"groups=4", BW_ERROR_FORMAT,
         "test.cfg:6: 'groups' of [convolutional] is '4'; it must be a whole number from 1 to 3"},
        {"filters=6\ngroups=2", BW_ERROR_FORMAT,
         "test.cfg:7: 2 groups do not divide 3 input channels and 6 filters evenly"},
        {"filters=4\ngroups=3", BW_ERROR_FORMAT,
         "test.cfg:7: 3 groups do not divide 3 input channels and 4 filters evenly"},
        {"padding=-1", BW_ERROR_FORMAT, "test.cfg:6: 'padding'"},
        {"size=33", BW_ERROR_FORMAT, "test.cfg:5: layer 0 convolutional has a window of 33 × 33"},
        {"stride_x=1\nstride_y=2", BW_ERROR_UNSUPPORTED,
         "test.cfg:5: different strides across (1) and down (2) are not supported"},
        {"size=3\ndilation=2", BW_ERROR_UNSUPPORTED,
         "test.cfg:7: 'dilation=2' of [convolutional] is not supported"},
        {"xnor=1", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'xnor=1' of [convolutional]"},
        {"binary=1", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'binary=1' of [convolutional]"},
        {"flipped=1", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'flipped=1' of [convolutional]"},
        {"antialiasing=1", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'antialiasing=1'"},
        {"dontload=1", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'dontload=1'"},
        {"share_index=-2", BW_ERROR_UNSUPPORTED, "test.cfg:6: weights shared between layers"},
        {"filters=1000000000", BW_ERROR_FORMAT, "test.cfg:6: 'filters'"},
        {"filters=16777216", BW_ERROR_LIMIT,
         "layer 0 convolutional (test.cfg:5) needs 67108864 weights more, and the limit for the "
         "network is 4194304"},
        {"filters=16777216\nsize=4096\npad=1", BW_ERROR_LIMIT, "layer 0 convolutional"},
        {"padding=4096", BW_ERROR_LIMIT, "test.cfg:5: layer 0 convolutional gives 8224 × 8224 × 1"},
    };
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        char text[300];
        snprintf(text, sizeof text, NET "[convolutional]\n%s\n", cases[index].keys);
        expect_failure(text, cases[index].status, cases[index].message);
    }
}

static void expect_pool(const char *keys, int size, int stride, int before, int after, int out)
{
    char text[300];
    snprintf(text, sizeof text, NET "[maxpool]\n%s\n" TAIL, keys);
    bw_import import;
    import_text(&import, text);
    const bw_node *node = find_node(&import.graph, BW_OP_MAX_POOL, 0);
    const bw_attributes *a = &node->attributes;
    assert_string_equal(node->name, "0 maxpool");
    assert_int_equal(a->kernel_height, size);
    assert_int_equal(a->kernel_width, size);
    assert_int_equal(a->stride, stride);
    assert_true(a->pad_top == before && a->pad_left == before);
    assert_true(a->pad_bottom == after && a->pad_right == after);
    expect_shape(&import.graph, node, out, out, 3);
    bw_import_free(&import);
}

static void test_maxpool(void **state)
{
    (void)state;
    expect_pool("size=2\nstride=2", 2, 2, 0, 1, 16);
    expect_pool("size=2\nstride=1", 2, 1, 0, 1, 32);
    expect_pool("size=13\nstride=1", 13, 1, 6, 6, 32);
    expect_pool("stride=2", 2, 2, 0, 1, 16);
    expect_pool("", 1, 1, 0, 0, 32);
    expect_pool("size=3\nstride=2\npadding=0", 3, 2, 0, 0, 15);
    expect_failure(NET "[maxpool]\nstride=0\n", BW_ERROR_FORMAT, "test.cfg:6: 'stride'");
    expect_failure(NET "[maxpool]\nsize=2\npadding=3\n", BW_ERROR_FORMAT, "test.cfg:7: 'padding'");
    expect_failure(NET "[maxpool]\nsize=2\nmaxpool_depth=1\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:7: 'maxpool_depth=1' of [maxpool] is not supported");
    expect_failure(NET "[maxpool]\nsize=40\npadding=0\n", BW_ERROR_FORMAT,
                   "test.cfg:5: layer 0 maxpool has a window of 40 × 40");
}

static void test_simple_layers(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET "[upsample]\n[dropout]\nprobability=.5\n" CONV(
                             8) "[reorg]\nstride=2\n[avgpool]\n" TAIL);
    const bw_node *node = find_node(&import.graph, BW_OP_UPSAMPLE, 0);
    assert_string_equal(node->name, "0 upsample");
    expect_shape(&import.graph, node, 64, 64, 3);
    assert_int_equal(find_node(&import.graph, BW_OP_CONV, 0)->inputs[0], node->output);
    node = find_node(&import.graph, BW_OP_REORG, 0);
    assert_string_equal(node->name, "3 reorg");
    expect_shape(&import.graph, node, 32, 32, 32);
    expect_shape(&import.graph, find_node(&import.graph, BW_OP_AVERAGE_POOL, 0), 1, 1, 32);
    assert_null(import.warnings);
    assert_int_equal(import.layers, 7);
    bw_import_free(&import);
    expect_failure(NET "[upsample]\nstride=-2\n", BW_ERROR_FORMAT, "test.cfg:6: 'stride'");
    expect_failure(NET "[upsample]\nscale=2\n", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'scale=2'");
    expect_failure(NET "[reorg]\nstride=0\n", BW_ERROR_FORMAT, "test.cfg:6: 'stride'");
    expect_failure(NET "[reorg]\nstride=2\n", BW_ERROR_FORMAT,
                   "test.cfg:5: layer 0 reorg cannot reorganise 32 × 32 × 3 by a stride of 2");
    expect_failure(NET "[reorg]\nreverse=1\n", BW_ERROR_UNSUPPORTED, "test.cfg:6: 'reverse=1'");
}

static void test_batchnorm(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET "[batchnorm]\n" TAIL);
    const bw_node *node = find_node(&import.graph, BW_OP_BATCH_NORM, 0);
    assert_string_equal(node->name, "0 batchnorm");
    assert_int_equal(node->scale.count, 3);
    assert_true(node->scale.data[2] == 1.0f && node->shift.data[2] == 0.0f);
    assert_true(node->variance.data[2] == 1.0f && node->mean.data[2] == 0.0f);
    bw_import_free(&import);
}

static void test_route(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET CONV(4) CONV(8) "[route]\nlayers=-1, 0\n"
                                             "[route]\nlayers=-2\n"
                                             "[route]\nlayers=-1,0\ngroups=2\ngroup_id=1\n" TAIL);
    const bw_node *first = find_node(&import.graph, BW_OP_CONV, 0);
    const bw_node *second = find_node(&import.graph, BW_OP_CONV, 1);
    const bw_node *concat = find_node(&import.graph, BW_OP_CONCAT, 0);
    assert_string_equal(concat->name, "2 route");
    assert_int_equal(concat->input_count, 2);
    assert_int_equal(concat->inputs[0], second->output);
    assert_int_equal(concat->inputs[1], first->output);
    expect_shape(&import.graph, concat, 32, 32, 12);
    const bw_node *slice = find_node(&import.graph, BW_OP_SLICE, 0);
    assert_int_equal(slice->inputs[0], second->output);
    assert_int_equal(slice->attributes.first_channel, 4);
    assert_int_equal(slice->attributes.channels, 4);
    slice = find_node(&import.graph, BW_OP_SLICE, 1);
    assert_int_equal(slice->inputs[0], first->output);
    assert_int_equal(slice->attributes.first_channel, 2);
    concat = find_node(&import.graph, BW_OP_CONCAT, 1);
    assert_int_equal(concat->inputs[1], slice->output);
    expect_shape(&import.graph, concat, 32, 32, 6);
    bw_import_free(&import);
}

static void test_route_failures(void **state)
{
    (void)state;
    expect_failure(NET "[route]\nlayers=-1\n", BW_ERROR_FORMAT,
                   "test.cfg:6: layer 0 route reads layer -1, but there are 0 layers before it");
    expect_failure(NET CONV(4) "[route]\nlayers=1\n", BW_ERROR_FORMAT,
                   "test.cfg:9: layer 1 route reads layer 1, but there are 1 layers before it");
    expect_failure(NET CONV(4) "[route]\nlayers=-2147483648\n", BW_ERROR_FORMAT, "test.cfg:9: ");
    expect_failure(NET CONV(4) "[route]\n", BW_ERROR_FORMAT,
                   "test.cfg:8: [route] lacks the key 'layers'");
    expect_failure(NET CONV(4) "[route]\nlayers=a\n", BW_ERROR_FORMAT,
                   "test.cfg:9: 'layers' of [route] is 'a'; it must be a list of 1 to");
    expect_failure(NET CONV(4) "[maxpool]\nstride=2\n[route]\nlayers=-1,-2\n", BW_ERROR_FORMAT,
                   "test.cfg:10: layer 2 route joins pictures of different sizes, 16 × 16 and "
                   "32 × 32");
    expect_failure(NET CONV(4) "[route]\nlayers=0\ngroups=3\n", BW_ERROR_FORMAT,
                   "test.cfg:10: 3 groups do not divide 4 channels evenly");
    expect_failure(NET CONV(4) "[route]\nlayers=0\ngroups=2\ngroup_id=2\n", BW_ERROR_FORMAT,
                   "test.cfg:11: 'group_id' of [route] is '2'; it must be a whole number from 0 "
                   "to 1");
    expect_failure(NET CONV(4) "[route]\nlayers=0\ngroups=0\n", BW_ERROR_FORMAT,
                   "test.cfg:10: 'groups'");
}

static void test_shortcut(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET CONV(4) CONV(4) CONV(4) "[shortcut]\nfrom=-2,0\nactivation=leaky\n"
                                                     "weights_type=none\n" TAIL);
    const bw_graph *graph = &import.graph;
    const bw_node *one = find_node(graph, BW_OP_ADD, 0), *two = find_node(graph, BW_OP_ADD, 1);
    assert_string_equal(one->name, "3 shortcut");
    assert_int_equal(one->inputs[0], find_node(graph, BW_OP_CONV, 2)->output);
    assert_int_equal(one->inputs[1], find_node(graph, BW_OP_CONV, 1)->output);
    assert_int_equal(two->inputs[0], one->output);
    assert_int_equal(two->inputs[1], find_node(graph, BW_OP_CONV, 0)->output);
    assert_int_equal(find_node(graph, BW_OP_ACTIVATION, 0)->inputs[0], two->output);
    assert_int_equal(count_nodes(graph, BW_OP_SLICE), 0);
    bw_import_free(&import);
}

/* Tensors of different depth: those channels are added that both have. */
static void test_shortcut_overlap(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET CONV(6) CONV(4) "[shortcut]\nfrom=0\n" TAIL);
    const bw_node *slice = find_node(&import.graph, BW_OP_SLICE, 0);
    const bw_node *add = find_node(&import.graph, BW_OP_ADD, 0);
    assert_int_equal(slice->inputs[0], find_node(&import.graph, BW_OP_CONV, 0)->output);
    assert_int_equal(slice->attributes.channels, 4);
    assert_int_equal(add->inputs[1], slice->output);
    expect_shape(&import.graph, add, 32, 32, 4);
    bw_import_free(&import);

    import_text(&import, NET CONV(4) CONV(6) "[shortcut]\nfrom=0\n" TAIL);
    add = find_node(&import.graph, BW_OP_ADD, 0);
    const bw_node *rest = find_node(&import.graph, BW_OP_SLICE, 1);
    const bw_node *concat = find_node(&import.graph, BW_OP_CONCAT, 0);
    expect_shape(&import.graph, add, 32, 32, 4);
    assert_int_equal(rest->attributes.first_channel, 4);
    assert_int_equal(rest->attributes.channels, 2);
    assert_int_equal(concat->inputs[0], add->output);
    assert_int_equal(concat->inputs[1], rest->output);
    expect_shape(&import.graph, concat, 32, 32, 6);
    bw_import_free(&import);
}

static void test_shortcut_failures(void **state)
{
    (void)state;
    expect_failure(NET CONV(4) "[shortcut]\n", BW_ERROR_FORMAT,
                   "test.cfg:8: [shortcut] lacks the key 'from'");
    expect_failure(NET CONV(4) "[shortcut]\nfrom=-2\n", BW_ERROR_FORMAT,
                   "test.cfg:9: layer 1 shortcut reads layer -2");
    expect_failure(NET CONV(4) "[maxpool]\nstride=2\n[shortcut]\nfrom=0\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:11: layer 2 shortcut adds pictures of different sizes, 16 × 16 and "
                   "32 × 32");
    expect_failure(NET CONV(4) "[shortcut]\nfrom=0\nweights_type=per_channel\n",
                   BW_ERROR_UNSUPPORTED, "test.cfg:10: a weighted sum (weights_type=per_channel)");
    expect_failure(NET CONV(4) "[shortcut]\nfrom=0\nactivation=selu\n", BW_ERROR_UNSUPPORTED,
                   "test.cfg:10: activation 'selu'");
}

static void test_unused_keys(void **state)
{
    (void)state;
    bw_import import;
    import_text(&import, NET "hue=.1\ncolour=2\n[conv]\nfilter=3\nfilters=18\nstopbackward=1\n" HEAD
                             "jitter=.3\nwidth=3\n");
    assert_string_equal(import.warnings, "test.cfg:6: key 'colour' of [net] is not used\n"
                                         "test.cfg:8: key 'filter' of [conv] is not used\n"
                                         "test.cfg:17: key 'width' of [yolo] is not used\n");
    bw_import_free(&import);
}

static void test_layer_limit(void **state)
{
    (void)state;
    char text[8192] = NET;
    size_t length = strlen(text);
    for (int layer = 0; layer < 101; layer++)
        length += (size_t)snprintf(text + length, sizeof text - length, "[dropout]\n");
    expect_failure(text, BW_ERROR_LIMIT, "test.cfg:105: more sections than the limit of 101");
}

static void test_binary_is_no_model(void **state)
{
    (void)state;
    static const char bytes[] = "\x01\x07\x12\x03PyT";
    bw_import import;
    bw_error error;
    assert_int_equal(import_bytes(&import, bytes, sizeof bytes, NULL, 0, &error), BW_ERROR_FORMAT);
    assert_string_equal(error.message,
                        "'test.cfg' is no model that this version knows; it reads "
                        "darknet's .cfg files, which their .weights stand beside, and "
                        "ONNX");
    expect_failure("", BW_ERROR_FORMAT, "'test.cfg' holds no [section]");
}

/* The cfg that comes with Boxwright. */
static void test_own_model(void **state)
{
    (void)state;
    const char *source = getenv("BW_SOURCE_DIR");
    char path[4096];
    uint8_t *text;
    size_t size;
    bw_error error = {0};
    snprintf(path, sizeof path, "%s/models/yolov3-tiny.cfg", source ? source : ".");
    if (bw_read_file(&text, &size, path, 1 << 20, &error) != BW_OK)
        fail_msg("%s", error.message);
    const bw_limits limits = {.layers = 100, .tensor_bytes = 1 << 28};
    bw_import import;
    bw_source model = {.path = path, .text = (char *)text, .size = size, .limits = &limits};
    if (bw_import_model(&import, &model, &error) != BW_OK)
        fail_msg("%s", error.message);
    assert_null(import.warnings);
    assert_int_equal(import.layers, 24);
    assert_int_equal(import.graph.output_count, 2);
    assert_int_equal(import.graph.outputs[1].head.anchors, 3);
    assert_true(import.graph.outputs[1].head.anchor[0][0] == 23.0f);
    bw_import_free(&import);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net),
        cmocka_unit_test(test_net_failures),
        cmocka_unit_test(test_convolutional),
        cmocka_unit_test(test_convolutional_defaults),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_convolutional_failures),
        cmocka_unit_test(test_maxpool),
        cmocka_unit_test(test_simple_layers),
        cmocka_unit_test(test_batchnorm),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_route_failures),
        cmocka_unit_test(test_shortcut),
        cmocka_unit_test(test_shortcut_overlap),
        cmocka_unit_test(test_shortcut_failures),
        cmocka_unit_test(test_unused_keys),
        cmocka_unit_test(test_layer_limit),
        cmocka_unit_test(test_binary_is_no_model),
        cmocka_unit_test(test_own_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
