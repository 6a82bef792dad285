"""Whole runs, JPEG files to YOLO labels, beside a Python pipeline: `bench/run.sh --end-to-end`.

Photos are repeated by hard links until there are enough. Both sides annotate them in turn, round
after round. Then Boxwright's run is held against what its parts reach alone, the labels of both
sides against each other, and the times that the run noted of its stages against its wall clock.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

import boxwright
import calibration
import networks
import options
import processor
import quantise
import report
from setting import Setting, level_option, run_program

from reference import overlaps

HERE = Path(__file__).resolve().parent
PRECISIONS = ("fp32", "bf16", "int8")
HEADINGS = ["network", "precision", "Boxwright", "Python", "ours / it", "decode alone",
            "network alone", "of the possible", "same boxes", "limited by"]
RIGHT = set(range(2, 9))
SAME_OVERLAP = 0.5


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare whole runs, from JPEG files to labels.")
    known = networks.read_darknet()
    options.add_common(parser, known, "end-to-end.json")
    parser.set_defaults(models="yolov3-tiny-416,yolov3-416")
    parser.add_argument("--precision", default="int8", help=f"of: {','.join(PRECISIONS)}; "
                        "default %(default)s")
    parser.add_argument("--photos", type=Path, metavar="DIR",
                        default=networks.SOURCE / "../shared/data/coco-val128/images",
                        help="JPEG files, also to calibrate INT8 on (%(default)s)")
    parser.add_argument("--count", type=int, default=5000,
                        help="files of a run; default %(default)s")
    parser.add_argument("--batch", type=int, default=1, help="of Boxwright; default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each; default %(default)s")
    arguments = parser.parse_args()
    options.split(parser, arguments, "models", known)
    options.split(parser, arguments, "precision", PRECISIONS)
    if not arguments.photos.is_dir() or not calibration.pictures(arguments.photos):
        parser.error(f"--photos: {arguments.photos} holds no pictures")
    return arguments


def repeat_photos(photos: list[Path], folder: Path, count: int) -> list[Path]:
    """`count` files that are the photos again and again: each is copied once, then linked."""
    folder.mkdir()
    files = []
    for number in range(count):
        photo = photos[number % len(photos)]
        path = folder / f"{number:06}{photo.suffix}"
        if number < len(photos):
            shutil.copyfile(photo, path)
        else:
            os.link(files[number % len(photos)], path)
        files.append(path)
    return files


# ---- One run ------------------------------------------------------------------------------------

def annotate(arguments, network: boxwright.Network, folder: Path, out: Path) -> dict:
    """Boxwright's run: images a second over the whole process, and what it noted of its stages."""
    command = [str(arguments.boxwright), "annotate", str(folder), "--out", str(out), "--overwrite",
               "--quiet", "--no-report", "--format", "yolo", "--threads", str(arguments.threads),
               *network.options("annotate"), *level_option(arguments.cpu)]
    started = subprocess.run([sys.executable, "-I", "-S", str(HERE / "fresh.py"), *command],
                             capture_output=True, text=True, check=True)
    with sqlite3.connect(out / "run.db") as database:
        settings = dict(database.execute("SELECT key, value FROM settings"))
    times = {key.removeprefix("time_"): float(value) for key, value in settings.items()
             if key.startswith("time_")}
    return {"seconds": json.loads(started.stdout)["seconds"], "times": times,
            "decoders": int(settings["decoders"]), "limited_by": settings["limited_by"]}


def python_pipeline(model: str, files: dict, setting: Setting, precision: str, listed: Path,
                    out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, str(HERE / "openvino_pipeline.py"), model, files["cfg"],
               str(listed), str(out), str(setting.threads), precision]
    done = subprocess.run(command, capture_output=True, text=True,
                          env=processor.environment(setting.threads, setting.level))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return float(done.stdout)


# ---- What a run could reach ---------------------------------------------------------------------

def decode_alone(arguments, photos: list[Path]) -> float:
    program = arguments.boxwright.parent / "bench/decode/decode_speed"
    return float(run_program([str(program), str(arguments.threads), "3", *map(str, photos)]))


def network_alone(arguments, network: boxwright.Network) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.json")
        run_program([str(arguments.boxwright), "bench", *network.options("bench"), "--threads",
                     str(arguments.threads), *level_option(arguments.cpu), "--duration", "5",
                     "--json", str(path)])
        return json.loads(path.read_text(encoding="utf-8"))["throughput"]


def possible(decode: float, network: float) -> float:
    """The rate at which decoding and the network together fill all cores, each at the speed that
    it has with all cores to itself: the network has what decoding leaves."""
    return 1 / (1 / decode + 1 / network)


# ---- Checks -------------------------------------------------------------------------------------

def read_label(path: Path) -> dict[int, list]:
    """Corners by class."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        class_id, x, y, width, height = (float(word) for word in line.split()[:5])
        found.setdefault(int(class_id), []).append(
            np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2]))
    return found


def count_same(ours: dict[int, list], theirs: dict[int, list]) -> int:
    """Boxes of a photo that both have: same class, overlapping by half, each counted once."""
    same = 0
    for class_id, boxes in ours.items():
        others = list(theirs.get(class_id, []))
        for box in boxes:
            if not others:
                break
            shared = overlaps(box, np.array(others))
            if shared.max() >= SAME_OVERLAP:
                others.pop(int(shared.argmax()))
                same += 1
    return same


def agreement(ours: Path, theirs: Path, files: list[Path]) -> float | None:
    """Boxes that both sides have, twice, over the boxes of both; None where there are none."""
    same = total = 0
    for file in files:
        pair = [read_label(folder / f"{file.stem}.txt") for folder in (ours, theirs)]
        same += count_same(*pair)
        total += sum(len(boxes) for label in pair for boxes in label.values())
    return 2 * same / total if total else None


def check_times(times: dict[str, float], decoders: int) -> list[str]:
    """What of a run's times cannot be, or is not accounted for."""
    wall, wrong = times["wall"], []
    engine = sum(times[key] for key in ("wait", "prepare", "network", "detect"))
    if times["decode"] > 1.01 * wall * decoders:
        wrong.append(f"decoding {times['decode']:.2f} s in {decoders} threads")
    if times["write"] > 1.01 * wall:
        wrong.append(f"writing {times['write']:.2f} s")
    if engine > 1.01 * wall or (engine < 0.9 * wall and times["write"] < 0.8 * wall):
        wrong.append(f"the engine's thread {engine:.2f} s")
    return [f"{text} of {wall:.2f} s" for text in wrong]


# ---- The comparison -----------------------------------------------------------------------------

def measure(arguments, name: str, files: dict, precision: str, photos: Path,
            paths: list[Path]) -> dict:
    folder = photos.parent
    setting = Setting(files, arguments.batch, arguments.threads, arguments.cpu, arguments.photos)
    network = boxwright.Network(arguments.boxwright, precision, setting)
    model = quantise.prepare(files, arguments.photos) if precision == "int8" else files["onnx"]
    listed = folder / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    ours, theirs, runs = folder / "ours", folder / "theirs", []
    distinct = paths[:len(calibration.pictures(arguments.photos))]
    for _ in range(arguments.rounds):
        run = annotate(arguments, network, photos, ours)
        run["python"] = python_pipeline(model, files, setting, precision, listed, theirs)
        run["boxwright"] = len(paths) / run["seconds"]
        run["decode"] = decode_alone(arguments, distinct)
        run["network"] = network_alone(arguments, network)
        run["share"] = run["boxwright"] / possible(run["decode"], run["network"])
        runs.append(run)
        print(f"{name} {precision}: {run}", file=sys.stderr)
    result = {key: median(run[key] for run in runs)
              for key in ("boxwright", "python", "decode", "network", "share")}
    return result | {"model": name, "precision": precision, "runs": runs,
                     "ratio": median(run["boxwright"] / run["python"] for run in runs),
                     "same": agreement(ours / "labels", theirs, distinct),
                     "limited_by": runs[-1]["limited_by"],
                     "wrong_times": [text for run in runs
                                     for text in check_times(run["times"], run["decoders"])]}


def row(result: dict) -> list[str]:
    same = "no boxes" if result["same"] is None else f"{result['same']:.3f}"
    return [result["model"], result["precision"], f"{result['boxwright']:.1f}",
            f"{result['python']:.1f}", f"{result['ratio']:.2f}", f"{result['decode']:.0f}",
            f"{result['network']:.1f}", f"{result['share']:.2f}", same, result["limited_by"]]


def main() -> None:
    arguments = parse_arguments()
    processor.hold(arguments.cpu)
    home, left_out, results = arguments.json.parent, [], []
    record = {"machine": processor.describe(arguments.threads, arguments.cpu),
              "files": arguments.count, "rounds": arguments.rounds, "results": results,
              "left_out": left_out}
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        photos = Path(folder, "photos")
        paths = repeat_photos(calibration.pictures(arguments.photos), photos, arguments.count)
        for name, files in options.prepare(arguments.models, home, left_out):
            results += [measure(arguments, name, files, precision, photos, paths)
                        for precision in arguments.precision]
    head = (f"{arguments.count} JPEG files to YOLO labels, images a second, on "
            f"{report.machine(record)}; medians of {arguments.rounds} rounds")
    notes = report.notes(record) + [f"Times that do not add up, {one['model']}: {text}"
                                    for one in results for text in one["wrong_times"]]
    lines = [row(result) for result in results]
    arguments.json.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    arguments.json.with_suffix(".md").write_text("\n".join(
        [head, "", report.markdown_table(HEADINGS, lines, RIGHT), "", *notes]) + "\n",
        encoding="utf-8")
    print("\n".join([head, "", report.text_table(HEADINGS, lines, RIGHT), "", *notes]).rstrip())
    sys.exit(any(one["wrong_times"] for one in results))


if __name__ == "__main__":
    main()
