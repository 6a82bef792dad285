"""`boxwright eval` against pycocotools: the twelve figures and their text, AP and AR of each IoU and
area range, and of each class, and the whole arrays of precision and recall; on hard sets, on a
labelled set in COCO's and in YOLO's form, and on what three networks find in it.
"""
from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import hard_set
import program
from evaluation import ground_truth

SET = program.SHARED / "data/coco-val128"
MODELS = (program.DEFAULT_MODEL,
          program.SHARED / "models/yolo-fastest-1.1/yolo-fastest-1.1.cfg",
          program.SHARED / "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg")
DUMP = program.PROGRAM.parent / "tests/golden/dump_curves"
TOLERANCE = 1e-9
AREAS = ("all", "small", "medium", "large")
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def reference(truth: COCO, results: list[dict]) -> tuple[COCOeval, str]:
    """pycocotools' evaluation and the lines it prints."""
    lines = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    with contextlib.redirect_stdout(lines):
        evaluation.summarize()
    return evaluation, lines.getvalue()


def dataset(content: dict) -> COCO:
    truth = COCO()
    truth.dataset = content
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
    return truth


def measure(folder: Path, truth: Path, results: list[dict], *options: str) -> tuple[dict, str]:
    """What the program writes as JSON and what it prints."""
    predictions, out = folder / "results.json", folder / "figures.json"
    predictions.write_text(json.dumps(results), encoding="utf-8")
    done = subprocess.run([str(program.PROGRAM), "eval", str(predictions), "--truth", str(truth),
                           "--json", str(out), *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"eval: status {done.returncode}\n{done.stderr}")
    return json.loads(out.read_text(encoding="utf-8")), done.stdout


def arrays(folder: Path, truth: Path) -> tuple[np.ndarray, np.ndarray]:
    """Our precision and recall of the results that `measure` wrote, in pycocotools' shapes."""
    out = folder / "curves"
    subprocess.run([DUMP, truth, folder / "results.json", out], check=True)
    cells = np.fromfile(out).reshape(-1, 4, 10, 3, 102)
    return cells[..., :101].transpose(2, 4, 0, 1, 3), cells[..., 101].transpose(2, 0, 1, 3)


def mean(values: np.ndarray) -> float:
    told = values[values > -1]
    return float(np.mean(told)) if told.size else -1.0


def differences(figures: dict, evaluation: COCOeval):
    """(name, ours, theirs) of every figure."""
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]
    for name, value in zip(NAMES, evaluation.stats):
        yield name, figures[name], float(value)
    for a, area in enumerate(AREAS):
        for t in range(10):
            yield (f"AP {area} {t}", figures["ap_by_area_and_iou"][area][t],
                   mean(precision[t, :, :, a, 2]))
            yield (f"AR {area} {t}", figures["ar_by_area_and_iou"][area][t],
                   mean(recall[t, :, a, 2]))
    for k, row in enumerate(figures["classes"]):
        if k >= precision.shape[2]:
            break
        yield f"AP of {row['name']}", row["AP"], mean(precision[:, :, k, 0, 2])
        yield f"AR of {row['name']}", row["AR100"], mean(recall[:, k, 0, 2])


def compare(name: str, folder: Path, path: Path, results: list[dict], truth: COCO) -> bool:
    """Measures the results against the truth at `path`, which pycocotools has as `truth`."""
    figures, printed = measure(folder, path, results)
    evaluation, lines = reference(truth, results)
    wrong = [f"  {what} differ" for what, a, b in
             zip(("precisions", "recalls"), arrays(folder, path),
                 (evaluation.eval["precision"], evaluation.eval["recall"]))
             if a.shape != b.shape or np.max(np.abs(a - b)) > TOLERANCE]
    wrong += [f"  {what}: {a} instead of {b}" for what, a, b in differences(figures, evaluation)
             if abs(a - b) > TOLERANCE]
    if not printed.startswith(lines):
        wrong.append(f"  prints\n{printed}\n  instead of\n{lines}")
    print(f"{'FAIL' if wrong else 'ok  '} {name}, {len(results)} boxes: AP {figures['AP']:.4f}")
    print("\n".join(wrong[:20]), end="\n" if wrong else "")
    return not wrong


def test_hard_set(folder: Path, seed: int, **options) -> bool:
    content, results = hard_set.make(seed, **options)
    path = folder / "truth.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return compare(f"hard set {seed}", folder, path, results, dataset(content))


def test_labelled_set(folder: Path) -> bool:
    """The shared set's own labels, moved, as predictions; truth read from its YOLO files."""
    truth = ground_truth(SET / "images", SET / "labels")
    results = []
    for number, box in enumerate(truth.dataset["annotations"]):
        x, y, width, height = box["bbox"]
        for step in range(number % 4):
            results.append({"image_id": box["image_id"], "category_id": box["category_id"],
                            "bbox": [x + step * width / 12, y, width, height],
                            "score": (number * 7 % 11) / 11})
    return compare("labelled set", folder, SET, results, truth)


def test_network(folder: Path, model: Path) -> bool:
    """What a network finds in the shared set."""
    out = folder / model.stem
    program.annotate(SET / "images", out, model, conf=0.001, max_det=1000, format="coco")
    results = json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    return compare(model.stem, folder, SET, results,
                   ground_truth(SET / "images", SET / "labels"))


def main() -> None:
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(1, 9):
            good &= test_hard_set(folder, seed)
        good &= test_hard_set(folder, 14, images=20, most=60000)
        if SET.exists():
            good &= test_labelled_set(folder)
        for model in MODELS:
            if SET.exists() and model.exists():
                good &= test_network(folder, model)
    sys.exit(not good)


if __name__ == "__main__":
    main()
