"""Networks read from ONNX files: the engine's heads and boxes against ONNX Runtime's.

Small networks of the exporters' idioms are made by onnx_graphs.py for several operator sets,
activations and orders of patches, with and without boxes decoded in the network. From ../shared,
where it is, YOLOX-Nano runs as well.
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
from PIL import Image

import onnx_graphs
import program

TOLERANCE = 1e-3  # of the range
DUMP = Path(program.PROGRAM.parent, "tests/golden/dump_heads")
SHARED = Path(os.environ.get("BW_SHARED", program.SOURCE.parent / "shared"))


def picture(path: Path, side: int) -> np.ndarray:
    """Writes a picture of the input's size; returns what YOLOX takes: BGR, 0 to 255."""
    pixels = np.random.default_rng(side).integers(0, 256, (side // 4, side // 4, 3), np.uint8)
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
    image.save(path)
    return np.asarray(image)[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)


def runtime(path: Path, tensor: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: tensor})[0][0]


def engine(path: Path, photo: Path, side: int, strides: list[int], numbers: int) -> np.ndarray:
    """The heads' numbers as rows, scores through the logistic function as the file has them."""
    out = path.with_suffix(".heads")
    done = subprocess.run([DUMP, path, "-", photo, out], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{path.name}: {done.stderr}")
    data, rows = np.fromfile(out, np.float32), []
    for stride in strides:
        cells = (side // stride) ** 2
        rows.append(data[:numbers * cells].reshape(numbers, cells).T)
        data = data[numbers * cells:]
    assert not len(data)
    rows = np.concatenate(rows)
    rows[:, 4:] = 1 / (1 + np.exp(-rows[:, 4:]))
    return rows


def decode(rows: np.ndarray, side: int, strides: list[int]) -> np.ndarray:
    cells, steps = onnx_graphs.yolox_grid(side, strides)
    return np.concatenate([(rows[:, :2] + cells[0]) * steps[0], np.exp(rows[:, 2:4]) * steps[0], rows[:, 4:]], 1)


def compare(name: str, path: Path, folder: Path, side: int, strides: list[int], decoded: bool) -> bool:
    photo = folder / "photo.png"
    wanted = runtime(path, picture(photo, side))
    found = engine(path, photo, side, strides, wanted.shape[1])
    if decoded:
        found = decode(found, side, strides)
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    span = np.maximum(np.ptp(wanted, 0), 1e-3)
    worst = float((np.abs(found - wanted) / span).max())
    print(f"{name:48} {worst:.2e} of the range")
    return worst <= TOLERANCE


def main() -> int:
    cases = [dict(kind=kind, opset=opset, seed=seed)
             for seed, (kind, opset) in enumerate([("silu", 13), ("leaky", 11), ("mish", 12), ("relu", 17),
                                                   ("silu", 10), ("relu", 10), ("silu", 18), ("mish", 16)])]
    cases += [dict(seed=20, order="rows"), dict(seed=21, decoded=True), dict(seed=22, norm=True),
              dict(seed=23, side=96, classes=7, width=16, decoded=True, order="rows", norm=True)]
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for case in cases:
            path = folder / "model.onnx"
            onnx.save(onnx_graphs.yolox(**case), path)
            good &= compare(str(case), path, folder, case.get("side", 64), [8, 16], case.get("decoded", False))
        nano = SHARED / "models/yolox-nano/yolox_nano.onnx"
        if nano.exists():
            path = folder / "nano.onnx"
            path.symlink_to(nano)
            good &= compare("YOLOX-Nano", path, folder, 416, [8, 16, 32], False)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
