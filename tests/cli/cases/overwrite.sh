# A run with other settings is refused; --overwrite replaces the run's own files and no others.
mkdir -p photos/sub
pictures good photos/a.jpg photos/sub/b.jpg
boxwright annotate photos --out run $tiny --conf 0.999 --quiet --draw
boxwright annotate photos --out run $tiny --conf 0.999 2>&1
echo "exit $?"
touch run/mine.txt run/labels/mine.txt run/drawn/mine.jpg
rm -r photos/sub
pictures good photos/c.jpg
boxwright annotate photos --out run $tiny --conf 0.999 --quiet --overwrite
echo "exit $?"
find run | sort
query run 'SELECT label FROM items'
echo "--- labels that no run has made"
mkdir -p dataset/labels
touch dataset/labels/by-hand.txt
boxwright annotate photos --out dataset $tiny --overwrite 2>&1
echo "exit $?"
echo "--- a wrong model leaves the old run alone"
boxwright annotate photos --out run --model nowhere --overwrite --quiet 2>/dev/null
echo "exit $?"
ls run
echo "--- a run.db of somebody else's"
mkdir other
echo nonsense >other/run.db
boxwright annotate photos --out other $tiny --overwrite 2>&1
echo "exit $?"
cat other/run.db
echo "--- a file in the way"
boxwright annotate photos --out run/mine.txt $tiny 2>&1
