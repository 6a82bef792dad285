# A run is exported in every format; the same run gives the same bytes as annotate writes.
mkdir -p photos/sub
for name in a b 'c,"<&>' sub/d; do pictures good "photos/$name.jpg"; done
formats=yolo,coco,coco-dataset,voc,kitti,cvat,cvat-video,label-studio,x-anylabeling,darknet,jsonl,csv
boxwright annotate photos --out run --conf 0.01 --max-det 3 --quiet --no-report $tiny --format $formats
(cd run && find . -type f ! -name 'run.db*' | sort)
boxwright export run --format $formats -o out
diff -r run out | grep -v '^Only in run: run.db'
echo "--- one picture"
boxwright export run --format jsonl,csv,cvat-video -o tracked --track --track-hits 1 --min-conf 0.02 | sed 's/[0-9]* box/N box/; s/[0-9]* track/N track/'
head -1 tracked/annotations.csv
boxwright annotate photos --out at-once --conf 0.02 --max-det 3 --quiet --no-report $tiny --track --track-hits 1 \
    --format yolo,x-anylabeling,csv,cvat-video
boxwright export at-once --format yolo,x-anylabeling,csv,cvat-video -o later --track --track-hits 1 >/dev/null
diff -r at-once later | grep -v '^Only in at-once: \(run.db\|progress\)'
grep -o 'group_id":[0-9]' at-once/x_anylabeling/a.json | wc -l
boxwright annotate photos --out at-once --conf 0.02 --max-det 3 --quiet --no-report $tiny \
    --format yolo,x-anylabeling,csv,cvat-video 2>&1 | grep -o 'tracks is .* here'
echo "--- linked"
boxwright export run --format yolo --link-images -o data >/dev/null
find data/images | sort
readlink data/images/sub/d.jpg | sed 's,.*/here/,,'
cmp data/images/sub/d.jpg photos/sub/d.jpg
echo "--- overwritten"
boxwright annotate photos/a.jpg --out run --overwrite --quiet --no-report $tiny --format csv
(cd run && find . -type f ! -name 'run.db*' | sort)
echo "--- refused"
boxwright export run --format yolo,coko
echo "exit $?"
boxwright export run
echo "exit $?"
boxwright export photos --format yolo
echo "exit $?"
boxwright export run --format cvat -o photos/a.jpg
