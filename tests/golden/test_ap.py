"""Average precision of real networks on a labelled set, from photo to COCO file.

The expected figures are those of the same networks run by ONNX Runtime with a NumPy decoder, at
confidence 0.001 and NMS 0.45 per class. pycocotools looks at a picture's best 100 boxes a class.
YOLOX-Nano is measured in INT8 as well.
"""
from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import program
from evaluation import average_precision

SET = program.SHARED / "data/coco-val128"
MODELS = program.SHARED / "models"
MOST_BOXES = 1000
NANO = MODELS / "yolox-nano/yolox_nano.onnx"
MOST_LOSS = 0.012  # of NANO's AP in INT8


@dataclass
class Expected:
    model: Path
    resize: str
    ap: tuple[float, float]  # value and tolerance
    ap50: tuple[float, float]


NETWORKS = [
    Expected(program.DEFAULT_MODEL, "letterbox", (0.248, 0.002), (0.457, 0.003)),
    Expected(MODELS / "yolo-fastest-1.1/yolo-fastest-1.1.cfg", "stretch",
             (0.167, 0.003), (0.373, 0.004)),
    Expected(MODELS / "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", "stretch",
             (0.229, 0.003), (0.454, 0.004)),
]


def measure(network: Expected) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        program.annotate(SET / "images", out, network.model, conf=0.001, iou=0.45,
                         max_det=MOST_BOXES, format="coco", resize=network.resize)
        results = json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    return average_precision(SET / "images", SET / "labels", results)


def measure_halves() -> tuple[float, float]:
    """Mean AP of YOLOX-Nano in FP32, and in INT8 calibrated on the half that is not measured."""
    found = {"fp32": [], "int8": []}
    with tempfile.TemporaryDirectory() as name:
        halves = Path(name, "even"), Path(name, "odd")
        for number, photo in enumerate(sorted((SET / "images").iterdir())):
            halves[number % 2].mkdir(exist_ok=True)
            shutil.copy(photo, halves[number % 2])
        for measured, calibrated in (halves, halves[::-1]):
            for precision, values in found.items():
                out = Path(name, "out")
                more = {"calib": calibrated} if precision == "int8" else {}
                program.annotate(measured, out, NANO, conf=0.001, iou=0.65, max_det=MOST_BOXES,
                                 format="coco", precision=precision, **more)
                results = json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
                values.append(average_precision(measured, SET / "labels", results)[0])
                shutil.rmtree(out)
    return mean(found["fp32"]), mean(found["int8"])


def main() -> None:
    program.need(SET, NANO, *(network.model for network in NETWORKS))
    failures = 0
    for network in NETWORKS:
        found = measure(network)
        for name, value, (wanted, tolerance) in zip(("AP", "AP50"), found,
                                                    (network.ap, network.ap50)):
            good = abs(value - wanted) <= tolerance
            failures += not good
            print(f"{'ok  ' if good else 'FAIL'} {network.model.stem} {network.resize}: "
                  f"{name} {value:.4f}, expected {wanted} ± {tolerance}")
    floats, integers = measure_halves()
    good = floats - integers <= MOST_LOSS
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {NANO.stem} by halves: AP {floats:.4f} in FP32, "
          f"{integers:.4f} in INT8, where {MOST_LOSS} may be lost")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
