"""Detection by independent parts: ONNX Runtime for the network, NumPy for everything around it.

Written from darknet's definitions, sharing no code with Boxwright. Boxes are corners (left, top,
right, bottom) in pixels of the photo, kept inside it.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from darknet_cfg import Head, Network  # noqa: E402
from darknet_onnx import to_onnx  # noqa: E402

GREY = 0.5


@dataclass
class Boxes:
    corners: np.ndarray  # n × 4
    scores: np.ndarray
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def pick(self, indices) -> Boxes:
        return Boxes(self.corners[indices], self.scores[indices], self.classes[indices])

    @staticmethod
    def join(parts: list[Boxes]) -> Boxes:
        return Boxes(*(np.concatenate([getattr(part, name) for part in parts])
                       for name in ("corners", "scores", "classes")))


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -80, 80)))


def softmax(values: np.ndarray, axis: int) -> np.ndarray:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# ---- Into the network ---------------------------------------------------------------------------

def resize_axis(pixels: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Linear interpolation along one axis, pixel centres at half integers, edges repeated."""
    length = pixels.shape[axis]
    place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    low = np.floor(place).astype(int)
    shape = [1] * pixels.ndim
    shape[axis] = size
    weight = (place - low).reshape(shape)
    first = np.take(pixels, low, axis)
    second = np.take(pixels, np.minimum(low + 1, length - 1), axis)
    return first + (second - first) * weight


def fit(pixels: np.ndarray, width: int, height: int, stretch: bool) -> tuple[int, int, int, int]:
    """Left, top, width and height of the photo inside the network's input."""
    if stretch:
        return 0, 0, width, height
    ratio = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = round(pixels.shape[1] * ratio), round(pixels.shape[0] * ratio)
    return (width - inner[0]) // 2, (height - inner[1]) // 2, *inner


def network_input(pixels: np.ndarray, shape: tuple[int, int, int], stretch: bool) -> np.ndarray:
    _, height, width = shape
    left, top, inner_width, inner_height = fit(pixels, width, height, stretch)
    scaled = resize_axis(pixels.astype(np.float64) / 255, inner_height, 0)
    scaled = resize_axis(scaled, inner_width, 1)
    canvas = np.full((height, width, 3), GREY)
    canvas[top:top + inner_height, left:left + inner_width] = scaled
    return canvas.transpose(2, 0, 1)[None].astype(np.float32)


# ---- Out of the network -------------------------------------------------------------------------

def head_scores(head: Head, cells: np.ndarray) -> np.ndarray:
    """Scores as anchor × class × row × column."""
    if head.new_coords:
        return cells[:, 4:5] * cells[:, 5:]
    if head.kind == "region":
        return sigmoid(cells[:, 4:5]) * softmax(cells[:, 5:], 1)
    return sigmoid(cells[:, 4:5]) * sigmoid(cells[:, 5:])


def head_boxes(head: Head, cells: np.ndarray, width: int, height: int) -> np.ndarray:
    """Corners in pixels of the network's input as anchor × 4 × row × column."""
    rows, columns = cells.shape[2:]
    anchors = np.array(head.anchors)[:, :, None, None]
    if head.kind == "region":
        anchors = anchors * np.array([width / columns, height / rows])[None, :, None, None]
    offset = cells[:, 0:2] if head.new_coords else sigmoid(cells[:, 0:2])
    offset = offset * head.scale_xy - (head.scale_xy - 1) / 2
    extent = (cells[:, 2:4] * 2) ** 2 if head.new_coords else np.exp(cells[:, 2:4])
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)))
    stride = np.array([width / columns, height / rows])[:, None, None]
    centre, half = (offset + grid) * stride, extent * anchors / 2
    return np.concatenate([centre - half, centre + half], 1)


def decode(head: Head, tensor: np.ndarray, width: int, height: int, confidence: float) -> Boxes:
    """Every class of every box that scores over the threshold."""
    rows, columns = tensor.shape[1:]
    cells = tensor.reshape(len(head.anchors), 5 + head.classes, rows, columns).astype(np.float64)
    scores = head_scores(head, cells)
    corners = head_boxes(head, cells, width, height)
    anchor, class_id, row, column = np.nonzero(scores > confidence)
    return Boxes(corners[anchor, :, row, column], scores[anchor, class_id, row, column], class_id)


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return common / np.maximum(np.prod(box[2:] - box[:2]) + areas - common, 1e-12)


def suppress(boxes: Boxes, iou: float) -> Boxes:
    """Greedy non-maximum suppression, each class by itself; the best boxes come first."""
    kept = []
    for class_id in np.unique(boxes.classes):
        order = np.nonzero(boxes.classes == class_id)[0]
        order = order[np.argsort(-boxes.scores[order], kind="stable")]
        while len(order):
            best, order = order[0], order[1:]
            kept.append(best)
            order = order[overlaps(boxes.corners[best], boxes.corners[order]) <= iou]
    kept = np.array(kept, int)
    return boxes.pick(kept[np.argsort(-boxes.scores[kept], kind="stable")])


def onnx_runtime(network: Network) -> Callable[[np.ndarray], list[np.ndarray]]:
    """The network as a function from an input tensor to the heads' tensors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(to_onnx(network).SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    return lambda tensor: session.run(None, {"images": tensor})


class Detector:
    """A network ready to run on photos (8-bit RGB, height × width × 3).

    `run` computes it, as onnx_runtime() does; other engines can be put in its place.
    """

    def __init__(self, network: Network, stretch: bool = False,
                 run: Callable[[np.ndarray], list[np.ndarray]] | None = None):
        self.network, self.stretch = network, stretch
        self.run = run or onnx_runtime(network)

    def candidates(self, pixels: np.ndarray, confidence: float) -> Boxes:
        """Boxes over the threshold in pixels of the network's input, before any suppression."""
        _, height, width = self.network.shape
        tensors = self.run(network_input(pixels, self.network.shape, self.stretch))
        return Boxes.join([decode(head, tensor[0], width, height, confidence)
                           for head, tensor in zip(self.network.heads, tensors, strict=True)])

    def to_photo(self, boxes: Boxes, pixels: np.ndarray) -> Boxes:
        """Boxes in pixels of the photo, without those that lie in the letterbox's grey alone."""
        _, height, width = self.network.shape
        left, top, inner_width, inner_height = fit(pixels, width, height, self.stretch)
        rows, columns = pixels.shape[:2]
        corners = boxes.corners - np.array([left, top, left, top])
        corners = corners * np.tile([columns / inner_width, rows / inner_height], 2)
        corners = np.clip(corners, 0, [columns, rows, columns, rows])
        inside = (corners[:, 2:] > corners[:, :2]).all(axis=1)
        return Boxes(corners, boxes.scores, boxes.classes).pick(inside)

    def detect(self, pixels: np.ndarray, confidence: float, iou: float) -> Boxes:
        return self.to_photo(suppress(self.candidates(pixels, confidence), iou), pixels)
