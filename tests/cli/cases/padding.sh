# Some of the padding: a setting of the run, which pictures without padding know nothing of, and
# with which neither threads nor batches matter.
command -v ffmpeg >/dev/null || { echo "skipped: ffmpeg is not installed"; exit 77; }
mkdir photos
for size in 640x360 360x640 320x320 640x480; do
    ffmpeg -v error -f lavfi -i testsrc2=size=$size -frames:v 1 photos/$size.jpg
done
# Batches are of one shape each, with pictures of other shapes and broken ones between.
mkdir many
for number in $(seq 100 170); do
    case $((number % 7)) in
    0) echo broken >many/$number.jpg ;;
    1 | 2 | 5) cp photos/640x360.jpg many/$number.jpg ;;
    3) cp photos/360x640.jpg many/$number.jpg ;;
    *) cp photos/640x480.jpg many/$number.jpg ;;
    esac
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
for batch in 1 3; do
    boxwright annotate many --out many$batch --padding 0 $tiny --conf 0.2 --quiet --threads 2 --batch $batch
    query many$batch 'SELECT number, name, boxes FROM items UNION SELECT item, kind, NULL FROM errors ORDER BY number' >items$batch
done
cmp items1 items3 && diff -r many1/labels many3/labels && echo "nor does the order in which shapes come"
wc -l <items3
annotate --out whole --padding 0 2>&1
echo "exit $?"
annotate --out other --padding -1 2>&1
echo "exit $?"
annotate --out other --padding 4 --resize stretch 2>&1
echo "exit $?"
cp "$DATA/yolov8.onnx" a.onnx
echo 'placement = stretched' >a.boxwright
boxwright annotate photos --out other --padding 4 --model a.onnx 2>&1
echo "exit $?"
