"""Networks written as ONNX, in OpenVINO, against ONNX Runtime's numbers.

Boxes, raw heads, suppression, any batch and QDQ are read, compiled and run. OpenVINO is a part of
the comparison's environment (make bench) and not of the tests' own.
"""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import openvino

import program
from test_export import CHANCE, DRIFT, DUMP, MIXED, Case, distance, runtime, thin, worst

TOLERANCE = 1e-3  # of a tensor's range
SHARED_CFGS = ("yolov2", "yolov4-tiny", "yolov7-tiny")


def infer(path: Path, tensor: np.ndarray) -> list[np.ndarray]:
    compiled = openvino.Core().compile_model(str(path), "CPU",
                                             {"INFERENCE_PRECISION_HINT": "f32"})
    return list(compiled([tensor]).to_tuple())


def check_floats(case: Case) -> str | None:
    batch = np.concatenate([case.input, case.input[..., ::-1]])
    for options, tensor in (((), case.input), (("--raw",), case.input),
                            (("--dynamic-batch",), batch), (("--raw", "--dynamic-batch"), batch)):
        path = case.export(*options)
        apart = max(worst(a, b) for a, b in zip(infer(path, tensor), runtime(path, tensor),
                                                strict=True))
        case.tell(f"{' '.join(options) or 'boxes'}: {apart:.1e} of the range")
        if not apart < TOLERANCE:
            return f"{options}: {apart:.1e} of the range from ONNX Runtime"
    return None


def sort_rows(rows: np.ndarray) -> np.ndarray:
    rows = rows[rows[:, 0] >= 0]  # OpenVINO fills up with rows of picture -1
    return rows[np.lexsort(rows[:, ::-1].T.round(3))]


def check_suppression(case: Case) -> str | None:
    """The threshold lies where scores are far apart, so that rounding picks no other boxes."""
    boxes = runtime(case.export(), case.input)[0][0]
    scores = np.sort((boxes[:, 4:5] * boxes[:, 5:]).ravel())[::-1]
    place = 20 + int(np.argmax(scores[20:100] / np.maximum(scores[21:101], 1e-12)))
    threshold = float((scores[place] + scores[place + 1]) / 2)
    path = case.export("--with-nms", "--conf", f"{threshold:.9f}")
    found, wanted = (sort_rows(run(path, case.input)[0]) for run in (infer, runtime))
    case.tell(f"--with-nms: {len(found)} boxes, ONNX Runtime {len(wanted)}")
    if found.shape != wanted.shape:
        return f"--with-nms: {len(found)} boxes, ONNX Runtime {len(wanted)}"
    apart = np.abs(found - wanted).max() if len(found) else 0.0
    return None if apart < 1e-3 * (1 + np.abs(wanted).max()) else f"--with-nms: {apart} apart"


def check_int8(case: Case) -> str | None:
    """Without --symmetric, whose weights of 8 bits overflow OpenVINO's sums on older processors."""
    exact = runtime(case.export("--raw"), case.input)
    path = case.export("--raw", "--int8-qdq", "--no-gate", "--calib", case.folder / "calibration")
    for found, wanted, floats in zip(infer(path, case.input), runtime(path, case.input, False),
                                     exact, strict=True):
        drift, own = distance(found, wanted), distance(wanted, floats)
        case.tell(f"INT8: {drift:.4f} of the range from ONNX Runtime, {own:.4f} from FP32")
        if not drift < max(DRIFT, CHANCE * own):
            return f"INT8 drifts by {drift:.4f} of the range from ONNX Runtime"
    return None


def main() -> None:
    program.need(DUMP)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        mixed = Path(name, "mixed.cfg")
        mixed.write_text(MIXED, encoding="utf-8")
        cfgs = [mixed, program.SOURCE / "models/yolov3-tiny.cfg"]
        cfgs += [path for stem in SHARED_CFGS
                 if (path := program.SHARED / f"models/cfg/{stem}.cfg").exists()]
        for cfg in cfgs:
            folder = Path(name, cfg.stem)
            folder.mkdir()
            case = Case(cfg if cfg == mixed else thin(cfg, folder / cfg.name), folder)
            fault = check_floats(case) or check_suppression(case) or check_int8(case)
            failed |= fault is not None
            case.told.append(f"{'FAIL' if fault else 'ok  '} {cfg.name} {fault or ''}")
            print("\n".join(case.told), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
