"""OpenVINO's first result in a new process: reads a model, compiles it, infers once, ends.

usage: first_openvino.py MODEL WIDTH HEIGHT BATCH THREADS PRECISION CACHE

CACHE is a folder in which OpenVINO keeps the compiled model between starts; empty for none. Without
any arguments, the cost of Python and the imports alone.
"""
import os
import sys

import numpy as np
import openvino

from peers.openvino import HINTS


def main(path: str, width: str, height: str, batch: str, threads: str, precision: str,
         cache: str) -> None:
    core = openvino.Core()
    if cache:
        core.set_property({"CACHE_DIR": cache})
    model = core.read_model(path)
    shape = [int(batch), 3, int(height), int(width)]
    model.reshape({model.inputs[0]: shape})
    compiled = core.compile_model(model, "CPU", {**HINTS[precision], "PERFORMANCE_HINT": "LATENCY",
                                                 "INFERENCE_NUM_THREADS": int(threads)})
    compiled([np.zeros(shape, np.float32)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:])
    os._exit(0)  # the result is there; taking down does not count
