"""Memory and time from the start of a process to its first result: `bench/run.sh --startup`.

Each start is a process of its own, the sides in turn; files are in the system's page cache. For
Boxwright it is `annotate` of one photo, decoding and writing included, up to the end of the
process; for OpenVINO first_openvino.py, which leaves as soon as the tensors are there.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import boxwright
import calibration
import networks
import options
import processor
import quantise
import report
from setting import LeftOut, Setting, level_option

HERE = Path(__file__).resolve().parent
PRECISIONS = ("fp32", "bf16", "int8")
HEADINGS = ["network", "engine", "form", "first result s", "peak MiB"]
RIGHT = {3, 4}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare memory and start-up with OpenVINO's.")
    known = networks.read_list()
    options.add_common(parser, known, "startup.json")
    parser.set_defaults(models="yolov3-416")
    parser.add_argument("--precision", default="int8", help=f"of: {','.join(PRECISIONS)}; "
                        "default %(default)s")
    parser.add_argument("--calib", type=Path, metavar="DIR",
                        help="pictures to calibrate INT8 on; without, pictures of noise")
    parser.add_argument("--rounds", type=int, default=5, help="starts of each; default %(default)s")
    parser.add_argument("--photo", type=Path,
                        default=networks.SOURCE / "assets/photos/astronaut.png")
    arguments = parser.parse_args()
    options.split(parser, arguments, "models", known)
    options.split(parser, arguments, "precision", PRECISIONS)
    return arguments


def boxwright_command(arguments, network: boxwright.Network, setting: Setting,
                      folder: Path) -> list[str]:
    return [str(arguments.boxwright), "annotate", str(arguments.photo), "--out",
            str(folder / "out"), "--overwrite", "--quiet", "--no-report",
            *network.options("annotate"), *level_option(setting.level)]


def openvino_commands(precision: str, setting: Setting, folder: Path) -> dict[str, list[str]]:
    """With and without OpenVINO's cache of the compiled model, and the imports by themselves."""
    files = setting.files
    if precision == "int8":
        model = quantise.prepare(files, setting.calibration)
    else:
        model = files["onnx"]
    script = [sys.executable, str(HERE / "first_openvino.py")]
    command = [*script, model, *map(str, files["size"]), str(setting.batch),
               str(setting.threads), precision]
    return {"compiled at the start": [*command, ""],
            "compiled before, cached": [*command, str(folder / "cache")],
            "Python and imports alone": script}


def commands(arguments, precision: str, setting: Setting, folder: Path,
             left_out: list[str]) -> dict[tuple[str, str], list[str]]:
    """What is started, by engine and form."""
    found = {}
    try:
        network = boxwright.Network(arguments.boxwright, precision, setting)
        form = f"{precision}, {'from a plan' if network.plan else 'compiled at the start'}"
        found["boxwright", form] = boxwright_command(arguments, network, setting, folder)
    except LeftOut as reason:
        left_out.append(str(reason))
    for form, command in openvino_commands(precision, setting, folder).items():
        found["openvino", f"{precision}, {form}"] = command
    return found


def start(command: list[str], environment: dict[str, str]) -> dict:
    done = subprocess.run([sys.executable, "-I", "-S", str(HERE / "fresh.py"), *command],
                          capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def measure(arguments, name: str, precision: str, setting: Setting,
            left_out: list[str]) -> list[dict]:
    """Median time and memory of each; the first start of each fills caches and does not count."""
    environment = processor.environment(setting.threads, setting.level)
    with tempfile.TemporaryDirectory() as folder:
        found = commands(arguments, precision, setting, Path(folder), left_out)
        rounds = [[start(command, environment) for command in found.values()]
                  for _ in range(1 + arguments.rounds)][1:]
    return [{"model": name, "engine": engine, "form": form,
             "seconds": median(result["seconds"] for result in results),
             "bytes": median(result["bytes"] for result in results), "starts": results}
            for (engine, form), results in zip(found, zip(*rounds))]


def tables(record: dict) -> tuple[str, str]:
    lines = [[one["model"], one["engine"], one["form"], f"{one['seconds']:.3f}",
              f"{one['bytes'] / 2**20:.0f}"] for one in record["results"]]
    head = (f"Start-up, batch 1, on {report.machine(record)}; medians of {record['rounds']} starts")
    notes = report.notes(record)
    return ("\n".join([head, "", report.text_table(HEADINGS, lines, RIGHT), "", *notes]).rstrip(),
            "\n".join([head, "", report.markdown_table(HEADINGS, lines, RIGHT), "",
                       *(f"- {line}" for line in notes)]).rstrip() + "\n")


def main() -> None:
    arguments = parse_arguments()
    folder, left_out, results = arguments.json.parent, [], []
    noted = None
    if "int8" in arguments.precision:
        arguments.calib, noted = calibration.choose(arguments.calib, folder)
    record = {"machine": processor.describe(arguments.threads, arguments.cpu),
              "calibration": noted, "rounds": arguments.rounds, "results": results,
              "left_out": left_out}
    for name, files in options.prepare(arguments.models, folder, left_out):
        setting = Setting(files, 1, arguments.threads, arguments.cpu, arguments.calib)
        for precision in arguments.precision:
            results += measure(arguments, name, precision, setting, left_out)
    text, markdown = tables(record)
    arguments.json.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    arguments.json.with_suffix(".md").write_text(markdown, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
