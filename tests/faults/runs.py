"""What the fault tests share: runs to disturb, and what is compared of them."""

import hashlib
import os
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections import Counter

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


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def noise_png(seed):
    """A PNG of coloured blocks, another for each seed, of 16 to 47 pixels a side."""
    numbers = random.Random(seed)
    width, height = numbers.randrange(16, 48), numbers.randrange(16, 48)
    block = numbers.randbytes(3 * width)
    rows = b"".join(b"\0" + (block[y // 8:] + block[:y // 8]) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def make_noise(folder, count):
    """So many small pictures that all differ, in two folders, and one that cannot be read."""
    for name in ("a", "b"):
        os.makedirs(os.path.join(folder, name))
    for i in range(count):
        with open(os.path.join(folder, "ab"[i % 2], f"{i:05}.png"), "wb") as file:
            file.write(noise_png(i))
    with open(os.path.join(folder, "a", "00001-bad.png"), "wb") as file:
        file.write(b"no picture")


def make_tar(path, folder):
    with tarfile.open(path, "w") as archive:
        archive.add(folder, arcname="")


def make_video(path, frames):
    """A video of so many frames; False where ffmpeg is not installed."""
    if not shutil.which("ffmpeg"):
        return False
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                    f"testsrc2=size=64x48:rate=25:duration={frames / 25}", "-c:v", "mpeg4",
                    "-threads", "1", path], check=True)
    return True


def command(program, pictures, out, *options):
    return [program, "annotate", pictures, "--out", out, "--model",
            os.path.join(DATA, "tiny.cfg"), "--weights", "random:1", "--conf", "0.2", "--iou", "1",
            "--max-det", "5", "--quiet",
            *(options if "--threads" in options else ("--threads", "1", *options))]


def memory_place():
    """Where files are in memory, so that no sync waits for what others write; None: anywhere."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None


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


# The parts of a report that tell of means and times: its date, its speed, its stages.
OF_ITS_TIME_IN_REPORT = (r"<header>.*</header>", r"<div><b>[^<]*</b><span>images a second</span>",
                         r"<div><b>[^<]*</b><span>in all</span>",
                         r"<section><h2>Where the time went</h2>.*?</section>")


def report(out):
    """The report of a run without what tells of means and times."""
    with open(os.path.join(out, "report.html"), encoding="utf-8") as file:
        text = file.read()
    for part in OF_ITS_TIME_IN_REPORT:
        text, count = re.subn(part, "", text, flags=re.DOTALL)
        assert count == 1, part
    return text


def query(out, sql):
    """What a run's database answers."""
    base = sqlite3.connect(f"file:{out}/run.db?mode=ro", uri=True)
    rows = base.execute(sql).fetchall()
    base.close()
    return rows


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


class Tally:
    """What a test counts, and what it finds wrong."""

    def __init__(self):
        self.counts, self.faults = Counter(), []

    def expect(self, holds, what):
        self.counts["checks"] += 1
        if not holds:
            self.faults.append(what)

    def end(self, good):
        """Prints both, or that all was good; the exit status."""
        for what, count in sorted(self.counts.items()):
            print(f"{count:9} {what}")
        print("\n".join(self.faults) or good)
        return 1 if self.faults else 0


# A process of its own: what a process has at most counts also for what it starts.
MEASURE = """import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss / 1024))
sys.exit(os.waitstatus_to_exitcode(status) % 256)"""


def finish_measured(command):
    """As finish; and the largest resident set that the program had, in megabytes."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as told:
        status, words = finish([sys.executable, "-c", MEASURE, told.name, *command])
        return status, words, float(told.read())


def finish(command, **options):
    """Runs a command to its end; its exit status and what it said on standard error."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=300, check=False, **options)
    return done.returncode, os.fsdecode(done.stderr).strip()
