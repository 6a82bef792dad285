"""Heads of imported networks: the program's boxes against ONNX Runtime's and a decoder in NumPy.

head_graphs.py makes a small network of each family in its exporters' idioms. The program reads it,
recognises the head, decodes and suppresses; the reference runs the file's own nodes.
"""
from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

import head_graphs as graphs
import program
import reference_heads as reference

CONFIDENCE, OVERLAP = 0.3, 0.45
ANCHOR_LINE = "anchors = " + ", ".join(f"{n:g}" for n in graphs.ANCHORS.ravel())
RGB = ("rgb", 0, 1 / 255)
BGR = ("bgr", 0, 1)
NANODET = ("bgr", [103.53, 116.28, 123.675], 1 / np.array([57.375, 57.12, 58.395]))
IMAGENET = ("rgb", [123.675, 116.28, 103.53], 1 / (255 * np.array([0.229, 0.224, 0.225])))

# name, model, another model to be the reference's, decoder, pictures, suppressed, side file, title
v5, v8 = graphs.yolov5, graphs.yolov8
CASES = [
    ("YOLOv5", v5(1), None, reference.rows5, RGB, True, "", "YOLOv5 or YOLOv7"),
    ("YOLOv5, focus, 1 class", v5(2, classes=1, focus=True), None, reference.rows5, RGB, True, "", "YOLOv5 or YOLOv7"),
    ("YOLOv5, operator set 11", v5(3, opset=11), None, reference.rows5, RGB, True, "", "YOLOv5 or YOLOv7"),
    ("YOLOv5, any batch", v5(20, dynamic=True), None, reference.rows5, RGB, True, "", "YOLOv5 or YOLOv7"),
    ("YOLOv5 with NMS", v5(4, form="suppressed"), v5(4), reference.rows5, RGB, True, "", "YOLOv5 or YOLOv7"),
    ("YOLOv5, raw", v5(5, form="raw"), None, reference.raw_anchors, RGB, True, f"head = yolov5\n{ANCHOR_LINE}\n",
     "YOLOv5 or YOLOv7"),
    ("YOLOv3", v5(6, rule="v3"), None, reference.rows5, RGB, True, "", "YOLOv3"),
    ("YOLOv6", graphs.yolov6(7), None, reference.rows5, RGB, True, "", "YOLOv6"),
    ("YOLOv8", v8(8), None, reference.columns4, RGB, True, "", "YOLOv8"),
    ("YOLOv8, 1 class, operator set 18", v8(9, classes=1, opset=16), None, reference.columns4, RGB, True, "", "YOLOv8"),
    ("YOLOv8, 8 bins", v8(10, bins=8, classes=7), None, reference.columns4, RGB, True, "", "YOLOv8"),
    ("YOLOv8 with NMS", v8(11, form="suppressed"), v8(11), reference.columns4, RGB, True, "", "YOLOv8"),
    ("YOLOv8 with masks", v8(21, form="masks"), None, lambda outputs: reference.columns4([outputs[0][:, :8]]), RGB,
     True, "", "YOLOv8"),
    ("YOLOv8, maps", v8(12, form="joined"), None, reference.raw_distributions, RGB, True, "", "YOLOv8"),
    ("YOLOv8, maps apart", v8(13, form="apart"), None, reference.raw_distributions, RGB, True, "", "YOLOv8"),
    ("YOLOv10", v8(14, form="best"), None, reference.best_rows, RGB, False, "", "YOLOv10"),
    ("YOLOv10 with attention", v8(22, form="best", attention=True), None, reference.best_rows, RGB, False, "", "YOLOv10"),
    ("YOLOv11", v8(23, attention=True), None, reference.columns4, RGB, True, "", "YOLOv8"),
    ("YOLOv8, other pictures", v8(15), None, reference.columns4, ("bgr", [10, 20, 30], 1 / 200), True,
     "order = bgr\nmean = 10, 20, 30\nscale = 1/200\n", "YOLOv8"),
    ("NanoDet", graphs.nanodet(16), None, reference.nanodet, NANODET, True, "", "NanoDet"),
    ("FastestDet", graphs.fastestdet(17), None, reference.fastestdet, ("bgr", 0, 1 / 255), True, "", "FastestDet"),
    ("SSD", graphs.offsets(18), None, reference.ssd, RGB, True, "", "SSD"),
    ("RT-DETR", graphs.queries(30), None, reference.queries, RGB, False, "", "RT-DETR"),
    ("RT-DETR, probabilities", graphs.queries(31, form="joined"), None, reference.joined_queries, RGB, False,
     "classes = 4\n", "RT-DETR"),
    ("RT-DETR for a size", graphs.queries(32, form="sizes"), graphs.queries(32, form="constant"), reference.labelled,
     RGB, False, "", "RT-DETR"),
    ("RT-DETR, told", graphs.queries(33, form="joined", classes=2), None, reference.joined_queries, RGB, False,
     "head = rtdetr\n", "RT-DETR"),
    ("DETR", graphs.queries(34, form="nothing"), None, reference.detr, IMAGENET, False, "", "DETR"),
    ("finished boxes", graphs.queries(35, form="rows"), None, reference.best_rows, RGB, False, "classes = 4\n",
     "finished boxes"),
    ("YOLOv10, told as finished", v8(24, form="best"), None, reference.best_rows, RGB, False,
     "head = rows\nclasses = 4\n", "finished boxes"),
    ("RetinaNet", graphs.offsets(19, softmax=False), None, reference.retinanet, IMAGENET, True, "", "RetinaNet"),
]

# name, model, side file, what the message must say
REFUSALS = [
    ("YOLOv5 without anchors", v5(5, form="raw"), "classes = 4\n", "'anchors = width, height"),
    ("anchors of two scales", v5(5, form="raw"), "head = yolov5\nanchors = 1, 2, 3, 4\n", "do not fit"),
    ("maps of any head", v5(5, form="raw"), "", "may be those of several heads"),
    ("another family", v8(8), "head = ssd\n", "anchors"),
    ("no rows", v8(8, form="joined"), "head = rtdetr\n", "no rows of boxes"),
    ("rows of other numbers", graphs.queries(31, form="joined"), "head = rows\n", "8 numbers a box"),
]


def tensor_of(pixels: np.ndarray, pictures: tuple) -> np.ndarray:
    order, mean, scale = pictures
    pixels = pixels[:, :, ::-1] if order == "bgr" else pixels
    return ((pixels - np.array(mean)) * np.array(scale)).astype(np.float32).transpose(2, 0, 1)[None]


def expected(path: Path, tensor: np.ndarray, decode, suppressed: bool) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = reference.candidates(*decode(session.run(None, {"images": tensor})), CONFIDENCE)
    found = reference.nms(found, OVERLAP) if suppressed else found
    found[:, :4] = found[:, :4].clip(0, graphs.SIDE)
    return found[(found[:, 2] > found[:, 0]) & (found[:, 3] > found[:, 1])]


def annotated(path: Path, photo: Path, folder: Path, most: int, precision: str = "fp32") -> np.ndarray:
    out = folder / precision
    program.annotate(photo, out, path, conf=CONFIDENCE, iou=OVERLAP, max_det=most, format="yolo", save_conf=True,
                     precision=precision, no_report=True, no_cache=True)
    rows = np.loadtxt(out / "labels/photo.txt", ndmin=2).reshape(-1, 6)
    boxes = reference.corners(rows[:, 1:5]) * graphs.SIDE
    return np.concatenate([boxes, rows[:, 5:6], rows[:, :1]], 1)


def fault(mine: np.ndarray, theirs: np.ndarray) -> str:
    """What is in one list alone; boxes whose score is next to the threshold may be."""
    if len(theirs) < 3:
        return f"only {len(theirs)} boxes: the case shows nothing"
    for one, other, whose in ((mine, theirs, "ours"), (theirs, mine, "the reference's")):
        for row in one:
            near = np.abs(other[:, :4] - row[:4]).max(1, initial=0) < 0.05
            same = near & (np.abs(other[:, 4] - row[4]) < 2e-3) & (other[:, 5] == row[5])
            if not same.any() and abs(row[4] - CONFIDENCE) > 2e-3:
                return f"{whose} alone: {np.round(row, 3)}; {len(mine)} boxes, not {len(theirs)}"
    return ""


def check_halves(folder: Path) -> str:
    """In BF16 finished boxes are still told in single precision, as their pixels and classes need."""
    photo, path = folder / "photo.png", folder / "model.onnx"
    write_photo(photo)
    shown = inspect(graphs.queries(35, form="rows"), "classes = 4\n", folder)
    if shown.returncode:
        return shown.stderr
    exact, rounded = (annotated(path, photo, folder, 10000, precision) for precision in ("fp32", "bf16"))
    for row in exact[exact[:, 4] > CONFIDENCE + 0.05]:
        near = np.abs(rounded[:, :4] - row[:4]).max(1, initial=0) < 1
        if not (near & (np.abs(rounded[:, 4] - row[4]) < 0.02) & (rounded[:, 5] == row[5])).any():
            return f"{np.round(row, 3)} is missing"
    pixels = rounded[:, :4]
    return "" if np.abs(pixels * 4 - np.round(pixels * 4)).max() > 0.01 else "boxes are rounded to bfloat16"


def write_photo(path: Path) -> np.ndarray:
    pixels = np.random.default_rng(5).integers(0, 256, (16, 16, 3), np.uint8)
    image = Image.fromarray(pixels).resize((graphs.SIDE, graphs.SIDE), Image.Resampling.BICUBIC)
    image.save(path)
    return np.asarray(image)


def inspect(model: onnx.ModelProto, side: str, folder: Path) -> subprocess.CompletedProcess:
    onnx.save(model, folder / "model.onnx")
    (folder / "model.boxwright").write_text(side)
    return subprocess.run([program.PROGRAM, "inspect", "--model", folder / "model.onnx"], capture_output=True, text=True)


def check(case: tuple, folder: Path) -> str:
    _, model, other, decode, pictures, suppressed, side, title = case
    photo, path = folder / "photo.png", folder / "model.onnx"
    image = write_photo(photo)
    shown = inspect(model, side, folder)
    head = [line for line in shown.stdout.splitlines() if line.startswith("Head")]
    if shown.returncode or title not in head[0]:
        return f"{head} is not {title}: {shown.stderr}"
    mine = annotated(path, photo, folder, 30 if title == "YOLOv10" else 10000)
    if other is not None:
        path = folder / "other.onnx"
        onnx.save(other, path)
    return fault(mine, expected(path, tensor_of(image, pictures), decode, suppressed))


def main() -> int:
    failures = 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            why = check(case, Path(folder))
        print(f"{'FAIL' if why else 'ok  '} {case[0]} {why}", flush=True)
        failures += bool(why)
    with tempfile.TemporaryDirectory() as folder:
        why = check_halves(Path(folder))
    print(f"{'FAIL' if why else 'ok  '} finished boxes in BF16 {why}", flush=True)
    failures += bool(why)
    for name, model, side, words in REFUSALS:
        with tempfile.TemporaryDirectory() as folder:
            done = inspect(model, side, Path(folder))
        good = done.returncode == 1 and words in done.stderr
        print(f"{'ok  ' if good else 'FAIL'} refused: {name} {'' if good else done.stderr}", flush=True)
        failures += not good
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
