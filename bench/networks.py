"""The networks of a comparison, translated for each engine and kept in a folder between runs."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import onnx

from darknet_cfg import Network, read_network, write_weights
from darknet_ncnn import write_ncnn
from darknet_onnx import to_onnx

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent
TRANSLATORS = ("darknet_cfg.py", "darknet_onnx.py", "darknet_ncnn.py", "networks.py")


def read_list(path: Path = HERE / "models.json") -> dict[str, dict]:
    """The models by name; the paths in the file are relative to the source folder."""
    models = json.loads(path.read_text(encoding="utf-8"))
    for model in models.values():
        for key in ("cfg", "weights"):
            if key in model:
                model[key] = (SOURCE / model[key]).resolve()
    return models


def missing_file(model: dict) -> Path | None:
    return next((model[key] for key in ("cfg", "weights")
                 if key in model and not model[key].exists()), None)


def fingerprint(model: dict) -> str:
    """Changes whenever the translated files must be made again."""
    digest = hashlib.sha256(json.dumps(model, default=str, sort_keys=True).encode())
    for path in [model["cfg"], model.get("weights"), *(HERE / name for name in TRANSLATORS)]:
        if path:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def stretches(model: dict) -> bool:
    """Whether pictures are stretched to the input's size; the others keep their aspect."""
    return model.get("resize") == "stretch"


def write_cfg(model: dict, path: Path) -> None:
    """Copies the cfg with the size of the input replaced, and the way to fit pictures into it."""
    text = model["cfg"].read_text(encoding="utf-8")
    if stretches(model):
        text = text.replace("[net]", "[net]\nletter_box=0", 1)
    for key, value in zip(("width", "height"), model["size"]):
        text = re.sub(rf"(?m)^{key}\s*=.*$", f"{key}={value}", text, count=1)
    path.write_text(text, encoding="utf-8")


def describe(network: Network, model: dict, folder: Path) -> dict:
    weights = model.get("weights", folder / "model.weights")
    return {"cfg": str(folder / "model.cfg"), "weights": str(weights),
            "onnx": str(folder / "model.onnx"), "ncnn": str(folder / "model"),
            "heads": len(network.heads), "macs": network.macs, "size": model["size"],
            "stretch": stretches(model), "random_weights": "weights" not in model}


def prepare(name: str, model: dict, root: Path) -> dict:
    """Translates a model unless that is done already; gives the paths of its files.

    A model without weights gets random ones, written down so that every engine runs the same
    numbers.
    """
    folder = root / name
    record, key = folder / "files.json", fingerprint(model)
    if record.exists():
        known = json.loads(record.read_text(encoding="utf-8"))
        if known["fingerprint"] == key:
            return known
    folder.mkdir(parents=True, exist_ok=True)
    write_cfg(model, folder / "model.cfg")
    weights = model.get("weights")
    network = read_network(str(folder / "model.cfg"), str(weights) if weights else None)
    if not weights:
        write_weights(network, str(folder / "model.weights"))
    onnx.save(to_onnx(network), str(folder / "model.onnx"))
    write_ncnn(network, str(folder / "model"))
    files = describe(network, model, folder) | {"fingerprint": key}
    record.write_text(json.dumps(files, indent=4), encoding="utf-8")
    return files
