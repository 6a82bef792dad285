"""Boxes of the detectors' outputs, by NumPy alone: rows of left, top, right, bottom, score, class."""
from __future__ import annotations

import numpy as np

from head_graphs import ANCHORS, SIDE, STRIDES, mesh, priors


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    x = np.exp(x.astype(np.float64) - x.max(axis, keepdims=True))
    return x / x.sum(axis, keepdims=True)


def corners(centred: np.ndarray) -> np.ndarray:
    return np.concatenate([centred[:, :2] - centred[:, 2:4] / 2, centred[:, :2] + centred[:, 2:4] / 2], 1)


def candidates(boxes: np.ndarray, scores: np.ndarray, confidence: float) -> np.ndarray:
    rows, classes = np.nonzero(scores > confidence)
    return np.concatenate([boxes[rows], scores[rows, classes, None], classes[:, None]], 1)


def nms(found: np.ndarray, overlap: float) -> np.ndarray:
    """Greedy suppression within each class."""
    kept: list[np.ndarray] = []
    for row in found[np.argsort(-found[:, 4], kind="stable")]:
        def iou(other: np.ndarray) -> float:
            low, high = np.maximum(row[:2], other[:2]), np.minimum(row[2:4], other[2:4])
            common = np.prod(np.maximum(high - low, 0))
            area = np.prod(row[2:4] - row[:2]) + np.prod(other[2:4] - other[:2]) - common
            return common / area if common > 0 else 0
        if all(other[5] != row[5] or iou(other) <= overlap for other in kept):
            kept.append(row)
    return np.array(kept).reshape(-1, 6)


def rows5(outputs: list[np.ndarray]):
    """[1, N, 5 + C]: centred boxes, objectness, classes."""
    rows = outputs[0][0].astype(np.float64)
    return corners(rows), rows[:, 4:5] * rows[:, 5:]


def columns4(outputs: list[np.ndarray]):
    """[1, 4 + C, N]."""
    rows = outputs[0][0].T.astype(np.float64)
    return corners(rows), rows[:, 4:]


def raw_anchors(outputs: list[np.ndarray]):
    """Three maps [1, 3, h, w, 5 + C] of YOLOv5."""
    boxes, scores = [], []
    for index, x in enumerate(outputs):
        x, count = logistic(x[0]), x.shape[2]
        gy, gx = np.mgrid[:count, :count]
        xy = (x[..., :2] * 2 - 0.5 + np.stack([gx, gy], 2)) * STRIDES[index]
        wh = (x[..., 2:4] * 2) ** 2 * ANCHORS[index][:, None, None]
        boxes.append(np.concatenate([xy, wh], 3).reshape(-1, 4))
        scores.append((x[..., 4:5] * x[..., 5:]).reshape(-1, x.shape[-1] - 5))
    return corners(np.concatenate(boxes)), np.concatenate(scores)


def distances(sides: np.ndarray, offset: float) -> np.ndarray:
    """`sides` [N, 4, bins] as logits."""
    places, strides = mesh(offset)
    sides = (softmax(sides, 2) * np.arange(sides.shape[2])).sum(2)
    return np.concatenate([places - sides[:, :2], places + sides[:, 2:]], 1) * strides[:, None]


def raw_distributions(outputs: list[np.ndarray]):
    """Maps of YOLOv8: boxes and classes in one, or apart by turns."""
    if len(outputs) == 6:
        outputs = [np.concatenate(outputs[index:index + 2], 1) for index in (0, 2, 4)]
    flat = np.concatenate([x[0].reshape(x.shape[1], -1) for x in outputs], 1).T
    return distances(flat[:, :64].reshape(-1, 4, 16), 0.5), logistic(flat[:, 64:])


def nanodet(outputs: list[np.ndarray]):
    rows = outputs[0][0]
    classes = rows.shape[1] - 32
    return distances(rows[:, classes:].reshape(-1, 4, 8), 0.5), rows[:, :classes]


def fastestdet(outputs: list[np.ndarray]):
    x, count = outputs[0][0].astype(np.float64), outputs[0].shape[2]
    gy, gx = np.mgrid[:count, :count]
    box = np.stack([(np.tanh(x[1]) + gx) / count, (np.tanh(x[2]) + gy) / count, logistic(x[3]), logistic(x[4])], 2)
    scores = x[0] ** 0.6 * x[5:].max(0) ** 0.4
    best = np.where(np.arange(len(x) - 5)[:, None, None] == x[5:].argmax(0), scores, 0)
    return corners(box.reshape(-1, 4) * SIDE), best.reshape(len(x) - 5, -1).T


def ssd(outputs: list[np.ndarray]):
    return outputs[0][0] * SIDE, outputs[1][0][:, 1:]


def retinanet(outputs: list[np.ndarray]):
    return outputs[0][0], outputs[1][0]


def raw_offsets(outputs: list[np.ndarray]):
    """Boxes and logits of RetinaNet, [1, N, 4] and [1, N, C]."""
    prior, box = priors(), outputs[0][0].astype(np.float64)
    centred = np.concatenate([prior[:, :2] + box[:, :2] * prior[:, 2:], np.exp(box[:, 2:]) * prior[:, 2:]], 1)
    return corners(centred), logistic(outputs[1][0])


def best_rows(outputs: list[np.ndarray]):
    """[1, N, 6]: corners, score, class."""
    rows = outputs[0][0]
    scores = np.where(np.arange(int(rows[:, 5].max()) + 1) == rows[:, 5:], rows[:, 4:5], 0)
    return rows[:, :4], scores


def queries(outputs: list[np.ndarray]):
    """Logits [1, N, C], and centred boxes as shares."""
    return corners(outputs[1][0] * SIDE), logistic(outputs[0][0])


def joined_queries(outputs: list[np.ndarray]):
    """[1, N, 4 + C]: the same as one, with probabilities."""
    return corners(outputs[0][0][:, :4] * SIDE), outputs[0][0][:, 4:]


def detr(outputs: list[np.ndarray]):
    """The best class of each query, beside nothing, which is the last."""
    scores = softmax(outputs[0][0], 1)[:, :-1]
    return corners(outputs[1][0] * SIDE), np.where(scores == scores.max(1, keepdims=True), scores, 0)


def labelled(outputs: list[np.ndarray]):
    """Labels [1, N], corners [1, N, 4], scores [1, N]."""
    labels, boxes, scores = (output[0] for output in outputs)
    return boxes, np.where(np.arange(labels.max() + 1) == labels[:, None], scores[:, None], 0)
