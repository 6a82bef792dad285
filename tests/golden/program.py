"""The program under test and what its tests need; the standard library alone.

ctest sets BW_SOURCE_DIR, BW_SHARED and BW_PROGRAM; by hand, the release build is taken.
"""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SKIPPED = 77

SOURCE = Path(os.environ.get("BW_SOURCE_DIR", Path(__file__).resolve().parents[2]))
SHARED = Path(os.environ.get("BW_SHARED", SOURCE.parent / "shared"))
PROGRAM = Path(os.environ.get("BW_PROGRAM", SOURCE / "build/release/boxwright"))
DEFAULT_MODEL = SOURCE / "assets/models/yolov3-tiny/yolov3-tiny.cfg"


def need(*paths: Path) -> None:
    """Ends the test as skipped where one of the paths is missing."""
    for path in paths:
        if not path.exists():
            print(f"skipped: {path} is not there")
            sys.exit(SKIPPED)


def annotate(photos: Path, out: Path, model: Path, **options) -> None:
    """Runs `boxwright annotate` and expects exit status 0; name=value becomes --name value."""
    command = [str(PROGRAM), "annotate", str(photos), "--out", str(out), "--model", str(model),
               "--quiet"]
    for name, value in options.items():
        command.append("--" + name.replace("_", "-"))
        if value is not True:
            command.append(str(value))
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
