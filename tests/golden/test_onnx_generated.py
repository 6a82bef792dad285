"""The general operators against ONNX Runtime over generated shapes, attributes and operator sets.

usage: test_onnx_generated.py [CASES-OF-AN-OPERATOR]

Integers must be equal, floats within 1e-5 of the largest number, or of a hundredth of the largest
that is read (where numbers are summed along axes, of that itself). A case that ONNX Runtime
declines is not counted; every operator must have some that count. BW_ONNX_CASES asks for more
cases than a run of all tests has time for.
"""
from __future__ import annotations

import collections
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from test_onnx_nodes import by_onnxruntime, reason, run

random = np.random.default_rng(6)
CASES = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BW_ONNX_CASES", "6"))


def whole(low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(random.integers(low, high + 1))


def choice(*items):
    return items[whole(0, len(items) - 1)]


def shape(low: int = 1, high: int = 4, most: int = 6) -> list[int]:
    return [whole(1, most) for _ in range(whole(low, high))]


def floats(*dims: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    return random.uniform(low, high, dims).astype(np.float32)


def ints(*dims: int, low: int = -9, high: int = 9, kind=np.int64) -> np.ndarray:
    return random.integers(low, high + 1, dims).astype(kind)


def list_of(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


class Case:
    """A node: operator set, operator, inputs (None: left out), attributes, number of outputs."""

    def __init__(self, opset, operator, inputs, outputs=1, **attributes):
        self.opset, self.operator, self.inputs, self.outputs = opset, operator, inputs, outputs
        self.attributes = {k: v for k, v in attributes.items() if v is not None}

    def __str__(self):
        shapes = [None if x is None else f"{x.dtype}{list(x.shape)}" for x in self.inputs]
        small = [x.tolist() for x in self.inputs if x is not None and x.size < 9]
        return f"{self.operator}-{self.opset} {shapes} {small} {self.attributes}"

    def model(self) -> tuple[onnx.ModelProto, list]:
        given, names, tensors = [], [], []
        for index, value in enumerate(self.inputs):
            names.append("" if value is None else f"in{index}")
            if value is not None:
                kind = helper.np_dtype_to_tensor_dtype(value.dtype)
                given.append(helper.make_tensor_value_info(names[-1], kind, value.shape))
                tensors.append(numpy_helper.from_array(value))
        outputs = [f"out{index}" for index in range(self.outputs)]
        node = helper.make_node(self.operator, names, outputs, **self.attributes)
        infos = [helper.make_empty_tensor_value_info(name) for name in outputs]
        graph = helper.make_graph([node], "case", given, infos)
        return helper.make_model(graph, ir_version=8, opset_imports=[
            helper.make_opsetid("", self.opset)]), tensors


# ---- one function a family ----------------------------------------------------------------------

UNARY = {"Abs": 9, "Ceil": 9, "Cos": 9, "Elu": 9, "Erf": 9, "Exp": 9, "Floor": 9, "Gelu": 20,
         "HardSigmoid": 9, "HardSwish": 14, "LeakyRelu": 9, "Log": 9, "Mish": 18, "Neg": 9,
         "Reciprocal": 9, "Relu": 9, "Round": 11, "Sigmoid": 9, "Sign": 9, "Sin": 9,
         "Softplus": 9, "Sqrt": 9, "Tanh": 9, "Identity": 9}
BINARY = {"Add": 9, "Sub": 9, "Mul": 9, "Div": 9, "Pow": 12, "Equal": 11, "Greater": 9, "Less": 9,
          "GreaterOrEqual": 12, "LessOrEqual": 12, "Mod": 10, "Max": 12, "Min": 12, "Sum": 9,
          "And": 9, "Or": 9, "Xor": 9, "PRelu": 9}
REDUCE = ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceProd", "ReduceL2"]


def unary(name: str) -> Case:
    low = 0.1 if name in ("Log", "Sqrt", "Reciprocal") else -4
    attributes = {}
    if name in ("Elu", "LeakyRelu", "HardSigmoid") and whole(0, 1):
        attributes["alpha"] = float(random.uniform(0.05, 0.9))
    if name == "Gelu":
        attributes["approximate"] = choice("none", "tanh")
    return Case(whole(UNARY[name], 21), name, [floats(*shape(0, 5), low=low)], **attributes)


def broadcast(dims: list[int]) -> list[int]:
    """A shape that broadcasts to these dimensions."""
    return [choice(1, size, size) for size in dims][whole(0, len(dims)):]


def binary(name: str) -> Case:
    dims = shape(1, 5)
    kind = choice("float", "float", "int64", "int32")
    if name in ("And", "Or", "Xor"):
        make = lambda d: ints(*d, low=0, high=1).astype(bool)
    elif name == "PRelu" or (kind == "float" and name != "Mod"):
        make = lambda d: floats(*d)
    else:
        low = 1 if name in ("Div", "Mod", "Pow") else -9
        make = lambda d: ints(*d, low=low, high=4, kind=kind if kind != "float" else "int64")
    first, second = make(dims), make(broadcast(dims))
    if name == "Pow" and first.dtype == np.float32:
        first = np.abs(first) + np.float32(0.1)
    if name != "PRelu" and whole(0, 1):
        first, second = second, first
    inputs = [first, second]
    if name in ("Max", "Min", "Sum") and whole(0, 1):
        inputs.append(make(broadcast(dims)))
    return Case(whole(BINARY[name], 21), name, inputs)


def window() -> dict:
    """Attributes of a window over rows and columns, without its size."""
    found = {"strides": [whole(1, 3), whole(1, 3)], "dilations": [whole(1, 2), whole(1, 2)]}
    automatic = choice("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")
    if automatic == "NOTSET":
        found["pads"] = [whole(0, 2) for _ in range(4)]
    else:
        found["auto_pad"] = automatic
        found["dilations"] = [1, 1] if automatic != "VALID" else found["dilations"]
    return found


def conv(name: str) -> Case:
    groups, depth, outputs = choice(1, 1, 2, 3), whole(1, 4), whole(1, 4)
    rows, columns = whole(1, 3), whole(1, 5)
    picture = floats(whole(1, 2), groups * depth, whole(7, 13), whole(9, 15))
    if name == "Conv":
        weights = floats(groups * outputs, depth, rows, columns)
        attributes = window()
    else:
        weights = floats(groups * depth, outputs, rows, columns)
        attributes = {"strides": [whole(1, 3), whole(1, 3)], "dilations": [whole(1, 2)] * 2}
        if whole(0, 1):
            attributes["pads"] = [0, whole(0, columns - 1), 0, 0]
        attributes["output_padding"] = [whole(0, s - 1) for s in attributes["strides"]]
    bias = floats(groups * outputs) if whole(0, 1) else None
    return Case(whole(9, 21), name, [picture, weights] + ([] if bias is None else [bias]),
                group=groups, kernel_shape=[rows, columns] if whole(0, 1) else None, **attributes)


def pool(name: str) -> Case:
    opset, attributes = whole(10, 21), window()
    kernel = [whole(1, 4), whole(1, 4)]
    if name == "AveragePool":
        attributes["count_include_pad"] = whole(0, 1)
        if opset < 19:
            attributes.pop("dilations")
    if "pads" in attributes:
        attributes["pads"] = [min(p, kernel[i % 2] - 1) for i, p in enumerate(attributes["pads"])]
        attributes["ceil_mode"] = whole(0, 1) if name == "MaxPool" else 0
    return Case(opset, name, [floats(whole(1, 2), whole(1, 3), whole(8, 14), whole(8, 14))],
                outputs=whole(1, 2) if name == "MaxPool" else 1, kernel_shape=kernel, **attributes)


def global_pool(name: str) -> Case:
    return Case(whole(9, 21), name, [floats(*shape(4, 4))])


COORDINATES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
               "tf_crop_and_resize"]


def resize(name: str) -> Case:
    opset = choice(10, 11, 13, 18, 19)
    picture = floats(whole(1, 2), whole(1, 3), whole(2, 7), whole(2, 7))
    scales = np.array([1, 1, choice(0.5, 0.6, 1.5, 2, 2.5, 3), choice(0.5, 0.8, 1, 2, 3.3)],
                      np.float32)
    if opset == 10:
        return Case(10, "Resize", [picture, np.maximum(scales, 1)],
                    mode=choice("nearest", "linear"))
    mode = choice("nearest", "nearest", "linear", "linear", "cubic")
    coordinates = choice(*COORDINATES, *(["half_pixel_symmetric"] if opset >= 19 else []),
                         *(["tf_half_pixel_for_nn"] if opset < 13 and mode == "nearest" else []))
    if mode == "nearest" and coordinates == "half_pixel_symmetric":
        coordinates = "half_pixel"  # its places on a boundary hang on one rounding of a float
    crops = coordinates == "tf_crop_and_resize"
    if crops:  # ONNX Runtime leaves an axis alone, region or not, that keeps its length
        scales[3] = choice(0.5, 2, 3.3)
    roi = np.array([0, 0, 0.1, 0.2, 1, 1, 0.9, 1.2], np.float32) if crops else floats(0)
    attributes = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = choice("round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil")
    if mode == "cubic":
        attributes["cubic_coeff_a"] = choice(-0.75, -0.5)
        attributes["exclude_outside"] = whole(0, 1) if coordinates == "half_pixel" else 0
    if crops:
        attributes["extrapolation_value"] = 7.5
    if whole(0, 1):
        least = 8 if crops else 1
        sizes = list_of(picture.shape[0], picture.shape[1], whole(least, 12), whole(least, 12))
        return Case(opset, "Resize", [picture, roi, floats(0), sizes], **attributes)
    return Case(opset, "Resize", [picture, roi, scales], **attributes)


def upsample(name: str) -> Case:
    scales = np.array([1, 1, choice(1, 2, 3), choice(1, 2, 1.5)], np.float32)
    return Case(9, "Upsample", [floats(1, *shape(3, 3)), scales], mode=choice("nearest", "linear"))


def concat(name: str) -> Case:
    dims = shape(1, 4)
    axis = whole(-len(dims), len(dims) - 1)
    parts = []
    for _ in range(whole(1, 4)):
        dims[axis] = whole(1, 5)
        parts.append(floats(*dims))
    return Case(whole(11, 21), name, parts, axis=axis)


def split(name: str) -> Case:
    opset, parts = whole(9, 21), [whole(1, 4) for _ in range(whole(1, 4))]
    dims = shape(1, 3)
    axis = whole(0, len(dims) - 1)
    dims[axis] = sum(parts)
    data = ints(*dims)
    if opset < 13:
        return Case(opset, name, [data], outputs=len(parts), axis=axis, split=parts)
    if opset >= 18 and whole(0, 1):
        return Case(opset, name, [data], outputs=len(parts), axis=axis, num_outputs=len(parts))
    return Case(opset, name, [data, list_of(*parts)], outputs=len(parts), axis=axis)


def slices(name: str) -> Case:
    opset, dims = whole(9, 21), shape(1, 4, 8)
    axes = [int(a) for a in random.permutation(len(dims))[:whole(1, len(dims))]]
    starts = [whole(-10, 10) for _ in axes]
    ends = [choice(whole(-10, 10), 2**63 - 1, -2**63) for _ in axes]
    data = floats(*dims)
    if opset < 10:
        ends = [max(e, -2**31) for e in ends]
        return Case(opset, name, [data], starts=starts, ends=ends, axes=axes)
    steps = [choice(-3, -2, -1, 1, 2, 3) for _ in axes]
    return Case(opset, name, [data, *map(lambda x: list_of(*x), (starts, ends, axes, steps))])


def gather(name: str) -> Case:
    dims = shape(1, 4)
    axis = whole(-len(dims), len(dims) - 1)
    size = dims[axis]
    data = floats(*dims)
    if name == "Gather":
        low = -size
        indices = ints(*shape(0, 2), low=low, high=size - 1, kind=choice(np.int64, np.int32))
        return Case(whole(11, 21), name, [data, indices], axis=axis)
    if name == "GatherElements":
        dims[axis] = whole(1, 6)
        return Case(whole(11, 21), name, [data, ints(*dims, low=-size, high=size - 1)], axis=axis)
    batch = whole(0, min(1, len(dims) - 1))
    depth = whole(1, len(dims) - batch)
    tuples = [*dims[:batch], *shape(1, 2), depth]
    high = np.array(dims[batch:batch + depth])
    indices = random.integers(0, high, tuples).astype(np.int64)
    return Case(whole(12, 21), name, [data, indices], batch_dims=batch)


def reshapes(name: str) -> Case:
    opset, dims = whole(9, 21), shape(2, 4)
    data = floats(*dims)
    if name == "Flatten":
        return Case(opset, name, [data], axis=whole(0, len(dims)))
    if name == "Transpose":
        return Case(opset, name, [data], perm=[int(a) for a in random.permutation(len(dims))])
    if name == "Reshape":
        wanted = list_of(*choice([0, -1], [-1], [dims[0] * dims[1], -1], [-1, 1, dims[-1]]))
        return Case(opset, name, [data, wanted])
    if name == "Expand":
        dims[0] = 1
        return Case(opset, name, [floats(*dims), list_of(2, 3, *dims[1:])])
    if name == "Tile":
        return Case(opset, name, [data, ints(len(dims), low=0, high=3)])
    axes = sorted({whole(0, len(dims) - 1), 0})
    if name == "Squeeze":
        for axis in axes:
            dims[axis] = 1
        data = floats(*dims)
    if opset < 13:
        return Case(opset, name, [data], axes=axes)
    return Case(opset, name, [data, list_of(*axes)])


def pad(name: str) -> Case:
    opset, mode, dims = whole(9, 21), choice("constant", "reflect", "edge"), shape(2, 4)
    pads = [whole(0, max(0, dims[i % len(dims)] - 1)) for i in range(2 * len(dims))]
    if mode == "constant" and whole(0, 2) == 0:
        pads = [choice(p, -whole(0, (dims[i % len(dims)] - 1) // 2)) for i, p in enumerate(pads)]
    data = floats(*dims)
    if opset < 11:
        return Case(opset, name, [data], mode=mode, pads=pads, value=1.5)
    inputs = [data, list_of(*pads)]
    if mode == "constant" and whole(0, 1):
        inputs.append(np.array(2.5, np.float32))
    return Case(opset, name, inputs, mode=mode)


def product(name: str) -> Case:
    rows, inner, columns = whole(1, 9), whole(1, 40), whole(1, 9)
    if name == "Gemm":
        left, right = whole(0, 1), whole(0, 1)
        a = floats(*((inner, rows) if left else (rows, inner)))
        b = floats(*((columns, inner) if right else (inner, columns)))
        c = choice(floats(columns), floats(rows, 1), floats(rows, columns), floats(1))
        return Case(whole(9, 21), name, [a, b, c], transA=left, transB=right,
                    alpha=choice(1.0, 0.5), beta=choice(1.0, 0.25))
    batch = shape(1, 2)
    a = floats(*choice([], batch), rows, inner) if whole(0, 3) else floats(inner)
    b = floats(*choice([], batch, [1] * len(batch)), inner, columns)
    return Case(whole(9, 21), name, [a, b if whole(0, 3) else floats(inner)])


def softmax(name: str) -> Case:
    dims = shape(2, 4, 9)
    return Case(whole(9, 21), name, [floats(*dims, low=-9, high=9)],
                axis=choice(None, whole(0, len(dims) - 1)))


def batch_norm(name: str) -> Case:
    dims = shape(2, 4)
    lists = [floats(dims[1]) for _ in range(3)] + [floats(dims[1], low=0.1)]
    return Case(choice(9, 14, 15, 21), name, [floats(*dims), *lists], epsilon=choice(None, 1e-3))


def reduce(name: str) -> Case:
    opset, dims = whole(11, 21), shape(1, 4)
    kind = choice("float", "float", "int32", "int64")
    most = 1 if name == "ReduceProd" else 9  # products that overflow are nobody's to define
    data = floats(*dims) if kind == "float" or name == "ReduceL2" else ints(
        *dims, low=-most, high=most, kind=kind)
    axes = [int(a) for a in random.permutation(len(dims))[:whole(1, len(dims))]]
    axes = [choice(a, a - len(dims)) for a in axes] if whole(0, 3) else None
    keep = choice(None, 0, 1)
    if opset >= (13 if name == "ReduceSum" else 18):
        return Case(opset, name, [data] + ([list_of(*axes)] if axes else []), keepdims=keep)
    return Case(opset, name, [data], axes=axes, keepdims=keep)


def arg(name: str) -> Case:
    dims = shape(1, 4)
    data = choice(floats(*dims), ints(*dims, low=-2, high=2, kind=np.int32))
    return Case(whole(12, 21), name, [data], axis=whole(-len(dims), len(dims) - 1),
                keepdims=whole(0, 1), select_last_index=whole(0, 1))


def top(name: str) -> Case:
    opset, dims = whole(10, 21), shape(1, 3, 12)
    axis = whole(-len(dims), len(dims) - 1)
    data = choice(floats(*dims), ints(*dims, low=-3, high=3).astype(np.float32))
    return Case(opset, name, [data, list_of(whole(1, dims[axis]))], outputs=2, axis=axis,
                largest=whole(0, 1) if opset >= 11 else None)


def nms(name: str) -> Case:
    pictures, classes, boxes = whole(1, 2), whole(1, 3), whole(1, 30)
    by_centre = whole(0, 1)
    corners = floats(pictures, boxes, 4, low=0, high=1)
    scores = floats(pictures, classes, boxes, low=0, high=1)
    if whole(0, 1):
        scores = np.round(scores * 4) / 4
    inputs = [corners, scores, list_of(choice(0, 3, 100)), floats(1, low=0.1, high=0.6)]
    if whole(0, 1):
        inputs.append(floats(1, low=0, high=0.5))
    return Case(whole(11, 21), name, inputs, center_point_box=by_centre)


def quantize(name: str) -> Case:
    opset, dims = whole(10, 21), shape(2, 4)
    kind = choice(np.uint8, np.int8)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    axis = whole(0, len(dims) - 1) if opset >= 13 and whole(0, 1) else None
    several = [] if axis is None else [dims[axis]]
    scale = np.asarray(random.uniform(0.01, 0.1, several), np.float32)
    zero = np.asarray(random.integers(low, high + 1, several)).astype(kind)
    data = floats(*dims, low=-9, high=9)
    if name == "DequantizeLinear":
        data = random.integers(low, high + 1, dims).astype(kind)
    return Case(opset, name, [data, scale, zero], axis=axis)


def others(name: str) -> Case:
    opset, dims = whole(12, 21), shape(1, 4)
    if name == "Where":
        return Case(opset, name, [ints(*broadcast(dims), low=0, high=1).astype(bool),
                                  floats(*dims), floats(*broadcast(dims))])
    if name == "Clip":
        bounds = [np.array(-1, np.float32), None if whole(0, 1) else np.array(0.5, np.float32)]
        return Case(opset, name, [floats(*dims), *bounds])
    if name == "Cast":
        kind = choice(TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8,
                      TensorProto.BOOL, TensorProto.FLOAT16, TensorProto.DOUBLE)
        return Case(opset, name, [np.abs(choice(floats(*dims), ints(*dims)))], to=kind)
    if name == "Not":
        return Case(opset, name, [ints(*dims, low=0, high=1).astype(bool)])
    if name == "Range":
        ends = choice([0, 17, 3], [5, -6, -2], [3, 3, 1])
        return Case(opset, name, [np.array(x, choice(np.int64)) for x in ends])
    if name == "ConstantOfShape":
        value = choice(None, numpy_helper.from_array(np.array([7], np.int64)))
        return Case(opset, name, [ints(whole(1, 3), low=0, high=4)], value=value)
    if name == "Shape" and opset >= 15:
        return Case(opset, name, [floats(*dims)], start=whole(-5, 5), end=choice(None, whole(-5, 5)))
    return Case(opset, name, [floats(*dims)])


FAMILIES = {
    unary: UNARY, binary: BINARY, conv: ["Conv", "ConvTranspose"], pool: ["MaxPool", "AveragePool"],
    global_pool: ["GlobalAveragePool", "GlobalMaxPool"], resize: ["Resize"], upsample: ["Upsample"],
    concat: ["Concat"], split: ["Split"], slices: ["Slice"],
    gather: ["Gather", "GatherElements", "GatherND"],
    reshapes: ["Flatten", "Transpose", "Reshape", "Expand", "Tile", "Squeeze", "Unsqueeze"],
    pad: ["Pad"], product: ["MatMul", "Gemm"], softmax: ["Softmax", "LogSoftmax"],
    batch_norm: ["BatchNormalization"], reduce: REDUCE, arg: ["ArgMax", "ArgMin"], top: ["TopK"],
    nms: ["NonMaxSuppression"], quantize: ["QuantizeLinear", "DequantizeLinear"],
    others: ["Where", "Clip", "Cast", "Not", "Range", "ConstantOfShape", "Shape", "Size"],
}


def differs(case: Case, got: list, wanted: list) -> str:
    share = 1 if case.operator.startswith("Reduce") else 100
    reads = max((float(np.abs(x).max()) for x in case.inputs if x is not None and x.size
                 and x.dtype == np.float32), default=0.0)
    for index, (mine, theirs) in enumerate(zip(got, wanted)):
        theirs = np.asarray(theirs)
        if mine.shape != theirs.shape or mine.dtype != theirs.dtype:
            return f"output {index} is {mine.dtype}{mine.shape}, not {theirs.dtype}{theirs.shape}"
        if theirs.dtype.kind in "iub":
            if not np.array_equal(mine, theirs):
                return f"output {index}: {mine.ravel()[:8]}, not {theirs.ravel()[:8]}"
        elif theirs.size:
            finite = theirs[np.isfinite(theirs)]
            scale = max(float(np.abs(finite).max()) if finite.size else 1.0, reads / share)
            if not np.allclose(mine, theirs, 0, 1e-5 * scale + 1e-7, equal_nan=True):
                return f"output {index}: {mine.ravel()[:8]}, not {theirs.ravel()[:8]}"
    return ""


def judge(folder: Path, case: Case) -> tuple[str, str]:
    model, tensors = case.model()
    try:
        wanted = by_onnxruntime(model, tensors)
    except Exception:  # what ONNX Runtime raises is its own affair: it has no result to compare
        return "declined", ""
    status, message, got = run(folder, model, tensors)
    if status:
        return ("refused", "") if status == 3 and reason(message) else ("failed", message)
    found = differs(case, got, wanted)
    return ("failed", found) if found else ("passed", "")


def main() -> int:
    counts, failures = collections.defaultdict(collections.Counter), []
    with tempfile.TemporaryDirectory() as name:
        for family, operators in FAMILIES.items():
            for operator in operators:
                for _ in range(CASES):
                    case = family(operator)
                    verdict, why = judge(Path(name), case)
                    counts[operator][verdict] += 1
                    if verdict == "failed":
                        failures.append(f"{case}: {why}")
    print(f"{'operator':20} {'passed':>7} {'refused':>8} {'failed':>7} {'declined by the peer':>21}")
    for operator, row in counts.items():
        print(f"{operator:20} {row['passed']:7} {row['refused']:8} {row['failed']:7} "
              f"{row['declined']:21}")
    empty = [operator for operator, row in counts.items() if row["passed"] == 0]
    print(f"{sum(row['passed'] for row in counts.values())} cases equal ONNX Runtime's results")
    print("\n".join(failures[:60] + [f"{operator}: nothing was compared" for operator in empty]))
    return 1 if failures or empty else 0


if __name__ == "__main__":
    sys.exit(main())
