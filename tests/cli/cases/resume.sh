# A run goes on where it was stopped; other settings are refused; nobody else writes meanwhile.
mkdir photos
pictures good photos/a.jpg photos/b.jpg photos/d.jpg
mkfifo list
annotate() { boxwright annotate "$@" $tiny --conf 0.001 --max-det 5; }
boxwright annotate - --out run $tiny --conf 0.001 --max-det 5 --quiet <list &
process=$!
exec 3>list
printf 'photos/a.jpg\nphotos/b.jpg\n' >&3
while [ ! -e run/labels/b.txt ]; do
    kill -0 $process || exit 1
    sleep 0.05
done
echo "--- a second run"
annotate photos --out run 2>&1 | sed 's/process [0-9]*/process N/'
kill -KILL $process
wait $process 2>/dev/null
exec 3>&-
ls run/labels
query run "SELECT value FROM settings WHERE key = 'state'"
echo "--- other settings"
annotate photos --out run --nms diou 2>&1
echo "exit $?"
echo "--- the rest, and a new picture among the old"
pictures good photos/aa.jpg
annotate photos --out run --quiet
echo "exit $?"
query run 'SELECT number, label, boxes FROM items'
ls run run/labels
annotate photos --out whole --quiet
for label in a aa b d; do
    cmp run/labels/$label.txt whole/labels/$label.txt
done
echo "--- nothing left to do"
annotate photos --out run | sed 's/in .* s (.*)/in T (R)/'
echo "--- the same pictures, spelt otherwise"
for folder in ./photos photos/ .//photos/.; do
    annotate "$folder" --out spelt --format "coco, yolo" | grep -o "^[0-9]* images.* new"
    annotate "$folder" --out spelt --format yolo,coco | grep -o "^[0-9]* images.* new"
done
echo "--- another batch"
pictures good photos/e.jpg photos/f.jpg
annotate photos --out run --batch 3 --threads 2 --quiet
echo "exit $?"
query run "SELECT value FROM settings WHERE key = 'batch'"
annotate photos --out whole --quiet
for label in a aa b d e f; do
    cmp run/labels/$label.txt whole/labels/$label.txt
done
rm photos/e.jpg photos/f.jpg
echo "--- anew"
annotate photos --out run --nms diou --quiet --redo
echo "exit $?"
query run 'SELECT number, label, boxes FROM items'
echo "--- shares"
for share in 1/3 2/3 3/3; do
    annotate photos --out share --quiet --shard $share --overwrite
    query share 'SELECT number, label FROM items'
done
for wrong in 4/3 4294967297/8 1/ 1/2x; do
    annotate photos --out share --shard $wrong 2>&1 | head -1
done
