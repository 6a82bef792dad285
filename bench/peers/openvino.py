"""OpenVINO: latency form (one request on all threads) and throughput form (as many as it likes)."""
from __future__ import annotations

import numpy as np
import openvino


class Engine:
    version = openvino.__version__.split("-")[0]

    def __init__(self, files: dict, mode: str, batch: int, threads: int, images: np.ndarray):
        core = openvino.Core()
        model = core.read_model(files["onnx"])
        model.reshape({model.inputs[0]: list(images.shape)})
        compiled = core.compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": mode.upper(),
            "INFERENCE_NUM_THREADS": threads,
        })
        self.queue = openvino.AsyncInferQueue(compiled)
        self.input = {0: images}
        self.images = batch * len(self.queue)

    def run(self) -> None:
        for _ in range(len(self.queue)):
            self.queue.start_async(self.input, share_inputs=True)
        self.queue.wait_all()

    def outputs(self) -> list[np.ndarray]:
        self.run()
        request = self.queue[0]
        return [np.array(tensor.data) for tensor in request.output_tensors]
