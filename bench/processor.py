"""The processor: what it computes in, and how each side is held to less than it has."""
from __future__ import annotations

import os
from pathlib import Path

# Boxwright's word for a set of instructions (--cpu) and oneDNN's (ONEDNN_MAX_CPU_ISA).
LEVELS = {"generic": "SSE41", "avx2": "AVX2", "avx512": "AVX512_CORE",
          "vnni": "AVX512_CORE_VNNI", "bf16": "AVX512_CORE_BF16", "amx": "AVX512_CORE_AMX"}

# The engines that can be held to a level; the others choose their instructions themselves.
MASKABLE = ("boxwright", "openvino")

FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def read() -> tuple[str, list[str]]:
    """The processor's name and which of FEATURES it has."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    values = {key.strip(): value.strip() for key, value in fields.items()}
    flags = values.get("flags", "").split()
    return values.get("model name", "unknown"), [flag for flag in FEATURES if flag in flags]


def describe(threads: int, level: str | None) -> dict:
    name, features = read()
    return {"cpu": name, "features": features, "threads": threads, "level": level or "",
            "load": os.getloadavg()[0]}


def has_bf16(level: str | None) -> bool:
    """Whether there is arithmetic in BF16; without, an engine would compute in FP32 unasked."""
    _, features = read()
    if level and list(LEVELS).index(level) < list(LEVELS).index("bf16"):
        return False
    return "avx512_bf16" in features or "amx_bf16" in features


def environment(threads: int, level: str | None) -> dict[str, str]:
    """Of a peer's process."""
    settings = dict(os.environ, OMP_NUM_THREADS=str(threads))
    if level:
        settings["ONEDNN_MAX_CPU_ISA"] = LEVELS[level]
    return settings


def hold(level: str | None) -> None:
    """Holds this process to a level, if it has not used OpenVINO yet."""
    if level:
        os.environ["ONEDNN_MAX_CPU_ISA"] = LEVELS[level]
