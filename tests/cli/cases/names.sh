# Names of any bytes: nothing escapes, collides, or is taken for an option or for markup.
mkdir photos
long=$(python3 -c 'print("n" * 251)')
umlauts=$(python3 -c 'import sys; sys.stdout.buffer.write("ü".encode() * 125)')
bytes=$(python3 -c 'import sys; sys.stdout.buffer.write(b"latin1-\xe4\xff")')
pictures good "photos/$long.png" "photos/$umlauts.png" "photos/$bytes.png" "photos/new
line.png" 'photos/-rf.png' 'photos/;ls.png' 'photos/$(touch escaped).png' 'photos/a b.png' \
    'photos/<b>&amp.png' "photos/'quote\".png" 'photos/two.dots.png' \
    'photos/%s%n.png' 'photos/tab	.png' 'photos/UPPER.PNG'
boxwright annotate photos --out run $tiny --conf 0 --max-det 1 --draw --quiet
echo "exit $?"
show() {
    python3 -c 'import os, sys
for name in sorted(os.listdir(os.fsencode(sys.argv[1]))):
    print(ascii(name)[2:-1], len(name))' "$1"
}
show run/labels
show run/drawn | wc -l
query run 'SELECT count(*), count(DISTINCT label) FROM items'
query run "SELECT typeof(path), typeof(label), path FROM items WHERE typeof(path) = 'blob'"
echo "--- report"
grep -c '<b>&amp;amp' run/report.html
grep -o '&lt;b&gt;&amp;amp.png' run/report.html | head -1
python3 -c 'open("run/report.html", encoding="utf-8").read(); print("valid UTF-8")'
python3 -c 'import json; print(len(json.load(open("run/coco_image_ids.json", encoding="utf-8"))))'
cd photos
boxwright annotate --out ../dash $tiny --conf 0.999 --quiet -- -rf.png
ls ../dash/labels
ls | wc -l
