"""The main job in a bare clone: the default model must find what is in the sample photos.

photos.json holds what an independent pipeline (reference.py) finds there; record_photos.py wrote
it. Needs the fetched assets and nothing beyond Python's standard library.
"""
from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import program

PHOTOS = program.SOURCE / "assets/photos"
RECORD = Path(__file__).with_name("photos.json")
CONFIDENCE = 0.125  # no score that the photos give lies near it
LEAST_OVERLAP = 0.8
SCORE_TOLERANCE = 0.02


def read_labels(path: Path, names: list[str]) -> list[dict]:
    """Boxes of a YOLO label file with confidence: class, centre, size, all relative."""
    boxes = []
    for line in path.read_text(encoding="ascii").splitlines():
        class_id, *values = line.split()
        x, y, width, height, score = (float(value) for value in values)
        boxes.append({"name": names[int(class_id)], "score": score,
                      "box": [x - width / 2, y - height / 2, x + width / 2, y + height / 2]})
    return boxes


def overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union; relative coordinates give the same as pixels."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return common / (area - common)


def same(found: dict, expected: dict) -> bool:
    return (found["name"] == expected["name"]
            and abs(found["score"] - expected["score"]) <= SCORE_TOLERANCE
            and overlap(found["box"], expected["box"]) > LEAST_OVERLAP)


def compare(found: list[dict], expected: list[dict]) -> list[str]:
    """What is missing and what is too much."""
    spare, problems = list(found), []
    for box in expected:
        match = next((one for one in spare if same(one, box)), None)
        if match:
            spare.remove(match)
        else:
            problems.append(f"missing {box}")
    return problems + [f"unexpected {box}" for box in spare]


def main() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    program.need(program.DEFAULT_MODEL, *(PHOTOS / name for name in record))
    names = program.DEFAULT_MODEL.with_suffix(".names").read_text(encoding="utf-8").splitlines()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        program.annotate(PHOTOS, out, program.DEFAULT_MODEL, format="yolo", save_conf=True,
                         conf=CONFIDENCE, iou=0.45)
        for name, expected in record.items():
            found = read_labels(out / "labels" / f"{Path(name).stem}.txt", names)
            problems = compare(found, expected)
            failures += bool(problems)
            objects = ", ".join(box["name"] for box in expected) or "nothing"
            print(f"{'FAIL' if problems else 'ok  '} {name}: {'; '.join(problems) or objects}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
