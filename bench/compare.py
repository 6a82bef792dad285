"""FP32 speed of Boxwright and its peers, side by side: the program behind `make bench`.

For each network and batch size every engine is opened in a process of its own. Then they run in
turn, round after round, a few seconds each, so that a machine that slows down or speeds up does so
for all. A ratio is taken between two engines of the same round; medians are over the rounds.
"""
from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

import networks
import plot
import report
from contenders import Boxwright, Peer, open_fastest

# The modes that a peer is tried in (see peers/), at batch 1 and at larger batches.
MODES = {
    "openvino": (("latency", "throughput"), ("latency", "throughput")),
    "onnxruntime": (("split",), ("split", "images")),
    "ncnn": (("split",), ("split", "images")),
}
TOLERANCE = 1e-3


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def deviation(peers: list[Peer]) -> float | None:
    """The largest difference between two peers' heads, relative to the largest number there."""
    if len(peers) < 2:
        return None
    first, *others = [peer.outputs() for peer in peers]
    return max(float(np.abs(a - b).max() / max(1.0, np.abs(a).max()))
               for heads in others for a, b in zip(first, heads, strict=True))


def open_contenders(arguments, files: dict, batch: int) -> list:
    contenders = []
    for name in arguments.engines:
        if name == "boxwright":
            contenders.append(Boxwright(arguments.boxwright, files, batch, arguments.threads))
        else:
            modes = MODES[name][batch > 1]
            contenders.append(open_fastest(name, modes, files, batch, arguments.threads,
                                           arguments.seconds / 2))
    return contenders


def compare(arguments, name: str, files: dict, batch: int) -> dict:
    """All rounds of one network at one batch size."""
    contenders = open_contenders(arguments, files, batch)
    try:
        difference = deviation([one for one in contenders if isinstance(one, Peer)])
        if difference is not None and difference > TOLERANCE:
            raise RuntimeError(f"{name}: the peers disagree by {difference:.2e}")
        rounds = []
        for number in range(arguments.rounds):
            rounds.append({one.name: one.run(arguments.seconds) for one in contenders})
            say(f"  round {number + 1}: " + ", ".join(
                f"{key} {result['throughput']:.2f}" for key, result in rounds[-1].items()))
        engines = {one.name: {"mode": one.mode, "version": one.version} for one in contenders}
    finally:
        for one in contenders:
            one.close()
    return {"model": name, "batch": batch, "macs": files["macs"], "size": files["size"],
            "random_weights": files["random_weights"], "deviation_of_peers": difference,
            **report.summarise(rounds, engines)}


def machine(threads: int) -> dict:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    name = next((line.split(":", 1)[1].strip() for line in text.splitlines()
                 if line.startswith("model name")), "unknown")
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
    return {"cpu": name, "features": [flag for flag in wanted if flag in flags],
            "threads": threads, "mask": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
            "load": os.getloadavg()[0]}


def parse_arguments() -> argparse.Namespace:
    known = networks.read_list()
    parser = argparse.ArgumentParser(description="Compare Boxwright's FP32 speed with its peers'.")
    parser.add_argument("--models", default=",".join(known), help="of: %(default)s")
    parser.add_argument("--batch", default="1,8", help="batch sizes; default %(default)s")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                        help="default: every processor this process may use (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--seconds", type=float, default=2.0,
                        help="an engine runs in each round; default %(default)s")
    parser.add_argument("--engines", default="boxwright,openvino,onnxruntime,ncnn",
                        help="default %(default)s")
    parser.add_argument("--boxwright", type=Path, metavar="PROGRAM",
                        default=networks.SOURCE / "build/release/boxwright")
    parser.add_argument("--json", type=Path, default=networks.SOURCE / "build/bench/fp32.json",
                        help="the table (.md) and the plot (.svg) are written beside it")
    arguments = parser.parse_args()
    arguments.models = arguments.models.split(",")
    arguments.engines = arguments.engines.split(",")
    arguments.batch = [int(value) for value in arguments.batch.split(",")]
    for name, allowed in ((arguments.models, known), (arguments.engines, ["boxwright", *MODES])):
        unknown = set(name) - set(allowed)
        if unknown:
            parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(allowed)}")
    return arguments


def write(record: dict, path: Path) -> None:
    path.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report.markdown(record), encoding="utf-8")
    path.with_suffix(".svg").write_text(plot.bars(record), encoding="utf-8")


def main() -> None:
    arguments = parse_arguments()
    known, folder = networks.read_list(), arguments.json.parent
    record = {"machine": machine(arguments.threads), "precision": "fp32",
              "rounds": arguments.rounds, "seconds": arguments.seconds, "results": []}
    for name in arguments.models:
        absent = networks.missing_file(known[name])
        if absent:
            say(f"{name}: left out, {absent} is not there")
            continue
        files = networks.prepare(name, known[name], folder / "models")
        for batch in arguments.batch:
            say(f"{name}, batch {batch}")
            record["results"].append(compare(arguments, name, files, batch))
            write(record, arguments.json)
    print(report.table(record))
    print(f"\nWritten: {arguments.json} and, beside it, .md and .svg")


if __name__ == "__main__":
    main()
