"""A network in INT8 for OpenVINO, by NNCF: post-training quantisation, mixed preset.

usage: quantise.py FILES.json PICTURES OUT.xml

NNCF works in a process of its own, so that nothing of it stays in the one that compares.
"""
from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import calibration


def quantise(files: dict, folder: Path, out: Path) -> None:
    import nncf
    import openvino

    nncf.set_log_level(logging.ERROR)
    width, height = files["size"]
    images = calibration.inputs(folder, (3, height, width), files["stretch"], files.get("pictures", {}))
    model = openvino.Core().read_model(files["onnx"])
    quantised = nncf.quantize(model, nncf.Dataset(images), subset_size=len(images),
                              preset=nncf.QuantizationPreset.MIXED)
    openvino.save_model(quantised, out, compress_to_fp16=False)


def prepare(files: dict, folder: Path) -> str:
    """The quantised model's file, made unless the same was made before."""
    key = "".join([files["fingerprint"], calibration.fingerprint(folder), version("nncf"),
                   version("openvino")])
    home = Path(files["onnx"]).parent
    out = home / f"int8-{hashlib.sha256(key.encode()).hexdigest()[:16]}.xml"
    if not out.exists():
        command = [sys.executable, __file__, str(home / "files.json"), str(folder), str(out)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"NNCF could not quantise {files['onnx']}:\n{done.stderr}")
    return str(out)


def main() -> None:
    record, folder, out = map(Path, sys.argv[1:])
    quantise(json.loads(record.read_text(encoding="utf-8")), folder, out)


if __name__ == "__main__":
    main()
