# image_id: the number of an all-digit name, the item's number otherwise, never one id twice.
mkdir -p numbers mixed/a mixed/b
pictures good numbers/000000000139.jpg numbers/7.png
boxwright annotate numbers --out one $tiny --conf 0 --max-det 1 --quiet --format coco
show() {
    python3 -c 'import json, os, sys
results = json.load(open(sys.argv[1] + "/coco_results.json"))
print(*sorted(result["image_id"] for result in results))
if os.path.exists(sys.argv[1] + "/coco_image_ids.json"):
    for entry in json.load(open(sys.argv[1] + "/coco_image_ids.json")):
        print(entry["image_id"], entry["file_name"])' $1
}
show one
pictures good mixed/a/001.jpg mixed/b/1.jpg mixed/3.jpg mixed/dog.jpg mixed/cat.png
boxwright annotate mixed --out two $tiny --conf 0 --max-det 1 --quiet --format coco
show two
find two -type f | sort
