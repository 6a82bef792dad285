"""The general operators against the onnx package's own cases for nodes, by our own reader.

Every case is run whose nodes are all in src/kernels/plain/operators.def. Prints a table of
operators: passed, refused with a reason, failed. What is refused must be for a reason that stands
in REFUSED below and in docs/models.md; nothing may fail.
"""
from __future__ import annotations

import collections
import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from program import SOURCE

warnings.filterwarnings("ignore")
RUNNER = Path(os.environ.get("BW_BINARY_DIR", SOURCE / "build/release")) / "tests/golden/run_onnx"
QUIET = onnxruntime.SessionOptions()
QUIET.log_severity_level = 4
TABLE = SOURCE / "src/kernels/plain/operators.def"
DOCUMENT = SOURCE / "docs/models.md"

# A pattern of the message → what the documentation calls it.
REFUSED = {
    r"spatial dimensions; rows and columns": "one or three spatial dimensions",
    r"data type \d+": "a type of numbers that is not supported",
    r"the type \w+ is not supported here": "a type of numbers that is not supported",
    r"ONNX's type \d+ is not supported": "a type of numbers that is not supported",
    r"antialias": "Resize with antialias",
    r"linear and nearest are": "GridSample by cubic curves",
    r"training_mode": "BatchNormalization in training",
    r"neither a dense tensor": "constants of texts and sparse ones",
    r"of which \d can be computed": "outputs that training alone has",
    r"not a tensor": "sequences and optional values",
}

# Cases whose numbers hold for a length that is not whole; ONNX Runtime, whose numbers are wanted
# here, takes the output's real length, as the operator's definition says.
DISPUTED = {"test_resize_downsample_scales_linear_align_corners",
            "test_resize_downsample_scales_cubic_align_corners"}


def operators() -> set[str]:
    return set(re.findall(r"^BW_OPERATOR\((\w+)", TABLE.read_text(), re.MULTILINE))


def read_outputs(path: Path) -> list[np.ndarray]:
    """What run_onnx wrote: a line of type and shape, then the numbers."""
    data, outputs, at = path.read_bytes(), [], 0
    while at < len(data):
        end = data.index(b"\n", at)
        words = data[at:end].decode().split()
        kind = np.dtype(np.uint16 if words[0] == "bfloat16" else words[0])
        shape = [int(word) for word in words[1:]]
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        array = np.frombuffer(data[end + 1:end + 1 + size], kind).reshape(shape)
        if words[0] == "bfloat16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        outputs.append(array)
        at = end + 1 + size
    return outputs


def run(folder: Path, model: onnx.ModelProto, inputs: list) -> tuple[int, str, list[np.ndarray]]:
    """Exit status, message and outputs of run_onnx."""
    path, out = folder / "model.onnx", folder / "out"
    path.write_bytes(model.SerializeToString())
    files = []
    for index, value in enumerate(inputs):
        files.append(folder / f"{index}.pb")
        files[-1].write_bytes(value.SerializeToString())
    done = subprocess.run([RUNNER, path, out, *files], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr.strip(), read_outputs(out) if done.returncode == 0 else []


def by_onnxruntime(model: onnx.ModelProto, inputs: list) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), QUIET,
                                           providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return session.run(None, dict(zip(names, map(numpy_helper.to_array, inputs))))


def as_tensor(value) -> onnx.TensorProto | None:
    if isinstance(value, onnx.TensorProto):
        return value
    return numpy_helper.from_array(np.asarray(value)) if isinstance(
        value, (np.ndarray, np.generic)) else None


def as_array(value) -> np.ndarray:
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def difference(got: list[np.ndarray], wanted: list, rtol: float, atol: float) -> str:
    """What differs, or nothing."""
    if len(got) != len(wanted):
        return f"{len(got)} outputs, not {len(wanted)}"
    for index, (mine, theirs) in enumerate(zip(got, map(as_array, wanted))):
        if mine.shape != theirs.shape:
            return f"output {index} has the shape {mine.shape}, not {theirs.shape}"
        if theirs.dtype.name == "bfloat16":
            theirs = theirs.astype(np.float32)
        if mine.dtype != theirs.dtype:
            return f"output {index} is {mine.dtype}, not {theirs.dtype}"
        if not np.allclose(mine.astype(np.float64), theirs.astype(np.float64), rtol, atol,
                           equal_nan=True):
            return (f"output {index} differs: {mine.ravel()[:6]} instead of "
                    f"{theirs.ravel()[:6]}")
    return ""


def reason(message: str) -> str | None:
    return next((name for pattern, name in REFUSED.items() if re.search(pattern, message)), None)


def judge(folder: Path, case) -> tuple[str, str]:
    """("passed" | "refused" | "failed", why) of one case."""
    for inputs, wanted in case.data_sets:
        tensors = [as_tensor(value) for value in inputs]
        if any(value is None for value in tensors) or isinstance(wanted[0], (list, type(None))):
            return "refused", reason("not a tensor")
        status, message, got = run(folder, case.model, tensors)
        if status == 3:
            why = reason(message)
            return ("refused", why) if why else ("failed", message)
        if status:
            return "failed", f"status {status}: {message}"
        exact = all(np.asarray(as_array(value)).dtype.kind in "iub" for value in wanted)
        if case.name in DISPUTED:
            wanted = by_onnxruntime(case.model, tensors)
        found = difference(got, wanted, 0 if exact else case.rtol, 0 if exact else 1e-6)
        if found:
            return "failed", found
    return "passed", ""


def main() -> int:
    from onnx.backend.test.case.node import collect_testcases
    known = operators()
    counts = collections.defaultdict(collections.Counter)
    reasons, failures = collections.Counter(), []
    with tempfile.TemporaryDirectory() as name:
        for case in collect_testcases(None):
            nodes = case.model.graph.node
            if not {node.op_type for node in nodes} <= known or any(node.domain for node in nodes):
                continue
            operator = nodes[0].op_type if len(nodes) == 1 else "(functions of several)"
            verdict, why = judge(Path(name), case)
            counts[operator][verdict] += 1
            if verdict == "refused":
                reasons[why] += 1
            if verdict == "failed":
                failures.append(f"{case.name}: {why}")
    print(f"{'operator':24} {'passed':>7} {'refused':>8} {'failed':>7}")
    for operator in sorted(counts):
        row = counts[operator]
        print(f"{operator:24} {row['passed']:7} {row['refused']:8} {row['failed']:7}")
    total = sum(counts.values(), collections.Counter())
    print(f"{'all':24} {total['passed']:7} {total['refused']:8} {total['failed']:7}")
    for why, count in reasons.most_common():
        print(f"refused: {count:4} {why}")
    if total["passed"] < 400:
        failures.append("too few cases were found for this to be a test")
    documented = set(re.findall(r"^\| (\w+) \| \d+ ", DOCUMENT.read_text(), re.MULTILINE))
    for operator in sorted(documented ^ known):
        failures.append(f"{operator} stands in one of {TABLE.name} and {DOCUMENT.name} alone")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
