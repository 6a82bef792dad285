"""The process of one peer in one mode: it waits for a line, works, and answers with a line.

Commands on standard input, JSON, one a line; answers on standard output:

    {"do": "open", "peer": …, "precision": …, "mode": …, "files": …, "batch": …, "threads": …,
     "size": [w, h]}
    {"do": "check", "file": FILE}    writes the heads of the first batch as FILE (.npz)
    {"do": "run", "seconds": S}      runs for S seconds: throughput and latencies

What the engine cannot do is answered with {"error": …}.

compare.py stops the process (SIGSTOP) while it is not its turn, so that no spinning thread of one
engine takes time from another. It dies with compare.py, stopped or not.
"""
from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import time

import numpy as np

PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def open_engine(command: dict):
    module = importlib.import_module(f"peers.{command['peer']}")
    width, height = command["size"]
    images = np.random.default_rng(1).random((command["batch"], 3, height, width), np.float32)
    engine = module.Engine(command["files"], command["precision"], command["mode"],
                           command["batch"], command["threads"], images)
    engine.run()
    return engine


def measure(engine, seconds: float) -> dict:
    latencies = []
    engine.run()
    start = now = time.perf_counter()
    while now - start < seconds or len(latencies) < 2:
        engine.run()
        before, now = now, time.perf_counter()
        latencies.append(now - before)
    return {"throughput": engine.images * len(latencies) / (now - start),
            "latency_ms": {"median": 1e3 * float(np.median(latencies)),
                           "min": 1e3 * min(latencies), "max": 1e3 * max(latencies)},
            "runs": len(latencies)}


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints must not mix with the answers
    engine = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "open":
                engine = open_engine(command)
                answer = {"version": engine.version}
            elif command["do"] == "check":
                np.savez(command["file"], *engine.outputs())
                answer = {}
            else:
                answer = measure(engine, command["seconds"])
        except Exception as error:
            answer = {"error": str(error).strip().splitlines()[-1]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
