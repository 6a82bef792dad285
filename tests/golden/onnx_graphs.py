"""Small networks as the usual exporters write them, with random weights."""
from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Nodes and constants as they are added; values are known by name."""

    def __init__(self, seed: int, opset: int = 13) -> None:
        self.random = np.random.default_rng(seed)
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: object, kind: type = np.int64) -> str:
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: object):
        names = [f"v{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=f"{op}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def convolution(self, x: str, channels: int, filters: int, size: int = 3, stride: int = 1,
                    groups: int = 1, norm: bool = False, gain: float = 1.0) -> str:
        deviation = gain * (2.0 / (channels // groups * size * size)) ** 0.5
        shape = (filters, channels // groups, size, size)
        weights = self.constant(self.random.normal(0, deviation, shape), np.float32)
        bias = self.constant(self.random.normal(0, 0.1, filters), np.float32)
        x = self.node("Conv", x, weights, bias, pads=[size // 2] * 4, strides=[stride] * 2, group=groups,
                      kernel_shape=[size] * 2, dilations=[1, 1])
        if norm:
            numbers = [self.constant(self.random.uniform(0.5, 1.5, filters), np.float32) for _ in range(4)]
            x = self.node("BatchNormalization", x, *numbers, epsilon=1e-3)
        return x

    def activate(self, x: str, kind: str) -> str:
        if kind == "silu":
            return self.node("Mul", x, self.node("Sigmoid", x))
        if kind == "mish":
            return self.node("Mul", x, self.node("Tanh", self.node("Softplus", x)))
        if kind == "relu":
            return self.node("Clip", x, self.constant(0.0, np.float32)) if self.opset > 10 else self.node("Relu", x)
        return self.node("LeakyRelu", x, alpha=0.1)

    def block(self, x: str, channels: int, filters: int, kind: str = "silu", **how: object) -> str:
        return self.activate(self.convolution(x, channels, filters, **how), kind)

    def slice(self, x: str, axis: int, start: int, step: int) -> str:
        numbers = [self.constant([value]) for value in (start, np.iinfo(np.int64).max, axis, step)]
        return self.node("Slice", x, *numbers)

    def focus(self, x: str, order: list[tuple[int, int]]) -> str:
        """Space to depth by slices, the patches (row, column) in any order."""
        patches = [self.slice(self.slice(x, 2, row, 2), 3, column, 2) for row, column in order]
        return self.node("Concat", *patches, axis=1)

    def spatial_pyramid(self, x: str) -> str:
        """SPPF: pools of pools."""
        parts = [x]
        for _ in range(3):
            parts.append(self.node("MaxPool", parts[-1], kernel_shape=[5, 5], pads=[2] * 4, strides=[1, 1]))
        return self.node("Concat", *parts, axis=1)

    def split_block(self, x: str, channels: int, kind: str) -> str:
        """C2f: halves, of which the second goes through convolutions that add themselves."""
        half = channels // 2
        if self.opset >= 13:
            left, right = self.node("Split", x, self.constant([half, half]), outputs=2, axis=1)
        else:
            left, right = self.node("Split", x, outputs=2, axis=1, split=[half, half])
        inner = self.block(right, half, half, kind)
        inner = self.node("Add", right, self.block(inner, half, half, kind))
        return self.node("Concat", left, right, inner, axis=1)

    def enlarge(self, x: str) -> str:
        scales = self.constant([1, 1, 2, 2], np.float32)
        if self.opset < 10:
            return self.node("Upsample", x, scales, mode="nearest")
        if self.opset < 11:
            return self.node("Resize", x, scales, mode="nearest")
        region = self.constant([], np.float32)
        return self.node("Resize", x, region, scales, mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    def model(self, output: str, side: int | str, rows: int | str, numbers: int,
              metadata: dict[str, str]) -> onnx.ModelProto:
        self.nodes.append(helper.make_node("Identity", [output], ["output"]))
        graph = helper.make_graph(
            self.nodes, "graph",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, rows, numbers])], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                  ir_version=8, producer_name="tests")
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        return model


def yolox(seed: int = 0, kind: str = "silu", opset: int = 13, side: int = 64, classes: int = 2,
          width: int = 8, decoded: bool = False, order: str = "yolox", norm: bool = False) -> onnx.ModelProto:
    """YOLOX's idioms: focus slices, depthwise and CSP blocks, SPP, decoupled heads, transposed output."""
    g = Graph(seed, opset)
    patches = {"yolox": [(0, 0), (1, 0), (0, 1), (1, 1)], "rows": [(0, 0), (0, 1), (1, 0), (1, 1)]}[order]
    x = g.block(g.focus("images", patches), 12, width, kind, norm=norm, gain=1 / 64)
    x = g.block(x, width, width, kind, stride=2, groups=width)
    x = g.split_block(g.block(x, width, width, kind, size=1), width, kind)
    x = fine = g.block(x, 3 * width // 2, width, kind, stride=2, norm=norm)
    x = g.block(g.spatial_pyramid(x), 4 * width, width, kind, size=1)
    x = coarse = g.block(x, width, width, kind, stride=2)
    joined = g.node("Concat", g.enlarge(coarse), fine, axis=1)
    scales, rows = [(joined, 2 * width, 8), (coarse, width, 16)], 0
    flat = []
    for tensor, channels, stride in scales:
        stem = g.block(tensor, channels, width, kind, size=1)
        box = g.block(stem, width, width, kind)
        parts = [g.convolution(box, width, 4, size=1, gain=0.1),
                 g.node("Sigmoid", g.convolution(box, width, 1, size=1)),
                 g.node("Sigmoid", g.convolution(g.block(stem, width, width, kind), width, classes, size=1))]
        head = g.node("Concat", *parts, axis=1)
        flat.append(g.node("Reshape", head, g.constant([1, 5 + classes, -1])))
        rows += (side // stride) ** 2
    output = g.node("Transpose", g.node("Concat", *flat, axis=2), perm=[0, 2, 1])
    if decoded:
        output = decode_yolox(g, output, side, [stride for _, _, stride in scales])
    return g.model(output, side, rows, 5 + classes, {"names": "{0: 'a\\'b', 1: \"c\"}"} if classes == 2 else {})


def yolox_grid(side: int, strides: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The cells' corners and strides: [1, rows, 2], [1, rows, 1]."""
    cells, steps = [], []
    for stride in strides:
        count = side // stride
        y, x = np.mgrid[:count, :count]
        cells.append(np.stack([x, y], 2).reshape(-1, 2))
        steps.append(np.full((count * count, 1), stride))
    return (np.concatenate(cells)[None].astype(np.float32), np.concatenate(steps)[None].astype(np.float32))


def decode_yolox(g: Graph, output: str, side: int, strides: list[int]) -> str:
    """Boxes in pixels, as exporters write them that decode within the network."""
    cells, steps = (g.constant(values, np.float32) for values in yolox_grid(side, strides))

    def columns(first: int, last: int) -> str:
        return g.node("Slice", output, *(g.constant([value]) for value in (first, last, 2)))

    centres = g.node("Mul", g.node("Add", columns(0, 2), cells), steps)
    extents = g.node("Mul", g.node("Exp", columns(2, 4)), steps)
    return g.node("Concat", centres, extents, columns(4, 1 << 30), axis=-1)
