"""What the fault tests share: runs to disturb, and what is compared of them."""

import hashlib
import os
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, os.pardir, "cli", "data")
PICTURES = os.path.join(HERE, os.pardir, "cli", "pictures.py")
# What a run records of its means and times, which may differ from one to the next.
OF_ITS_TIME = ("time_", "limited_by", "started", "finished", "command")
TELL_OF_TIMES = ("report.html", "progress.json")


def make_pictures(folder, count):
    """Pictures in two folders, one that cannot be read among them."""
    kinds = ("jpg", "png", "bmp", "webp")
    names = [os.path.join(folder, "ab"[i % 2], f"{i:03}.{kinds[i % 4]}") for i in range(count)]
    for name in ("a", "b"):
        os.makedirs(os.path.join(folder, name))
    subprocess.run([sys.executable, PICTURES, "good", *names], check=True)
    with open(os.path.join(folder, "a", "bad.jpg"), "wb") as file:
        file.write(b"no picture")


def command(program, pictures, out, *options):
    return [program, "annotate", pictures, "--out", out, "--model",
            os.path.join(DATA, "tiny.cfg"), "--weights", "random:1", "--conf", "0.2", "--iou", "1",
            "--max-det", "5", "--threads", "1", "--quiet", *options]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def final_files(out):
    """The annotation files of a run and what they hold; not the database, nor what tells times."""
    found = {}
    for folder, _, names in os.walk(out):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), out)
            told = path.startswith("run.") or path in TELL_OF_TIMES
            if not told and not name.endswith(".part"):
                found[path] = digest(os.path.join(out, path))
    return found


def left_overs(out):
    return sorted(os.path.relpath(os.path.join(folder, name), out)
                  for folder, _, names in os.walk(out) for name in names if name.endswith(".part"))


def content(out):
    """All rows of a run's database, but for times; None where it cannot be read."""
    base = sqlite3.connect(f"file:{out}/run.db?mode=ro", uri=True)
    try:
        tables = [row[0] for row in base.execute("SELECT name FROM sqlite_schema WHERE"
                                                 " type='table' AND name NOT LIKE 'sqlite_%'")]
        rows = {table: sorted(map(repr, base.execute(f"SELECT * FROM {table}")))
                for table in tables if table != "settings"}
        rows["settings"] = sorted(repr(row) for row in base.execute("SELECT * FROM settings")
                                  if not row[0].startswith(OF_ITS_TIME))
        return rows
    except sqlite3.Error:
        return None
    finally:
        base.close()


def state(out):
    """What the database says of the run, or None where it says nothing."""
    base = None
    try:
        base = sqlite3.connect(f"file:{out}/run.db?mode=ro", uri=True)
        row = base.execute("SELECT value FROM settings WHERE key='state'").fetchone()
        return row and row[0]
    except sqlite3.Error:
        return None
    finally:
        if base:
            base.close()
