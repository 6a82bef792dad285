"""ncnn, which has no batches: images in turn on all threads ("split"), or side by side ("images").

FP32 throughout: its 16-bit options are off. Winograd, GEMM and packed layouts stay on.
"""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import ncnn


class Engine:
    version = ncnn.__version__

    def __init__(self, files: dict, precision: str, mode: str, batch: int, threads: int,
                 images: np.ndarray):
        if precision != "fp32":
            raise ValueError(f"no {precision}")
        workers = min(threads, batch) if mode == "images" else 1
        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads = threads // workers
        options.use_packing_layout = True
        options.use_winograd_convolution = True
        options.use_sgemm_convolution = True
        options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
        options.use_bf16_storage = False
        options.use_vulkan_compute = False
        stem = files["ncnn"]
        if self.net.load_param(f"{stem}.param") or self.net.load_model(f"{stem}.bin"):
            raise RuntimeError(f"ncnn cannot load {stem}.param and .bin")
        self.heads = [f"head{number}" for number in range(files["heads"])]
        self.mats = [ncnn.Mat(np.ascontiguousarray(image)).clone() for image in images]
        self.pool = ThreadPoolExecutor(workers) if workers > 1 else None
        self.images = batch

    def infer(self, image) -> list:
        extractor = self.net.create_extractor()
        extractor.input("images", image)
        return [extractor.extract(head)[1] for head in self.heads]

    def run(self) -> list:
        spread = self.pool.map if self.pool else map
        return list(spread(self.infer, self.mats))

    def outputs(self) -> list[np.ndarray]:
        results = [[np.array(head) for head in heads] for heads in self.run()]
        return [np.stack(heads) for heads in zip(*results)]
