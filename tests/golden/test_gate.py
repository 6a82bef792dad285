"""The accuracy gate on a real network: good calibration pictures pass, black ones are caught."""
from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import program

SET = program.SHARED / "data/coco-val128"
GATE = 4


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def black_picture(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes((width * 3 + 1) * height))) + chunk(b"IEND", b""))


def build(calibration: Path, plan: Path, *options: str) -> tuple[int, str]:
    """The exit status, and what was said."""
    done = subprocess.run(
        [str(program.PROGRAM), "build", "--model", str(program.DEFAULT_MODEL), "--precision",
         "int8", "--calib", str(calibration), "--output", str(plan), *options],
        capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def make_folders(folder: Path) -> None:
    """The set without its labels, black pictures, and black pictures with the set's labels."""
    for name in ("plain", "black", "labelled/images"):
        Path(folder, name).mkdir(parents=True)
    shutil.copytree(SET / "labels", folder / "labelled/labels")
    for number, photo in enumerate(sorted((SET / "images").iterdir())):
        if number < 32:
            shutil.copy(photo, folder / "plain")
        if number < 4:
            black = black_picture(320, 240)
            Path(folder, "black", photo.stem + ".png").write_bytes(black)
            Path(folder, "labelled/images", photo.stem + ".png").write_bytes(black)


# Where kernels make floats free the search may end in a plan that loses nothing at all.
STRICT = r"int8 loses too much: F1 .* where 0\.0000 is allowed|F1 1\.000 of int8 .* drop 0\.000,"

CASES = [  # pictures, options, whether a plan is to be written (None: either), what is to be said
    (None, (), True, r"Accuracy +AP 0\.2\d+ in fp32, 0\.2\d+ in int8: .* 128 labelled pictures"),
    ("plain", (), True, r"Accuracy +F1 0\.9\d+ of int8 with the \d+ boxes .* 32 pictures"),
    ("plain", ("--max-drop", "0"), None, STRICT),
    ("plain", ("--max-drop", "0.01", "--no-tune"), True, r"more layers in floats, for 1/2 of the"),
    ("black", (), False, r"show nothing that the network recognises"),
    ("labelled", (), False, r"AP is 0\.0000 in fp32 already"),
]


def main() -> None:
    program.need(SET, program.DEFAULT_MODEL)
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folders(folder)
        for pictures, options, passes, words in CASES:
            plan = folder / "plan.bwp"
            status, said = build(folder / pictures if pictures else SET / "images", plan, *options)
            passes = status == 0 if passes is None else passes
            good = (status == (0 if passes else GATE) and plan.exists() == passes
                    and re.search(words, said) is not None)
            failures += not good
            print(f"{'ok  ' if good else 'FAIL'} {pictures or 'labelled photos'} "
                  f"{' '.join(options)}: status {status}: {said.strip().splitlines()[-2:]}")
            plan.unlink(missing_ok=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
