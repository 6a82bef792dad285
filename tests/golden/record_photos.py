"""Writes photos.json: what the reference pipeline finds in the sample photos.

To be run by hand (run.sh record_photos.py) when the default model or the photos change.
"""
from __future__ import annotations

import json

import numpy as np
from PIL import Image

import program
from reference import Detector

from darknet_cfg import read_network
from test_photos import CONFIDENCE, PHOTOS, RECORD


def record(detector: Detector, pixels: np.ndarray, names: list[str]) -> list[dict]:
    boxes = detector.detect(pixels, CONFIDENCE, 0.45)
    rows, columns = pixels.shape[:2]
    relative = boxes.corners / [columns, rows, columns, rows]
    return [{"name": names[class_id], "score": round(float(score), 4),
             "box": [round(float(value), 4) for value in corners]}
            for corners, score, class_id in zip(relative, boxes.scores, boxes.classes)]


def main() -> None:
    cfg = program.DEFAULT_MODEL
    detector = Detector(read_network(str(cfg), str(cfg.with_suffix(".weights"))))
    names = cfg.with_suffix(".names").read_text(encoding="utf-8").splitlines()
    found = {}
    for path in sorted(PHOTOS.iterdir()):
        with Image.open(path) as picture:
            found[path.name] = record(detector, np.asarray(picture.convert("RGB")), names)
    RECORD.write_text(json.dumps(found, indent=4) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
