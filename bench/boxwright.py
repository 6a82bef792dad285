"""A network as Boxwright's verbs take it, in any precision."""
from __future__ import annotations

from pathlib import Path

import calibration
from setting import Setting, level_option, run_program

TUNE_SECONDS = 20


class Network:
    """A plan, which the verb `build` writes once, tuned.

    Without a gate: what a precision costs in accuracy is measured by accuracy.py, and random
    weights find nothing that could be lost.
    """

    def __init__(self, program: Path, precision: str, setting: Setting):
        files = setting.files
        self.plan = Path(files["onnx"]).with_name(f"{precision}-{setting.batch}.bwp")
        model = ["--model", files.get("cfg", files["onnx"])]
        if "weights" in files:
            model += ["--weights", files["weights"]]
        command = [str(program), "build", *model,
                   "--batch", str(setting.batch), "--threads", str(setting.threads),
                   "--precision", precision, "--no-gate", "--tune-time", str(TUNE_SECONDS),
                   *level_option(setting.level)]
        if precision == "int8":
            count = len(calibration.pictures(setting.calibration))
            command += ["--calib", str(setting.calibration), "--calib-images", str(count)]
        run_program([*command, "-o", str(self.plan)])

    def options(self, verb: str) -> list[str]:
        """What names the network on the command line of a verb."""
        return [str(self.plan)] if verb == "bench" else ["--model", str(self.plan)]
