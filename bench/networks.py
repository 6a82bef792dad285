"""The networks of a comparison, translated for each engine and kept in a folder between runs."""
from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import onnx

from darknet_cfg import Network, read_network, write_weights
from darknet_ncnn import write_ncnn
from darknet_onnx import to_onnx

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent
FILES = ("cfg", "weights", "onnx")
OPEN_SIDE = 640  # of an ONNX file that leaves its input's size open
TRANSLATORS = ("darknet_cfg.py", "darknet_onnx.py", "darknet_ncnn.py", "networks.py")


def read_list(path: Path = HERE / "models.json") -> dict[str, dict]:
    """The models by name; the paths in the file are relative to the source folder."""
    models = json.loads(path.read_text(encoding="utf-8"))
    for model in models.values():
        for key in FILES:
            if key in model:
                model[key] = (SOURCE / model[key]).resolve()
    return models


def read_darknet() -> dict[str, dict]:
    """Those that have a cfg, whose boxes are decoded here."""
    return {name: model for name, model in read_list().items() if "cfg" in model}


def of_file(path: Path) -> dict:
    """A model that is no more than an ONNX file, of pictures from 0 to 1."""
    dims = onnx.load(str(path), load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    height, width = (dim.dim_value or OPEN_SIDE for dim in dims[2:])
    return {"onnx": path.resolve(), "size": [width, height]}


def missing_file(model: dict) -> Path | None:
    return next((model[key] for key in FILES if key in model and not model[key].exists()), None)


def fingerprint(model: dict) -> str:
    """Changes whenever the translated files must be made again."""
    digest = hashlib.sha256(json.dumps(model, default=str, sort_keys=True).encode())
    for path in [*(model.get(key) for key in FILES), *(HERE / name for name in TRANSLATORS)]:
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


def translate_darknet(model: dict, folder: Path) -> dict:
    """A model without weights gets random ones, written down so that every engine runs the same
    numbers. Its "prior" is chosen so that some tens of boxes a photo are over the threshold."""
    write_cfg(model, folder / "model.cfg")
    weights = model.get("weights")
    network = read_network(str(folder / "model.cfg"), str(weights) if weights else None,
                           prior=model.get("prior"))
    if not weights:
        write_weights(network, str(folder / "model.weights"))
    onnx.save(to_onnx(network), str(folder / "model.onnx"))
    write_ncnn(network, str(folder / "model"))
    return describe(network, model, folder)


def count_macs(path: Path, size: list[int]) -> int:
    """Multiply-accumulates of the convolutions for one picture of that size."""
    model = onnx.load(str(path))
    for dim, side in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 3, *size[::-1])):
        dim.dim_value = side
    model = onnx.shape_inference.infer_shapes(model)
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
              for value in [*model.graph.value_info, *model.graph.output]}
    weights = {constant.name: constant.dims for constant in model.graph.initializer}
    return sum(int(np.prod(shapes[node.output[0]])) * int(np.prod(weights[node.input[1]][1:]))
               for node in model.graph.node if node.op_type == "Conv"
               if node.output[0] in shapes and node.input[1] in weights)


def copy_onnx(model: dict, folder: Path) -> dict:
    """A file that is ONNX already is the same for all engines, but for ncnn, which reads none."""
    shutil.copyfile(model["onnx"], folder / "model.onnx")
    return {"onnx": str(folder / "model.onnx"), "macs": count_macs(model["onnx"], model["size"]),
            "size": model["size"], "stretch": stretches(model), "random_weights": False,
            "pictures": model.get("pictures", {})}


def prepare(name: str, model: dict, root: Path) -> dict:
    """Translates a model unless that is done already; gives the paths of its files."""
    folder = root / name
    record, key = folder / "files.json", fingerprint(model)
    if record.exists():
        known = json.loads(record.read_text(encoding="utf-8"))
        if known["fingerprint"] == key:
            return known
    folder.mkdir(parents=True, exist_ok=True)
    translate = translate_darknet if "cfg" in model else copy_onnx
    files = translate(model, folder) | {"fingerprint": key}
    record.write_text(json.dumps(files, indent=4), encoding="utf-8")
    return files
