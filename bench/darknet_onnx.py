"""Translates a darknet network to ONNX: one function a section.

As a program: darknet_onnx.py CFG OUT.onnx [--weights FILE | --seed N --write-weights FILE]
Outputs are named head0, head1, … and are the raw inputs of the [yolo] or [region] sections, NCHW.
"""
from __future__ import annotations

import argparse

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

from darknet_cfg import IMAGE, Layer, Network, read_network, write_weights

OPSET = 13


class Builder:
    """Collects nodes and constants; `outputs` holds the tensor's name of each layer."""

    def __init__(self):
        self.nodes, self.constants, self.outputs = [], [], {IMAGE: "images"}

    def node(self, operator: str, inputs: list[str], name: str, **attributes) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, values) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def slice(self, source: str, name: str, first: int, last: int) -> str:
        bounds = [self.constant(f"{name}_{key}", np.array([value], np.int64))
                  for key, value in (("first", first), ("last", last), ("axis", 1))]
        return self.node("Slice", [source, *bounds], name)


def activate(build: Builder, layer: Layer, source: str) -> str:
    name, kind = f"active{layer.index}", layer.activation
    if kind == "linear":
        return source
    if kind == "leaky":
        return build.node("LeakyRelu", [source], name, alpha=0.1)
    if kind in ("relu", "logistic"):
        return build.node({"relu": "Relu", "logistic": "Sigmoid"}[kind], [source], name)
    if kind == "swish":
        gate = build.node("Sigmoid", [source], f"{name}_gate")
    elif kind == "mish":
        soft = build.node("Softplus", [source], f"{name}_soft")
        gate = build.node("Tanh", [soft], f"{name}_gate")
    else:
        raise ValueError(f"line {layer.section.line}: activation {kind} is not handled here")
    return build.node("Mul", [source, gate], name)


def convolutional(build: Builder, layer: Layer, inputs: list[str]) -> str:
    kernel, bias = layer.folded()
    constants = [build.constant(f"kernel{layer.index}", kernel),
                 build.constant(f"bias{layer.index}", bias)]
    result = build.node("Conv", inputs + constants, f"layer{layer.index}",
                        kernel_shape=list(kernel.shape[2:]), strides=[layer.stride] * 2,
                        pads=[layer.padding] * 4, group=layer.groups)
    return activate(build, layer, result)


def shortcut(build: Builder, layer: Layer, inputs: list[str], channels: list[int]) -> str:
    total, name = inputs[0], f"layer{layer.index}"
    for number, (source, count) in enumerate(zip(inputs[1:], channels[1:])):
        step = f"{name}_add{number}"
        if count > channels[0]:
            source = build.slice(source, f"{step}_part", 0, channels[0])
        if count < channels[0]:
            head = build.slice(total, f"{step}_head", 0, count)
            tail = build.slice(total, f"{step}_tail", count, channels[0])
            head = build.node("Add", [head, source], f"{step}_sum")
            total = build.node("Concat", [head, tail], step, axis=1)
        else:
            total = build.node("Add", [total, source], step)
    return activate(build, layer, total)


def route(build: Builder, layer: Layer, inputs: list[str], channels: list[int]) -> str:
    name, groups, group = f"layer{layer.index}", layer.groups, layer.section.integer("group_id")
    if groups > 1:
        inputs = [build.slice(source, f"{name}_part{number}", group * count // groups,
                              (group + 1) * count // groups)
                  for number, (source, count) in enumerate(zip(inputs, channels))]
    return build.node("Concat", inputs, name, axis=1) if len(inputs) > 1 else inputs[0]


def maxpool(build: Builder, layer: Layer, inputs: list[str]) -> str:
    size, padding = layer.section.integer("size", layer.stride), layer.padding
    before, after = padding // 2, padding - padding // 2
    return build.node("MaxPool", inputs, f"layer{layer.index}", kernel_shape=[size] * 2,
                      strides=[layer.stride] * 2, pads=[before, before, after, after])


def upsample(build: Builder, layer: Layer, inputs: list[str]) -> str:
    name = f"layer{layer.index}"
    scales = np.array([1, 1, layer.stride, layer.stride], np.float32)
    return build.node("Resize", [inputs[0], "", build.constant(f"{name}_scales", scales)], name,
                      mode="nearest", coordinate_transformation_mode="asymmetric",
                      nearest_mode="floor")


def reorg(build: Builder, layer: Layer, inputs: list[str]) -> str:
    name, step = f"layer{layer.index}", layer.stride
    channels, height, width = layer.input_shape
    split = np.array([0, channels // step ** 2, height, step, width, step], np.int64)
    merged = np.array([0, *layer.shape], np.int64)
    pixels = build.node("Reshape", [inputs[0], build.constant(f"{name}_split", split)],
                        f"{name}_pixels")
    sorted_ = build.node("Transpose", [pixels], f"{name}_sorted", perm=[0, 3, 5, 1, 2, 4])
    return build.node("Reshape", [sorted_, build.constant(f"{name}_merged", merged)], name)


TRANSLATORS = {"convolutional": convolutional, "maxpool": maxpool, "upsample": upsample,
               "reorg": reorg}
JUNCTIONS = {"shortcut": shortcut, "route": route}


def translate(build: Builder, network: Network, layer: Layer) -> str:
    inputs = [build.outputs[index] for index in layer.inputs]
    if layer.kind in JUNCTIONS:
        channels = [network.layers[index].shape[0] for index in layer.inputs]
        return JUNCTIONS[layer.kind](build, layer, inputs, channels)
    if layer.kind in TRANSLATORS:
        return TRANSLATORS[layer.kind](build, layer, inputs)
    return inputs[0]


def to_onnx(network: Network):
    """An ONNX model whose batch is variable."""
    build = Builder()
    for layer in network.layers:
        build.outputs[layer.index] = translate(build, network, layer)
    outputs = []
    for number, head in enumerate(network.heads):
        build.node("Identity", [build.outputs[head.layer]], f"head{number}")
        outputs.append(helper.make_tensor_value_info(
            f"head{number}", TensorProto.FLOAT, ["N", *network.layers[head.layer].shape]))
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", *network.shape])
    graph = helper.make_graph(build.nodes, "darknet", [image], outputs, build.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Translate a darknet network to ONNX.")
    parser.add_argument("cfg")
    parser.add_argument("out")
    parser.add_argument("--weights", help="darknet weights; random ones without")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    parser.add_argument("--write-weights", metavar="FILE", help="write the weights that were drawn")
    parser.add_argument("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"))
    arguments = parser.parse_args()
    network = read_network(arguments.cfg, arguments.weights, arguments.seed, arguments.size)
    save(to_onnx(network), arguments.out)
    if arguments.write_weights:
        write_weights(network, arguments.write_weights)
    print(f"{arguments.out}: {network.macs / 1e9:.3f} GMAC, {len(network.heads)} heads")


if __name__ == "__main__":
    main()
