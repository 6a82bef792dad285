# eval: what it prints and writes, the gate, every form of predictions, and what is refused.
cat >truth.json <<'END'
{"images": [{"id": 1, "file_name": "a.png", "width": 24, "height": 16},
            {"id": 2, "file_name": "b.png", "width": 24, "height": 16}],
 "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog, \"big\""}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 2, 10, 8], "area": 80, "iscrowd": 0},
                 {"id": 2, "image_id": 2, "category_id": 2, "bbox": [0, 0, 12, 12], "area": 144, "iscrowd": 0}]}
END
cat >good.json <<'END'
[{"image_id": 1, "category_id": 1, "bbox": [2, 2, 10, 8], "score": 0.9},
 {"image_id": 2, "category_id": 2, "bbox": [0, 2, 12, 12], "score": 0.6},
 {"image_id": 2, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.2}]
END
echo '[{"image_id": 1, "category_id": 1, "bbox": [2, 3, 10, 8], "score": 0.9}]' >poor.json
boxwright eval good.json --truth truth.json --json figures.json --csv table.csv
cat table.csv
python3 -c 'import json; r = json.load(open("figures.json")); print(*r); print(r["AP"], r["classes"][1]["AP50"])'
echo "--- gate"
boxwright eval good.json --truth truth.json --gate AP=0:figures.json | tail -n 1
boxwright eval poor.json --truth truth.json --gate AP50=-0.005:figures.json >gate.txt
echo "exit $?"
tail -n 1 gate.txt
echo '{"AP": "high"}' >other.json
boxwright eval good.json --truth truth.json --gate AP=0:other.json 2>&1 >/dev/null
boxwright eval good.json --truth truth.json --gate mAP=0:figures.json 2>&1 | head -n 1
boxwright eval good.json --truth truth.json --gate AP=0.1:figures.json 2>&1 | head -n 1
boxwright eval poor.json --truth truth.json --gate AP=-1,AP50/cat=-0.1,VOC07=-0.2:figures.json | tail -n 3
boxwright eval poor.json --truth truth.json --gate AP/cow=-0.1:figures.json 2>&1 >/dev/null
echo "--- other rules"
boxwright eval good.json --truth truth.json --metric voc07
boxwright eval good.json --truth truth.json --metric voc --iou-thresh 0.8 | head -n 1
boxwright eval good.json --truth truth.json --metric darknet | sed 's/$/|/'
boxwright eval good.json --truth truth.json --metric darknet --points 101 --iou-thresh 0.75 | tail -n 2
boxwright eval good.json --truth truth.json --points 11 2>&1 | head -n 1
boxwright eval good.json --truth truth.json --metric voc07 --points 0 2>&1 | head -n 1
boxwright eval good.json --truth truth.json --metric voc --points 1 2>&1 | head -n 1
echo "--- VOC's XML"
mkdir -p voc/Annotations voc/JPEGImages
echo '<annotation><filename>a.png</filename><size><width>24</width><height>16</height></size>
<object><name>cat</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>12</xmax><ymax>10</ymax></bndbox></object>
</annotation>' >voc/Annotations/a.xml
echo '[{"image_id": 1, "category_id": 8, "bbox": [2, 2, 10, 8], "score": 0.9}]' >cat.json
boxwright eval cat.json --truth voc | grep -A 3 Class
echo '<annotation><object>' >voc/Annotations/b.xml
boxwright eval cat.json --truth voc 2>&1
echo "--- YOLO text"
mkdir -p set/images set/labels found
pictures good set/images/a.png set/images/b.png
echo '0 0.25 0.5 0.5 0.5' >set/labels/a.txt
echo '0 0.25 0.5 0.5 0.5 0.7' >found/a.txt
printf 'cat\ndog\n' >names
boxwright eval found --truth set --names names 2>&1 | head -n 2
boxwright eval set/labels --truth set 2>&1
echo "exit $?"
echo "--- a model"
boxwright eval $tiny --truth set | grep -c maxDets
boxwright eval $tiny --truth truth.json 2>&1
echo "exit $?"
echo "--- wrong use"
boxwright eval good.json 2>&1
boxwright eval --truth truth.json 2>&1
boxwright eval good.json $tiny --truth truth.json 2>&1
boxwright eval good.json --truth missing.json 2>&1
