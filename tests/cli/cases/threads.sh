# The result depends neither on threads, nor on streams, nor on the batch.
mkdir photos
for i in 01 02 03 04 05 06 07 08 09 10 11 12; do
    pictures good photos/$i.jpg photos/x$i.png photos/y$i.bmp
    echo damage >photos/z$i.jpg
done
run() {
    name=$1
    shift
    boxwright annotate photos --out $name $tiny --conf 0 --max-det 4 --quiet --no-report "$@"
    echo "exit $?"
    query $name 'SELECT * FROM items ORDER BY number' >$name.items
    query $name 'SELECT * FROM detections ORDER BY item, rank' >>$name.items
    query $name 'SELECT * FROM errors ORDER BY item' >>$name.items
}
run one --threads 1
run two --threads 4
run three --threads 3 --batch 5
run four --threads 3 --streams 2 --batch 3
for other in two three four; do
    diff -r one/labels $other/labels && cmp one/coco_results.json $other/coco_results.json &&
        cmp one/coco_image_ids.json $other/coco_image_ids.json && cmp one.items $other.items &&
        echo "the same"
done
wc -l <one.items
query four "SELECT key, value FROM settings WHERE key IN ('threads', 'streams', 'batch')"
boxwright annotate photos --out five $tiny --threads 2 --streams 3 2>&1
