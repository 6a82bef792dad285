"""Photos to YOLO labels by a Python program as one would write it for speed: the peer of
`boxwright annotate` in end_to_end.py.

usage: openvino_pipeline.py MODEL CFG LIST OUT THREADS PRECISION BATCH

A pool of threads decodes and letterboxes by OpenCV, which leaves Python's lock; OpenVINO infers
asynchronously under its throughput hint, bytes in, with the conversion to numbers in the network;
NumPy looks at the cells whose objectness is over the threshold only. What is under way is bounded.
LIST holds a path a line. Prints the images a second, from the first file to the last label:
imports and compiling do not count.
"""
from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

from darknet_cfg import Head, Network, read_network
from peers.openvino import HINTS

CONFIDENCE, OVERLAP, GREY = 0.25, 0.45, 127


def compile_network(path: str, threads: int, precision: str, batch: int) -> openvino.CompiledModel:
    core = openvino.Core()
    model = core.read_model(path)
    model.reshape({model.inputs[0]: [batch, *model.inputs[0].get_partial_shape()[1:]]})
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(
        openvino.Layout("NHWC")).set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    steps.input().preprocess().convert_element_type(openvino.Type.f32).convert_color(
        ColorFormat.RGB).scale(255.0)
    return core.compile_model(steps.build(), "CPU", {
        **HINTS[precision], "PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_NUM_THREADS": threads})


def letterbox(pixels: np.ndarray, width: int, height: int) -> tuple[np.ndarray, tuple]:
    """The network's input and how it lies in it: left, top, width, height."""
    ratio = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = round(pixels.shape[1] * ratio), round(pixels.shape[0] * ratio)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas = np.full((1, height, width, 3), GREY, np.uint8)
    canvas[0, top:top + inner[1], left:left + inner[0]] = cv2.resize(
        pixels, inner, interpolation=cv2.INTER_LINEAR)
    return canvas, (left, top, *inner)


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def candidates(head: Head, tensor: np.ndarray, width: int, height: int) -> np.ndarray:
    """Rows of left, top, width, height, score, class in pixels of the network's input."""
    rows, columns = tensor.shape[2:]
    cells = tensor.reshape(len(head.anchors), 5 + head.classes, rows, columns)
    anchor, row, column = np.nonzero(cells[:, 4] > logit(CONFIDENCE))
    found = cells[anchor, :, row, column]
    scores = sigmoid(found[:, 4:5]) * sigmoid(found[:, 5:])
    box, class_id = np.nonzero(scores > CONFIDENCE)
    extent = np.exp(found[box, 2:4]) * np.array(head.anchors)[anchor[box]]
    grid = np.stack([column[box], row[box]], 1)
    centre = (sigmoid(found[box, :2]) + grid) * [width / columns, height / rows]
    return np.column_stack([centre - extent / 2, extent, scores[box, class_id], class_id])


def boxes(network: Network, tensors: list[np.ndarray]) -> np.ndarray:
    """The candidates that suppression leaves."""
    _, height, width = network.shape
    found = np.concatenate([candidates(head, tensor, width, height)
                            for head, tensor in zip(network.heads, tensors, strict=True)])
    if not len(found):
        return found
    kept = cv2.dnn.NMSBoxesBatched(found[:, :4], found[:, 4], found[:, 5].astype(int), CONFIDENCE,
                                   OVERLAP)
    return found[kept]


def label(found: np.ndarray, place: tuple) -> str:
    """YOLO's text: class, centre, width and height, relative to the photo and cut at its edges."""
    left, top, width, height = place
    low = np.clip((found[:, :2] - [left, top]) / [width, height], 0, 1)
    high = np.clip((found[:, :2] + found[:, 2:4] - [left, top]) / [width, height], 0, 1)
    numbers = np.concatenate([(low + high) / 2, high - low], 1)
    return "".join(f"{int(box[5])} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n"
                   for box, (x, y, w, h) in zip(found, numbers) if w > 0 and h > 0)


class Pipeline:
    """Photos under way: decoded ones wait for a free request of the queue, `batch` together."""

    def __init__(self, network: Network, compiled: openvino.CompiledModel, out: Path,
                 threads: int, batch: int):
        self.network, self.out = network, out
        self.queue = openvino.AsyncInferQueue(compiled)
        self.queue.set_callback(self.finish)
        self.threads, self.pool = threads, ThreadPoolExecutor(threads)
        self.batch = batch
        self.room = threading.Semaphore(4 * len(self.queue) * batch + 4 * threads)

    def prepare(self, path: str) -> tuple[str, np.ndarray, tuple]:
        _, height, width = self.network.shape
        return path, *letterbox(cv2.imread(path, cv2.IMREAD_COLOR), width, height)

    def finish(self, request: openvino.InferRequest, about: list[tuple[str, tuple]]) -> None:
        for index, (path, place) in enumerate(about):
            tensors = [tensor.data[index:index + 1] for tensor in request.output_tensors]
            text = label(boxes(self.network, tensors), place)
            (self.out / Path(path).with_suffix(".txt").name).write_text(text, encoding="utf-8")
            self.room.release()

    def submit(self, paths: list[str]):
        for path in paths:
            self.room.acquire()
            yield self.pool.submit(self.prepare, path)

    def run(self, paths: list[str]) -> None:
        waiting, batch, ahead = [], self.batch, 2 * self.threads
        for future in self.submit(paths):
            waiting.append(future)
            if len(waiting) >= ahead + batch:
                self.infer(waiting[:batch])
                del waiting[:batch]
        for first in range(0, len(waiting), batch):
            self.infer(waiting[first:first + batch])
        self.queue.wait_all()

    def infer(self, futures: list) -> None:
        photos = [future.result() for future in futures]
        pixels = [photo[1] for photo in photos]
        pixels += pixels[-1:] * (self.batch - len(pixels))
        whole = pixels[0] if len(pixels) == 1 else np.concatenate(pixels)
        self.queue.start_async({0: whole}, [(path, place) for path, _, place in photos])


def main() -> None:
    model, cfg, listed, out, threads, precision, batch = sys.argv[1:]
    cv2.setNumThreads(1)
    paths = Path(listed).read_text(encoding="utf-8").splitlines()
    Path(out).mkdir()
    compiled = compile_network(model, int(threads), precision, int(batch))
    pipeline = Pipeline(read_network(cfg, None), compiled, Path(out), int(threads), int(batch))
    pipeline.run(paths[:2 * len(pipeline.queue) * int(batch)])
    begun = time.perf_counter()
    pipeline.run(paths)
    print(len(paths) / (time.perf_counter() - begun))


if __name__ == "__main__":
    main()
