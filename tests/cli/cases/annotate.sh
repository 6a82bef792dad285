# A plain run: what lies where, and what it says.
mkdir -p photos/sub
pictures good photos/one.jpg photos/two.png photos/sub/three.webp photos/sub/four.bmp
touch photos/notes.txt photos/.hidden.jpg
boxwright annotate photos --out run $tiny --conf 0 --max-det 3 --iou 1 --draw |
    sed 's/in .* s (.*)/in T (R)/; s/^Busy: .*/Busy: B/'
echo "--- files"
find run | sort
echo "--- items"
query run 'SELECT number, path, name, label, format, width, height, boxes FROM items'
query run 'SELECT count(*), min(score) >= 0, max(score) <= 1 FROM detections'
query run "SELECT value FROM settings WHERE key IN ('state', 'input', 'resize', 'pictures')"
query run 'SELECT id, name FROM classes'
echo "--- labels"
wc -l run/labels/one.txt run/labels/sub/three.txt
awk '{ if (NF != 5) print "columns:", NF; for (i = 2; i <= 5; i++) if ($i < 0 || $i > 1) print }' \
    run/labels/*.txt
echo "--- COCO"
python3 -c 'import json; r = json.load(open("run/coco_results.json")); print(len(r), sorted(r[0]))
print(*sorted((e["image_id"], e["file_name"]) for e in json.load(open("run/coco_image_ids.json"))))'
