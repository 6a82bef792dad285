"""Whole ONNX graphs by the general operators, against ONNX Runtime.

A graph in the idioms of the usual exporters (focus slices, split and joined blocks, pooling pyramids,
shape arithmetic, distribution heads, meshes of places, top k, NMS); networks that our own `convert`
writes, with boxes, with NMS, and quantised; and YOLOX-Nano where ../shared has it.
"""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, parser

import program
from test_export import MIXED, Case
from test_onnx_nodes import by_onnxruntime, run

TOLERANCE = 1e-4  # of the range: the sums of a whole network
STEPS = 0.02      # of the range, for a quantised network: bytes that fall to the other side

IDIOMS = """
<ir_version: 8, opset_import: ["" : OPSET]>
idioms (float[1, 3, 64, 96] images) => (float[1, n, 8] decoded, int64[m, 3] kept, float[1, 20, 4] best)
{
    a = Slice (images, zero2, most2, axes, two2)
    b = Slice (images, down, most2, axes, two2)
    c = Slice (images, across, most2, axes, two2)
    d = Slice (images, both, most2, axes, two2)
    focused = Concat <axis = 1> (a, b, c, d)
    stem = Conv <pads = [1, 1, 1, 1]> (focused, w_stem, b_stem)
    stem_gate = Sigmoid (stem)
    x0 = Mul (stem, stem_gate)
    left, right = Split <axis = 1> (x0, halves)
    inner = Conv <pads = [1, 1, 1, 1]> (right, w_inner)
    normal = BatchNormalization (inner, scale8, shift8, mean8, variance8)
    soft = Softplus (normal)
    bounded = Tanh (soft)
    mish = Mul (normal, bounded)
    added = Add (mish, right)
    joined = Concat <axis = 1> (left, right, added)
    down1 = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (joined, w_down)
    x1 = LeakyRelu <alpha = 0.1> (down1)
    p1 = MaxPool <kernel_shape = [5, 5], pads = [2, 2, 2, 2]> (x1)
    p2 = MaxPool <kernel_shape = [5, 5], pads = [2, 2, 2, 2]> (p1)
    pyramid = Concat <axis = 1> (x1, p1, p2)
    mixed = Conv (pyramid, w_mixed)
    deep = Conv <auto_pad = "SAME_UPPER", strides = [2, 2], group = 8> (mixed, w_deep)
    average = GlobalAveragePool (deep)
    gate = HardSigmoid (average)
    gated = Mul (deep, gate)
    target = Shape (mixed)
    target_size = Slice (target, two1, four1, zero1)
    depth = Shape (gated)
    depth_size = Slice (depth, zero1, two1, zero1)
    size = Concat <axis = 0> (depth_size, target_size)
    up = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric",
                 nearest_mode = "floor"> (gated, , , size)
    merged = Concat <axis = 1> (up, mixed)
    head = Conv (merged, w_head, b_head)
    shape = Shape (head)
    zero = Constant <value_int = 0> ()
    batch = Gather <axis = 0> (shape, zero)
    batch1 = Unsqueeze (batch, zero1)
    wanted = Concat <axis = 0> (batch1, channels, minus1)
    flat = Reshape (head, wanted)
    distances, classes = Split <axis = 1> (flat, parts)
    bins = Reshape (distances, bin_shape)
    ordered = Transpose <perm = [0, 2, 1, 3]> (bins)
    shares = Softmax <axis = 1> (ordered)
    expected = Conv (shares, w_bins)
    sides = Reshape (expected, side_shape)
    low, high = Split <axis = 1> (sides, twos)
    rows = Gather <axis = 0> (shape, two)
    columns = Gather <axis = 0> (shape, three)
    one = Constant <value_int = 1> ()
    ys = Range (zero, rows, one)
    xs = Range (zero, columns, one)
    ys2 = Unsqueeze (ys, one1)
    xs2 = Unsqueeze (xs, zero1)
    rows1 = Unsqueeze (rows, zero1)
    columns1 = Unsqueeze (columns, zero1)
    mesh_shape = Concat <axis = 0> (rows1, columns1)
    ye = Expand (ys2, mesh_shape)
    xe = Expand (xs2, mesh_shape)
    yf = Cast <to = 1> (ye)
    xf = Cast <to = 1> (xe)
    yr = Reshape (yf, line)
    xr = Reshape (xf, line)
    mesh = Concat <axis = 1> (xr, yr)
    centres = Add (mesh, half)
    corner1 = Sub (centres, low)
    corner2 = Add (centres, high)
    corners = Concat <axis = 1> (corner1, corner2)
    pixels = Mul (corners, stride)
    scores = Sigmoid (classes)
    columns_first = Concat <axis = 1> (pixels, scores)
    decoded = Transpose <perm = [0, 2, 1]> (columns_first)
    boxes = Transpose <perm = [0, 2, 1]> (pixels)
    kept = NonMaxSuppression (boxes, scores, ten1, overlap, least)
    highest = ReduceMax <axes = [1], keepdims = 0> (scores)
    values, places = TopK <axis = 1> (highest, twenty1)
    places2 = Unsqueeze (places, minus1)
    repeated = Tile (places2, repeats)
    best = GatherElements <axis = 1> (boxes, repeated)
}
"""

WHOLE = {"zero2": [0, 0], "down": [1, 0], "across": [0, 1], "both": [1, 1], "two2": [2, 2],
         "most2": [2**63 - 1] * 2, "axes": [2, 3], "halves": [8, 8], "zero1": [0], "one1": [1],
         "two1": [2], "four1": [4], "minus1": [-1], "two": 2, "three": 3, "channels": [36],
         "parts": [32, 4], "bin_shape": [1, 4, 8, -1], "side_shape": [1, 4, -1], "twos": [2, 2],
         "line": [1, 1, -1], "ten1": [10], "twenty1": [20], "repeats": [1, 1, 4]}
WEIGHTS = {"w_stem": (16, 12, 3, 3), "b_stem": (16,), "w_inner": (8, 8, 3, 3), "scale8": (8,),
           "shift8": (8,), "mean8": (8,), "w_down": (16, 24, 3, 3), "w_mixed": (16, 48, 1, 1),
           "w_deep": (16, 2, 3, 3), "w_head": (36, 32, 1, 1), "b_head": (36,)}


def idioms(opset: int) -> onnx.ModelProto:
    random = np.random.default_rng(3)
    text = IDIOMS.replace("OPSET", str(opset))
    if opset >= 18:
        text = text.replace("ReduceMax <axes = [1], keepdims = 0> (scores)",
                            "ReduceMax <keepdims = 0> (scores, one1)")
    model = parser.parse_model(text)
    numbers = {name: np.array(value, np.int64) for name, value in WHOLE.items()}
    for name, shape in WEIGHTS.items():
        fan = int(np.prod(shape[1:])) or 1
        numbers[name] = (random.normal(0, 1.5 / np.sqrt(fan), shape)).astype(np.float32)
    numbers["variance8"] = random.uniform(0.5, 2, 8).astype(np.float32)
    numbers["w_bins"] = np.arange(8, dtype=np.float32).reshape(1, 8, 1, 1)
    numbers["half"] = np.array(0.5, np.float32)
    numbers["stride"] = np.array(4, np.float32)
    numbers["overlap"] = np.array([0.5], np.float32)
    numbers["least"] = np.array([0.3], np.float32)
    model.graph.initializer.extend(numpy_helper.from_array(value, name)
                                   for name, value in numbers.items())
    return model


def fault(model: onnx.ModelProto, picture: np.ndarray, limit: float) -> str:
    """What differs between our results and ONNX Runtime's, or nothing."""
    tensors = [numpy_helper.from_array(picture)]
    with tempfile.TemporaryDirectory() as folder:
        status, message, got = run(Path(folder), model, tensors)
    if status:
        return message
    for index, (mine, theirs) in enumerate(zip(got, by_onnxruntime(model, tensors), strict=True)):
        if mine.shape != theirs.shape or mine.size == 0:
            return f"output {index} has the shape {mine.shape}, not {theirs.shape}"
        if theirs.dtype.kind == "i":
            if not np.array_equal(mine, theirs):
                return f"output {index} has other places"
        elif not np.abs(mine - theirs).max() <= limit * np.ptp(theirs):
            return f"output {index} differs by {np.abs(mine - theirs).max() / np.ptp(theirs):.2e}"
    return ""


def converted(folder: Path):
    """(name, model, picture, limit) of networks that our own program has written."""
    cfg = folder / "mixed.cfg"
    cfg.write_text(MIXED, encoding="utf-8")
    case = Case(cfg, folder)
    for opset in (13, 15, 18, 21):
        for options in ((), ("--with-nms", "--conf", "0.2")):
            path = case.export("--opset", opset, *options)
            yield f"convert {opset} {options}", onnx.load(str(path)), case.input, TOLERANCE
    path = case.export("--raw", "--int8-qdq", "--calib", folder / "calibration")
    yield "convert --int8-qdq", onnx.load(str(path)), case.input, STEPS


def main() -> int:
    random, failures = np.random.default_rng(1), 0
    picture = random.uniform(0, 1, (1, 3, 64, 96)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        models = [(f"idioms {opset}", idioms(opset), picture, TOLERANCE) for opset in range(13, 22)]
        models += converted(Path(folder))
    nano = program.SHARED / "models/yolox-nano/yolox_nano.onnx"
    if nano.exists():
        picture = random.uniform(0, 255, (1, 3, 416, 416)).astype(np.float32)
        models.append(("yolox_nano", onnx.load(str(nano)), picture, TOLERANCE))
    for name, model, tensor, limit in models:
        why = fault(model, tensor, limit)
        print(f"{'FAIL' if why else 'ok  '} {name} {why}", flush=True)
        failures += bool(why)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
