"""Average precision by pycocotools of boxes in COCO's result form, against YOLO label files."""
from __future__ import annotations

import contextlib
import io
from pathlib import Path

from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

# COCO's category ids of the 80 classes, in the classes' order.
COCO_IDS = [number for number in range(1, 91)
            if number not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)]


def read_boxes(path: Path, width: int, height: int) -> list[dict]:
    """The boxes of one YOLO label file; none where the file is missing."""
    boxes = []
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else ():
        class_id, *values = line.split()
        x, y, w, h = (float(value) for value in values[:4])
        boxes.append({"category_id": COCO_IDS[int(class_id)], "iscrowd": 0,
                      "bbox": [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height],
                      "area": w * width * h * height})
    return boxes


def ground_truth(images: Path, labels: Path) -> COCO:
    """The labelled set as pycocotools takes it; an image's id is the number of its file name."""
    pictures, annotations = [], []
    for path in sorted(images.iterdir()):
        with Image.open(path) as picture:
            width, height = picture.size
        number = int(path.stem)
        pictures.append({"id": number, "width": width, "height": height, "file_name": path.name})
        for box in read_boxes(labels / f"{path.stem}.txt", width, height):
            annotations.append({"id": len(annotations) + 1, "image_id": number, **box})
    truth = COCO()
    truth.dataset = {"images": pictures, "annotations": annotations,
                     "categories": [{"id": number, "name": str(number)} for number in COCO_IDS]}
    truth.createIndex()
    return truth


def average_precision(images: Path, labels: Path, results: list[dict]) -> tuple[float, float]:
    """AP over IoU 0.50 to 0.95 and AP at 0.50."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = ground_truth(images, labels)
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0]), float(evaluation.stats[1])
