"""Detectors of each family as the usual exporters write them, small and with random weights.

Each function gives an ONNX model; what its boxes are is written again, independently, in
reference_heads.py.
"""
from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from onnx_graphs import Graph

SIDE = 64
STRIDES = (8, 16, 32)


class Detector(Graph):
    """A backbone with features at three strides; results are raw convolutions."""

    def __init__(self, seed: int, opset: int = 13, kind: str = "silu", focus: bool = False,
                 attention: bool = False) -> None:
        super().__init__(seed, opset)
        x = self.block(self.focus("images", [(0, 0), (1, 0), (0, 1), (1, 1)]), 12, 16, kind, gain=0.5) \
            if focus else self.block("images", 3, 16, kind, stride=2)
        x = self.split_block(self.block(x, 16, 16, kind, stride=2), 16, kind)
        x = fine = self.block(x, 24, 16, kind, stride=2)
        x = middle = self.block(x, 16, 16, kind, stride=2)
        x = self.block(x, 16, 16, kind, stride=2)
        coarse = self.block(self.spatial_pyramid(x), 64, 16, kind, size=1)
        coarse = self.attend(coarse, 16, 4) if attention else coarse
        middle = self.block(self.node("Concat", self.enlarge(coarse), middle, axis=1), 32, 16, kind)
        fine = self.block(self.node("Concat", self.enlarge(middle), fine, axis=1), 32, 16, kind)
        self.features = [fine, middle, coarse]

    def attend(self, x: str, channels: int, keys: int) -> str:
        """C2PSA of YOLOv10 and v11: one half attends to itself, one head wide."""
        half, side = channels // 2, SIDE // STRIDES[-1]
        left, right = self.split(self.block(x, channels, channels, size=1), 1, half, half)
        flat = self.reshape(self.convolution(right, half, 2 * keys + half, size=1), 1, 1, 2 * keys + half, side * side)
        query, key, value = self.split(flat, 2, keys, keys, half)
        weights = self.node("MatMul", self.node("Transpose", query, perm=[0, 1, 3, 2]), key)
        weights = self.node("Softmax", self.node("Mul", weights, self.floats(keys ** -0.5)), axis=-1)
        mixed = self.node("MatMul", value, self.node("Transpose", weights, perm=[0, 1, 3, 2]))
        mixed = self.reshape(mixed, 1, half, side, side)
        places = self.convolution(self.reshape(value, 1, half, side, side), half, half, groups=half)
        right = self.node("Add", right, self.convolution(self.node("Add", mixed, places), half, half, size=1))
        inner = self.convolution(self.block(right, half, 2 * half, size=1), 2 * half, half, size=1)
        right = self.node("Add", right, inner)
        return self.block(self.node("Concat", left, right, axis=1), channels, channels, size=1)

    def head(self, index: int, filters: int, gain: float = 3.0) -> str:
        return self.convolution(self.features[index], 16, filters, size=1, gain=gain)

    def floats(self, values: object) -> str:
        return self.constant(values, np.float32)

    def reshape(self, x: str, *shape: int) -> str:
        return self.node("Reshape", x, self.constant(shape))

    def split(self, x: str, axis: int, *sizes: int) -> list[str]:
        if self.opset >= 13:
            return self.node("Split", x, self.constant(sizes), axis=axis, outputs=len(sizes))
        return self.node("Split", x, axis=axis, split=list(sizes), outputs=len(sizes))

    def cut(self, x: str, axis: int, first: int, last: int) -> str:
        return self.node("Slice", x, *(self.constant([n]) for n in (first, last, axis, 1)))

    def end(self, outputs: dict[str, str], metadata: dict[str, str] | None = None,
            batch: int | str = 1, sizes: bool = False) -> onnx.ModelProto:
        for name, value in outputs.items():
            self.nodes.append(helper.make_node("Identity", [value], [name]))
        inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, SIDE, SIDE])]
        if sizes:
            inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
        graph = helper.make_graph(self.nodes, "graph", inputs, [], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                  ir_version=8, producer_name="tests")
        inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
        model.graph.output.extend(value for value in inferred if value.name in outputs)
        helper.set_model_props(model, metadata or {})
        onnx.checker.check_model(model)
        return model


def mesh(offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Places of all cells, [cells, 2], and their strides, [cells]."""
    places, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[:SIDE // stride, :SIDE // stride]
        places.append(np.stack([x.ravel(), y.ravel()], 1) + offset)
        strides.append(np.full(x.size, stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


ANCHORS = np.array([[[10, 13], [16, 30], [33, 23]], [[30, 61], [62, 45], [59, 48]],
                    [[50, 44], [56, 58], [63, 62]]], np.float32)


def suppress(g: Detector, boxes: str, scores: str) -> str:
    """`boxes` [1, N, 4], `scores` [1, classes, N]: ONNX's NonMaxSuppression."""
    return g.node("NonMaxSuppression", boxes, scores, g.constant([100]), g.floats([0.45]), g.floats([0.2]))


def shape_of(g: Detector, x: str, *middle: int) -> str:
    """[batch, *middle, height, width], computed from the tensor's own shape as dynamic exports do."""
    shape = g.node("Shape", x)
    sides = [g.node("Unsqueeze", g.node("Gather", shape, g.constant(axis), axis=0), g.constant([0])) for axis in (0, 2, 3)]
    return g.node("Concat", sides[0], g.constant(middle), *sides[1:], axis=0)


def yolov5(seed: int, classes: int = 4, form: str = "decoded", rule: str = "v5", dynamic: bool = False,
           **how: object) -> onnx.ModelProto:
    """YOLOv5, v7 and v3 as Ultralytics export them: [1, N, 5 + C], also by way of the three raw maps."""
    g, numbers = Detector(seed, **how), 5 + classes
    outputs, rows = {}, []
    for index, stride in enumerate(STRIDES):
        count = SIDE // stride
        x = g.head(index, 3 * numbers)
        x = g.node("Reshape", x, shape_of(g, x, 3, numbers)) if dynamic else \
            g.reshape(x, 1, 3, numbers, count, count)
        x = g.node("Transpose", x, perm=[0, 1, 3, 4, 2])
        if form == "raw":
            outputs[f"map{index}"] = x
            continue
        xy, wh, rest = g.split(g.node("Sigmoid", x) if rule == "v5" else x, 4, 2, 2, 1 + classes)
        y, x_ = np.mgrid[:count, :count]
        grid = np.stack([x_, y], 2)[None, None].astype(np.float32)
        anchors = ANCHORS[index].reshape(1, 3, 1, 1, 2)
        if rule == "v5":
            xy = g.node("Mul", g.node("Add", g.node("Mul", xy, g.floats(2)), g.floats(grid - 0.5)), g.floats(stride))
            wh = g.node("Mul", g.node("Pow", g.node("Mul", wh, g.floats(2)), g.floats(2)), g.floats(anchors))
        else:
            xy = g.node("Mul", g.node("Add", g.node("Sigmoid", xy), g.floats(grid)), g.floats(stride))
            wh = g.node("Mul", g.node("Exp", wh), g.floats(anchors))
            rest = g.node("Sigmoid", rest)
        rows.append(g.reshape(g.node("Concat", xy, wh, rest, axis=4), 0 if dynamic else 1, -1, numbers))
    if form == "raw":
        return g.end(outputs)
    all_rows = g.node("Concat", *rows, axis=1)
    if form == "decoded":
        return g.end({"output0": all_rows}, batch="batch" if dynamic else 1)
    box, objectness, scores = g.split(all_rows, 2, 4, 1, classes)
    scores = g.node("Mul", scores, objectness)
    x, y, w, h = g.split(box, 2, 1, 1, 1, 1)
    half = g.floats(0.5)
    w, h = g.node("Mul", w, half), g.node("Mul", h, half)
    corners = g.node("Concat", g.node("Sub", x, w), g.node("Sub", y, h), g.node("Add", x, w), g.node("Add", y, h),
                     axis=2)
    return g.end({"selected": suppress(g, corners, g.node("Transpose", scores, perm=[0, 2, 1]))})


def yolov6(seed: int, classes: int = 4, **how: object) -> onnx.ModelProto:
    """YOLOv6: logistic classes, distances, [1, N, 5 + C] with an objectness that is always 1."""
    g = Detector(seed, kind="relu", **how)
    scores, boxes = [], []
    for index in range(3):
        cells = (SIDE // STRIDES[index]) ** 2
        scores.append(g.reshape(g.node("Sigmoid", g.head(index, classes)), 1, classes, cells))
        boxes.append(g.reshape(g.head(index, 4), 1, 4, cells))
    score = g.node("Transpose", g.node("Concat", *scores, axis=2), perm=[0, 2, 1])
    box = g.node("Transpose", g.node("Concat", *boxes, axis=2), perm=[0, 2, 1])
    places, strides = mesh(0.5)
    low, high = g.split(box, 2, 2, 2)
    low = g.node("Sub", g.floats(places[None]), low)
    high = g.node("Add", g.floats(places[None]), high)
    centre = g.node("Div", g.node("Add", low, high), g.floats(2))
    box = g.node("Mul", g.node("Concat", centre, g.node("Sub", high, low), axis=2), g.floats(strides[None, :, None]))
    one = g.floats(np.ones((1, len(strides), 1)))
    return g.end({"outputs": g.node("Concat", box, one, score, axis=2)})


def distributions(g: Detector, boxes: str, bins: int, cells: int) -> str:
    """[1, 4 bins, cells] → the four distances, [1, 4, cells]: a softmax and a convolution of places."""
    x = g.node("Transpose", g.reshape(boxes, 1, 4, bins, cells), perm=[0, 2, 1, 3])
    x = g.node("Softmax", x, axis=1) if g.opset >= 13 else None
    places = g.floats(np.arange(bins).reshape(1, bins, 1, 1))
    return g.reshape(g.node("Conv", x, places), 1, 4, cells)


def yolov8(seed: int, classes: int = 4, bins: int = 16, form: str = "decoded", **how: object) -> onnx.ModelProto:
    """YOLOv8, v9, v11: [1, 4 + C, N], also with masks; YOLOv10: the best by TopK; or the maps."""
    g = Detector(seed, **how)
    outputs, flat, masks = {}, [], []
    for index in range(3):
        if form == "masks":
            masks.append(g.reshape(g.head(index, 32), 1, 32, -1))
        boxes, scores = g.head(index, 4 * bins), g.head(index, classes)
        if form == "apart":
            outputs |= {f"box{index}": boxes, f"class{index}": scores}
            continue
        joined = g.node("Concat", boxes, scores, axis=1)
        outputs[f"map{index}"] = joined
        flat.append(g.reshape(joined, 1, 4 * bins + classes, -1))
    if form in ("apart", "joined"):
        return g.end(outputs, {"names": str({n: f"n{n}" for n in range(classes)})})
    places, strides = mesh(0.5)
    cells = len(strides)
    boxes, scores = g.split(g.node("Concat", *flat, axis=2), 1, 4 * bins, classes)
    low, high = g.split(distributions(g, boxes, bins, cells), 1, 2, 2)
    low = g.node("Sub", g.floats(places.T[None]), low)
    high = g.node("Add", g.floats(places.T[None]), high)
    scores = g.node("Sigmoid", scores)
    step = g.floats(strides[None, None])
    if form in ("decoded", "masks"):
        centre = g.node("Div", g.node("Add", low, high), g.floats(2))
        box = g.node("Mul", g.node("Concat", centre, g.node("Sub", high, low), axis=1), step)
    if form == "masks":
        found = g.node("Concat", box, scores, axis=1)
        return g.end({"output0": g.node("Concat", found, g.node("Concat", *masks, axis=2), axis=1),
                      "output1": g.block(g.enlarge(g.features[0]), 16, 32)})
    if form == "decoded":
        return g.end({"output0": g.node("Concat", box, scores, axis=1)}, {"stride": "32", "task": "detect"})
    corners = g.node("Transpose", g.node("Mul", g.node("Concat", low, high, axis=1), step), perm=[0, 2, 1])
    if form == "suppressed":
        return g.end({"selected": suppress(g, corners, scores)})
    scores = g.node("Transpose", scores, perm=[0, 2, 1])
    best = g.node("ReduceMax", scores, axes=[2], keepdims=0)
    count = g.constant([30])
    _, places_ = g.node("TopK", best, count, axis=1, outputs=2)
    rows = g.node("Unsqueeze", places_, g.constant([2]))
    scores = g.node("GatherElements", scores, g.node("Tile", rows, g.constant([1, 1, classes])), axis=1)
    corners = g.node("GatherElements", corners, g.node("Tile", rows, g.constant([1, 1, 4])), axis=1)
    values, flat_places = g.node("TopK", g.reshape(scores, 1, -1), count, axis=1, outputs=2)
    class_ids = g.node("Mod", flat_places, g.constant(classes))
    rows = g.node("Unsqueeze", g.node("Div", flat_places, g.constant(classes)), g.constant([2]))
    corners = g.node("GatherElements", corners, g.node("Tile", rows, g.constant([1, 1, 4])), axis=1)
    parts = [corners, g.node("Unsqueeze", values, g.constant([2])),
             g.node("Unsqueeze", g.node("Cast", class_ids, to=1), g.constant([2]))]
    return g.end({"output0": g.node("Concat", *parts, axis=2)})


def nanodet(seed: int, classes: int = 4, **how: object) -> onnx.ModelProto:
    """NanoDet: one convolution for classes and distances, logistic classes, [1, N, C + 32]."""
    g = Detector(seed, kind="leaky", **how)
    flat = []
    for index in range(3):
        scores, boxes = g.split(g.head(index, classes + 32), 1, classes, 32)
        joined = g.node("Concat", g.node("Sigmoid", scores), boxes, axis=1)
        flat.append(g.reshape(joined, 1, classes + 32, -1))
    return g.end({"output": g.node("Transpose", g.node("Concat", *flat, axis=2), perm=[0, 2, 1])})


def fastestdet(seed: int, classes: int = 4, **how: object) -> onnx.ModelProto:
    g = Detector(seed, kind="relu", **how)
    parts = [g.node("Sigmoid", g.head(1, 1)), g.head(1, 4, 1.0), g.node("Softmax", g.head(1, classes), axis=1)]
    return g.end({"output": g.node("Concat", *parts, axis=1)})


SSD_SIZES = np.array([[[12, 12], [16, 8]], [[28, 28], [40, 20]], [[50, 50], [60, 30]]], np.float32)


def priors() -> np.ndarray:
    """[N, 4]: centres and sizes, in the order cell, anchor."""
    out = []
    for sizes, stride in zip(SSD_SIZES, STRIDES):
        y, x = np.mgrid[:SIDE // stride, :SIDE // stride]
        centres = (np.stack([x, y], 2).reshape(-1, 1, 2) + 0.5) * stride
        out.append(np.concatenate([np.repeat(centres, len(sizes), 1),
                                   np.broadcast_to(sizes, (centres.shape[0], len(sizes), 2))], 2).reshape(-1, 4))
    return np.concatenate(out).astype(np.float32)


def offsets(seed: int, classes: int = 4, softmax: bool = True, **how: object) -> onnx.ModelProto:
    """SSD (softmax with a background, shares of the input) and RetinaNet (logistic, pixels)."""
    g = Detector(seed, kind="relu", **how)
    numbers, boxes, scores = classes + softmax, [], []
    for index in range(3):
        for parts, width in ((boxes, 4), (scores, numbers)):
            x = g.node("Transpose", g.head(index, 2 * width, 2.0), perm=[0, 2, 3, 1])
            parts.append(g.reshape(x, 1, -1, width))
    box, score = g.node("Concat", *boxes, axis=1), g.node("Concat", *scores, axis=1)
    prior = priors() / (SIDE if softmax else 1)
    variances = (0.1, 0.2) if softmax else (1, 1)
    xy, wh = g.split(box, 2, 2, 2)
    size = g.floats(prior[None, :, 2:])
    xy = g.node("Add", g.node("Mul", g.node("Mul", xy, g.floats(variances[0])), size), g.floats(prior[None, :, :2]))
    wh = g.node("Mul", g.node("Exp", g.node("Mul", wh, g.floats(variances[1]))), size)
    half = g.node("Mul", wh, g.floats(0.5))
    corners = g.node("Concat", g.node("Sub", xy, half), g.node("Add", xy, half), axis=2)
    score = g.node("Softmax", score, axis=2) if softmax else g.node("Sigmoid", score)
    return g.end({"boxes": corners, "scores": score})


QUERIES = 20


def queries(seed: int, classes: int = 4, form: str = "apart", **how: object) -> onnx.ModelProto:
    """RT-DETR and DETR: the best places are queries, which look at a map where they like and at each other.

    "apart": logits and boxes; "joined": boxes and probabilities; "nothing": DETR's, with a score for nothing;
    "sizes", "constant": labels, boxes and scores for a size that is given or not; "rows": these as one.
    """
    g, width, side = Detector(seed, opset=17, **how), 16, SIDE // STRIDES[0]
    map_ = g.block(g.features[0], width, width)
    places = g.node("Transpose", g.reshape(map_, 1, width, side * side), perm=[0, 2, 1])

    def linear(x: str, inputs: int, outputs: int, gain: float = 1.0) -> str:
        weights = g.floats(g.random.normal(0, gain * inputs ** -0.5, (inputs, outputs)))
        return g.node("Add", g.node("MatMul", x, weights), g.floats(g.random.normal(0, 0.3, outputs)))

    def normalise(x: str) -> str:
        lists = g.floats(g.random.uniform(0.5, 1.5, width)), g.floats(g.random.normal(0, 0.2, width))
        return g.node("LayerNormalization", x, *lists, axis=-1)

    best = g.node("ReduceMax", linear(places, width, classes), axes=[-1], keepdims=0)
    _, chosen = g.node("TopK", best, g.constant([QUERIES]), axis=1, outputs=2)
    rows = g.node("Tile", g.node("Unsqueeze", chosen, g.constant([2])), g.constant([1, 1, width]))
    tokens = normalise(g.node("GatherElements", places, rows, axis=1))
    grid = g.node("Unsqueeze", g.node("Tanh", linear(tokens, width, 2)), g.constant([1]))
    seen = g.node("GridSample", map_, grid, mode="bilinear", padding_mode="zeros", align_corners=0)
    tokens = g.node("Add", tokens, g.node("Transpose", g.reshape(seen, 1, width, QUERIES), perm=[0, 2, 1]))
    weights = g.node("MatMul", linear(tokens, width, width), g.node("Transpose", tokens, perm=[0, 2, 1]))
    mixed = g.node("MatMul", g.node("Softmax", g.node("Mul", weights, g.floats(0.25)), axis=-1), tokens)
    tokens = normalise(g.node("Add", tokens, mixed))
    boxes = g.node("Sigmoid", linear(tokens, width, 4))
    logits = linear(tokens, width, classes + (form == "nothing"), 2.0)
    if form in ("apart", "nothing"):
        return g.end({"logits": logits, "pred_boxes": boxes}, {"names": str({n: f"n{n}" for n in range(classes)})})
    scores = g.node("Sigmoid", logits)
    if form == "joined":
        return g.end({"output0": g.node("Concat", boxes, scores, axis=2)})
    centre, extent = g.split(boxes, 2, 2, 2)
    half = g.node("Mul", extent, g.floats(0.5))
    corners = g.node("Concat", g.node("Sub", centre, half), g.node("Add", centre, half), axis=2)
    sizes = "orig_target_sizes" if form == "sizes" else g.constant([[SIDE, SIDE]])
    sizes = g.node("Unsqueeze", g.node("Tile", g.node("Cast", sizes, to=1), g.constant([1, 2])), g.constant([1]))
    corners = g.node("Mul", corners, sizes)
    values, flat = g.node("TopK", g.reshape(scores, 1, -1), g.constant([QUERIES]), axis=1, outputs=2)
    labels = g.node("Mod", flat, g.constant(classes))
    rows = g.node("Unsqueeze", g.node("Div", flat, g.constant(classes)), g.constant([2]))
    corners = g.node("GatherElements", corners, g.node("Tile", rows, g.constant([1, 1, 4])), axis=1)
    if form == "rows":
        parts = [g.node("Unsqueeze", part, g.constant([2])) for part in (values, g.node("Cast", labels, to=1))]
        return g.end({"output0": g.node("Concat", corners, *parts, axis=2)})
    return g.end({"labels": labels, "boxes": corners, "scores": values}, sizes=form == "sizes")
