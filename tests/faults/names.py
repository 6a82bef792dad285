"""Names of any bytes, of pictures in folders and in archives, and links that lead in circles: none
leads out of the run's folder, none hides another, none is given to a shell.

usage: names.py PROGRAM

Each name is to come back from the database byte for byte; each label has its file, in each format
that has a file a picture; export and select take them all. With strace, no other program is started.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

import runs

FOLDERS = {"yolo": ("labels", ".txt"), "voc": ("Annotations", ".xml"), "kitti": ("label_2", ".txt"),
           "x-anylabeling": ("x_anylabeling", ".json")}
FORMATS = "coco,coco-dataset,cvat,cvat-video,label-studio,darknet,jsonl,csv," + ",".join(FOLDERS)


def odd_names():
    """Names of pictures as bytes, all different."""
    odd = [b"new\nline", b"two\n\nlines\r", b"latin-\xe4\xff", b"cut utf-8 \xc3", b"\xed\xa0\x80 surrogate",
           b";ls", b"-rf", b"--out", b"$(touch escaped)", b"`touch escaped`", b"|touch escaped",
           b"&& touch escaped", b"> escaped", b"* ?[a-z]", b"~root", b"-", b"%s%n%d", b"'single'",
           b'"double"', b"<b>&amp;", b"]]><!--", b"{\"json\": 1}", b"a,b;c\td", b"\\", b"\\n",
           b"\x01\x02\x1b[31m\x7f", b"up\\..\\..", b"dots...", b"COM1", b"trailing ", b" leading",
           "ü€漢😀".encode(), "\u202egnp.evil".encode(), "e\u0301".encode(), "\u00e9".encode(),
           b"n" * 251, b"\xff" * 251, "ü".encode() * 125, b"labels", b"run.db", b"x" * 200, b"x" * 201]
    names = [name + b".png" for name in odd]
    # The same stem, and what one's label would be as the other's name.
    names += [b"same.png", b"same.jpg", b"same.jpeg", b"same.bmp", b"same.png.png", b"same.png-2.png",
              b"same.webp", b"same.PNG"]
    return names


def fill(folder):
    """Three folders of them, one of which is itself oddly named, and links in circles."""
    places = [folder, os.path.join(folder, b"deep"), os.path.join(folder, b"odd\n\xff;folder.jpg")]
    count = 0
    for place in places:
        os.mkdir(place)
        for name in odd_names():
            with open(os.path.join(place, name), "wb") as file:
                file.write(runs.noise_png(count))
            count += 1
    os.symlink(b"..", os.path.join(places[1], b"up"))
    os.symlink(b".", os.path.join(folder, b"here"))
    os.symlink(b"ring-b", os.path.join(folder, b"ring-a"))
    os.symlink(b"ring-a", os.path.join(folder, b"ring-b"))
    os.symlink(b"self.png", os.path.join(folder, b"self.png"))
    os.symlink(b"/etc/passwd", os.path.join(folder, b"passwd.png"))
    os.symlink(b"/dev/zero", os.path.join(folder, b"zero.png"))
    return count


def names_below(folder):
    return {os.path.relpath(os.path.join(place, name), folder)
            for place, _, names in os.walk(folder) for name in names}


def started_programs(trace):
    with open(trace, "rb") as file:
        return [line for line in file.read().splitlines() if b"execve" in line]


class Bench:
    def __init__(self, program, folder):
        self.tally, self.program, self.folder = runs.Tally(), program, folder
        self.out = os.path.join(folder, "out")
        self.traced = bool(shutil.which("strace"))
        if self.traced:  # where LeakSanitizer cannot work
            os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        else:
            print("strace is not installed: programs that are started are not looked for")

    def run(self, command):
        trace = os.path.join(self.folder, "trace")
        words = ["strace", "-f", "-qq", "-e", "trace=execve,execveat", "-o", trace]
        status, said = runs.finish((words if self.traced else []) + command)
        if self.traced:
            self.tally.expect(len(started_programs(trace)) == 1, f"{command[1]} starts programs")
            self.tally.counts["commands of which no other program was started"] += 1
        return status, said

    def rows(self):
        base = sqlite3.connect(os.path.join(self.out, "run.db"))
        base.text_factory = bytes
        rows = base.execute("SELECT CAST(path AS BLOB), CAST(label AS BLOB), boxes IS NOT NULL"
                            " FROM items").fetchall()
        base.close()
        return rows

    def check(self, what, expected, bad):
        """All pictures are there by their own names, their labels differ and have their files."""
        rows = self.rows()
        good = [(path, label) for path, label, usable in rows if usable]
        odd = {path for path, _ in good} ^ expected
        self.tally.expect(not odd, f"{what}: the names differ: {sorted(odd)[:6]}")
        self.tally.expect(len(rows) - len(good) == bad, f"{what}: {len(rows) - len(good)} failed")
        self.tally.expect(len({label for _, label in good}) == len(good), f"{what}: labels collide")
        for name, (folder, suffix) in FOLDERS.items():
            found = names_below(os.path.join(os.fsencode(self.out), folder.encode()))
            labels = {label + suffix.encode() for _, label in good}
            self.tally.expect(found == labels, f"{what}: files of {name} differ from the labels")
        self.tally.counts["names came back"] += len(good)

    def annotate(self, what, source, expected, bad):
        shutil.rmtree(self.out, ignore_errors=True)
        before = names_below(os.fsencode(self.folder))
        status, words = self.run(runs.command(self.program, source, self.out, "--draw", "--format",
                                              FORMATS, "--threads", "2"))
        self.tally.expect(status == (3 if bad else 0), f"{what}: status {status}: {words}")
        self.check(what, expected, bad)
        for command in (["export", self.out, "-o", self.out + "-export", "--format", FORMATS],
                        ["select", self.out, "--out", self.out + "-select", "--budget", "9999",
                         "--null"]):
            status, words = self.run([self.program, *command])
            self.tally.expect(status == 0, f"{what}: {command[0]}: {words}")
        ours = (b"out", b"trace", b"cache")
        strays = {name for name in names_below(os.fsencode(self.folder)) - before
                  if not name.startswith(ours)}
        self.tally.expect(not strays, f"{what}: written elsewhere: {strays}")


def main():
    with tempfile.TemporaryDirectory(dir=runs.memory_place()) as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        program = os.path.abspath(sys.argv[1])
        os.chdir(folder)
        bench = Bench(program, folder)
        pictures = os.fsencode(os.path.join(folder, "pictures"))
        count = fill(pictures)
        expected = {os.path.join(place, name) for place, _, names in os.walk(pictures)
                    for name in names if not os.path.islink(os.path.join(place, name))}
        assert len(expected) == count
        bench.annotate("a folder", os.fsdecode(pictures), expected, bad=3)
        archive = os.path.join(folder, "odd.tar")
        with tarfile.open(archive, "w", encoding="utf-8", errors="surrogateescape") as tar:
            # libarchive composes a letter and its accent, which makes two of the names one.
            expected = {path for path in expected if "e\u0301".encode() not in path}
            for path in sorted(expected):
                tar.add(os.fsdecode(path), os.fsdecode(os.path.relpath(path, pictures)))
        members = {os.path.join(os.fsencode(archive), os.path.relpath(path, pictures))
                   for path in expected}
        bench.annotate("an archive", archive, members, bad=0)
        status, _ = runs.finish(["ls", "escaped"], env=os.environ)
        bench.tally.expect(status != 0, "a name was run as a command")
    return bench.tally.end("every name was only a name")


sys.exit(main())
