"""Networks that are bytes already (QDQ), run in INT8 as their file says, without a calibration.

Generated networks, quantised by ONNX Runtime with unsigned and with signed bytes and by hand, become
kernels of bytes throughout, and so does the program's own network that `convert --int8-qdq` wrote.
What their heads give is what ONNX Runtime computes of the same file, node by node, but for bytes that
were rounded otherwise here and there: a root mean square of LIMIT of the range.
"""
from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from PIL import Image

import onnx_graphs
import program

SIDE = 64
LIMIT = 0.01
DUMP = Path(program.PROGRAM.parent, "tests/golden/dump_heads")


def pictures(count: int, seed: int = 3) -> list[np.ndarray]:
    """Smooth random ones, [height, width, RGB]."""
    random = np.random.default_rng(seed)
    small = (random.integers(0, 256, (SIDE // 8, SIDE // 8, 3), np.uint8) for _ in range(count))
    return [np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for pixels in small]


def blue_first(picture: np.ndarray) -> np.ndarray:
    """As YOLOX takes pictures."""
    return picture[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)


class Pictures(CalibrationDataReader):
    """A few random pictures, as the network takes them."""

    def __init__(self, name: str) -> None:
        self.left = iter([{name: blue_first(picture)} for picture in pictures(4)])

    def get_next(self) -> dict | None:
        return next(self.left, None)


def run(*arguments: object) -> str:
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def boxwright(*arguments: object) -> str:
    return run(program.PROGRAM, *arguments)


def kernels(model: Path, precision: str = "int8") -> set[str]:
    """Of the plan, without a calibration."""
    plan = model.with_suffix(".bwp")
    boxwright("build", "--model", model, "--precision", precision, "--no-tune", "-o", plan)
    return set(re.findall(r" (\w+_(?:u8|f32|bf16)(?:_\w+)?|plain_ref) ", boxwright("inspect", "--model", plan)))


def runtime(path: Path, values: np.ndarray) -> list[np.ndarray]:
    """Node by node, as the file says."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: values})


def engine(path: Path, picture: Path) -> np.ndarray:
    """All heads, one behind the other."""
    out = path.with_suffix(".heads")
    run(DUMP, path, "-", picture, out, "-")
    return np.fromfile(out, np.float32)


def distance(found: np.ndarray, wanted: np.ndarray) -> float:
    """The root mean square of the difference as a share of the range."""
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / np.ptp(wanted))


def tell(title: str, path: Path, distances: list[float]) -> bool:
    used = kernels(path)
    bytes_alone = any(name.startswith("conv_u8") for name in used) and "plain_ref" not in used
    good = bytes_alone and max(distances) < LIMIT
    apart = " ".join(f"{number:.4f}" for number in distances)
    print(f"{'ok  ' if good else 'FAIL'} {title}: {apart} of the range from ONNX Runtime; {sorted(used)}", flush=True)
    return good


# ---- generated ----------------------------------------------------------------------------------


def residual(opset: int) -> onnx.ModelProto:
    """Convolutions that add what they read, pools, pictures joined, and a head of YOLOX's form."""
    g = onnx_graphs.Graph(7, opset)

    def block(x: str, channels: int, filters: int, **how: object) -> str:
        return g.node("Relu", g.convolution(x, channels, filters, **how))

    x = block("images", 3, 16, stride=2, gain=1 / 64)
    x = g.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    for _ in range(2):
        x = g.node("Add", x, block(block(x, 16, 16, size=1), 16, 16))
    wide = block(x, 16, 32, stride=2)
    pooled = g.node("MaxPool", wide, kernel_shape=[5, 5], pads=[2] * 4, strides=[1, 1])
    x = block(g.node("Concat", wide, pooled, block(wide, 32, 16), axis=1), 80, 32, size=1)
    x = block(x, 32, 32, groups=32)
    parts = [g.convolution(x, 32, 4, size=1, gain=0.1),
             g.node("Sigmoid", g.convolution(x, 32, 1, size=1)), g.node("Sigmoid", g.convolution(x, 32, 3, size=1))]
    rows = g.node("Reshape", g.node("Concat", *parts, axis=1), g.constant([1, 8, -1]))
    output = g.node("Transpose", rows, perm=[0, 2, 1])
    return g.model(output, SIDE, (SIDE // 8) ** 2, 8, {"names": "{0: 'a', 1: 'b', 2: 'c'}"})


def ranges(model: onnx.ModelProto) -> dict[str, tuple[float, float]]:
    """The least and the largest number of each value over some pictures, and zero."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output]
    del probe.graph.output[:]
    probe.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    found = {name: (0.0, 0.0) for name in names}
    for picture in pictures(4):
        for name, value in zip(names, session.run(None, {"images": blue_first(picture)})):
            found[name] = (min(found[name][0], float(value.min())), max(found[name][1], float(value.max())))
    return found


def with_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """QuantizeLinear and DequantizeLinear after all that is computed but the heads, filters as signed bytes."""
    known, arrays = ranges(model), {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    readers = {name: node.op_type for node in model.graph.node for name in node.input}
    nodes, constants, renamed = [], [], {}

    def constant(name: str, values: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(values, name))
        return name

    def through_bytes(name: str, scale: float, zero: int) -> None:
        of = [constant(f"{name}_scale", np.float32(scale)), constant(f"{name}_zero", np.uint8(zero))]
        nodes.append(helper.make_node("QuantizeLinear", [name, *of], [f"{name}_bytes"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{name}_bytes", *of], [f"{name}_floats"]))
        renamed[name] = f"{name}_floats"

    through_bytes("images", 1.0, 0)
    for node in model.graph.node:
        made = onnx.NodeProto()
        made.CopyFrom(node)
        made.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "Conv":
            weights = arrays[node.input[1]]
            scales = (np.abs(weights).reshape(len(weights), -1).max(1) / 127).astype(np.float32)
            integers = np.rint(weights / scales[:, None, None, None]).astype(np.int8)
            name = node.input[1]
            of = [constant(f"{name}_bytes", integers), constant(f"{name}_scales", scales),
                  constant(f"{name}_zeros", np.zeros(len(scales), np.int8))]
            nodes.append(helper.make_node("DequantizeLinear", of, [f"{name}_floats"], axis=0))
            made.input[1] = f"{name}_floats"
        nodes.append(made)
        name = node.output[0]
        if node.op_type in ("Relu", "Add", "MaxPool", "Concat") and readers.get(name) not in (None, "Reshape"):
            least, most = known[name]
            scale = (most - least) / 255
            through_bytes(name, scale, round(-least / scale))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(constants)
    onnx.checker.check_model(model)
    return model


def quantised(folder: Path, kind: QuantType) -> Path:
    """YOLOX's idioms by ONNX Runtime's quantiser."""
    floats, path = folder / "floats.onnx", folder / f"{kind.name}.onnx"
    model = onnx_graphs.yolox(5, "relu", 13)
    onnx.save(model, str(floats))
    quantize_static(str(floats), str(path), Pictures(model.graph.input[0].name),
                    quant_format=QuantFormat.QDQ, per_channel=True, activation_type=kind,
                    weight_type=QuantType.QInt8,
                    op_types_to_quantize=["Conv", "MaxPool", "Resize", "Add"])
    return path


def compare_rows(path: Path, picture: np.ndarray, sides: list[int]) -> list[float]:
    """Rows of YOLOX, whose scores the engine's heads leave to the decoder: boxes, then scores. `sides`
    are those of the engine's heads in their order; the file's rows begin with the finest."""
    stored = path.with_suffix(".png")
    Image.fromarray(picture).save(stored)
    wanted = runtime(path, blue_first(picture))[0][0]
    left, rows = engine(path, stored), {}
    for side in sides:
        rows[side], left = np.split(left, [side * side * wanted.shape[1]])
    found = np.concatenate([rows[side].reshape(wanted.shape[1], -1).T for side in sorted(sides, reverse=True)])
    found[:, 4:] = 1 / (1 + np.exp(-found[:, 4:]))
    return [distance(found[:, :4], wanted[:, :4]), distance(found[:, 4:], wanted[:, 4:])]


def test_generated(title: str, path: Path, sides: list[int]) -> bool:
    picture = pictures(1, 11)[0]
    return tell(title, path, compare_rows(path, picture, sides))


# ---- the program's own --------------------------------------------------------------------------


def test_own(folder: Path) -> bool:
    photos = program.SOURCE / "assets/photos"
    path = folder / "own.onnx"
    if not (program.DEFAULT_MODEL.with_suffix(".weights").exists() and photos.exists()):
        return True
    boxwright("convert", program.DEFAULT_MODEL, "--to", "onnx", "--raw", "--int8-qdq", "--calib", photos,
              "--no-gate", "-o", path)
    side = onnx.load(str(path)).graph.input[0].type.tensor_type.shape.dim[2].dim_value
    picture = Image.open(sorted(photos.glob("*.jpg"))[0]).convert("RGB").resize((side, side))
    picture.save(folder / "photo.png")
    values = np.asarray(picture).transpose(2, 0, 1)[None] / np.float32(255)
    found, distances = engine(path, folder / "photo.png"), []
    for wanted in runtime(path, values):
        distances.append(distance(found[:wanted.size], wanted.ravel()))
        found = found[wanted.size:]
    return tell("YOLOv3-tiny from convert", path, distances)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_hand = folder / "residual.onnx"
        onnx.save(with_bytes(residual(13)), str(by_hand))
        good = [test_generated("residual, by hand", by_hand, [SIDE // 8])]
        good += [test_generated(f"YOLOX quantised to {kind.name}", quantised(folder, kind), [4, 8])
                 for kind in (QuantType.QUInt8, QuantType.QInt8)]
        good.append(test_own(folder))
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
