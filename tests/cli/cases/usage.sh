# Wrong uses: a sentence each, a suggestion where one is near, exit 2, nothing written.
pictures good a.png
try() {
    echo "\$ boxwright $*"
    boxwright "$@" 2>&1
    echo "exit $?"
}
try anotate
try xyzzy
try annotate a.png --out run --confidence 0.5
try annotate a.png --out run --thread 2
try annotate a.png --out run --zzzzzz
try annotate a.png --out run -q
try annotate a.png --out
try annotate a.png --out run --conf
try annotate a.png --out run --conf=
try annotate a.png --out run --conf=high
try annotate a.png --out run --conf 1.5
try annotate a.png --out run --conf nan
try annotate a.png --out run --max-det 2.5
try annotate a.png --out run --threads 0
try annotate a.png --out run --size 416x
try annotate a.png --out run --size 0
try annotate a.png --out run --nms soft
try annotate a.png --out run --resize streched
try annotate a.png --out run --cpu sse9
try annotate a.png --out run --draw=yes
try annotate a.png --out run --start 5 --end 3
try annotate a.png --out run --track-age 3
try export run --format csv --link-images
try convert-labels run out --to csv --link-images
try annotate a.png --out run --format yolo,coc
try annotate a.png --out run --format yolo --format=coco
try annotate a.png
try annotate --out run
try annotate - - --out run
try annotate missing.png --out run
try annotate --out run -- --not-there
try doctor a.png
try inspect a b
try bench --duration -1
try annotate a.png --out run $tiny --classes cat,dgo | sed "s|$DATA|DATA|"
try annotate a.png --out run $tiny --classes 2 | sed "s|$DATA|DATA|"
ls
