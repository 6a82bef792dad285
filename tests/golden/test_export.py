"""Networks written as ONNX, in ONNX Runtime, against the engine's own numbers.

The program's own cfg runs always, those of ../shared where they are. Weights are random but sane
(bench/darknet_cfg.py). The raw heads of each network as it is are compared with the engine's; all
else is tested on the same network with a quarter of the filters in each layer. Each file passes ONNX's checker with strict shape inference; its raw heads
are compared with what the engine computes, its boxes with a NumPy decoding of the engine's heads,
and what its NMS picks with NumPy's. In INT8 the engine runs the very bytes and floats that are
written, by the kernels of every level that this processor has.
"""
from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

import program
from reference import Boxes, decode, head_boxes, head_scores, suppress

from darknet_cfg import Network, read_network, write_weights

SIZE = (96, 64)
TOLERANCE = 1e-3  # of the tensor's range
DRIFT = 0.005  # of INT8, root mean square, of the range
CHANCE = 2 ** 0.5  # times what INT8 loses: so far are two apart that differ by chance alone
SYMMETRIC_DRIFT = 0.04  # of it, from FP32
LEVELS = ("generic", "avx2", "avx512", "vnni", "amx")
SYMMETRIC = ("mixed", "yolov4-tiny")
THINNER = 4  # times fewer filters
SIDE_BY_SIDE = 4
SAME_STEPS = {"yolov3-tiny.cfg", "yolov4-tiny.cfg", "yolov7-tiny.cfg"}
MIXED = """[net]
width=160
height=96
channels=3
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=mish
[convolutional]
batch_normalize=1
filters=16
size=3
pad=1
activation=swish
[shortcut]
from=-2
activation=linear
[route]
layers=-1
groups=2
group_id=1
[convolutional]
batch_normalize=1
filters=8
size=3
pad=1
groups=8
activation=logistic
[route]
layers=-1,-3
[maxpool]
size=2
stride=2
[upsample]
stride=2
[convolutional]
filters=18
activation=linear
[yolo]
mask=0,1,2
anchors=8,8, 16,12, 24,32
num=3
classes=1
"""
DUMP = Path(program.PROGRAM.parent, "tests/golden/dump_heads")


def run(*command) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: status {done.returncode}\n{done.stderr}")


def write_picture(path: Path, seed: int) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
    picture = Image.fromarray(pixels).resize(SIZE, Image.Resampling.BICUBIC)
    picture.save(path)
    return np.asarray(picture)


def thin(cfg: Path, to: Path) -> Path:
    """The same network with fewer filters, but for those that heads read."""
    sections = re.split(r"(?m)^(?=\[)", cfg.read_text(encoding="utf-8"))
    for index, section in enumerate(sections[:-1]):
        if not sections[index + 1].startswith(("[yolo", "[region")):
            sections[index] = re.sub(r"(?m)^(filters\s*=\s*)(\d+)",
                                     lambda m: m[1] + str(int(m[2]) // THINNER), section)
    to.write_text("".join(sections), encoding="utf-8")
    return to


class Case:
    """A cfg with weights in a folder of its own, and what the engine computes for a picture."""

    def __init__(self, cfg: Path, folder: Path):
        self.cfg, self.folder, self.told = cfg, folder, []
        self.weights = folder / "model.weights"
        self.network: Network = read_network(str(cfg), seed=1, size=SIZE)
        write_weights(self.network, str(self.weights))
        calibration = folder / "calibration"
        calibration.mkdir()
        pixels = write_picture(calibration / "picture.png", 1)
        self.input = (pixels.transpose(2, 0, 1)[None] / np.float32(255)).astype(np.float32)

    def tell(self, line: str) -> None:
        self.told.append(f"     {line}")

    def engine(self, *options) -> list[np.ndarray]:
        return self.engine_of(self.cfg, self.weights, *options)

    def engine_of(self, model: Path, weights: Path | str, *options) -> list[np.ndarray]:
        out = self.folder / "heads"
        run(DUMP, model, weights, self.folder / "calibration/picture.png", out, *options)
        numbers, heads = np.fromfile(out, np.float32), []
        for head in self.network.heads:
            shape = self.network.layers[head.layer].shape
            count = int(np.prod(shape))
            heads.append(numbers[:count].reshape(shape))
            numbers = numbers[count:]
        assert not len(numbers)
        return heads

    def write(self, *options) -> Path:
        path = self.folder / "model.onnx"
        run(program.PROGRAM, "convert", self.cfg, "--weights", self.weights, "--size",
            "x".join(map(str, SIZE)), "-o", path, *options)
        return path

    def export(self, *options) -> Path:
        path = self.write(*options)
        onnx.checker.check_model(str(path), full_check=True)
        onnx.shape_inference.infer_shapes_path(str(path), str(path) + ".shapes", strict_mode=True)
        return path


def runtime(path: Path, tensor: np.ndarray, optimised: bool = True) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": tensor})


def worst(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference as a share of the range."""
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    return float(np.abs(found - wanted).max() / max(np.ptp(wanted), 1e-9))


def expected_boxes(network: Network, heads: list[np.ndarray]) -> np.ndarray:
    """[boxes, 4]: centres and sizes, in the order head, anchor, row, column."""
    _, height, width = network.shape
    parts = []
    for head, tensor in zip(network.heads, heads, strict=True):
        cells = tensor.reshape(len(head.anchors), -1, *tensor.shape[1:]).astype(np.float64)
        corners = head_boxes(head, cells, width, height)
        low, high = corners[:, :2], corners[:, 2:]
        box = np.concatenate([(low + high) / 2, high - low], 1)
        parts.append(box.transpose(0, 2, 3, 1).reshape(-1, 4))
    return np.concatenate(parts)


def expected_scores(network: Network, heads: list[np.ndarray]) -> np.ndarray:
    parts = []
    for head, tensor in zip(network.heads, heads, strict=True):
        cells = tensor.reshape(len(head.anchors), -1, *tensor.shape[1:]).astype(np.float64)
        scores = head_scores(head, cells)
        parts.append(scores.transpose(0, 2, 3, 1).reshape(-1, head.classes))
    return np.concatenate(parts)


def check_nms(case: Case, heads: list[np.ndarray]) -> str | None:
    """The rows of "detections" against NumPy's suppression, the threshold put into a gap."""
    scores = np.sort(expected_scores(case.network, heads).ravel())[::-1]
    gaps = scores[50:250] / np.maximum(scores[51:251], 1e-12)
    place = 50 + int(np.argmax(gaps))
    confidence = float((scores[place] + scores[place + 1]) / 2)
    rows = runtime(case.export("--with-nms", "--conf", f"{confidence:.9f}"), case.input)[0]
    _, height, width = case.network.shape
    boxes = suppress(Boxes.join([decode(head, tensor, width, height, confidence) for head, tensor
                                 in zip(case.network.heads, heads, strict=True)]), 0.45)
    wanted = np.column_stack([boxes.corners, boxes.classes, boxes.scores])
    if rows.shape != (len(wanted), 7):
        return f"NMS picks {rows.shape}, expected {len(wanted)}"
    rows = rows[np.argsort(-rows[:, 6], kind="stable")][:, 1:]
    limit = 1e-3 * (1 + np.abs(wanted).max())
    return None if np.abs(rows[:, 5] - wanted[:, 5]).max() < limit and np.abs(
        np.sort(rows, 0) - np.sort(wanted, 0)).max() < limit else "NMS picks other boxes"


def levels() -> list[str]:
    """The levels of CPU that this processor has, by what the program says of it."""
    said = subprocess.run([program.PROGRAM, "doctor"], capture_output=True, text=True).stdout
    usable = {line.split()[0] for line in said.splitlines() if line.endswith(" usable")}
    return [level for level in LEVELS if level == "generic" or level in usable]


def distance(found: np.ndarray, wanted: np.ndarray) -> float:
    """The root mean square of the difference as a share of the range."""
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / np.ptp(wanted))


def compare_int8(case: Case, path: Path, heads: list[np.ndarray], level: str) -> str | None:
    """QDQ, computed literally, against the engine's integers: a byte that is rounded otherwise here
    and there, which deep networks of random weights amplify."""
    all_found = runtime(path, case.input, False)
    engine = case.engine(case.folder / "calibration/picture.png", level)
    for found, wanted, exact in zip(all_found, engine, heads, strict=True):
        drift, own = distance(found[0], wanted), distance(wanted, exact)
        case.tell(f"INT8 {drift:.4f} of the range from the engine ({level}), which is {own:.4f} "
                  "from FP32")
        if not drift < max(DRIFT, CHANCE * own):
            return f"INT8 drifts by {drift:.4f} of the range on {level}"
    return None


def check_int8(case: Case, heads: list[np.ndarray]) -> str | None:
    calibrated = "--int8-qdq", "--no-gate", "--calib", case.folder / "calibration"
    path = case.export("--raw", *calibrated)
    small = case.cfg.stem in SYMMETRIC
    for level in levels() if small else levels()[-1:]:
        fault = compare_int8(case, path, heads, level)
        if fault:
            return fault
    if not small:
        return None
    found = runtime(case.export("--raw", "--symmetric", *calibrated), case.input, False)
    drifts = [distance(a[0], exact) for a, exact in zip(found, heads, strict=True)]
    case.tell(f"symmetric INT8 {max(drifts):.4f} of the range from FP32")
    return None if max(drifts) < SYMMETRIC_DRIFT else "symmetric INT8 drifts"


def check_metadata(case: Case) -> str | None:
    for opset in range(13, 22) if case.cfg.stem == "mixed" else [17]:
        case.export("--dynamic-batch", "--opset", opset)
    model = onnx.load(str(case.folder / "model.onnx"))
    entries = {entry.key: entry.value for entry in model.metadata_props}
    names = ast.literal_eval(entries["names"])
    if len(names) != case.network.heads[0].classes or not all(names.values()):
        return f"names {entries['names'][:60]}"
    found = runtime(case.folder / "model.onnx", np.repeat(case.input, 3, 0))[0]
    return None if found.shape[0] == 3 and np.allclose(found[0], found[2], 1e-4, 1e-4) else "batch"


def check_darknet(case: Case, heads: list[np.ndarray]) -> str | None:
    """The network as darknet's files, its own numbers in them; and by way of ONNX, where batch
    normalisation is folded."""
    for source, error in (("cfg", 0.0), ("onnx", TOLERANCE)):
        path = case.folder / f"by-{source}/again.cfg"
        path.parent.mkdir(exist_ok=True)
        model = [case.cfg, "--weights", case.weights, "--size", "x".join(map(str, SIZE))]
        run(program.PROGRAM, "convert", *(model if source == "cfg" else [case.export()]), "--to",
            "darknet", "-o", path)
        found = case.engine_of(path, path.with_suffix(".weights"))
        apart = max(worst(a, b) for a, b in zip(found, heads, strict=True))
        if not apart <= error:
            return f"darknet's files by way of {source} differ by {apart:.2e} of the range"
        read_network(str(path), str(path.with_suffix(".weights")))
    return None


def steps(model: Path, *options: object) -> list[tuple[str, str]]:
    """The kernel and the work of each step of the plan."""
    shown = subprocess.run([program.PROGRAM, "inspect", "--model", model, *map(str, options)], capture_output=True,
                           text=True)
    if shown.returncode:
        sys.exit(f"inspect {model}: {shown.stderr}")
    rows = re.findall(r"(?m)^ +\d+  \S.*?  +(\w+) +(\d+\.\d\d) +\S+%", shown.stdout)
    return [(kernel, macs) for kernel, macs in rows]


def check_steps(cfg: Path) -> str:
    """A network that went through ONNX runs by the same kernels, step by step."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "network.onnx")
        run(program.PROGRAM, "convert", cfg, "--weights", "random:1", "--to", "onnx", "-o", path)
        wanted, found = steps(cfg, "--weights", "random:1"), steps(path)
    if len(wanted) < 3:
        return "no steps are shown"
    return "" if wanted == found else f"its steps are {found}, not {wanted}"


def check_full(case: Case) -> str | None:
    """The network as it is, its raw heads."""
    found = runtime(case.write("--raw"), case.input)
    error = max(worst(a[0], b) for a, b in zip(found, case.engine(), strict=True))
    case.tell(f"heads of the whole network {error:.1e} of the range")
    return None if error < TOLERANCE else f"heads differ by {error:.2e} of the range"


def check(case: Case) -> str | None:
    heads = case.engine()
    raw = runtime(case.export("--raw"), case.input)
    error = max(worst(found[0], wanted) for found, wanted in zip(raw, heads, strict=True))
    if not error < TOLERANCE:
        return f"heads differ by {error:.2e} of the range"
    found = runtime(case.export(), case.input)[0][0]
    place = worst(found[:, :4], expected_boxes(case.network, heads))
    score = worst(found[:, 4:5] * found[:, 5:], expected_scores(case.network, heads))
    if not max(place, score) < TOLERANCE:
        return f"boxes differ by {place:.2e}, scores by {score:.2e} of the range"
    case.tell(f"heads {error:.1e}, boxes {place:.1e}, scores {score:.1e} of the range")
    return (check_darknet(case, heads) or check_nms(case, heads) or check_metadata(case)
            or check_int8(case, heads))


def check_cfg(cfg: Path) -> bool:
    told: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder, fault, thinner = Path(name), None, cfg
        if cfg.stem != "mixed":
            (folder / "full").mkdir()
            full = Case(cfg, folder / "full")
            fault, told = check_full(full), full.told
            shutil.rmtree(folder / "full")
            thinner = thin(cfg, folder / cfg.name)
        if not fault:
            case = Case(thinner, folder)
            fault = check(case)
            told += case.told
    verdict = f"{'FAIL' if fault else 'ok  '} {cfg.name} {fault or ''}"
    print("\n".join([*told, verdict]), flush=True)
    return fault is None


def main() -> None:
    program.need(DUMP)
    cfgs = {path.name: path for path in [program.SOURCE / "models/yolov3-tiny.cfg",
                                         *sorted((program.SHARED / "models/cfg").glob("*.cfg"))]}
    mixed = Path(tempfile.mkdtemp(), "mixed.cfg")
    mixed.write_text(MIXED, encoding="utf-8")
    workers = min(SIDE_BY_SIDE, len(os.sched_getaffinity(0)))
    with ThreadPoolExecutor(workers) as pool:
        passed = list(pool.map(check_cfg, [mixed, *cfgs.values()]))
    shutil.rmtree(mixed.parent)
    for name in SAME_STEPS & cfgs.keys():
        fault = check_steps(cfgs[name])
        print(f"{'FAIL' if fault else 'ok  '} steps of {name} {fault}", flush=True)
        passed.append(not fault)
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
