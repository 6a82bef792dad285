# Pictures in tar and zip archives, good, odd and damaged; patterns; lists in files.
pictures good a.jpg b.png
python3 "$DATA/../archives.py"
annotate() { # OUT PATH...
    out=$1
    shift
    boxwright annotate "$@" --out "$out" $tiny --conf 0 --max-det 2 --iou 1 --quiet
    echo "$out: exit $?"
}
show() { # OUT
    query "$1" 'SELECT number, path, name, label, boxes FROM items'
    query "$1" 'SELECT item, kind, message FROM errors ORDER BY item'
}
echo "--- all kinds, by a pattern"
annotate good 'good.[tz]*' stored.zip
show good
echo "--- the boxes are those of the files themselves"
annotate files a.jpg b.png
cmp files/labels/a.txt good/labels/good.zip/in/a.txt
cmp files/labels/b.txt good/labels/good.tar.xz/in/deep/b.txt
echo "--- names that would lead out, links, bytes that are no UTF-8"
annotate odd odd.tar
show odd
find odd/labels -type f | sort | cat -v
echo "--- damaged archives: what is good is annotated"
annotate damaged cut.tar torn.tar cut.tar.gz cut.zip damaged.zip locked.zip claim.zip twice.tar.gz empty.zip text.tar good.tar
query damaged 'SELECT path, boxes FROM items'
query damaged 'SELECT item, kind, message FROM errors ORDER BY item'
echo "--- a bomb"
python3 "$DATA/../bomb.py" bomb.tar.gz
annotate bomb bomb.tar.gz
show bomb
echo "--- lists in files"
printf 'a.jpg\r\ngood.tar\n' >list.txt
annotate listed --list list.txt
show listed
annotate both b.png --list - <list.txt
query both 'SELECT number, path FROM items'
echo "--- what does not exist"
boxwright annotate 'no*.jpg' --out none $tiny
echo "exit $?"
boxwright annotate --list none.txt --out none $tiny
