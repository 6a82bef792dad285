"""What BF16 and INT8 cost in average precision, ours and NNCF's: `bench/run.sh --accuracy`.

A labelled set is split into two halves: each side calibrates on one and is measured on the other,
then the other way round; a figure is the mean of the two. FP32 is measured on the same halves. The
peer's boxes come from OpenVINO's tensors by the NumPy decoder of tests/golden, at the confidence
and overlap that Boxwright is run with. The peer has BF16 only where the processor has it.
"""
from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import openvino

import boxwright
import calibration
import networks
import options
import processor
import quantise
import report
from darknet_cfg import read_network
from peers.openvino import HINTS
from setting import LeftOut, Setting, level_option, run_program

from evaluation import COCO_IDS, average_precision
from reference import Boxes, Detector

CONFIDENCE, OVERLAP, MOST_BOXES = 0.001, 0.45, 1000
PRECISIONS = ("fp32", "bf16", "int8")
HEADINGS = ["network", "engine", *(f"{figure} {text}" if text != "loss" else text
                                   for figure in ("AP", "AP50")
                                   for text in ("FP32", "BF16", "loss", "INT8", "loss"))]
RIGHT = set(range(2, len(HEADINGS)))


@dataclass(frozen=True)
class Half:
    """The images of half a set in a folder of their own; the labels are the whole set's."""

    images: Path
    labels: Path


def halve(folder: Path, out: Path) -> tuple[Half, Half]:
    """Every other image in the one half, the rest in the other."""
    halves = Half(out / "even", folder / "labels"), Half(out / "odd", folder / "labels")
    for half in halves:
        half.images.mkdir()
    for number, path in enumerate(calibration.pictures(folder / "images")):
        shutil.copy(path, halves[number % 2].images)
    return halves


def coco_results(image_id: int, boxes: Boxes) -> list[dict]:
    return [{"image_id": image_id, "category_id": COCO_IDS[class_id], "score": float(score),
             "bbox": [float(left), float(top), float(right - left), float(bottom - top)]}
            for (left, top, right, bottom), score, class_id
            in zip(boxes.corners, boxes.scores, boxes.classes)]


def openvino_function(model: str, precision: str, setting: Setting) -> Callable:
    compiled = openvino.Core().compile_model(model, "CPU", {
        **HINTS[precision], "INFERENCE_NUM_THREADS": setting.threads})
    return lambda tensor: compiled([tensor]).to_tuple()


def measure_openvino(precision: str, setting: Setting, half: Half) -> tuple[float, float]:
    """AP and AP50 of one half; `setting.calibration` is the other."""
    files = setting.files
    model = quantise.prepare(files, setting.calibration) if precision == "int8" else files["onnx"]
    detector = Detector(read_network(files["cfg"], files["weights"]), files["stretch"],
                        openvino_function(model, precision, setting))
    results = []
    for path in calibration.pictures(half.images):
        boxes = detector.detect(calibration.read_pixels(path), CONFIDENCE, OVERLAP)
        results += coco_results(int(path.stem), boxes.pick(slice(MOST_BOXES)))
    return average_precision(half.images, half.labels, results)


def measure_boxwright(program: Path, precision: str, setting: Setting,
                      half: Half) -> tuple[float, float]:
    """The same of Boxwright's `annotate`."""
    network = boxwright.Network(program, precision, setting)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        run_program([str(program), "annotate", str(half.images), "--out", str(out), "--quiet",
                     "--no-report", "--format", "coco", "--conf", str(CONFIDENCE),
                     "--iou", str(OVERLAP), "--max-det", str(MOST_BOXES),
                     *network.options("annotate"), *level_option(setting.level)])
        results = json.loads((out / "coco_results.json").read_text(encoding="utf-8"))
    return average_precision(half.images, half.labels, results)


def both_ways(measure: Callable, arguments, files: dict, halves: tuple[Half, Half]) -> list[float]:
    """Mean AP and AP50 of the halves, each measured by what was calibrated on the other."""
    found = []
    for measured, calibrated in (halves, halves[::-1]):
        setting = Setting(files, 1, arguments.threads, arguments.cpu, calibrated.images)
        found.append(measure(setting, measured))
    return [mean(values) for values in zip(*found)]


def measure(arguments, name: str, files: dict, halves: tuple[Half, Half],
            left_out: list[str]) -> list[dict]:
    """Each side's AP and AP50 in each precision that it has."""
    sides = {
        "boxwright": lambda precision: lambda setting, half: measure_boxwright(
            arguments.boxwright, precision, setting, half),
        "openvino, NNCF": lambda precision: lambda setting, half: measure_openvino(
            precision, setting, half),
    }
    results = []
    for engine, side in sides.items():
        found = {"model": name, "engine": engine}
        for precision in PRECISIONS:
            if precision == "bf16" and engine != "boxwright" and not processor.has_bf16(
                    arguments.cpu):
                left_out.append(f"{engine} bf16: it calculates in FP32 on this processor")
                continue
            try:
                found[precision] = both_ways(side(precision), arguments, files, halves)
                print(f"{name}, {engine} {precision}: {found[precision]}", file=sys.stderr)
            except LeftOut as reason:
                left_out.append(str(reason))
        results.append(found)
    return results


def row(result: dict) -> list[str]:
    cells = [result["model"], result["engine"]]
    for index in range(2):
        whole, *others = ((result.get(precision) or [None] * 2)[index] for precision in PRECISIONS)
        values = [whole]
        for value in others:
            values += [value, None if whole is None or value is None else whole - value]
        cells += ["" if value is None else f"{value:.4f}" for value in values]
    return cells


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare what BF16 and INT8 cost in average precision.")
    known = [name for name, model in networks.read_list().items() if "weights" in model]
    options.add_common(parser, known, "accuracy.json")
    parser.add_argument("--set", type=Path, metavar="DIR",
                        default=networks.SOURCE / "../shared/data/coco-val128",
                        help="folder with images/ and labels/ in YOLO's form; an image's name is "
                        "its number (%(default)s)")
    arguments = parser.parse_args()
    options.split(parser, arguments, "models", known)
    if not (arguments.set / "images").is_dir():
        parser.error(f"there is no {arguments.set / 'images'}")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    processor.hold(arguments.cpu)
    folder, left_out, results = arguments.json.parent, [], []
    with tempfile.TemporaryDirectory() as temporary:
        halves = halve(arguments.set, Path(temporary))
        for name, files in options.prepare(arguments.models, folder, left_out):
            results += measure(arguments, name, files, halves, left_out)
    record = {"set": str(arguments.set), "results": results, "left_out": left_out}
    lines = [row(result) for result in results]
    head = (f"Average precision on {arguments.set.name}, half by half: calibrated on the one, "
            "measured on the other, both ways, mean")
    arguments.json.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    arguments.json.with_suffix(".md").write_text("\n".join(
        [head, "", report.markdown_table(HEADINGS, lines, RIGHT), "", *report.notes(record)])
        + "\n", encoding="utf-8")
    print("\n".join([head, "", report.text_table(HEADINGS, lines, RIGHT), "",
                     *report.notes(record)]).rstrip())


if __name__ == "__main__":
    main()
