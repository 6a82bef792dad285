"""Darknet networks in Python, for the peers' side of a comparison and for tests.

An implementation of darknet's definitions that shares no code with Boxwright's own importer, so
that the two can check each other. read_network() gives the layers with their shapes and weights;
darknet_onnx and darknet_ncnn translate them.

Darknet's rules that are easily missed:
- [reorg] reads its input as if it had a quarter of the channels and four times the pixels.
- [maxpool] pads size - 1 in all, the smaller half in front.
- [shortcut] between different numbers of channels adds the channels that both have.
- [route] with groups takes the group of each layer that it names, not of their concatenation.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from math import prod

import numpy as np

IMAGE = -1  # the index by which a layer names the network's input

BATCH_NORM_EPSILON = 1e-5

# Of random weights: one over the variance that each activation leaves of a unit normal; more in the
# heads ("linear" and "logistic"), for scores that differ.
GAINS = {"leaky": 2.7, "relu": 2.9, "swish": 3.2, "mish": 2.7, "linear": 6.0, "logistic": 6.0}
RESIDUAL_GAIN = 0.1


@dataclass
class Section:
    kind: str
    line: int
    options: dict[str, str] = field(default_factory=dict)

    def integer(self, key: str, default: int = 0) -> int:
        return int(self.options.get(key, default))

    def text(self, key: str, default: str = "") -> str:
        return self.options.get(key, default)

    def numbers(self, key: str) -> list[float]:
        return [float(value) for value in self.text(key).split(",") if value.strip()]


@dataclass
class Layer:
    """One section after [net]: what it reads, what it gives, and its learned numbers."""

    index: int
    section: Section
    inputs: list[int]
    shape: tuple[int, int, int]  # channels, height, width of the output
    input_shape: tuple[int, int, int]
    bias: np.ndarray | None = None
    norm: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # scale, mean, variance
    kernel: np.ndarray | None = None

    @property
    def kind(self) -> str:
        return self.section.kind

    @property
    def activation(self) -> str:
        return self.section.text("activation", "linear")

    @property
    def stride(self) -> int:
        return self.section.integer("stride", 1)

    @property
    def groups(self) -> int:
        return self.section.integer("groups", 1)

    @property
    def padding(self) -> int:
        """Padding of a convolution on each side, or of a pooling in all."""
        size = self.section.integer("size", 1)
        if self.kind == "maxpool":
            return self.section.integer("padding", size - 1)
        return size // 2 if self.section.integer("pad") else self.section.integer("padding")

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Kernel and bias of a convolution with its batch normalisation folded in."""
        if self.norm is None:
            return self.kernel, self.bias
        scale, mean, variance = (values.astype(np.float64) for values in self.norm)
        factor = scale / np.sqrt(variance + BATCH_NORM_EPSILON)
        kernel = self.kernel * factor[:, None, None, None]
        return kernel.astype(np.float32), (self.bias - mean * factor).astype(np.float32)

    def parameters(self) -> list[np.ndarray]:
        """The arrays of a convolution in the order of the weights file."""
        return [self.bias, *(self.norm or ()), self.kernel]


@dataclass
class Head:
    """How to read a [yolo] or [region] section's input; anchors as darknet's cfg gives them."""

    kind: str
    layer: int
    anchors: list[tuple[float, float]]
    classes: int
    scale_xy: float
    new_coords: bool


@dataclass
class Network:
    shape: tuple[int, int, int]
    layers: list[Layer]

    @property
    def heads(self) -> list[Head]:
        return [make_head(layer) for layer in self.layers if layer.kind in ("yolo", "region")]

    @property
    def convolutions(self) -> list[Layer]:
        return [layer for layer in self.layers if layer.kind == "convolutional"]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the convolutions, an image."""
        return sum(layer.kernel.size * prod(layer.shape[1:]) for layer in self.convolutions)


def make_head(layer: Layer) -> Head:
    section = layer.section
    values = section.numbers("anchors")
    anchors = list(zip(values[::2], values[1::2]))
    if section.options.get("mask"):
        anchors = [anchors[int(index)] for index in section.numbers("mask")]
    return Head(section.kind, layer.index, anchors, section.integer("classes", 20),
                float(section.text("scale_x_y", "1")), bool(section.integer("new_coords")))


def read_sections(path: str) -> list[Section]:
    sections: list[Section] = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.split("#")[0].strip()
            if not line or line.startswith(";"):
                continue
            if line.startswith("["):
                sections.append(Section(line.strip("[]"), number))
            else:
                key, _, value = line.partition("=")
                sections[-1].options[key.strip()] = value.strip()
    return sections


def shape_of_convolution(layer: Layer) -> tuple[int, int, int]:
    size = layer.section.integer("size", 1)
    _, height, width = layer.input_shape
    extent = [(side + 2 * layer.padding - size) // layer.stride + 1 for side in (height, width)]
    return layer.section.integer("filters", 1), *extent


def shape_of_maxpool(layer: Layer) -> tuple[int, int, int]:
    size = layer.section.integer("size", layer.stride)
    channels, height, width = layer.input_shape
    extent = [(side + layer.padding - size) // layer.stride + 1 for side in (height, width)]
    return channels, *extent


def shape_of_upsample(layer: Layer) -> tuple[int, int, int]:
    channels, height, width = layer.input_shape
    return channels, height * layer.stride, width * layer.stride


def shape_of_reorg(layer: Layer) -> tuple[int, int, int]:
    channels, height, width = layer.input_shape
    return channels * layer.stride ** 2, height // layer.stride, width // layer.stride


SHAPES = {
    "convolutional": shape_of_convolution,
    "maxpool": shape_of_maxpool,
    "upsample": shape_of_upsample,
    "reorg": shape_of_reorg,
    "shortcut": lambda layer: layer.input_shape,
    "dropout": lambda layer: layer.input_shape,
    "yolo": lambda layer: layer.input_shape,
    "region": lambda layer: layer.input_shape,
}


def named_layers(section: Section, key: str, index: int) -> list[int]:
    """The layers that a route or shortcut names; a negative number counts back from it."""
    return [int(value) + index if value < 0 else int(value) for value in section.numbers(key)]


def make_layer(section: Section, layers: list[Layer], image: tuple[int, int, int]) -> Layer:
    index = len(layers)
    previous = image if index == 0 else layers[-1].shape
    inputs = [index - 1]
    if section.kind == "route":
        inputs = named_layers(section, "layers", index)
        shapes = [layers[source].shape for source in inputs]
        channels = sum(shape[0] for shape in shapes) // section.integer("groups", 1)
        return Layer(index, section, inputs, (channels, *shapes[0][1:]), shapes[0])
    if section.kind == "shortcut":
        inputs += named_layers(section, "from", index)
    if section.kind not in SHAPES:
        raise ValueError(f"line {section.line}: [{section.kind}] is not handled here")
    layer = Layer(index, section, inputs, previous, previous)
    layer.shape = SHAPES[section.kind](layer)
    return layer


class WeightsFile:
    """Takes arrays from a darknet weights file, one after the other."""

    def __init__(self, path: str):
        with open(path, "rb") as file:
            data = file.read()
        major, minor = struct.unpack("<ii", data[:8])
        header = 20 if major * 10 + minor >= 2 else 16
        self.values = np.frombuffer(data, np.float32, offset=header)
        self.used = 0

    def take(self, *shape: int) -> np.ndarray:
        first, self.used = self.used, self.used + prod(shape)
        if self.used > len(self.values):
            raise ValueError("the weights file is too short for this network")
        return self.values[first:self.used].reshape(shape)

    def fill(self, layer: Layer, shape: tuple[int, int, int, int], normalised: bool) -> None:
        count = shape[0]
        layer.bias = self.take(count)
        if normalised:
            layer.norm = self.take(count), self.take(count), self.take(count)
        layer.kernel = self.take(*shape)

    def finish(self) -> None:
        if self.used != len(self.values):
            raise ValueError(f"{len(self.values) - self.used} numbers of the weights are left over")


class RandomWeights:
    """Draws weights that keep activations near one in magnitude through any depth.

    Each filter sums to zero, or the activations' means would grow from layer to layer; a
    convolution that ends a residual branch is scaled down, or the sums would. Batch normalisation
    gets parameters that matter, so that folding them wrongly shows.
    """

    def __init__(self, seed: int, residual: set[int]):
        self.generator = np.random.default_rng(seed)
        self.residual = residual

    def fill(self, layer: Layer, shape: tuple[int, int, int, int], normalised: bool) -> None:
        draw, count = self.generator, shape[0]
        gain = GAINS[layer.activation] / prod(shape[1:])
        deviation = np.sqrt(gain) * (RESIDUAL_GAIN if layer.index in self.residual else 1.0)
        layer.bias = draw.normal(0, 0.1, count).astype(np.float32)
        kernel = draw.standard_normal(shape, np.float32) * np.float32(deviation)
        kernel -= kernel.mean(axis=(1, 2, 3), keepdims=True)
        if normalised:
            scale, variance = draw.uniform(0.9, 1.1, count), draw.uniform(0.5, 1.5, count)
            mean = draw.normal(0, 0.1, count)
            layer.norm = tuple(value.astype(np.float32) for value in (scale, mean, variance))
            kernel *= np.sqrt(layer.norm[2])[:, None, None, None]
        layer.kernel = kernel

    def finish(self) -> None:
        pass


def expect_little(network: Network, prior: float) -> None:
    """Shifts the heads' biases so that objectness and classes are `prior` in the middle, as heads
    begin that are to be trained: there is little in most places of a photo."""
    for head in network.heads:
        convolution = network.layers[network.layers[head.layer].inputs[0]]
        boxes = convolution.bias.reshape(-1, 5 + head.classes)
        boxes[:, 4:] -= np.float32(np.log(1 / prior - 1))


def read_network(cfg: str, weights: str | None = None, seed: int = 0,
                 size: tuple[int, int] | None = None, prior: float | None = None) -> Network:
    """Reads a network; `size` is (width, height), and without `weights` random ones are drawn, whose
    heads find little with a `prior`."""
    net, *sections = read_sections(cfg)
    width, height = size or (net.integer("width", 416), net.integer("height", 416))
    image = (net.integer("channels", 3), height, width)
    layers: list[Layer] = []
    for section in sections:
        layers.append(make_layer(section, layers, image))
    network = Network(image, layers)
    residual = {index for layer in layers if layer.kind == "shortcut" for index in layer.inputs[:1]}
    source = WeightsFile(weights) if weights else RandomWeights(seed, residual)
    for layer in network.convolutions:
        size_ = layer.section.integer("size", 1)
        shape = (layer.shape[0], layer.input_shape[0] // layer.groups, size_, size_)
        source.fill(layer, shape, bool(layer.section.integer("batch_normalize")))
    source.finish()
    if prior and not weights:
        expect_little(network, prior)
    return network


def write_weights(network: Network, path: str) -> None:
    """Writes the network's weights as a darknet file of version 0.2."""
    with open(path, "wb") as file:
        file.write(struct.pack("<iiiQ", 0, 2, 5, 0))
        for layer in network.convolutions:
            for values in layer.parameters():
                values.astype("<f4").tofile(file)
