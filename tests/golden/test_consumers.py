"""What Boxwright writes, opened by the programs that it is for: pycocotools, supervision, Label
Studio's SDK, datumaro (which CVAT imports with), pandas, PyYAML, and lxml with VOC's form."""
from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import numpy as np
import pandas
import supervision
import yaml
from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset
from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface
from lxml import etree
from PIL import Image
from pycocotools.coco import COCO

import program

SIZE = (64, 48)
FRAMES = 12  # of the video that is annotated
CLASSES = ["car", "traffic light"]
# File name → boxes as class, score, left, top, right, bottom, track.
TRUTH = {
    "a.jpg": [("car", 0.75, 3, 4, 20, 30, 0), ("traffic light", 0.5, 0, 0, 64, 48, 1)],
    "b & é.jpg": [],
    "c.jpg": [("car", 0.25, 5, 4, 22, 30, 0)],
}
VOC_FORM = """<element name="annotation" xmlns="http://relaxng.org/ns/structure/1.0"
 datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
 <element name="folder"><text/></element><element name="filename"><text/></element>
 <element name="path"><text/></element>
 <element name="source"><element name="database"><text/></element></element>
 <element name="size"><element name="width"><data type="positiveInteger"/></element>
  <element name="height"><data type="positiveInteger"/></element>
  <element name="depth"><value>3</value></element></element>
 <element name="segmented"><value>0</value></element>
 <zeroOrMore><element name="object"><element name="name"><text/></element>
  <element name="pose"><text/></element>
  <element name="truncated"><data type="boolean"/></element>
  <element name="difficult"><data type="boolean"/></element>
  <element name="bndbox"><element name="xmin"><data type="positiveInteger"/></element>
   <element name="ymin"><data type="positiveInteger"/></element>
   <element name="xmax"><data type="positiveInteger"/></element>
   <element name="ymax"><data type="positiveInteger"/></element></element>
 </element></zeroOrMore></element>"""
SHAPE = {
    "type": "object",
    "required": ["label", "score", "points", "group_id", "description", "difficult", "shape_type",
                 "flags", "attributes"],
    "properties": {"points": {"type": "array", "minItems": 4, "maxItems": 4},
                   "shape_type": {"const": "rectangle"}, "difficult": {"type": "boolean"}},
}
X_ANYLABELING_FORM = {
    "type": "object",
    "required": ["version", "flags", "shapes", "imagePath", "imageData", "imageHeight",
                 "imageWidth"],
    "properties": {"shapes": {"type": "array", "items": SHAPE}, "imageData": {"type": "null"},
                   "imageHeight": {"const": SIZE[1]}, "imageWidth": {"const": SIZE[0]}},
}


def make(root: Path) -> Path:
    """Pictures, and their labels in every format."""
    (root / "pictures").mkdir()
    lines = []
    for name, boxes in TRUTH.items():
        Image.new("RGB", SIZE).save(root / "pictures" / name)
        lines.append({"file_name": name, "width": SIZE[0], "height": SIZE[1], "detections": [
            {"class_id": CLASSES.index(kind), "class": kind, "score": score, "track_id": track,
             "bbox": [left, top, right - left, bottom - top]}
            for kind, score, left, top, right, bottom, track in boxes]})
    (root / "start.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    formats = ("yolo,coco,coco-dataset,voc,kitti,cvat,cvat-video,label-studio,x-anylabeling,darknet,"
               "jsonl,csv")
    subprocess.run([program.PROGRAM, "convert-labels", root / "start.jsonl", root / "out", "--to",
                    formats, "--save-conf", "--link-images", "--images", root / "pictures"],
                   check=True, stdout=subprocess.DEVNULL)
    return root / "out"


def same_boxes(found, name: str, off: float = 1e-2) -> None:
    """Checks boxes given as (class, left, top, right, bottom) against a picture's own."""
    wanted = sorted((kind, *corners) for kind, _, *corners, _ in TRUTH[name])
    found = sorted(found)
    assert len(found) == len(wanted), (name, found)
    for a, b in zip(found, wanted):
        assert a[0] == b[0] and np.allclose(a[1:], b[1:], atol=off), (name, a, b)


def open_coco(out: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(out / "coco_dataset.json")
        results = coco.loadRes(str(out / "coco_results.json"))
    for image in coco.loadImgs(coco.getImgIds()):
        for source in (coco, results):
            boxes = source.loadAnns(source.getAnnIds(imgIds=image["id"]))
            same_boxes([(coco.cats[box["category_id"]]["name"], *box["bbox"][:2],
                         box["bbox"][0] + box["bbox"][2], box["bbox"][1] + box["bbox"][3])
                        for box in boxes], image["file_name"])
    assert sorted(box["score"] for box in results.anns.values()) == [0.25, 0.5, 0.75]


def check_supervision(dataset: supervision.DetectionDataset, off: float) -> None:
    assert len(dataset) == len(TRUTH)
    for path, _, detections in dataset:
        same_boxes([(dataset.classes[kind], *box)
                    for kind, box in zip(detections.class_id, detections.xyxy)],
                   Path(path).name, off)


def open_supervision(out: Path) -> None:
    plain = out.parent / "plain"  # supervision takes a sixth number for a mask's
    subprocess.run([program.PROGRAM, "convert-labels", out, plain, "--from", "yolo", "--to", "yolo",
                    "--link-images"], check=True, stdout=subprocess.DEVNULL)
    check_supervision(supervision.DetectionDataset.from_yolo(
        str(plain / "images"), str(plain / "labels"), str(plain / "data.yaml")), 0.01)
    check_supervision(supervision.DetectionDataset.from_coco(
        str(out.parent / "pictures"), str(out / "coco_dataset.json")), 0.01)
    # It takes VOC's corners as they are, counted from 1, and leaves the last pixel out.
    voc = supervision.DetectionDataset.from_pascal_voc(str(out.parent / "pictures"),
                                                       str(out / "Annotations"))
    check_supervision(voc, 1.01)


def open_label_studio(out: Path) -> None:
    config = (out / "label_studio.xml").read_text()
    tasks = json.loads((out / "label_studio.json").read_text())
    interface = LabelInterface(config)
    interface.validate()
    for task in tasks:
        interface.validate_task({"data": task["data"]})
        for prediction in task["predictions"]:
            assert interface.validate_prediction(prediction), task
    as_done = [{"id": index, "data": task["data"], "annotations": [
        {"id": index, "completed_by": 1, "result": task["predictions"][0]["result"]}]}
        for index, task in enumerate(tasks)]
    (out.parent / "tasks.json").write_text(json.dumps(as_done))
    converter = Converter(config, str(out.parent), download_resources=False)
    converter.convert_to_coco(str(out.parent / "tasks.json"), str(out.parent / "converted"),
                              output_image_dir=str(out.parent / "converted/images"),
                              is_dir=False)
    converted = json.loads((out.parent / "converted/result.json").read_text())
    assert len(converted["annotations"]) == 3
    assert sorted(round(box["bbox"][2]) for box in converted["annotations"]) == [17, 17, 64]


def datumaro_boxes(item, dataset) -> list:
    labels = dataset.categories()[AnnotationType.label]
    return [(labels[box.label].name, *box.points) for box in item.annotations
            if box.type == AnnotationType.bbox and not box.attributes.get("outside")]


def open_datumaro(out: Path) -> None:
    for name, source in (("cvat", "cvat_images.xml"), ("cvat", "cvat_video/frames.xml")):
        folder = out.parent / f"datumaro-{Path(source).stem}"
        folder.mkdir()
        (folder / "annotations.xml").write_bytes((out / source).read_bytes())
        (folder / "images").symlink_to(out.parent / "pictures")
        dataset = Dataset.import_from(str(folder), name)
        found = {item.id: datumaro_boxes(item, dataset) for item in dataset}
        if "video" in source:
            same_boxes(found["frame_000000"], "a.jpg")
            same_boxes(found["frame_000002"], "c.jpg")
            assert not found.get("frame_000001")
        else:
            assert len(found) == len(TRUTH)
            for picture in TRUTH:
                same_boxes(found[Path(picture).stem], picture)


def open_voc(out: Path) -> None:
    form = etree.RelaxNG(etree.fromstring(VOC_FORM))
    files = sorted((out / "Annotations").iterdir())
    assert len(files) == len(TRUTH)
    for path in files:
        tree = etree.parse(path)
        form.assertValid(tree)
        same_boxes([(o.findtext("name"), *(int(o.findtext(f"bndbox/{side}")) - (side[1:] == "min")
                                           for side in ("xmin", "ymin", "xmax", "ymax")))
                    for o in tree.iter("object")], tree.findtext("filename"))


def open_tables(out: Path) -> None:
    table = pandas.read_csv(out / "annotations.csv")
    assert list(table.file_name.unique()) == list(TRUTH)
    for name in TRUTH:
        rows = table[(table.file_name == name) & table["class"].notna()]
        same_boxes(rows[["class", "left", "top", "right", "bottom"]].itertuples(index=False,
                                                                                name=None), name)
    assert table.track_id.dropna().astype(int).tolist() == [0, 1, 0]
    lines = pandas.read_json(out / "annotations.jsonl", lines=True)
    assert lines.detections.map(len).tolist() == [2, 0, 1]
    assert yaml.safe_load((out / "data.yaml").read_text())["names"] == dict(enumerate(CLASSES))


def open_json(out: Path) -> None:
    for path in (out / "x_anylabeling").iterdir():
        jsonschema.validate(json.loads(path.read_text()), X_ANYLABELING_FORM)
    frames = json.loads((out / "darknet.json").read_text())
    assert [frame["filename"] for frame in frames] == list(TRUTH)
    lines = [line.split() for path in sorted((out / "label_2").iterdir())
             for line in path.read_text().splitlines()]
    assert [len(line) for line in lines] == [16, 16, 16]
    assert {line[0] for line in lines} == {"car", "traffic_light"}


def annotate_video(root: Path) -> Path | None:
    """A run over a video, with tracks; None where there is no ffmpeg to make one."""
    if not shutil.which("ffmpeg"):
        print("ffmpeg is not installed: no video is annotated")
        return None
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                    f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=10:duration={FRAMES / 10}", "-c:v",
                    "mpeg4", "-threads", "1", root / "drive.mp4"], check=True)
    program.annotate(root / "drive.mp4", root / "run", program.SOURCE / "tests/cli/data/tiny.cfg",
                     weights="random:1", conf=0.2, max_det=5, track=True,
                     format="cvat-video,label-studio,jsonl")
    return root / "run"


def same_tracks(found: list, wanted: list, what) -> None:
    """Checks (class, track, left, top, right, bottom) of a frame."""
    found, wanted = sorted(found), sorted(wanted)
    assert [box[:2] for box in found] == [box[:2] for box in wanted], (what, found, wanted)
    assert np.allclose([box[2:] for box in found], [box[2:] for box in wanted], atol=1e-2), what


def open_tracks(run: Path) -> int:
    """What annotate --track writes of a video, beside the run's own lines; the number of tracks."""
    lines = [json.loads(line) for line in (run / "annotations.jsonl").read_text().splitlines()]
    wanted = [[(box["class"], box["track_id"], *box["bbox"][:2], box["bbox"][0] + box["bbox"][2],
                box["bbox"][1] + box["bbox"][3]) for box in line["detections"]] for line in lines]
    assert [line["frame"] for line in lines] == list(range(FRAMES))
    tracks = {box[1] for boxes in wanted for box in boxes}
    assert 0 < len(tracks) < sum(map(len, wanted)), "no box goes on in the next frame"
    open_cvat_tracks(run, wanted)
    open_label_studio_frames(run, wanted)
    return len(tracks)


def open_cvat_tracks(run: Path, wanted: list) -> None:
    dataset = Dataset.import_from(str(run / "cvat_video/drive.mp4.xml"), "cvat")
    labels = dataset.categories()[AnnotationType.label]
    found = {int(item.attributes["frame"]): [
        (labels[box.label].name, box.attributes["track_id"], *box.points)
        for box in item.annotations if not box.attributes.get("outside")] for item in dataset}
    for frame, boxes in enumerate(wanted):
        same_tracks(found.get(frame, []), boxes, frame)


def open_label_studio_frames(run: Path, wanted: list) -> None:
    interface = LabelInterface((run / "label_studio.xml").read_text())
    interface.validate()
    tasks = json.loads((run / "label_studio.json").read_text())
    assert len(tasks) == len(wanted)
    for task, boxes in zip(tasks, wanted):
        interface.validate_task({"data": task["data"]})
        result = task["predictions"][0]["result"] if task["predictions"] else []
        assert all(interface.validate_prediction(one) for one in task["predictions"]), task
        found = [(one["value"]["rectanglelabels"][0], one["value"]["x"] * SIZE[0] / 100,
                  one["value"]["y"] * SIZE[1] / 100) for one in result]
        assert len(found) == len(boxes), task
        for a, b in zip(sorted(found), sorted((box[0], *box[2:4]) for box in boxes)):
            assert a[0] == b[0] and np.allclose(a[1:], b[1:], atol=1e-2), (a, b)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        out = make(Path(folder))
        for check in (open_coco, open_supervision, open_label_studio, open_datumaro, open_voc,
                      open_tables, open_json):
            check(out)
            print(f"{check.__name__}: {len(TRUTH)} pictures as they were written")
        run = annotate_video(Path(folder))
        if run:
            print(f"open_tracks: {open_tracks(run)} tracks of {FRAMES} frames as they were written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
