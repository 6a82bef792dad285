"""Every network's boxes, one by one, against ONNX Runtime and a NumPy decoder.

Networks with real weights run whole, NMS included. All the cfgs of ../shared run with random
weights on a small, oblong input and without NMS: the boxes mean nothing, but each one must be
there, at its place and with its score. The threshold is put where some hundred boxes pass and the
scores leave a gap, so that rounding does not decide which.
"""
from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import program
from evaluation import COCO_IDS
from reference import Boxes, Detector

from darknet_cfg import read_network, write_weights
from networks import write_cfg

PHOTOS = program.SHARED / "data/samples"
MODELS = program.SHARED / "models"
SMALL = (160, 96)
WANTED_BOXES = range(200, 401)
MOST_BOXES = 1000
SCORE_TOLERANCE = 1e-3  # of the score
CORNER_TOLERANCE = 0.05  # pixels, and the same in thousandths of the box's size

REAL = [(program.DEFAULT_MODEL, "letterbox"),
        (MODELS / "yolo-fastest-1.1/yolo-fastest-1.1.cfg", "stretch"),
        (MODELS / "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", "letterbox")]


@dataclass
class Case:
    name: str
    detector: Detector
    cfg: Path
    resize: str


def read_photo(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def run_program(case: Case, pixels: np.ndarray, **options) -> Boxes:
    """What `boxwright annotate` finds; the photo is handed over without loss, as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        photo, out = Path(folder, "1.png"), Path(folder, "out")
        Image.fromarray(pixels).save(photo, compress_level=1)
        program.annotate(photo, out, case.cfg, weights=case.cfg.with_suffix(".weights"),
                         format="coco", resize=case.resize, max_det=MOST_BOXES, **options)
        results = json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    ids = COCO_IDS if case.detector.network.heads[0].classes == 80 else list(range(1, 1000))
    corners = np.array([box["bbox"] for box in results]).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    return Boxes(corners, np.array([box["score"] for box in results]),
                 np.array([ids.index(box["category_id"]) for box in results], int))


def errors_to(boxes: Boxes, index: int, others: Boxes) -> np.ndarray:
    """How far box `index` is from each of `others`, in tolerances; infinite across classes."""
    box = boxes.corners[index]
    size = max(box[2] - box[0], box[3] - box[1])
    corner = np.abs(others.corners - box).max(axis=1) / (CORNER_TOLERANCE * (1 + size / 1000))
    score = np.abs(others.scores / boxes.scores[index] - 1) / SCORE_TOLERANCE
    return np.where(others.classes == boxes.classes[index], np.maximum(corner, score), np.inf)


def compare(found: Boxes, expected: Boxes) -> str | None:
    """Pairs the boxes one to one; a sentence when that cannot be done."""
    if len(found) != len(expected):
        return f"{len(found)} boxes, expected {len(expected)}"
    free = np.ones(len(found), bool)
    for index in range(len(expected)):
        errors = np.where(free, errors_to(expected, index, found), np.inf)
        nearest = int(np.argmin(errors))
        if errors[nearest] > 1:
            return (f"no box for class {expected.classes[index]}, score "
                    f"{expected.scores[index]:.5f}, at {expected.corners[index].round(2)}")
        free[nearest] = False
    return None


def threshold_at_gap(scores: np.ndarray) -> float:
    """The middle of the widest gap, relative to the scores, that lets WANTED_BOXES pass."""
    ordered = np.sort(scores)[::-1]
    last = min(WANTED_BOXES.stop, len(ordered) - 1)
    first = min(WANTED_BOXES.start, last - 1)
    above, below = ordered[first:last], ordered[first + 1:last + 1]
    widest = int(np.argmax(above - below))
    return float((above[widest] + below[widest]) / 2)


def check_random(case: Case, pixels: np.ndarray) -> tuple[int, str | None]:
    every = case.detector.to_photo(case.detector.candidates(pixels, 0.0), pixels)
    confidence = threshold_at_gap(every.scores)
    expected = every.pick(every.scores > confidence)
    if len(expected) < WANTED_BOXES.start:
        return 0, f"the reference gives {len(expected)} boxes only"
    found = run_program(case, pixels, conf=confidence, iou=1)
    return len(expected), compare(found, expected)


def check_real(case: Case, pixels: np.ndarray) -> tuple[int, str | None]:
    expected = case.detector.detect(pixels, 0.25, 0.45)
    return len(expected), compare(run_program(case, pixels, conf=0.25, iou=0.45), expected)


def report(name: str, count: int, problem: str | None) -> bool:
    outcome = f"FAIL {name}: {problem}" if problem else f"ok   {name}: {count} boxes agree"
    print(outcome, flush=True)
    return problem is None


def run_real() -> bool:
    good = True
    for cfg, resize in REAL:
        network = read_network(str(cfg), str(cfg.with_suffix(".weights")))
        case = Case(cfg.stem, Detector(network, resize == "stretch"), cfg, resize)
        for photo in sorted(PHOTOS.iterdir()):
            good &= report(f"{cfg.stem} {photo.stem}", *check_real(case, read_photo(photo)))
    return good


def run_random(cfg: Path, pixels: np.ndarray) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, cfg.name)
        write_cfg({"cfg": cfg, "size": SMALL}, copy)
        network = read_network(str(copy), seed=1)
        write_weights(network, str(copy.with_suffix(".weights")))
        case = Case(cfg.stem, Detector(network), copy, "letterbox")
        return report(f"{cfg.stem}, random weights", *check_random(case, pixels))


def main() -> None:
    program.need(PHOTOS, MODELS / "cfg", *(cfg for cfg, _ in REAL))
    good = run_real()
    photo = read_photo(PHOTOS / "dog.jpg")
    for cfg in sorted((MODELS / "cfg").glob("*.cfg")):
        good &= run_random(cfg, photo)
    sys.exit(not good)


if __name__ == "__main__":
    main()
