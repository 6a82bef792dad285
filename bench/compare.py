"""Speed of Boxwright and its peers, side by side, in each precision: `make bench`.

For each network and batch size every engine is opened, once for each precision, in a process of its
own. Then they run in turn, round after round, a few seconds each, so that a machine that slows down
or speeds up does so for all. A ratio is taken between two engines of the same round; medians are
over the rounds.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

import calibration
import networks
import options
import plot
import processor
import quantise
import report
from contenders import Boxwright, Peer, open_fastest
from setting import LeftOut, Setting

# What an engine can compute in, and the modes that a peer is tried in (see peers/), at batch 1 and
# at larger batches.
PRECISIONS = {"boxwright": ("fp32", "bf16", "int8"), "openvino": ("fp32", "bf16", "int8"),
              "onnxruntime": ("fp32",), "ncnn": ("fp32",)}
MODES = {
    "openvino": (("latency", "throughput"), ("latency", "throughput", "images")),
    "onnxruntime": (("split",), ("split", "images")),
    "ncnn": (("split",), ("split", "images")),
}
TOLERANCE = 1e-3


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def deviation(contenders: list) -> float | None:
    """The largest difference of two peers' FP32 heads, relative to the largest number there."""
    peers = [one for one in contenders if isinstance(one, Peer) and one.precision == "fp32"]
    if len(peers) < 2:
        return None
    first, *others = [peer.outputs() for peer in peers]
    return max(float(np.abs(a - b).max() / max(1.0, np.abs(a).max()))
               for heads in others for a, b in zip(first, heads, strict=True))


def open_one(arguments, engine: str, precision: str, setting: Setting, left_out: list[str]):
    if engine == "boxwright":
        return Boxwright(arguments.boxwright, precision, setting, arguments.seconds / 2)
    if engine == "ncnn" and "ncnn" not in setting.files:
        raise LeftOut("ncnn: ONNX files are not translated for it")
    if precision == "int8":
        setting.files["int8"] = quantise.prepare(setting.files, setting.calibration)
    peer, absent = open_fastest(engine, precision, MODES[engine][setting.batch > 1], setting,
                                arguments.seconds / 2)
    left_out += absent
    return peer


def open_contenders(arguments, setting: Setting, left_out: list[str]) -> list:
    """Every engine in every precision; who cannot take part is named in left_out."""
    contenders = []
    for precision in arguments.measured:
        for engine in arguments.engines:
            if precision not in PRECISIONS[engine]:
                continue
            try:
                contenders.append(open_one(arguments, engine, precision, setting, left_out))
            except LeftOut as reason:
                say(f"  left out: {reason}")
                left_out.append(str(reason))
    return contenders


def run_rounds(arguments, contenders: list) -> list[list[dict]]:
    rounds = []
    for number in range(arguments.rounds):
        rounds.append([one.run(arguments.seconds) for one in contenders])
        say(f"  round {number + 1}: " + ", ".join(
            f"{one.name} {one.precision} {result['throughput']:.2f}"
            for one, result in zip(contenders, rounds[-1])))
    return rounds


def compare(arguments, name: str, setting: Setting, left_out: list[str]) -> dict:
    """All rounds of one network at one batch size."""
    contenders = open_contenders(arguments, setting, left_out)
    try:
        difference = deviation(contenders)
        if difference is not None and difference > TOLERANCE:
            raise RuntimeError(f"{name}: the peers disagree by {difference:.2e}")
        rounds = run_rounds(arguments, contenders)
        entries = [{"engine": one.name, "precision": one.precision, "mode": one.mode,
                    "version": one.version} for one in contenders]
    finally:
        for one in contenders:
            one.close()
    files = setting.files
    result = {"model": name, "batch": setting.batch, "macs": files["macs"], "size": files["size"],
              "random_weights": files["random_weights"], "deviation_of_peers": difference,
              "entries": report.summarise(rounds, entries)}
    return report.add_ratios(result, arguments.precision)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Boxwright's speed with its peers'.")
    options.add_common(parser, networks.read_list(), "speed.json")
    parser.add_argument("--precision", default="fp32,bf16,int8,best",
                        help="tables to make, of: %(default)s; best: each engine in the precision "
                        "that it is fastest in")
    parser.add_argument("--calib", type=Path, metavar="DIR",
                        help="pictures to calibrate INT8 on; without, pictures of noise, which "
                        "serve to measure speed only")
    parser.add_argument("--batch", default="1,8", help="batch sizes; default %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--seconds", type=float, default=2.0,
                        help="an engine runs in each round; default %(default)s")
    parser.add_argument("--engines", help="of: " + ",".join(PRECISIONS) + "; default: all, or with "
                        "--cpu those that can be held to a level")
    arguments = parser.parse_args()
    options.split_models(parser, arguments, networks.read_list())
    options.split(parser, arguments, "precision", report.TITLES)
    allowed = processor.MASKABLE if arguments.cpu else tuple(PRECISIONS)
    arguments.engines = arguments.engines or ",".join(allowed)
    options.split(parser, arguments, "engines", allowed)
    arguments.batch = [int(value) for value in arguments.batch.split(",")]
    return arguments


def choose_precisions(arguments) -> list[str]:
    """Settles what is measured; gives what is left out. BF16 needs a processor that has it."""
    everything = PRECISIONS["boxwright"]
    wanted = everything if "best" in arguments.precision else arguments.precision
    arguments.measured = [one for one in everything if one in wanted]
    if "bf16" not in arguments.measured or processor.has_bf16(arguments.cpu):
        return []
    arguments.measured.remove("bf16")
    arguments.precision = [one for one in arguments.precision if one != "bf16"]
    return ["BF16: the processor, or the level that it is held to, has no arithmetic for it"]


def write(record: dict, path: Path) -> None:
    path.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report.markdown(record), encoding="utf-8")
    path.with_suffix(".svg").write_text(plot.bars(record), encoding="utf-8")


def main() -> None:
    arguments = parse_arguments()
    left_out, folder = choose_precisions(arguments), arguments.json.parent
    noted = None
    if "int8" in arguments.measured:
        arguments.calib, noted = calibration.choose(arguments.calib, folder)
    record = {"machine": processor.describe(arguments.threads, arguments.cpu),
              "precisions": arguments.precision, "calibration": noted, "left_out": left_out,
              "rounds": arguments.rounds, "seconds": arguments.seconds, "results": []}
    for name, files in options.prepare(arguments.models, folder, left_out):
        for batch in arguments.batch:
            say(f"{name}, batch {batch}")
            setting = Setting(files, batch, arguments.threads, arguments.cpu, arguments.calib)
            record["results"].append(compare(arguments, name, setting, left_out))
            write(record, arguments.json)
    print(report.text(record))
    print(f"\nWritten: {arguments.json} and, beside it, .md and .svg")


if __name__ == "__main__":
    main()
