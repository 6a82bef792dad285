# Some of the padding: a setting of the run, which pictures without padding know nothing of, and
# with which neither threads nor batches matter.
command -v ffmpeg >/dev/null || { echo "skipped: ffmpeg is not installed"; exit 77; }
mkdir photos
for size in 640x360 360x640 320x320 640x480; do
    ffmpeg -v error -f lavfi -i testsrc2=size=$size -frames:v 1 photos/$size.jpg
done
annotate() { boxwright annotate photos "$@" $tiny --conf 0.2 --max-det 9 --quiet; }
annotate --out whole
annotate --out some --padding 0 --threads 1
annotate --out again --padding 0 --threads 2 --batch 3
diff -r some/labels again/labels && echo "threads and batches do not matter"
cmp whole/labels/320x320.txt some/labels/320x320.txt && echo "squares have no padding"
cmp -s whole/labels/640x360.txt some/labels/640x360.txt || echo "others differ"
query some 'SELECT name, count(*) FROM detections JOIN items ON item = number GROUP BY name'
grep -o 'Pixels of padding computed</dt><dd>[^<]*' some/report.html
annotate --out whole --padding 0 2>&1
echo "exit $?"
annotate --out other --padding -1 2>&1
echo "exit $?"
