# Frames of videos: all, a choice, a part; in a folder; a damaged one among good ones.
command -v ffmpeg >/dev/null || { echo "skipped: ffmpeg is not installed"; exit 77; }
make() { # FILE SECONDS
    ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48:rate=10:duration="$2" -c:v mpeg4 "$1"
}
annotate() { # OUT ARGUMENT...
    out=$1
    shift
    boxwright annotate "$@" --out "$out" $tiny --conf 0.999 --quiet
    echo "$out: exit $?"
    query "$out" 'SELECT number, path, name, label, width, height, format FROM items'
    query "$out" 'SELECT item, kind, message FROM errors ORDER BY item'
}
mkdir clips
make clips/a.mp4 0.5
make long.mkv 3
annotate all clips
annotate every long.mkv --every 12
annotate rate long.mkv --fps 3 --start 1 --end 2
echo "this is no video" >clips/b.avi
echo "export {}" >clips/code.ts
annotate damaged clips --every 4 --draw
ls damaged/drawn/a.mp4
head -c $(($(wc -c <long.mkv) / 2)) long.mkv >cut.mkv
boxwright annotate cut.mkv --out cut $tiny --every 7 --quiet
echo "exit $?"
query cut "SELECT path, message LIKE 'cut.mkv: the video is cut off or damaged%' FROM items
    JOIN errors ON item = number WHERE path = 'cut.mkv'"
boxwright annotate long.mkv --out none $tiny --every 2 --fps 2
echo "exit $?"
echo "--- archives hold pictures, not videos"
tar cf clips.tar clips
boxwright annotate clips.tar --out packed $tiny --quiet
query packed 'SELECT count(*) FROM items'
