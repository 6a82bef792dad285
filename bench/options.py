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
        absent = networks.missing_file(known[name])
        if absent:
            left_out.append(f"{name}: {absent} is not there")
        else:
            yield name, networks.prepare(name, known[name], folder / "models")
