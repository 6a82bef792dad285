# No pictures at all, pictures with nothing found, and --quiet.
mkdir empty photos
touch empty/readme.txt
boxwright annotate empty --out none $tiny
cat none/coco_results.json
pictures good photos/a.jpg
boxwright annotate photos --out run $tiny --conf 0.999 --quiet --no-report --format yolo
find run -type f | sort
wc -c run/labels/a.txt
