"""`boxwright eval` by the rules of Pascal VOC and of darknet, the confusion matrix and the curves,
against rules written down anew from their definitions; on hard sets, with difficult objects too.
"""
from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

import hard_set
import program

TOLERANCE = 1e-9


@dataclass
class Label:
    image: int
    category: int
    box: list[float]  # left, top, width, height
    optional: bool    # a crowd, or difficult


@dataclass
class Found:
    image: int
    category: int
    box: list[float]
    score: float


def overlap(one: list[float], other: list[float]) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one[2] * one[3] + other[2] * other[3] - width * height)


def by_picture(items: list) -> dict[int, list]:
    groups: dict[int, list] = {}
    for item in items:
        groups.setdefault(item.image, []).append(item)
    return groups


# ---- Average precision ----------------------------------------------------------------------------

def point_voc(labels: list[Label], found: Found, threshold: float) -> tuple[str, Label | None, float]:
    """The label that a box of the development kit points at, and what that makes of it."""
    best = max(labels, key=lambda label: overlap(found.box, label.box), default=None)
    value = overlap(found.box, best.box) if best else 0.0
    if best is None or value < threshold or value == 0:
        return "wrong", None, 0.0
    return ("ignored", None, 0.0) if best.optional else ("points", best, value)


def point_darknet(labels: list[Label], found: Found, threshold: float):
    firm = [label for label in labels if not label.optional]
    best = max(firm, key=lambda label: overlap(found.box, label.box), default=None)
    if best is not None and overlap(found.box, best.box) > threshold:
        return "points", best, overlap(found.box, best.box)
    if any(overlap(found.box, label.box) > threshold for label in labels if label.optional):
        return "ignored", None, 0.0
    return "wrong", None, 0.0


def outcomes(labels: list[Label], founds: list[Found], category: int, rule, threshold: float):
    """(score, right, overlap) of the boxes of a class that count, best first."""
    pictures = by_picture([label for label in labels if label.category == category])
    taken, told = set(), []
    for found in sorted((f for f in founds if f.category == category), key=lambda f: -f.score):
        verdict, label, value = rule(pictures.get(found.image, []), found, threshold)
        if verdict == "ignored":
            continue
        right = label is not None and id(label) not in taken
        if right:
            taken.add(id(label))
        told.append((found.score, right, value))
    return told


def average(told: list, expected: int, points: int) -> float:
    """The mean of the best precision at each recall and beyond; with 0 points the area."""
    curve, hits = [], 0
    for number, (_, right, _) in enumerate(told, 1):
        hits += right
        curve.append((Fraction(hits, expected), hits / number))
    if points:
        wanted = [Fraction(step, points - 1) for step in range(points)]
        return sum(max((p for r, p in curve if r >= w), default=0) for w in wanted) / points
    total, before = 0.0, Fraction(0)
    for at, (recall, _) in enumerate(curve):
        total += float(recall - before) * max(p for _, p in curve[at:])
        before = recall
    return total


def averages(labels, founds, categories, rule, threshold, points):
    """AP of each class; None where nothing is labelled."""
    values = {}
    for category in categories:
        expected = sum(l.category == category and not l.optional for l in labels)
        told = outcomes(labels, founds, category, rule, threshold)
        values[category] = average(told, expected, points) if expected else None
    return values


# ---- The confusion matrix -------------------------------------------------------------------------

def confusion(labels, founds, categories, confidence: float, threshold: float) -> list[list[int]]:
    place = {category: number for number, category in enumerate(categories)}
    side = len(categories) + 1
    counts = [[0] * side for _ in range(side)]
    pictures, results = by_picture(labels), by_picture(founds)
    for image in set(pictures) | set(results):
        truth, pairs = pictures.get(image, []), {}
        for found in results.get(image, []):
            if found.score <= confidence:
                continue
            value, best = max(((overlap(found.box, label.box), -number)
                               for number, label in enumerate(truth)), default=(0, 0))
            if value > threshold:
                pairs.setdefault(-best, []).append((value, found))
            else:
                counts[place[found.category]][-1] += 1
        for number, label in enumerate(truth):
            if label.optional:
                continue
            suitors = pairs.get(number, [])
            best = max(range(len(suitors)), key=lambda i: suitors[i][0], default=None)
            if best is None:
                counts[-1][place[label.category]] += 1
            for i, (_, found) in enumerate(suitors):
                counts[place[found.category]][place[label.category] if i == best else -1] += 1
    return counts


# ---- The program ----------------------------------------------------------------------------------

def run(*arguments: str) -> str:
    done = subprocess.run([str(program.PROGRAM), "eval", *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"eval {' '.join(arguments)}: status {done.returncode}\n{done.stderr}")
    return done.stdout


class Checker:
    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.count = 0

    def near(self, what: str, ours: float, theirs: float, tolerance: float = TOLERANCE) -> None:
        self.count += 1
        if abs(ours - theirs) > tolerance:
            self.wrong.append(f"{what}: {ours} instead of {theirs}")

    def same(self, what: str, ours, theirs) -> None:
        self.count += 1
        if ours != theirs:
            self.wrong.append(f"{what}: {ours} instead of {theirs}")


def mean(values) -> float:
    told = [value for value in values if value is not None]
    return sum(told) / len(told) if told else -1.0


def check_voc(check: Checker, figures: dict, labels, founds, categories) -> None:
    for key, points in (("VOC", 0), ("VOC07", 11)):
        values = averages(labels, founds, categories, point_voc, 0.5, points)
        check.near(key, figures[key], mean(values.values()))
        for row, value in zip(figures["classes"], values.values()):
            check.near(f"{key} of {row['name']}", row[key], -1 if value is None else value)


def check_darknet(check: Checker, arguments: list[str], labels, founds, categories,
                  threshold: float, points: int) -> None:
    """The printed lines, number for number."""
    text = run(*arguments, "--metric", "darknet", "--iou-thresh", str(threshold),
               "--points", str(points))
    values = averages(labels, founds, categories, point_darknet, threshold, points)
    rows = re.findall(r"^class_id = (\d+), name = (.+), ap = ([\d.]+)%   \t "
                      r"\(TP = (\d+), FP = (\d+)\) $", text, re.MULTILINE)
    right = wrong = 0
    check.same("darknet's classes", len(rows), len(categories))
    for row, category in zip(rows, categories):
        told = [o for o in outcomes(labels, founds, category, point_darknet, threshold)
                if o[0] > 0.25]
        hits = sum(o[1] for o in told)
        right, wrong = right + hits, wrong + len(told) - hits
        check.same(f"TP, FP of {category}", row[3:], (str(hits), str(len(told) - hits)))
        check.near(f"ap of {category}", float(row[2]), 100 * (values[category] or 0), 0.0051)
    expected = sum(not label.optional for label in labels)
    m = sum(value or 0 for value in values.values()) / len(categories)
    check.same("the threshold's line", f" for conf_thresh = 0.25, TP = {right}, FP = {wrong}, "
               f"FN = {expected - right}, average IoU = " in text, True)
    found = re.search(r"^ mean average precision \(mAP@(\S+)\) = ([\d.]+), or ([\d.]+) % $", text,
                      re.MULTILINE)
    check.same("mAP's threshold", found and found[1], f"{threshold:.2f}")
    check.near("mAP", float(found[2]), m, 1e-6)


def check_curves(check: Checker, figures: dict) -> None:
    """The curves agree with AP50 and with the points that are told."""
    for row in [figures, *figures["classes"]]:
        curve, by_confidence = row["precision_by_recall"], row["by_confidence"]
        check.near("AP50 from its curve", sum(curve) / 101, row["AP50"])
        for name in ("precision", "recall", "f1"):
            if name != "precision" or row["given"]["precision"] > 0:
                check.near(f"{name} at 0.25", by_confidence[name][25], row["given"][name])
            check.same("a curve's length", len(by_confidence[name]), 101)


def check_set(name: str, arguments: list[str], labels, founds, categories, folder: Path) -> bool:
    check = Checker()
    out = folder / "figures.json"
    run(*arguments, "--json", str(out))
    figures = json.loads(out.read_text(encoding="utf-8"))
    check_voc(check, figures, labels, founds, categories)
    for threshold, points in ((0.5, 0), (0.5, 11), (0.75, 101)):
        check_darknet(check, arguments, labels, founds, categories, threshold, points)
    matrix = figures["confusion_matrix"]
    check.same("the confusion matrix", matrix["counts"],
               confusion(labels, founds, categories, matrix["confidence"], matrix["iou"]))
    check_curves(check, figures)
    print(f"{'FAIL' if check.wrong else 'ok  '} {name}: {check.count} comparisons")
    print("\n".join("  " + line for line in check.wrong[:20]), end="\n" if check.wrong else "")
    return not check.wrong


# ---- The sets -------------------------------------------------------------------------------------

def found_of(results: list[dict]) -> list[Found]:
    """In the order of pictures, as the program adds them, so that equal scores keep their order."""
    made = [Found(r["image_id"], r["category_id"], r["bbox"], r["score"]) for r in results]
    return sorted(made, key=lambda found: found.image)


def test_coco(folder: Path, seed: int) -> bool:
    content, results = hard_set.make(seed, images=40, most=60)
    truth, predictions = folder / "truth.json", folder / "results.json"
    truth.write_text(json.dumps(content), encoding="utf-8")
    predictions.write_text(json.dumps(results), encoding="utf-8")
    labels = [Label(a["image_id"], a["category_id"], a["bbox"], bool(a["iscrowd"]))
              for a in content["annotations"]]
    categories = sorted(category["id"] for category in content["categories"])
    return check_set(f"COCO set {seed}", [str(predictions), "--truth", str(truth)], labels,
                     found_of(results), categories, folder)


def write_voc(path: Path, labels: list[tuple[str, list[int], bool]]) -> None:
    objects = "".join(
        f"<object><name>{escape(name)}</name><difficult>{int(difficult)}</difficult><bndbox>"
        f"<xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax>"
        "</bndbox></object>" for name, box, difficult in labels)
    path.write_text(f"<annotation><filename>{path.stem}.jpg</filename><size><width>500</width>"
                    f"<height>400</height><depth>3</depth></size>{objects}</annotation>",
                    encoding="utf-8")


def test_voc(folder: Path, seed: int) -> bool:
    """VOC's own files: boxes count from 1 and hold their last pixel; some objects are difficult."""
    rng = random.Random(seed)
    names = ["bird", "cat", "dog & co", "emu"]
    out = folder / f"voc{seed}"
    (out / "Annotations").mkdir(parents=True)
    labels, results = [], []
    for image in range(1, 31):
        objects = []
        for _ in range(rng.randint(0, 6)):
            left, top = rng.randint(1, 300), rng.randint(1, 200)
            box = [left, top, left + rng.randint(0, 150), top + rng.randint(0, 150)]
            category, difficult = rng.randint(1, 3), rng.random() < 0.25
            objects.append((names[category - 1], box, difficult))
            inside = [left - 1, top - 1, box[2] - left + 1, box[3] - top + 1]
            labels.append(Label(image, category, inside, difficult))
            for _ in range(rng.choice([0, 1, 1, 2, 4])):
                moved = [value + rng.randint(-9, 9) for value in inside[:2]] + inside[2:]
                results.append({"image_id": image, "category_id": category,
                                "bbox": rng.choice([inside, moved]),
                                "score": rng.choice(hard_set.SCORES)})
        write_voc(out / "Annotations" / f"{image:06d}.xml", objects)
        results.append({"image_id": image, "category_id": rng.randint(1, 4),
                        "bbox": [5, 5, 90, 90], "score": rng.random()})
    (out / "names").write_text("\n".join(names), encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return check_set(f"VOC set {seed}",
                     [str(folder / "results.json"), "--truth", str(out), "--names",
                      str(out / "names")], labels, found_of(results), [1, 2, 3, 4], folder)


def main() -> None:
    good = True
    with tempfile.TemporaryDirectory() as name:
        for seed in range(1, 5):
            good &= test_coco(Path(name), seed)
            good &= test_voc(Path(name), seed)
    sys.exit(not good)


if __name__ == "__main__":
    main()
