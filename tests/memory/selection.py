"""Selecting from a run of a million pictures takes little memory.

usage: selection.py PROGRAM [PICTURES]

The rows are generated; the short form has 200,000 pictures and a cap to match. The memory of a
process counts as the largest resident set that it had.
"""

import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile

SCHEMA = """
PRAGMA application_id=0x42575244; PRAGMA user_version=1; PRAGMA synchronous=OFF;
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE classes(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE items(number INTEGER PRIMARY KEY, path NOT NULL, name NOT NULL, label NOT NULL UNIQUE,
 format TEXT, width INTEGER, height INTEGER, boxes INTEGER, confidence REAL);
CREATE TABLE detections(item INTEGER NOT NULL, rank INTEGER NOT NULL, class INTEGER NOT NULL,
 score REAL NOT NULL, left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL,
 bottom REAL NOT NULL, PRIMARY KEY(item, rank)) WITHOUT ROWID;
"""


def make_run(folder, pictures):
    base = sqlite3.connect(os.path.join(folder, "run.db"))
    base.executescript(SCHEMA)
    base.executemany("INSERT INTO classes VALUES(?,?)", ((i, f"class {i}") for i in range(80)))
    chance = random.Random(7)
    base.executemany(
        "INSERT INTO items VALUES(?,?,?,?,'jpeg',1920,1080,2,0.5)",
        ((i, f"/nowhere/{i:09}.jpg", f"{i:09}.jpg", f"{i:09}") for i in range(1, pictures + 1)))
    base.executemany(
        "INSERT INTO detections VALUES(?,?,?,?,?,?,?,?)",
        ((i, rank, int(80 * chance.random() ** 3), 0.25 + 0.75 * chance.random(),
          x := 1800 * chance.random(), y := 1000 * chance.random(), x + 90, y + 70)
         for i in range(1, pictures + 1) for rank in range(2)))
    base.commit()
    base.close()


def main():
    pictures = int(sys.argv[2]) if len(sys.argv) > 2 else int(
        os.environ.get("BW_PICTURES", "200000"))
    cap = 60 + 80 * pictures / 1e6
    with tempfile.TemporaryDirectory() as folder:
        make_run(folder, pictures)
        out = os.path.join(folder, "out")
        subprocess.run([sys.argv[1], "select", folder, "--budget", "1000", "--out", out],
                       check=True)
        with open(os.path.join(out, "selected.txt"), encoding="utf-8") as file:
            lines = file.read().splitlines()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{pictures} pictures: {memory:.0f} MB, allowed are {cap:.0f}")
    assert len(set(lines)) == 1000, f"{len(lines)} lines"
    return 0 if memory <= cap else 1


sys.exit(main())
