"""Labelled pictures and predictions that are hard on an evaluation, made from a seed.

Crowds, empty pictures, pictures without predictions, equal scores, boxes of zero area, areas on the
edges of the ranges, more boxes than count, annotations of area zero, classes without labels, and
the id 0 of a picture, a class and, in every second set, an annotation.
"""
from __future__ import annotations

import random

SIZE = 640
SCORES = [round(step / 20, 2) for step in range(21)]


def random_box(rng: random.Random) -> list[float]:
    side = rng.choice([4, 16, 32, 64, 96, 200])
    width = rng.choice([side, side, rng.uniform(0, 2 * side), 0 if rng.random() < 0.2 else side])
    height = rng.choice([side, side, rng.uniform(0, 2 * side)])
    return [rng.uniform(-10, SIZE - width), rng.uniform(-10, SIZE - height), width, height]


def shaken(rng: random.Random, box: list[float]) -> list[float]:
    """A box near another one; often the same, or moved by whole pixels."""
    kind = rng.random()
    if kind < 0.2:
        return list(box)
    if kind < 0.5:
        return [box[0] + rng.randint(-3, 3), box[1] + rng.randint(-3, 3), box[2], box[3]]
    return [value + rng.gauss(0, 0.1 * max(box[2], box[3])) for value in box[:2]] + [
        abs(value * rng.uniform(0.7, 1.4)) for value in box[2:]]


def annotations_of(rng: random.Random, image_id: int, categories: list[int]) -> list[dict]:
    made = []
    for _ in range(rng.choice([0, 0, 1, 2, 5, 20])):
        box = random_box(rng)
        area = box[2] * box[3]
        made.append({"image_id": image_id, "category_id": rng.choice(categories), "bbox": box,
                     "area": rng.choice([area, area, area * 0.6, 0, 32 ** 2, 96 ** 2]),
                     "iscrowd": int(rng.random() < 0.15)})
    return made


def results_of(rng: random.Random, image_id: int, labels: list[dict], categories: list[int],
               most: int) -> list[dict]:
    made = []
    for label in labels:
        for _ in range(rng.choice([0, 1, 1, 3, 8])):
            made.append((label["category_id"], shaken(rng, label["bbox"])))
    for _ in range(rng.choice([0, 0, 3, most])):
        made.append((rng.choice(categories), random_box(rng)))
    rng.shuffle(made)
    return [{"image_id": image_id, "category_id": category, "bbox": box,
             "score": rng.choice(SCORES) if rng.random() < 0.7 else rng.random()}
            for category, box in made]


def make(seed: int, images: int = 60, most: int = 400) -> tuple[dict, list[dict]]:
    """A COCO dataset and results for it."""
    rng = random.Random(seed)
    categories = [3, 7, 0, 90, 12, 1]
    labelled = categories[:-1]
    ids = [0, *rng.sample(range(1, 100000), images - 1)]
    annotations, results = [], []
    for image_id in ids:
        labels = annotations_of(rng, image_id, labelled)
        annotations += labels
        results += results_of(rng, image_id, labels, categories, most)
    rng.shuffle(annotations)
    rng.shuffle(results)
    for number, annotation in enumerate(annotations):
        annotation["id"] = number + (seed % 2)  # an odd seed begins at 1, an even one at 0
    truth = {"info": {}, "annotations": annotations,
             "categories": [{"id": number, "name": f"c{number}"} for number in categories],
             "images": [{"id": image_id, "width": SIZE, "height": SIZE,
                         "file_name": f"{image_id}.jpg"} for image_id in ids]}
    return truth, results
