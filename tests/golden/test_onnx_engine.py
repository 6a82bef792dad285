"""Whole ONNX graphs by the engine, its outputs as they are, against ONNX Runtime.

Exporters' idioms, and networks at random that mix what the engine does fast with general operators
(src/kernels/plain), for several batches and threads, in FP32 and BF16. An image's results must not
depend on its neighbours or on the threads; what is not supported must be refused by name.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import onnx_graphs
from onnx_graphs import Graph
from program import SHARED, SOURCE

RUNNER = Path(os.environ.get("BW_BINARY_DIR", SOURCE / "build/release")) / "tests/golden/run_network"
QUIET = onnxruntime.SessionOptions()
QUIET.log_severity_level = 4
LIMIT = {"fp32": 1e-3, "bf16": 0.08}  # of an output's range
NETWORKS = 40


def by_onnxruntime(model: onnx.ModelProto, pictures: np.ndarray) -> list[list[np.ndarray]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), QUIET, providers=["CPUExecutionProvider"])
    name, kind = session.get_inputs()[0].name, session.get_inputs()[0].type
    halves = np.float16 if kind == "tensor(float16)" else np.float32
    return [session.run(None, {name: picture[None].astype(halves)}) for picture in pictures]


class Engine:
    """Runs a model; `steps` and `general` are those of the last run, `names` of its operators."""

    def __init__(self, folder: Path, model: onnx.ModelProto) -> None:
        self.folder, self.path = folder, folder / "model.onnx"
        self.path.write_bytes(model.SerializeToString())
        self.steps = self.general = 0
        self.names: list[str] = []

    def run(self, pictures: np.ndarray, threads: int = 1, precision: str = "fp32") -> bytes:
        source, out = self.folder / "in", self.folder / "out"
        pictures.astype(np.float32).tofile(source)
        command = [RUNNER, self.path, out, source, str(len(pictures)), str(threads), precision]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"status {done.returncode}: {done.stderr.strip()}")
        words = done.stdout.split()
        self.steps, self.general, self.names = int(words[0]), int(words[1]), words[2:]
        return out.read_bytes()


def split(data: bytes, like: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """The bytes as the arrays that they should be; each takes whole floats."""
    at, images = 0, []
    for outputs in like:
        images.append([])
        for array in outputs:
            kind = np.float32 if array.dtype == np.float16 else array.dtype
            size = array.size * np.dtype(kind).itemsize
            images[-1].append(np.frombuffer(data[at:at + size], kind).reshape(array.shape))
            at += -(-size // 4) * 4
    assert at == len(data), f"{len(data)} bytes came, not {at}"
    return images


def fault(got: list[list[np.ndarray]], wanted: list[list[np.ndarray]], limit: float) -> str:
    for image, (mine, theirs) in enumerate(zip(got, wanted, strict=True)):
        for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if b.dtype.kind in "iub":
                if not np.array_equal(a, b):
                    return f"image {image}, output {index}: other whole numbers"
                continue
            scale = max(float(np.ptp(b.astype(np.float64))), 1e-3)
            off = float(np.abs(a.astype(np.float64) - b).max()) / scale
            if not off <= limit:
                return f"image {image}, output {index} differs by {off:.2e} of its range"
    return ""


def check(folder: Path, model: onnx.ModelProto, side: int, precisions=("fp32",), limit: float | None = None,
          general: int | None = None) -> str:
    """What is wrong with the engine's results, or nothing; `general`: the most operators of that kind."""
    pictures = np.random.default_rng(5).uniform(0, 1, (3, 3, side, side)).astype(np.float32)
    engine, wanted = Engine(folder, model), by_onnxruntime(model, pictures)
    for precision in precisions:
        try:
            data = engine.run(pictures, 2, precision)
            alone = b"".join(engine.run(picture[None], threads, precision)
                             for threads, picture in zip((1, 2, 3), pictures))
        except RuntimeError as error:
            return f"{precision}: {error}"
        if data != alone:
            return f"{precision}: results depend on batch or threads"
        found = fault(split(data, wanted), wanted, limit or LIMIT[precision])
        if found:
            return f"{precision}: {found}"
        if precision == "fp32" and general is not None and engine.general > general:
            return f"{engine.general} general operators, of at most {general}: {' '.join(engine.names)}"
    return ""


# ---- idioms -------------------------------------------------------------------------------------


def finish(g: Graph, outputs: list[str], side: int | str, kinds: dict[str, int] | None = None,
           batch: int | str = 1, halves: bool = False) -> onnx.ModelProto:
    kind = TensorProto.FLOAT16 if halves else TensorProto.FLOAT
    graph = helper.make_graph(
        g.nodes, "graph", [helper.make_tensor_value_info("images", kind, [batch, 3, side, side])],
        [helper.make_tensor_value_info(name, (kinds or {}).get(name, kind), None) for name in outputs], g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", g.opset)], ir_version=8,
                             producer_name="tests")


def distribution_head(opset: int, batch: int | str = 1) -> tuple[onnx.ModelProto, int]:
    """C2f blocks, SPPF and a head of distributions with its mesh from shape arithmetic, as YOLOv8's is."""
    g = Graph(3, opset)
    x = g.block("images", 3, 16, stride=2)
    x = fine = g.split_block(g.block(x, 16, 16, stride=2), 16, "silu")  # 24 channels
    x = g.block(x, 24, 16, stride=2)
    x = g.block(g.spatial_pyramid(x), 64, 16, size=1)
    joined = g.node("Concat", g.enlarge(x), fine, axis=1)
    flat = []
    for tensor, channels in ((joined, 40), (x, 16)):
        sides = g.convolution(g.block(tensor, channels, 16), 16, 32, size=1)
        scores = g.convolution(g.block(tensor, channels, 16), 16, 5, size=1)
        both = g.node("Concat", sides, scores, axis=1)
        shape = g.node("Shape", both)
        count = g.node("Gather", shape, g.constant(0), axis=0)
        axes = {"axes": [0]} if opset < 13 else {}
        count = g.node("Unsqueeze", count, *([] if opset < 13 else [g.constant([0])]), **axes)
        wanted = g.node("Concat", count, g.constant([37]), g.constant([-1]), axis=0)
        flat.append(g.node("Reshape", both, wanted))
    rows = g.node("Concat", *flat, axis=2)
    if opset >= 13:
        sides, scores = g.node("Split", rows, g.constant([32, 5]), outputs=2, axis=1)
    else:
        sides, scores = g.node("Split", rows, outputs=2, axis=1, split=[32, 5])
    bins = g.node("Transpose", g.node("Reshape", sides, g.constant([0, 4, 8, -1])), perm=[0, 2, 1, 3])
    shares = g.node("Softmax", bins, axis=1) if opset >= 13 else g.node(
        "Transpose", g.node("Softmax", g.node("Transpose", bins, perm=[0, 3, 2, 1]), axis=3), perm=[0, 3, 2, 1])
    weights = g.constant(np.arange(8).reshape(1, 8, 1, 1), np.float32)
    boxes = g.node("Reshape", g.node("Conv", shares, weights), g.constant([0, 4, -1]))
    output = g.node("Transpose", g.node("Concat", boxes, g.node("Sigmoid", scores), axis=1), perm=[0, 2, 1])
    return finish(g, [output], 64, batch=batch), 64


def attention(opset: int) -> tuple[onnx.ModelProto, int]:
    """A block that attends over all places, in the middle of convolutions."""
    g = Graph(4, opset)
    x = g.block("images", 3, 16, stride=4)
    tokens = g.node("Transpose", g.node("Reshape", x, g.constant([0, 16, -1])), perm=[0, 2, 1])
    parts = []
    for _ in range(3):
        weights = g.constant(g.random.normal(0, 0.3, (16, 16)), np.float32)
        rows = g.node("Reshape", g.node("MatMul", tokens, weights), g.constant([0, -1, 2, 8]))
        parts.append(g.node("Transpose", rows, perm=[0, 2, 1, 3]))
    keys = g.node("Transpose", parts[1], perm=[0, 1, 3, 2])
    scores = g.node("Div", g.node("MatMul", parts[0], keys), g.constant(np.sqrt(8), np.float32))
    mixed = g.node("MatMul", g.node("Softmax", scores, axis=-1), parts[2])
    tokens = g.node("Add", tokens, g.node("Reshape", g.node("Transpose", mixed, perm=[0, 2, 1, 3]),
                                         g.constant([0, -1, 16])))
    mean = g.node("ReduceMean", tokens, axes=[-1]) if opset < 18 else g.node("ReduceMean", tokens, g.constant([-1]))
    centred = g.node("Sub", tokens, mean)
    square = g.node("Pow", centred, g.constant(2, np.float32))
    mean = g.node("ReduceMean", square, axes=[-1]) if opset < 18 else g.node("ReduceMean", square, g.constant([-1]))
    tokens = g.node("Div", centred, g.node("Sqrt", g.node("Add", mean, g.constant(1e-5, np.float32))))
    erf = g.node("Add", g.node("Erf", g.node("Div", tokens, g.constant(np.sqrt(2), np.float32))),
                 g.constant(1, np.float32))
    tokens = g.node("Mul", g.node("Mul", tokens, erf), g.constant(0.5, np.float32))
    x = g.node("Reshape", g.node("Transpose", tokens, perm=[0, 2, 1]), g.constant([0, 16, 16, 16]))
    x = g.block(x, 16, 24)
    highest, best = g.node("TopK", g.node("Reshape", g.convolution(x, 24, 1, size=1), g.constant([1, -1])),
                           g.constant([20]), outputs=2)
    return finish(g, [x, highest, best], 64, {best: TensorProto.INT64}), 64


def products(opset: int) -> tuple[onnx.ModelProto, int]:
    """Layers of constant matrices, with biases and activations, over the places of a map, and back."""
    g = Graph(8, opset)

    def floats(*shape: int) -> str:
        return g.constant(g.random.normal(0, 0.3, shape), np.float32)

    x = g.block("images", 3, 16, stride=4)
    tokens = g.node("Transpose", x, perm=[0, 2, 3, 1])
    wide = g.node("Relu", g.node("Add", g.node("MatMul", tokens, floats(16, 48)), floats(48)))
    back = g.node("Add", floats(16), g.node("MatMul", wide, floats(48, 16)))
    tokens = g.node("Reshape", g.node("Add", tokens, back), g.constant([-1, 16]))
    gate = g.node("Sigmoid", g.node("Gemm", tokens, floats(24, 16), floats(24), transB=1, alpha=0.5, beta=2.0))
    rows = g.node("Gemm", g.node("Reshape", gate, g.constant([-1, 24])), floats(24, 16))
    small = g.node("Gemm", rows, floats(16, 2))  # too small to be a convolution
    turned = g.node("Gemm", rows, floats(256, 20), transA=1)
    x = g.node("Transpose", g.node("Reshape", rows, g.constant([1, 16, 16, 16])), perm=[0, 3, 1, 2])
    return finish(g, [g.block(x, 16, 24), small, turned], 64), 64


def shuffle(opset: int) -> tuple[onnx.ModelProto, int]:
    """Channels that are shuffled between groups, and a gate from the mean of each (squeeze and excite)."""
    g = Graph(6, opset)
    x = g.block("images", 3, 16, stride=2, kind="relu")
    x = g.block(x, 16, 16, groups=4, kind="leaky")
    x = g.node("Reshape", x, g.constant([0, 4, 4, 32, 32]))
    x = g.node("Reshape", g.node("Transpose", x, perm=[0, 2, 1, 3, 4]), g.constant([0, 16, 32, 32]))
    x = g.block(x, 16, 16, groups=4, kind="leaky")
    gate = g.node("Relu", g.convolution(g.node("GlobalAveragePool", x), 16, 8, size=1))
    gate = g.node("HardSigmoid", g.convolution(gate, 8, 16, size=1), alpha=1 / 6, beta=0.5)
    x = g.node("Mul", x, gate)
    x = g.block(x, 16, 20, stride=2)
    return finish(g, [x], 64), 64


def hard_swish(g: Graph, x: str, spelling: int) -> str:
    """The ways in which exporters write it: one node, two, and those of operator sets before both."""
    if spelling == 0 and g.opset >= 14:
        return g.node("HardSwish", x)
    if spelling <= 1:
        return g.node("Mul", x, g.node("HardSigmoid", x, alpha=1 / 6, beta=0.5))
    six = relu6(g, g.node("Add", x, g.constant(3, np.float32)))
    if spelling == 2:
        return g.node("Div", g.node("Mul", x, six), g.constant(6, np.float32))
    return g.node("Mul", g.node("Mul", six, g.constant(1 / 6, np.float32)), x)


def relu6(g: Graph, x: str) -> str:
    if g.opset < 11:
        return g.node("Clip", x, min=0.0, max=6.0)
    return g.node("Clip", x, g.constant(0, np.float32), g.constant(6, np.float32))


def mobile(opset: int) -> tuple[onnx.ModelProto, int]:
    """MobileNet's blocks, padded by nodes of their own, with gates of channels and means over windows."""
    g = Graph(7, opset)
    pads = [0, 0, 0, 0, 0, 0, 1, 1]
    x = g.node("Pad", "images", pads=pads) if opset < 11 else g.node("Pad", "images", g.constant(pads))
    weights = g.constant(g.random.normal(0, 0.3, (16, 3, 3, 3)), np.float32)
    x = hard_swish(g, g.node("Conv", x, weights, strides=[2, 2]), 0)
    for index in range(4):
        inner = relu6(g, g.convolution(x, 16, 32, size=1)) if index % 2 else \
            hard_swish(g, g.convolution(x, 16, 32, size=1), index)
        inner = g.convolution(inner, 32, 32, groups=32)
        inner = hard_swish(g, inner, 3 - index)
        mean = g.node("GlobalAveragePool", inner)
        gate = g.node("Relu", g.convolution(mean, 32, 8, size=1))
        gate = g.convolution(gate, 8, 32, size=1)
        gate = g.node("HardSigmoid", gate, alpha=0.2) if index % 2 else g.node("Sigmoid", gate)
        inner = g.node("Mul", *((gate, inner) if index == 2 else (inner, gate)))
        x = g.node("Add", x, g.convolution(inner, 32, 16, size=1))
    x = g.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.node("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    return finish(g, [g.convolution(x, 16, 20, size=1)], 64), 64


def halved(opset: int) -> tuple[onnx.ModelProto, int]:
    """A file in half precision."""
    g = Graph(8, opset)
    x = g.block(g.block("images", 3, 16, stride=2), 16, 8)
    x = g.node("Mul", x, g.constant(g.random.uniform(0.5, 2, (1, 8, 1, 1)), np.float32))
    model = finish(g, [g.convolution(x, 8, 8)], 32, halves=True)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    return model, 32


def idioms():
    """(name, model, side, precisions, limit, most general operators)"""
    both = ("fp32", "bf16")
    for opset in range(9, 22):
        yield f"distribution head {opset}", *distribution_head(opset), both, None, 12
    for opset in (13, 17, 18, 21):
        yield f"attention {opset}", *attention(opset), ("fp32",), None, None
    for opset in (11, 13, 21):
        yield f"products {opset}", *products(opset), both, None, 14
    for opset in (9, 11, 13, 21):
        yield f"shuffle {opset}", *shuffle(opset), both, None, 2
    for opset in (9, 11, 14, 21):
        yield f"mobile {opset}", *mobile(opset), both, None, 0
    for opset in (13, 17):
        yield f"half precision {opset}", *halved(opset), ("fp32",), 0.01, 0
    for kind, opset, decoded, order in (("silu", 13, True, "yolox"), ("mish", 10, False, "rows"),
                                        ("leaky", 11, True, "rows"), ("relu", 17, False, "yolox")):
        model = onnx_graphs.yolox(1, kind, opset, decoded=decoded, order=order)
        yield f"yolox {kind} {opset}", model, 64, ("fp32",), None, None


# ---- at random ----------------------------------------------------------------------------------


class Random:
    """A network that mixes what the engine has kernels for with what it has not."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.opset = int(self.random.integers(11, 22))
        self.g = Graph(seed, self.opset)
        self.pool: list[tuple[str, int, int]] = [("images", 3, 32)]  # value, channels, side

    def pick(self, *choices):
        return choices[int(self.random.integers(len(choices)))]

    def number(self, value, kind: type = np.float32) -> str:
        return self.g.constant(value, kind)

    def unary(self, x, c, s):
        op, attributes = self.pick(
            ("Relu", {}), ("Sigmoid", {}), ("Tanh", {}), ("HardSigmoid", {"alpha": 0.2}), ("LeakyRelu", {"alpha": 0.2}),
            ("Elu", {}), ("Softplus", {}), ("Abs", {}), ("Neg", {}), ("Erf", {}), ("Floor", {}), ("Sin", {}))
        if op == "Floor":  # steps amplify what floats leave open
            op = "Cos"
        return self.g.node(op, x, **attributes), c, s

    def gate(self, x, c, s):
        kind = self.pick("silu", "mish", "hard", "six", "gelu")
        if kind in ("silu", "mish"):
            return self.g.activate(x, kind), c, s
        if kind == "six":
            return self.g.node("Clip", x, self.number(0.0), self.number(6.0)), c, s
        if kind == "gelu":
            half = self.g.node("Mul", x, self.number(0.5))
            erf = self.g.node("Erf", self.g.node("Div", x, self.number(np.sqrt(2))))
            return self.g.node("Mul", half, self.g.node("Add", erf, self.number(1.0))), c, s
        if self.opset >= 14 and self.random.integers(2):
            return self.g.node("HardSwish", x), c, s
        return self.g.node("Mul", x, self.g.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)), c, s

    def binary(self, x, c, s):
        shape = self.pick((1, c, 1, 1), (c, 1, 1), (1,), (1, 1, s, s), (1, c, s, s), ())
        other = self.number(self.random.uniform(0.5, 1.5, shape))
        op = self.pick("Add", "Sub", "Mul", "Div", "Max", "Min")
        return self.g.node(op, *self.pick((x, other), (other, x)) if op != "Div" else (x, other)), c, s

    def pair(self, x, c, s):
        others = [value for value in self.pool if value[1:] == (c, s)]
        other = others[int(self.random.integers(len(others)))][0]
        return self.g.node(self.pick("Add", "Mul", "Sub", "Max"), x, other), c, s

    def convolution(self, x, c, s):
        groups = self.pick(1, 1, 1, c, *(g for g in (2, 4) if c % g == 0))
        filters = groups * int(self.random.integers(1, max(2, 24 // groups)))
        size, step = self.pick((1, 1), (3, 1), (3, 2), (5, 1), (2, 2))
        step = step if s >= 8 else 1
        hole = self.pick(1, 1, 2) if size == 3 else 1
        reach = (size - 1) * hole
        pads = [reach // 2, reach // 2, reach - reach // 2, reach - reach // 2]
        weights = self.number(self.random.normal(0, (2 / (c // groups * size * size)) ** 0.5,
                                                 (filters, c // groups, size, size)))
        bias = [self.number(self.random.normal(0, 0.1, filters))] if self.random.integers(2) else []
        out = (s + reach - reach - 1) // step + 1
        if self.random.integers(4) == 0:  # padding by a node of its own
            zero = [] if self.opset < 11 else [self.g.constant([0, 0, *pads[:2], 0, 0, *pads[2:]])]
            x, pads = self.g.node("Pad", x, *zero), [0] * 4
        y = self.g.node("Conv", x, weights, *bias, pads=pads, strides=[step] * 2, group=groups,
                        dilations=[hole] * 2)
        return y, filters, out

    def norm(self, x, c, s):
        lists = [self.number(self.random.uniform(0.5, 1.5, c)) for _ in range(4)]
        return self.g.node("BatchNormalization", x, *lists), c, s

    def pooling(self, x, c, s):
        op = self.pick("MaxPool", "AveragePool")
        size, step, pad = self.pick((2, 2, 0), (3, 1, 1), (5, 1, 2), (3, 2, 1))
        if s < 8 and step == 2:
            return x, c, s
        extra = {"count_include_pad": int(self.random.integers(2))} if op == "AveragePool" else {}
        return (self.g.node(op, x, kernel_shape=[size] * 2, strides=[step] * 2, pads=[pad] * 4, **extra), c,
                (s + 2 * pad - size) // step + 1)

    def reduced(self, x, c, s):
        op = self.pick("GlobalAveragePool", "GlobalMaxPool")
        gate = self.g.node("Sigmoid", self.g.node(op, x))
        return self.g.node("Mul", x, gate), c, s

    def moved(self, x, c, s):
        kind = self.pick("transpose", "shuffle", "softmax", "slice", "split", "gather", "depth", "dtype")
        g = self.g
        if kind == "transpose":
            return g.node("Transpose", x, perm=[0, 1, 3, 2]), c, s
        if kind == "shuffle" and c % 2 == 0:
            y = g.node("Reshape", x, g.constant([1, 2, c // 2, s, s]))
            y = g.node("Transpose", y, perm=[0, 2, 1, 3, 4])
            return g.node("Reshape", y, g.constant([0, -1, s, s])), c, s
        if kind == "softmax":
            rows = g.node("Reshape", x, g.constant([0, c, -1]))
            rows = g.node("Transpose", rows, perm=[0, 2, 1])
            rows = g.node("Softmax", rows, axis=2)
            rows = g.node("Transpose", rows, perm=[0, 2, 1])
            return g.node("Reshape", g.node("Mul", rows, self.number(float(c))), g.constant([0, 0, s, s])), c, s
        if kind == "slice" and c > 1:
            ends = [g.constant([value]) for value in (c // 2, c, 1, 1)]
            return g.node("Slice", x, *ends), c - c // 2, s
        if kind == "split" and c % 2 == 0:
            if self.opset >= 13:
                parts = g.node("Split", x, g.constant([c // 2, c // 2]), outputs=2, axis=1)
            else:
                parts = g.node("Split", x, outputs=2, axis=1)
            return g.node("Concat", parts[1], parts[0], axis=1), c, s
        if kind == "gather":
            order = self.random.integers(-c, c, c)
            return g.node("Gather", x, g.constant(order), axis=1), c, s
        if kind == "dtype":
            above = g.node("Greater", x, self.number(0.2))
            return g.node("Where", above, x, g.node("Neg", x)), c, s
        if kind == "depth" and c % 4 == 0 and s <= 16:
            y = g.node("Reshape", x, g.constant([1, 2, 2, c // 4, s, s]))
            y = g.node("Transpose", y, perm=[0, 3, 4, 1, 5, 2])
            return g.node("Reshape", y, g.constant([1, c // 4, 2 * s, 2 * s])), c // 4, 2 * s
        return x, c, s

    def larger(self, x, c, s):
        if s > 16:
            return x, c, s
        g, region = self.g, self.number([])
        scales = self.number([1, 1, 2, 2])
        how = self.pick({"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
                        {"coordinate_transformation_mode": "half_pixel"},
                        {"coordinate_transformation_mode": "half_pixel", "mode": "linear"},
                        {"coordinate_transformation_mode": "align_corners", "mode": "linear"})
        if self.random.integers(3) == 0:
            weights = self.number(self.random.normal(0, 0.3, (c, c, 2, 2)))
            return g.node("ConvTranspose", x, weights, strides=[2, 2]), c, 2 * s
        return g.node("Resize", x, region, scales, **how), c, 2 * s

    def joined(self, x, c, s):
        others = [value for value in self.pool if value[2] == s]
        parts = [others[int(self.random.integers(len(others)))] for _ in range(self.pick(1, 2))]
        if c + sum(part[1] for part in parts) > 64:
            return x, c, s
        return self.g.node("Concat", x, *(part[0] for part in parts), axis=1), c + sum(p[1] for p in parts), s

    def model(self) -> onnx.ModelProto:
        kinds = [self.unary, self.gate, self.binary, self.pair, self.norm, self.pooling, self.reduced, self.moved,
                 self.larger, self.joined] + [self.convolution] * 6
        value = self.convolution(*self.pool[0])
        for _ in range(int(self.random.integers(6, 18))):
            self.pool.append(value)
            value = self.pick(*kinds)(*(value if self.random.integers(4) else self.pool[-1]))
        value = self.convolution(*value)
        flat = self.g.node("Reshape", value[0], self.g.constant([0, value[1], -1]))
        side = self.pool[int(self.random.integers(1, len(self.pool)))]
        return finish(self.g, [self.g.node("Transpose", flat, perm=[0, 2, 1]), side[0]], 32)


def refusals(folder: Path):
    """(name, words that the message must hold, what came)"""
    g = Graph(1)
    x = g.node("Reshape", g.convolution("images", 3, 4), g.constant([0, 4, -1]))
    best = g.node("NonMaxSuppression", g.node("Transpose", x, perm=[0, 2, 1]), x, g.constant([5]))
    nms = finish(g, [best], 16, {best: TensorProto.INT64})
    g = Graph(1)
    einsum = finish(g, [g.node("Einsum", g.convolution("images", 3, 4), equation="bchw->bhwc")], 16)
    for name, model, words in (("nms", nms, ("NonMaxSuppression", "1 × 256 × 4", "depends on the picture")),
                               ("einsum", einsum, ("Einsum_", "1 × 4 × 16 × 16", "no such operator"))):
        try:
            Engine(folder, model).run(np.zeros((1, 3, 16, 16), np.float32))
            yield name, words, "nothing"
        except RuntimeError as error:
            yield name, words, str(error)


def fixed_batch(folder: Path) -> str:
    """A file for two pictures, whose shapes name the two."""
    g = Graph(2)
    x = g.node("Reshape", g.block("images", 3, 8, stride=2), g.constant([2, 8, -1]))
    model = finish(g, [g.node("Softmax", x, axis=1)], 32, batch=2)
    pictures = np.random.default_rng(5).uniform(0, 1, (2, 3, 32, 32)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), QUIET, providers=["CPUExecutionProvider"])
    wanted = [[image[None]] for image in session.run(None, {"images": pictures})[0]]
    try:
        return fault(split(Engine(folder, model).run(pictures), wanted), wanted, LIMIT["fp32"])
    except RuntimeError as error:
        return str(error)


def far_data(folder: Path) -> str:
    """Weights that begin beyond 2 GiB of another file, which is mostly a hole."""
    g = Graph(3)
    model = finish(g, [g.block("images", 3, 8)], 16)
    pictures = np.random.default_rng(5).uniform(0, 1, (1, 3, 16, 16)).astype(np.float32)
    wanted = by_onnxruntime(model, pictures)
    start, far = (5 << 30) + 4, folder / "far.bin"
    with far.open("wb") as file:
        for tensor in model.graph.initializer:
            data = numpy_helper.to_array(tensor).tobytes()
            file.seek(start)
            file.write(data)
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", "far.bin"), ("offset", str(start)), ("length", str(len(data)))):
                tensor.external_data.add(key=key, value=value)
            start += len(data)
    try:
        found = fault(split(Engine(folder, model).run(pictures), wanted), wanted, LIMIT["fp32"])
    except RuntimeError as error:
        found = str(error)
    far.unlink()
    return found


def main() -> int:
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, model, side, precisions, limit, general in idioms():
            why = check(folder, model, side, precisions, limit, general)
            print(f"{'FAIL' if why else 'ok  '} {title} {why}", flush=True)
            failures += bool(why)
        for seed in range(int(os.environ.get("BW_FIRST", "0")), int(os.environ.get("BW_FIRST", "0")) + NETWORKS):
            model = Random(seed).model()
            why = check(folder, model, 32)
            print(f"{'FAIL' if why else 'ok  '} random network {seed} {why}", flush=True)
            failures += bool(why)
        for special in (fixed_batch, far_data):
            why = special(folder)
            print(f"{'FAIL' if why else 'ok  '} {special.__name__} {why}", flush=True)
            failures += bool(why)
        for title, words, message in refusals(folder):
            good = message.startswith("status 3") and all(word in message for word in words)
            print(f"{'ok  ' if good else 'FAIL'} refused {title}: {message}", flush=True)
            failures += not good
        nano = SHARED / "models/yolox-nano/yolox_nano.onnx"
        if nano.exists():
            why = check(folder, onnx.load(str(nano)), 416)
            print(f"{'FAIL' if why else 'ok  '} yolox_nano {why}", flush=True)
            failures += bool(why)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
