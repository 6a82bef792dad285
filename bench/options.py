"""What the programs of this folder share on their command lines."""
from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Iterator
from pathlib import Path

import networks
import processor


def add_common(parser: argparse.ArgumentParser, models: Collection[str], record: str) -> None:
    parser.add_argument("--models", default=",".join(models), help="of: %(default)s")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                        help="default: every processor this process may use (%(default)s)")
    parser.add_argument("--cpu", choices=processor.LEVELS, metavar="LEVEL",
                        help="hold both sides to these instructions, of: "
                        + ", ".join(processor.LEVELS))
    parser.add_argument("--boxwright", type=Path, metavar="PROGRAM",
                        default=networks.SOURCE / "build/release/boxwright")
    parser.add_argument("--json", type=Path, default=networks.SOURCE / "build/bench" / record,
                        help="default %(default)s; the table (.md) is written beside it")


def split_models(parser: argparse.ArgumentParser, arguments: argparse.Namespace,
                 known: Collection[str]) -> None:
    """The same for --models, where also the path of an ONNX file is a model."""
    files = [name for name in arguments.models.split(",") if Path(name).suffix == ".onnx"]
    split(parser, arguments, "models", [*known, *files])


def split(parser: argparse.ArgumentParser, arguments: argparse.Namespace, name: str,
          known: Collection[str]) -> None:
    """Replaces a list with commas by its parts, all of which must be known."""
    parts = getattr(arguments, name).split(",")
    unknown = sorted(set(parts) - set(known))
    if unknown:
        parser.error(f"--{name}: not {', '.join(unknown)}, but of {', '.join(known)}")
    setattr(arguments, name, parts)


def prepare(names: list[str], folder: Path, left_out: list[str]) -> Iterator[tuple[str, dict]]:
    """The models with their translated files; one whose files are missing is named in left_out."""
    known = networks.read_list()
    for name in names:
        file = Path(name)
        if name not in known and not file.exists():
            left_out.append(f"{name} is not there")
            continue
        model = known[name] if name in known else networks.of_file(file)
        title = name if name in known else file.stem
        absent = networks.missing_file(model)
        if absent:
            left_out.append(f"{name}: {absent} is not there")
        else:
            yield title, networks.prepare(title, model, folder / "models")
