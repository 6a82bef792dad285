"""ONNX Runtime: a batch on all threads ("split"), or a share of its images a thread ("images")."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime


class Engine:
    version = onnxruntime.__version__

    def __init__(self, files: dict, precision: str, mode: str, batch: int, threads: int,
                 images: np.ndarray):
        if precision != "fp32":
            raise ValueError(f"no {precision}")
        workers = min(threads, batch) if mode == "images" else 1
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads // workers
        self.session = onnxruntime.InferenceSession(files["onnx"], options,
                                                    providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name
        self.parts = [np.ascontiguousarray(part) for part in np.array_split(images, workers)]
        self.pool = ThreadPoolExecutor(workers)
        self.images = batch

    def infer(self, images: np.ndarray) -> list[np.ndarray]:
        return self.session.run(None, {self.name: images})

    def run(self) -> None:
        if len(self.parts) == 1:
            self.infer(self.parts[0])
        else:
            list(self.pool.map(self.infer, self.parts))

    def outputs(self) -> list[np.ndarray]:
        results = [self.infer(part) for part in self.parts]
        return [np.concatenate(heads) for heads in zip(*results)]
