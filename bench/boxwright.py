"""A network as Boxwright's verbs take it, in any precision."""
from __future__ import annotations

import subprocess
from pathlib import Path

import calibration
from setting import LeftOut, Setting, level_option, run_program


class Network:
    """In FP32 the cfg and its weights; in others a plan, which the verb `build` writes once.

    A program without that verb is told the precision at each start, if it knows any.
    """

    def __init__(self, program: Path, precision: str, setting: Setting):
        files, self.plan = setting.files, None
        self.described = ["--model", files["cfg"], "--weights", files["weights"],
                          "--batch", str(setting.batch), "--threads", str(setting.threads)]
        if precision == "fp32":
            return
        self.described += ["--precision", precision]
        if precision == "int8":
            count = len(calibration.pictures(setting.calibration))
            self.described += ["--calib", str(setting.calibration), "--calib-images", str(count)]
        if has_verb(program, "build"):
            self.plan = Path(files["onnx"]).with_name(f"{precision}-{setting.batch}.bwp")
            run_program([str(program), "build", *self.described, *level_option(setting.level),
                         "-o", str(self.plan)])
        elif "--precision" not in run_program([str(program), "bench", "--help"]):
            raise LeftOut(f"boxwright {precision}: {program} has no verb `build` and no "
                          "option --precision")

    def options(self, verb: str) -> list[str]:
        """What names the network on the command line of a verb."""
        if self.plan is None:
            return self.described
        return [str(self.plan)] if verb == "bench" else ["--model", str(self.plan)]


def has_verb(program: Path, verb: str) -> bool:
    return subprocess.run([str(program), verb, "--help"], capture_output=True).returncode == 0
