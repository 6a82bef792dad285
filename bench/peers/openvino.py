"""OpenVINO: one request on all threads ("latency"), as many as it likes ("throughput"), or the
batch as requests of one image each, as many under way as it likes ("images").
"""
from __future__ import annotations

import numpy as np
import openvino

HINTS = {"fp32": {"INFERENCE_PRECISION_HINT": "f32"}, "bf16": {"INFERENCE_PRECISION_HINT": "bf16"},
         "int8": {}}


class Engine:
    version = openvino.__version__.split("-")[0]

    def __init__(self, files: dict, precision: str, mode: str, batch: int, threads: int,
                 images: np.ndarray):
        core = openvino.Core()
        model = core.read_model(files["int8" if precision == "int8" else "onnx"])
        parts = np.split(images, batch) if mode == "images" else [images]
        model.reshape({model.inputs[0]: list(parts[0].shape)})
        compiled = core.compile_model(model, "CPU", {
            **HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY" if mode == "latency" else "THROUGHPUT",
            "INFERENCE_NUM_THREADS": threads,
        })
        self.compiled, self.queue = compiled, openvino.AsyncInferQueue(compiled)
        self.parts = [{0: part} for part in parts]
        self.repeats = 1 if mode == "images" else len(self.queue)
        self.images = batch * self.repeats

    def run(self) -> None:
        for part in self.parts * self.repeats:
            self.queue.start_async(part, share_inputs=True)
        self.queue.wait_all()

    def outputs(self) -> list[np.ndarray]:
        results = [self.compiled(part).to_tuple() for part in self.parts]
        return [np.concatenate(heads) for heads in zip(*results)]
