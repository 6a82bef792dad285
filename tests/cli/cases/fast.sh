# Decoding at a part of the size: boxes and sizes stay those of the picture, and it is a setting of the run.
command -v ffmpeg >/dev/null || { echo "skipped: ffmpeg is not installed"; exit 77; }
mkdir photos
ffmpeg -v error -f lavfi -i testsrc2=size=640x480 -frames:v 1 photos/large.jpg
ffmpeg -v error -f lavfi -i testsrc2=size=96x64 -frames:v 1 photos/small.jpg
annotate() { boxwright annotate photos "$@" $tiny --conf 0.2 --max-det 9 --quiet; }
annotate --out whole
annotate --out fast --fast-decode
for run in whole fast; do
    query $run 'SELECT name, width, height FROM items'
    query $run 'SELECT name, count(*), min(right) > 0, max(right) > 160, max(right) <= 640,
        max(bottom) > 120, max(bottom) <= 480 FROM detections JOIN items ON item = number
        WHERE name = "large.jpg"'
done
cmp whole/labels/small.txt fast/labels/small.txt && echo "small pictures are decoded as ever"
cmp -s whole/labels/large.txt fast/labels/large.txt || echo "large ones are not"
annotate --out whole --fast-decode 2>&1
echo "exit $?"
annotate --out drawn --fast-decode --draw 2>&1
echo "exit $?"
