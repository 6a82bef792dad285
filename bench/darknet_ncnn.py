"""Translates a darknet network to ncnn's .param and .bin: one function a section.

As a program: darknet_ncnn.py CFG OUT [--weights FILE | --seed N] writes OUT.param and OUT.bin.
Output blobs are named head0, head1, …. ncnn wants every blob to be read once; a Split layer stands
where there are several readers. Sections of YOLOv2 and partial shortcuts are not translated.
"""
from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from darknet_cfg import IMAGE, Layer, Network, read_network

MAGIC = 7767517
FUSED_ACTIVATIONS = {"linear": "9=0", "relu": "9=1", "leaky": "9=2 -23310=1,0.1",
                     "logistic": "9=4", "mish": "9=5"}


class Builder:
    """Collects lines of the .param file and bytes of the .bin file."""

    def __init__(self, network: Network):
        self.lines, self.blobs, self.data = [], 0, []
        self.readers = Counter(index for layer in network.layers for index in layer.inputs)
        self.copies: dict[int, list[str]] = {}

    def layer(self, kind: str, name: str, inputs: list[str], outputs: list[str],
              parameters: str = "") -> str:
        counts = f"{len(inputs)} {len(outputs)}"
        self.lines.append(" ".join([kind, name, counts, *inputs, *outputs, parameters]).rstrip())
        self.blobs += len(outputs)
        return outputs[0]

    def publish(self, index: int, blob: str) -> None:
        """Makes a layer's output readable as often as it is needed."""
        count = self.readers[index]
        names = [f"{blob}_copy{number}" for number in range(count)] if count > 1 else [blob]
        if count > 1:
            self.layer("Split", f"{blob}_split", [blob], names)
        self.copies[index] = names

    def read(self, index: int) -> str:
        return self.copies[index].pop()


def convolutional(build: Builder, layer: Layer, inputs: list[str], name: str) -> str:
    kernel, bias = layer.folded()
    swish = layer.activation == "swish"
    kind = "ConvolutionDepthWise" if layer.groups > 1 else "Convolution"
    parameters = [f"0={kernel.shape[0]}", f"1={kernel.shape[3]}", f"3={layer.stride}",
                  f"4={layer.padding}", "5=1", f"6={kernel.size}"]
    if layer.groups > 1:
        parameters.append(f"7={layer.groups}")
    parameters.append("9=0" if swish else FUSED_ACTIVATIONS[layer.activation])
    build.data += [bytes(4), kernel.astype("<f4").tobytes(), bias.astype("<f4").tobytes()]
    output = f"{name}_linear" if swish else name
    build.layer(kind, output, inputs, [output], " ".join(parameters))
    return build.layer("Swish", name, [output], [name]) if swish else name


def shortcut(build: Builder, layer: Layer, inputs: list[str], name: str) -> str:
    if layer.activation != "linear" or len(inputs) != 2:
        raise ValueError(f"line {layer.section.line}: this shortcut is not handled here")
    return build.layer("BinaryOp", name, inputs, [name], "0=0")


def route(build: Builder, layer: Layer, inputs: list[str], name: str) -> str:
    groups = layer.groups
    if len(inputs) > 1:
        if groups > 1:
            raise ValueError(f"line {layer.section.line}: this route is not handled here")
        return build.layer("Concat", name, inputs, [name], "0=0")
    if groups == 1:
        return build.layer("Noop", name, inputs, [name])
    parts = [f"{name}_part{number}" for number in range(groups)]
    build.layer("Slice", name, inputs, parts, f"-23300={groups}{',-233' * groups} 1=0")
    return parts[layer.section.integer("group_id")]


def maxpool(build: Builder, layer: Layer, inputs: list[str], name: str) -> str:
    size, padding = layer.section.integer("size", layer.stride), layer.padding
    before, after = padding // 2, padding - padding // 2
    return build.layer("Pooling", name, inputs, [name],
                       f"0=0 1={size} 2={layer.stride} 3={before} 13={before} 14={after} "
                       f"15={after} 5=1")


def upsample(build: Builder, layer: Layer, inputs: list[str], name: str) -> str:
    return build.layer("Interp", name, inputs, [name], f"0=1 1={layer.stride} 2={layer.stride}")


TRANSLATORS = {"convolutional": convolutional, "shortcut": shortcut, "route": route,
               "maxpool": maxpool, "upsample": upsample,
               "dropout": lambda build, layer, inputs, name:
                   build.layer("Noop", name, inputs, [name])}


def to_ncnn(network: Network) -> tuple[str, bytes]:
    """The text of the .param file and the bytes of the .bin file."""
    build, heads = Builder(network), 0
    build.publish(IMAGE, build.layer("Input", "images", [], ["images"]))
    for layer in network.layers:
        inputs = [build.read(index) for index in layer.inputs]
        if layer.kind == "yolo":
            blob, heads = f"head{heads}", heads + 1
            build.publish(layer.index, build.layer("Noop", blob, inputs, [blob]))
        elif layer.kind in TRANSLATORS:
            name = f"layer{layer.index}"
            build.publish(layer.index, TRANSLATORS[layer.kind](build, layer, inputs, name))
        else:
            raise ValueError(f"line {layer.section.line}: [{layer.kind}] is not handled here")
    text = "\n".join([str(MAGIC), f"{len(build.lines)} {build.blobs}", *build.lines]) + "\n"
    return text, b"".join(build.data)


def write_ncnn(network: Network, stem: str) -> None:
    text, data = to_ncnn(network)
    with open(f"{stem}.param", "w", encoding="ascii") as file:
        file.write(text)
    with open(f"{stem}.bin", "wb") as file:
        file.write(data)


def main() -> None:
    parser = argparse.ArgumentParser(description="Translate a darknet network to ncnn.")
    parser.add_argument("cfg")
    parser.add_argument("out", help="stem of the two files")
    parser.add_argument("--weights", help="darknet weights; random ones without")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    parser.add_argument("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"))
    arguments = parser.parse_args()
    write_ncnn(read_network(arguments.cfg, arguments.weights, arguments.seed, arguments.size),
               arguments.out)


if __name__ == "__main__":
    main()
