# Selecting from a run made by hand: doubt, rarity and difference decide, in that way.
pictures good a.jpg
python3 - <<'END'
import sqlite3
import os
os.mkdir("run")
base = sqlite3.connect("run/run.db")
base.executescript("""
PRAGMA application_id=0x42575244; PRAGMA user_version=1; PRAGMA journal_mode=WAL;
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE classes(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE items(number INTEGER PRIMARY KEY, path NOT NULL, name NOT NULL, label NOT NULL UNIQUE,
 format TEXT, width INTEGER, height INTEGER, boxes INTEGER, confidence REAL);
CREATE TABLE detections(item INTEGER NOT NULL, rank INTEGER NOT NULL, class INTEGER NOT NULL,
 score REAL NOT NULL, left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL,
 bottom REAL NOT NULL, PRIMARY KEY(item, rank)) WITHOUT ROWID;
INSERT INTO classes VALUES(0, 'car'), (1, 'tram');
""")
pictures = [  # name, boxes of (class, score, left)
    ("sure", [(0, .99, 0)]), ("doubtful", [(0, .5, 0), (0, .45, 50)]),
    ("the same", [(0, .5, 0), (0, .45, 50)]), ("rare", [(1, .9, 60)]), ("nothing", []),
    ("failed", None), ("some, doubt", [(0, .7, 0)])]
for number, (name, boxes) in enumerate(pictures, 1):
    base.execute("INSERT INTO items VALUES(?,?,?,?,?,?,?,?,?)",
                 (number, name + ".jpg", name + ".jpg", name, "jpeg", 100, 100,
                  None if boxes is None else len(boxes),
                  sum(box[1] for box in boxes) / len(boxes) if boxes else None))
    for rank, (kind, score, left) in enumerate(boxes or []):
        base.execute("INSERT INTO detections VALUES(?,?,?,?,?,?,?,?)",
                     (number, rank, kind, score, left, 0, left + 40, 40))
base.commit()
END
boxwright select run --budget 3
echo "exit $?"
boxwright select run --budget 100 --null | tr '\0' ';'
echo
boxwright select run --budget 100 --out out
cat out/selected.csv
grep -o '<small>[^<]*</small>' out/selected.html
ls out
echo "--- of pictures that are there"
mkdir photos
pictures good photos/a.jpg photos/b.png photos/c.bmp photos/d.webp
boxwright annotate photos --out real $tiny --conf 0.3 --iou 1 --max-det 5 --quiet
boxwright select real --budget 4 | sort
boxwright select real --budget 4 >one
boxwright select real --budget 4 --threads 3 | cmp - one
boxwright select real --budget 2 --out "real/<b>" | tail -1
grep -c 'href="data:image/jpeg' 'real/<b>/selected.html'
mv photos/a.jpg photos/gone.jpg
boxwright select real --budget 4 --out gone | head -1
grep -c 'href="data:image/jpeg' gone/selected.html
echo "--- refused"
boxwright select run 2>&1
boxwright select --budget 3 2>&1
boxwright select nowhere --budget 3 2>&1
echo "exit $?"
boxwright select run --budget 0 2>&1 | head -1
mkdir other
echo nonsense >other/run.db
boxwright select other --budget 3 2>&1
python3 -c 'import sqlite3; sqlite3.connect("run/run.db").executescript("PRAGMA user_version=99")'
boxwright select run --budget 3 2>&1 | sed 's/known here [0-9]*/known here N/'
python3 - <<'END'
import sqlite3
base = sqlite3.connect("run/run.db")
base.executescript("PRAGMA user_version=1; UPDATE items SET path = 'new' || char(10) || 'line'"
                   " WHERE number = 4")
END
boxwright select run --budget 3 --out lines 2>&1
ls lines
