"""Whole runs, JPEG files to YOLO labels, beside a Python pipeline: `bench/run.sh --end-to-end`.

Photos are repeated by hard links until there are enough. Both sides annotate them in turn, round
after round, with each batch; the best of each side counts. Then Boxwright's run is held against
what its parts reach alone, the labels of both sides against each other, and the times that the run
noted of its stages against its wall clock.
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
from dataclasses import dataclass
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
HEADINGS = ["network", "precision", "Boxwright", "batch", "Python", "batch", "ours / it",
            "decode alone", "network alone", "of the possible", "boxes a photo", "same boxes",
            "limited by"]
RIGHT = set(range(2, 12))
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
    parser.add_argument("--batch", default="1,4",
                        help="the best of these for each side; default %(default)s")
    parser.add_argument("--padding", type=int, metavar="N",
                        help="Boxwright computes only so many pixels of padding around a photo; "
                        "the peer, and Boxwright's network alone, compute all")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each; default %(default)s")
    arguments = parser.parse_args()
    options.split(parser, arguments, "models", known)
    options.split(parser, arguments, "precision", PRECISIONS)
    options.split(parser, arguments, "batch", [str(2 ** power) for power in range(7)])
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

def padding_option(pixels: int | None) -> list[str]:
    return [] if pixels is None else ["--padding", str(pixels)]


def annotate(arguments, network: boxwright.Network, folder: Path, out: Path) -> dict:
    """Boxwright's run: images a second over the whole process, and what it noted of its stages."""
    command = [str(arguments.boxwright), "annotate", str(folder), "--out", str(out), "--quiet",
               "--no-report", "--format", "yolo", "--threads", str(arguments.threads),
               *network.options("annotate"), *padding_option(arguments.padding),
               *level_option(arguments.cpu)]
    os.sync()  # the run syncs its file system, and is not to wait for what others wrote there
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
    command = [sys.executable, str(HERE / "openvino_pipeline.py"), model, files["cfg"],
               str(listed), str(out), str(setting.threads), precision, str(setting.batch)]
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


def compare_labels(ours: Path, theirs: Path, files: list[Path]) -> tuple[float, float | None]:
    """Boxwright's boxes a photo, and the boxes that both sides have, twice, over the boxes of both;
    None where there are none."""
    same = found = total = 0
    for file in files:
        pair = [read_label(folder / f"{file.stem}.txt") for folder in (ours, theirs)]
        same += count_same(*pair)
        counts = [sum(len(boxes) for boxes in label.values()) for label in pair]
        found, total = found + counts[0], total + sum(counts)
    return found / len(files), 2 * same / total if total else None


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

@dataclass
class Side:
    """What a network is run with, for one batch."""

    setting: Setting
    network: boxwright.Network
    model: str  # the peer's file


def open_sides(arguments, files: dict, precision: str) -> dict[int, Side]:
    model = quantise.prepare(files, arguments.photos) if precision == "int8" else files["onnx"]
    settings = [Setting(files, int(batch), arguments.threads, arguments.cpu, arguments.photos)
                for batch in arguments.batch]
    return {setting.batch: Side(setting, boxwright.Network(arguments.boxwright, precision, setting),
                                model) for setting in settings}


def run_both(arguments, side: Side, precision: str, photos: Path, listed: Path, out: Path) -> dict:
    """Into folders of their own: a file system is slower where files were just removed."""
    out.mkdir()
    run = annotate(arguments, side.network, photos, out / "ours")
    run["python"] = python_pipeline(side.model, side.setting.files, side.setting, precision, listed,
                                    out / "theirs")
    run["boxwright"] = arguments.count / run["seconds"]
    run["network"] = network_alone(arguments, side.network)
    return run


def best_batch(runs: list[dict[int, dict]], key: str) -> int:
    return max(runs[0], key=lambda batch: median(run[batch][key] for run in runs))


def summarise(rounds: list[dict[int, dict]], decode: list[float]) -> dict:
    """The medians of each side's best batch."""
    ours, theirs = (best_batch(rounds, key) for key in ("boxwright", "python"))
    runs = [run[ours] for run in rounds]
    peers = [run[theirs]["python"] for run in rounds]
    return {"batch": ours, "python_batch": theirs, "python": median(peers),
            "boxwright": median(run["boxwright"] for run in runs),
            "network": median(run["network"] for run in runs), "decode": median(decode),
            "share": median(run["boxwright"] / possible(speed, run["network"])
                            for run, speed in zip(runs, decode)),
            "ratio": median(run["boxwright"] / peer for run, peer in zip(runs, peers)),
            "limited_by": runs[-1]["limited_by"],
            "wrong_times": [text for run in runs
                            for text in check_times(run["times"], run["decoders"])]}


def measure(arguments, name: str, files: dict, precision: str, photos: Path,
            paths: list[Path]) -> dict:
    listed = photos.parent / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    distinct = paths[:len(calibration.pictures(arguments.photos))]
    sides, rounds, decode = open_sides(arguments, files, precision), [], []
    home = photos.parent / f"{name}-{precision}"
    home.mkdir()
    for number in range(arguments.rounds):
        rounds.append({batch: run_both(arguments, side, precision, photos, listed,
                                       home / f"{number}-{batch}")
                       for batch, side in sides.items()})
        decode.append(decode_alone(arguments, distinct))
        print(f"{name} {precision}: {rounds[-1]}", file=sys.stderr)
    result = summarise(rounds, decode)
    last = arguments.rounds - 1
    boxes, same = compare_labels(home / f"{last}-{result['batch']}/ours/labels",
                                 home / f"{last}-{result['python_batch']}/theirs", distinct)
    return result | {"model": name, "precision": precision, "boxes": boxes, "same": same,
                     "rounds": rounds}


def row(result: dict) -> list[str]:
    same = "no boxes" if result["same"] is None else f"{result['same']:.3f}"
    return [result["model"], result["precision"], f"{result['boxwright']:.1f}",
            str(result["batch"]), f"{result['python']:.1f}", str(result["python_batch"]),
            f"{result['ratio']:.2f}", f"{result['decode']:.0f}", f"{result['network']:.1f}",
            f"{result['share']:.2f}", f"{result['boxes']:.1f}", same, result["limited_by"]]


def main() -> None:
    arguments = parse_arguments()
    processor.hold(arguments.cpu)
    home, left_out, results = arguments.json.parent, [], []
    record = {"machine": processor.describe(arguments.threads, arguments.cpu),
              "files": arguments.count, "rounds": arguments.rounds,
              "padding": arguments.padding, "results": results,
              "left_out": left_out}
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        photos = Path(folder, "photos")
        paths = repeat_photos(calibration.pictures(arguments.photos), photos, arguments.count)
        for name, files in options.prepare(arguments.models, home, left_out):
            results += [measure(arguments, name, files, precision, photos, paths)
                        for precision in arguments.precision]
    head = (f"{arguments.count} JPEG files to YOLO labels, images a second, on "
            f"{report.machine(record)}; medians of {arguments.rounds} rounds" +
            ("" if arguments.padding is None else
             f"; Boxwright computes {arguments.padding} pixels of padding around a photo"))
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
