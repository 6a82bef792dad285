"""What the engines of a comparison share, and how one of them is left out of it."""
from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


class LeftOut(Exception):
    """An engine cannot take part; the message says why."""


@dataclass(frozen=True)
class Setting:
    """`level` is a key of processor.LEVELS or None, `calibration` the pictures for INT8."""

    files: dict
    batch: int
    threads: int
    level: str | None
    calibration: Path | None


def level_option(level: str | None) -> list[str]:
    return ["--cpu", level] if level else []


def run_program(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LeftOut(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout
