"""Networks that are bytes already (QDQ), run in INT8 as their file says, without a calibration.

A generated YOLOX, quantised by ONNX Runtime with unsigned and with signed bytes, becomes kernels of
bytes throughout, and so does the program's own network that `convert --int8-qdq` wrote, which finds
what the network of floats finds.
"""
from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import onnx_graphs
import program

SIDE = 64


class Noise(CalibrationDataReader):
    """A few random pictures, as the network takes them."""

    def __init__(self, name: str) -> None:
        random = np.random.default_rng(3)
        self.pictures = iter([{name: random.uniform(0, 255, (1, 3, SIDE, SIDE)).astype(np.float32)}
                              for _ in range(4)])

    def get_next(self) -> dict | None:
        return next(self.pictures, None)


def run(*arguments: str) -> str:
    done = subprocess.run([str(program.PROGRAM), *map(str, arguments)], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def kernels(model: Path) -> set[str]:
    """Of the plan in INT8, without a calibration."""
    plan = model.with_suffix(".bwp")
    run("build", "--model", model, "--precision", "int8", "--no-tune", "--no-gate", "-o", plan)
    return set(re.findall(r" (\w+_(?:u8|f32)(?:_\w+)?|plain_ref) ", run("inspect", "--model", plan)))


def test_generated(folder: Path, kind: QuantType) -> bool:
    floats, path = folder / "floats.onnx", folder / f"{kind.name}.onnx"
    model = onnx_graphs.yolox(5, "relu", 13)
    onnx.save(model, str(floats))
    quantize_static(str(floats), str(path), Noise(model.graph.input[0].name),
                    quant_format=QuantFormat.QDQ, per_channel=True, activation_type=kind,
                    weight_type=QuantType.QInt8,
                    op_types_to_quantize=["Conv", "MaxPool", "Resize", "Add"])
    used = kernels(path)
    good = any(name.startswith("conv_u8") for name in used) and "plain_ref" not in used
    print(f"{'ok  ' if good else 'FAIL'} YOLOX quantised to {kind.name}: {sorted(used)}", flush=True)
    return good


def test_own(folder: Path) -> bool:
    """The boxes of plans of the file's bytes are those of floats, but for few."""
    photos = program.SOURCE / "assets/photos"
    path = folder / "own.onnx"
    if not (program.DEFAULT_MODEL.with_suffix(".weights").exists() and photos.exists()):
        return True
    run("convert", program.DEFAULT_MODEL, "--to", "onnx", "--int8-qdq", "--calib", photos,
        "--no-gate", "-o", path)
    used = kernels(path)
    good = any(name.startswith("conv_u8") for name in used) and "plain_ref" not in used
    print(f"{'ok  ' if good else 'FAIL'} YOLOv3-tiny from convert: {sorted(used)}", flush=True)
    return good


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = [test_generated(folder, QuantType.QUInt8), test_generated(folder, QuantType.QInt8),
                test_own(folder)]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
