# Shares joined into the run that one annotate over all would have made; what does not fit is refused.
mkdir photos
pictures good photos/a.jpg photos/a.png photos/b.jpg photos/c.bmp photos/d.webp photos/e.jpg photos/one.jpg photos/two.jpg photos/three.jpg
echo nonsense >photos/bad.jpg
annotate() { boxwright annotate photos "$@" $tiny --conf 0.3 --iou 1 --max-det 5 --quiet; }
annotate --out whole
for share in 1 2 3; do
    annotate --out s$share --shard $share/3 --batch $share --threads 1
    query s$share "SELECT count(*) FROM items"
done
echo "--- all shares"
boxwright merge all s1 s2 s3
echo "exit $?"
diff -r whole/labels all/labels && cmp whole/coco_results.json all/coco_results.json && echo same
query all 'SELECT number, label, boxes FROM items'
query all 'SELECT path, message FROM errors JOIN items ON item = number'
query all "SELECT value FROM settings WHERE key IN ('shard', 'state') ORDER BY key"
ls all
annotate --out all && ls all/run.lock 2>&1
echo "--- a share is missing"
boxwright merge out s1 s3 2>&1
echo "exit $?"
ls out 2>&1
boxwright merge out s2 --quiet 2>&1
boxwright merge out s1 s3 --partial --no-report 2>&1
annotate --out out
query out 'SELECT count(*) FROM items'
boxwright merge out2 s1 whole --partial 2>&1 | sed '/prefer/q'
echo "--- a share is not finished"
cp -r s2 cut
python3 -c 'import sqlite3; sqlite3.connect("cut/run.db").executescript("UPDATE settings SET value=\"interrupted\" WHERE key=\"state\"")'
boxwright merge out3 s1 cut s3 2>&1 | sed 's/; boxwright annotate .* resumes/; boxwright annotate ... resumes/'
echo "--- other settings"
annotate --out s2b --shard 2/3 --nms diou
boxwright merge out3 s1 s2b s3 2>&1
echo "exit $?"
echo "--- the same pictures twice"
cp -r s2 again
boxwright merge twice s1 s2 s3 again --quiet --no-report
boxwright merge twice s1 s2 s3 again --no-report --overwrite
python3 -c 'import sqlite3; sqlite3.connect("again/run.db").executescript("UPDATE detections SET score=score/2 WHERE rank=4")'
boxwright merge out3 s1 s2 s3 again 2>&1 | sed "s/such as '[^']*'/such as 'P'/; s/^boxwright: [0-9]*/boxwright: N/"
boxwright merge last again s1 s2 s3 --prefer last --no-report | sed 's/^[0-9]* in/N in/'
cmp last/coco_results.json whole/coco_results.json && echo same
echo "--- other lists"
mkdir more
pictures good more/x.jpg more/y.jpg more/z.jpg
for share in 1 2; do
    boxwright annotate more --out m$share --shard $share/2 $tiny --conf 0.3 --iou 1 --max-det 5 --quiet
done
boxwright annotate more photos --out both $tiny --conf 0.3 --iou 1 --max-det 5 --quiet
boxwright merge m m1 m2 --quiet
boxwright merge joined m all --no-report
diff -r both/labels joined/labels && cmp both/coco_results.json joined/coco_results.json && echo same
cp -r s2 moved
python3 - <<'END'
import sqlite3
a = sqlite3.connect("s1/run.db").execute("SELECT min(number) FROM items").fetchone()[0]
base = sqlite3.connect("moved/run.db")
b = base.execute("SELECT min(number) FROM items").fetchone()[0]
base.executescript(f"UPDATE items SET number={a} WHERE number={b};"
                   f"UPDATE detections SET item={a} WHERE item={b};"
                   f"UPDATE errors SET item={a} WHERE item={b}")
END
boxwright merge out3 s1 moved s3 2>&1 | sed "s/number [0-9]* is '[^']*'/number N is 'P'/"
boxwright merge out3 s1 moved s3 --renumber --no-report
echo "--- refused"
boxwright merge all s1 s2 s3 2>&1
boxwright merge s1 s1 s2 s3 2>&1
boxwright merge all 2>&1 | head -1
boxwright merge out4 photos 2>&1
python3 - <<'END'
import fcntl, subprocess
with open("s2/run.lock", "w") as file:
    file.write("12345\n")
    file.flush()
    fcntl.flock(file, fcntl.LOCK_EX)
    subprocess.run("boxwright merge out4 s1 s2 s3 2>&1", shell=True)
with open("s2/run.lock") as file:
    fcntl.flock(file, fcntl.LOCK_SH)
    subprocess.run("boxwright merge out4 s1 s2 s3 --quiet --no-report", shell=True)
    subprocess.run("boxwright annotate photos --out s2 --quiet --shard 2/3 $tiny --conf 0.3 --iou 1"
                   " --max-det 5 2>&1", shell=True)
END
rm s2/run.lock
ls s1 s2 | grep lock
python3 -c 'import sqlite3; sqlite3.connect("s3/run.db").executescript("DELETE FROM detections WHERE rank=1")'
boxwright merge out5 s1 s2 s3 2>&1 | sed 's/picture [0-9]*/picture N/'
ls out5 2>&1
