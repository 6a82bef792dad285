"""The pictures that both sides calibrate INT8 on."""
from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests/golden"))

from reference import network_input  # noqa: E402

SUFFIXES = {".jpg", ".jpeg", ".png"}
RANDOM_COUNT = 16
RANDOM_SIDE = 416


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def write_random(folder: Path) -> Path:
    """Pictures of noise, always the same: enough to time an INT8 network, useless for its boxes."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(1)
    for number in range(RANDOM_COUNT):
        pixels = generator.integers(0, 256, (RANDOM_SIDE, RANDOM_SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def choose(folder: Path | None, home: Path) -> tuple[Path, str]:
    """The folder itself, or one of noise in its place; and a description for the reader."""
    if folder is None:
        return write_random(home / "noise"), "pictures of noise, which serve to measure speed only"
    if not pictures(folder):
        raise SystemExit(f"{folder} holds no pictures")
    return folder, f"the {len(pictures(folder))} pictures of {folder}"


def fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in pictures(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def inputs(folder: Path, shape: tuple[int, int, int], stretch: bool,
           how: dict | None = None) -> list[np.ndarray]:
    """The pictures as a network of this shape takes them, one a tensor.

    `how` says where that is other than RGB from 0 to 1: "blue_first", "largest".
    """
    how = how or {}
    channels = slice(None, None, -1 if how.get("blue_first") else 1)
    return [network_input(read_pixels(path), shape, stretch)[:, channels]
            * np.float32(how.get("largest", 1)) for path in pictures(folder)]
